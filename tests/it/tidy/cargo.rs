//! The manifest explains itself.

use super::tree;

/// Entries of the dependency tables without a comment of their own above them.
fn unexplained(manifest: &str) -> Vec<&str> {
    let mut is_dependencies = false;
    let mut is_explained = false;
    let mut faults = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            is_dependencies = line.ends_with("dependencies]");
        } else if line.starts_with('#') {
            is_explained = line.ends_with('.');
            continue;
        } else if is_dependencies && line.contains('=') && !is_explained {
            faults.push(line);
        }
        is_explained = false;
    }
    faults
}

#[test]
fn unexplained_dependencies_are_found() {
    let check = |manifest: &str, expected: &[&str]| assert_eq!(unexplained(manifest), expected);
    check("[dependencies]\n# Why.\na = \"1\"", &[]);
    check(
        "[dependencies]\n# Why.\na = \"1\"\nb = \"2\"",
        &["b = \"2\""],
    );
    check(
        "[package]\nname = \"x\"\n[dev-dependencies]\nc = \"1\"",
        &["c = \"1\""],
    );
}

#[test]
fn every_dependency_says_what_we_would_write_without_it() {
    let manifest = tree::read(&tree::root().join("Cargo.toml"));
    assert_eq!(unexplained(&manifest), [""; 0]);
}

#[test]
fn the_lock_file_is_there() {
    assert!(tree::root().join("Cargo.lock").is_file());
}

#[test]
fn the_changelog_has_this_version() {
    let changelog = tree::read(&tree::root().join("docs/CHANGELOG.md"));
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(
        changelog.lines().any(|line| line.starts_with(&heading)),
        "docs/CHANGELOG.md has no heading `{heading}`"
    );
}
