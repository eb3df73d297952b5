//! A glob over several path components, and the names that it skips.

use std::path::{Component, Path, PathBuf};

use crate::text::{glob, pattern::Pattern};

/// A glob, split into the directory above its first pattern and the components below.
#[derive(Debug)]
pub(super) struct PathPattern {
    pub(super) base: PathBuf,
    pub(super) components: Vec<PatternComponent>,
}

/// A component of a path pattern.
#[derive(Debug)]
pub(super) enum PatternComponent {
    /// `**`: any number of directories.
    AnyDepth,
    /// One name.
    Name(Pattern),
}

impl PathPattern {
    pub(super) fn parse(path: &Path) -> Self {
        let mut base = PathBuf::new();
        let mut components = Vec::new();
        for component in path.components() {
            let text = component.as_os_str().to_string_lossy();
            let is_name = matches!(component, Component::Normal(_)) && glob::is_pattern(&text);
            if components.is_empty() && !is_name {
                base.push(component);
            } else if text == "**" {
                components.push(PatternComponent::AnyDepth);
            } else {
                components.push(PatternComponent::Name(glob::parse(&text)));
            }
        }
        if base.as_os_str().is_empty() {
            base.push(".");
        }
        Self { base, components }
    }
}

/// False for hidden entries and for `_SUCCESS` and its like.
pub(super) fn is_visible(name: &str) -> bool {
    !name.starts_with(['.', '_'])
}

/// True for names of data files.
pub(super) fn is_parquet(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}
