//! A door only re-exports: what children use stands in a file of its own.

use super::imports::source;

#[test]
fn doors_have_no_machinery() {
    let mut faults = Vec::new();
    for file in &source().files {
        if file.name.ends_with("/mod.rs") {
            for (word, line) in &file.machinery {
                faults.push(format!("{}:{line}: `{word}`", file.name));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "a `mod.rs` holds docs, `mod name;` and `use` alone:\n{}",
        faults.join("\n")
    );
}
