//! The project's own files.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold no source of the project, wherever they lie.
const SKIPPED: [&str; 3] = ["target", ".git", "corpus"];

/// Endings of files that people read.
const TEXT_ENDINGS: [&str; 6] = ["rs", "md", "toml", "sh", "py", "yml"];

/// The project's folder.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a file of the project.
pub(super) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The path as the project's readers name it, with `/`.
pub(super) fn name(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap();
    relative.to_string_lossy().replace('\\', "/")
}

/// Text files below a folder of the project, in name order.
pub(super) fn text_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    walk(&root().join(folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "no files in `{folder}`");
    files
}

/// Rust files below `src`.
pub(super) fn sources() -> Vec<PathBuf> {
    let mut files = text_files("src");
    files.retain(|path| path.extension().is_some_and(|ending| ending == "rs"));
    files
}

/// Whether a Rust file holds only tests.
pub(super) fn is_test_file(path: &Path) -> bool {
    let is_tests = |part: &std::ffi::OsStr| part == "tests" || part == "tests.rs";
    path.strip_prefix(root()).unwrap().iter().any(is_tests)
        || path
            .file_stem()
            .is_some_and(|stem| stem.to_string_lossy().ends_with("_tests"))
}

/// A Rust file's text before its inline tests.
pub(super) fn without_inline_tests(text: &str) -> &str {
    let marker = text
        .match_indices("#[cfg(test)]")
        .find(|(place, _)| text[*place..].lines().nth(1).is_some_and(opens_module));
    marker.map_or(text, |(place, _)| &text[..place])
}

fn opens_module(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("mod ") && line.trim_end().ends_with('{')
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("{}: {error}", folder.display());
    });
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_hidden = name.starts_with('.') && name != ".ci";
            if !is_hidden && !SKIPPED.contains(&name.as_str()) {
                walk(&path, files);
            }
        } else if is_text(&path) {
            files.push(path);
        }
    }
}

fn is_text(path: &Path) -> bool {
    match path.extension() {
        Some(ending) => TEXT_ENDINGS.contains(&&*ending.to_string_lossy()),
        None => path
            .parent()
            .is_some_and(|folder| folder.file_name().is_some_and(|name| name == ".ci")),
    }
}

#[test]
fn inline_tests_are_cut_off() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests;\nfn b() {}\n#[cfg(test)]\nmod tests {\n}\n";
    let cut = without_inline_tests(text);
    assert!(cut.ends_with("fn b() {}\n"), "{cut}");
}
