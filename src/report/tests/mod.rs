//! Golden files of each artefact, and what a disk and a stranger can do to them.
//!
//! The files are in `golden/`; a change of theirs is a change of the contract.

mod coefficients;
mod delta;
mod features;
mod metrics;
mod run;
mod splits;
#[cfg(feature = "cli")]
mod terminal;

use std::{fs, path::Path};

use crate::stats::metrics::ClassCounts;

/// Counts in the order a person says them.
fn counts(tp: u64, fp: u64, fn_: u64, tn: u64) -> ClassCounts {
    ClassCounts { tp, fp, tn, fn_ }
}

/// Checks a written file against what it must be.
fn check(directory: &Path, name: &str, expected: &str) {
    let written = fs::read_to_string(directory.join(name)).unwrap();
    assert_eq!(written, expected, "{name} is not what it was");
}

/// Plants a link under a file's name, and answers what it points to.
#[cfg(unix)]
fn plant_link(directory: &Path, name: &str) -> std::path::PathBuf {
    let victim = directory.join("victim");
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, directory.join(name)).unwrap();
    victim
}
