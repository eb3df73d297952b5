//! Search for a baseline table if the user names none.

use std::path::{Path, PathBuf};

/// Finds the baseline table of a dataset: each of `files` in the dataset's directory, and then the
/// same beside the dataset. The first that is a file is taken.
///
/// The dataset is a file, a directory, or a glob; of a glob, the part before the first pattern counts.
pub(crate) fn discover(dataset: impl AsRef<Path>, files: &[String]) -> Option<PathBuf> {
    let directory = directory_of(dataset.as_ref());
    let mut candidates = vec![directory.clone()];
    candidates.extend(parent_of(&directory));
    candidates
        .iter()
        .flat_map(|base| files.iter().map(|file| base.join(file)))
        .find(|path| path.is_file())
}

/// The directory a dataset is in, or is.
fn directory_of(dataset: &Path) -> PathBuf {
    if dataset.is_dir() {
        return dataset.to_path_buf();
    }
    let has_pattern =
        |part: &Path| part.to_string_lossy().contains(['*', '?', '[', '{']) && !part.exists();
    dataset
        .ancestors()
        .skip(1)
        .find(|ancestor| !has_pattern(ancestor))
        .filter(|ancestor| !ancestor.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
        .to_path_buf()
}

/// The parent, also of `.` and of a bare name.
fn parent_of(directory: &Path) -> Option<PathBuf> {
    match directory.parent() {
        Some(parent) if directory.file_name().is_some() && parent.as_os_str().is_empty() => {
            Some(PathBuf::from("."))
        }
        Some(parent) if directory.file_name().is_some() => Some(parent.to_path_buf()),
        _ => Some(directory.canonicalize().ok()?.parent()?.to_path_buf()),
    }
}
