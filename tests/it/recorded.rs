//! Digests of three small models of trees, recorded once.
//!
//! Other tests compare the binary with itself. This one compares it with earlier versions and with other processors.
//! The digests cover features with their bins, base margins and trees. Options, metrics and the version of rowmill
//! are in other sections of the file and may change. Nothing is pruned, since matrix products there depend on the
//! processor.
//!
//! Record the digests anew only in a change that means to change models or their stored form: once for the whole change,
//! with the reason in `docs/notes` and a line in `docs/CHANGELOG.md`. The failure prints the new ones.
//! Digests that differ between two machines, or between a debug and a release build, are a bug and not a reason.

use std::{fs, path::Path};

use sha2::{Digest, Sha256};

use crate::command::Run;

/// What is compared of a model, and how the run makes it.
struct Recorded {
    name: &'static str,
    target: &'static str,
    sampling: &'static str,
    /// The SHA-256 of the features with their bins.
    features: &'static str,
    /// The SHA-256 of base margins, trees, nodes and subsets.
    trees: &'static str,
}

const RECORDED: [Recorded; 3] = [
    Recorded {
        name: "two classes, all rows",
        target: "sold",
        sampling: "exact",
        features: "b261b5e901c5f9be200679a6a00b27081a90ea55f265cd7ca717a7e394b0e508",
        trees: "2a975bd3d7294791968e8b46005bfcf4eb4c7ecb8bdc32f732997fc1b5911e3d",
    },
    Recorded {
        name: "two classes, sampled rows",
        target: "sold",
        sampling: "mvs:150",
        features: "b261b5e901c5f9be200679a6a00b27081a90ea55f265cd7ca717a7e394b0e508",
        trees: "723be53ca07901425ce8f32af4df494feccefc113c0ca6bdcca6d44a35894bbf",
    },
    Recorded {
        name: "three classes, all rows",
        target: "size",
        sampling: "exact",
        features: "16f3d7ff78b7915bc75b210594e0817cefe706ad839fb3c47e2ae725403c0797",
        trees: "b2accd680ca30a29636fa817e66cfbabeea4815fc1ee085d9fb917cad032ea8d",
    },
];

const MODEL: &str =
    r#"{"name": "gbdt", "n_estimators": 12, "num_leaves": 9, "min_child_samples": 5}"#;

/// The columns that are targets, and the list that no learner takes.
const NOT_FEATURES: [&str; 4] = ["sold", "size", "price", "list"];

/// Numbers of sections in a model file, which are never given to anything else.
const FEATURES: u32 = 2;
const BASE: u32 = 3;
const TREES: u32 = 4;
const NODES: u32 = 5;
const SUBSETS: u32 = 6;

fn little_endian(bytes: &[u8]) -> usize {
    let digits = bytes.iter().rev();
    digits.fold(0, |number, byte| (number << 8) | usize::from(*byte))
}

/// A section of a rowmill file. `src/format/container.rs` shows the layout.
fn section(file: &[u8], id: u32) -> &[u8] {
    let (head_bytes, entry_bytes) = (24, 32);
    let header_bytes = little_endian(&file[16..20]);
    let sections = little_endian(&file[20..24]);
    let table = &file[head_bytes + header_bytes..][..sections * entry_bytes];
    let mut entries = table.chunks_exact(entry_bytes);
    let entry = entries.find(|entry| little_endian(&entry[..4]) == id as usize);
    let entry = entry.unwrap_or_else(|| panic!("the model has no section {id}"));
    let (offset, length) = (little_endian(&entry[8..16]), little_endian(&entry[16..24]));
    &file[offset..][..length]
}

/// The SHA-256 of sections, each behind its number and its length.
fn digest(file: &[u8], ids: &[u32]) -> String {
    let mut hasher = Sha256::new();
    for id in ids {
        let bytes = section(file, *id);
        hasher.update(id.to_le_bytes());
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn trained(recorded: &Recorded) -> Vec<u8> {
    let dataset = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/kinds.parquet");
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let mut exclude = NOT_FEATURES.to_vec();
    exclude.retain(|name| *name != recorded.target);
    Run::train(&dataset)
        .out_dir(&out_dir)
        .model(MODEL)
        .args(&["--profile", "none", "--group-col", "shop"])
        .args(&["--target", recorded.target, "--exclude", &exclude.join(",")])
        .args(&["--sampling", recorded.sampling, "--seed", "1"])
        .succeeds();
    fs::read(out_dir.join("model.rowmill")).unwrap()
}

#[test]
fn models_are_those_of_earlier_versions_and_other_processors() {
    let mut faults = Vec::new();
    for recorded in &RECORDED {
        let file = trained(recorded);
        let features = digest(&file, &[FEATURES]);
        let trees = digest(&file, &[BASE, TREES, NODES, SUBSETS]);
        for (part, digest, expected) in [
            ("features", features, recorded.features),
            ("trees", trees, recorded.trees),
        ] {
            if digest != expected {
                faults.push(format!("{}: {part}: \"{digest}\"", recorded.name));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "other digests than recorded; see the head of {}:\n{}",
        file!(),
        faults.join("\n")
    );
}
