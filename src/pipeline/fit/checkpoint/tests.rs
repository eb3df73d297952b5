use std::borrow::Cow;

use serde_json::json;

use super::*;
use crate::{
    engine::Silent,
    format::container::{Codec, lengthened},
    learner::gbdt::RoundLoss,
    model::{Leaf, Tree},
};

fn identity() -> RunIdentity {
    serde_json::from_value(json!({
        "rowmill_version": "0.1.0",
        "options": {"seed": 42},
        "files": [{"name": "a.parquet", "bytes": 100, "footer_hash": 7}],
        "known_hash": 9,
        "sampling": "exact",
    }))
    .unwrap()
}

fn booster(rounds: u32) -> BoosterCheckpoint<'static> {
    let leaf = Tree::leaf(Leaf {
        value: 0.5,
        cover: 3.0,
        count: 3,
    });
    let loss = |rounds| RoundLoss {
        rounds,
        train: Some(0.5),
        valid: None,
        metrics: Vec::new(),
    };
    let reach =
        json!({"weight_max": 1.0, "gradient_max": 0.5, "hessian_max": 0.25, "step_max": 0.1});
    BoosterCheckpoint {
        outputs: 1,
        trees: Cow::Owned(vec![leaf; rounds as usize]),
        curve: Cow::Owned((0..=rounds).map(loss).collect()),
        bounds: serde_json::from_value(reach).unwrap(),
    }
}

fn written(directory: &Path, rounds: u32) {
    let bytes = to_bytes(&identity(), &booster(rounds));
    replace_newest(directory, |newest| {
        atomic::write(newest, |writer| writer.write_all(&bytes))
    })
    .unwrap();
}

fn loaded(directory: &Path) -> Option<u32> {
    let checkpoint = Checkpoint::load(directory, &Silent).unwrap();
    checkpoint.map(|checkpoint| checkpoint.booster.rounds())
}

#[test]
fn the_newest_comes_back_and_the_one_before_it_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    assert_eq!(loaded(path), None);
    for rounds in [1, 2, 3] {
        written(path, rounds);
        assert_eq!(loaded(path), Some(rounds));
    }
    let back = Checkpoint::load(path, &Silent).unwrap().unwrap();
    assert_eq!((back.identity, back.booster), (identity(), booster(3)));
    fs::remove_file(path.join(CHECKPOINT)).unwrap();
    assert_eq!(loaded(path), Some(2));
    remove_before(path).unwrap();
    remove_before(path).unwrap();
    assert_eq!(loaded(path), None);
}

#[test]
fn every_damaged_byte_falls_back_to_the_generation_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    written(path, 1);
    written(path, 2);
    let newest = path.join(CHECKPOINT);
    let bytes = fs::read(&newest).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(Checkpoint::from_bytes(&damaged).is_err(), "byte {at}");
        assert!(Checkpoint::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
    fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(loaded(path), Some(1));
    fs::write(path.join(CHECKPOINT_BEFORE), b"").unwrap();
    let error = Checkpoint::load(path, &Silent).unwrap_err().to_string();
    assert!(error.contains("--overwrite"), "{error}");
}

#[test]
fn another_version_is_refused() {
    let section = |id| Section {
        id,
        version: VERSION + 1,
        codec: Codec::Json,
        bytes: b"{}".to_vec(),
    };
    let bytes = container::seal(
        FileKind::Checkpoint,
        b"{}",
        &[section(ABOUT), section(BOOSTER)],
    );
    let error = Checkpoint::from_bytes(&bytes).unwrap_err();
    assert!(error.contains("another version"), "{error}");
}

#[test]
fn bytes_behind_a_section_s_value_are_refused() {
    let bytes = to_bytes(&identity(), &booster(2));
    let longer = lengthened(FileKind::Checkpoint, &bytes);
    assert_eq!(longer.len(), 1);
    let error = Checkpoint::from_bytes(&longer[0]).unwrap_err();
    assert!(error.contains("1 extra bytes"), "{error}");
}

#[test]
fn a_full_disk_leaves_the_newest() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    for rounds in [1, 2] {
        written(path, rounds);
        let full = replace_newest(path, |newest| {
            let full = std::io::ErrorKind::StorageFull.into();
            Err(Error::io("write", newest, full))
        });
        let error = full.unwrap_err().to_string();
        assert!(error.contains("free some disk space"), "{error}");
        assert_eq!(loaded(path), Some(rounds));
    }
}
