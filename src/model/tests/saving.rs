//! The file: round trips, atomic writes, and each thing the container refuses.

use std::{fs, path::Path};

use crate::{
    error::Error,
    format::container::{self, Codec, FileKind, Section},
    limits::Limits,
    model::{
        tests::{linear_model, tree_model},
        *,
    },
};

#[test]
fn models_come_back_as_they_were() {
    for model in [
        tree_model(1, 1),
        tree_model(3, 2),
        linear_model(1, 3),
        linear_model(3, 4),
    ] {
        let bytes = model.to_bytes().expect("a sound model");
        let loaded = Model::from_bytes(&bytes, &Limits::default()).expect("its own bytes");
        assert_eq!(loaded, model);
        assert_eq!(loaded.to_bytes().expect("a sound model"), bytes);
        assert!(model.heap_bytes() > 0);
    }
}

#[test]
fn saving_replaces_and_leaves_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("model.rowmill");
    let other = directory.path().join("other");
    fs::write(&other, "not touched").expect("a file");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&other, &path).expect("a link");
    let model = tree_model(1, 1);
    let saved = model.save(&path).expect("a first time");
    assert_eq!(model.save(&path).expect("a second time"), saved);
    assert_eq!(saved.sha256, model.sha256().expect("a sound model"));
    assert_eq!(saved.bytes, fs::metadata(&path).expect("a file").len());
    assert_eq!(Model::load(&path).expect("a model"), model);
    assert_eq!(fs::read_to_string(&other).expect("a file"), "not touched");
    let names = fs::read_dir(directory.path()).expect("a directory").count();
    assert_eq!(names, 2);
}

#[test]
fn files_that_cannot_be_written_or_read_say_why() {
    let model = tree_model(1, 1);
    let nowhere = Path::new("/nonexistent/model.rowmill");
    assert!(matches!(model.save(nowhere), Err(Error::Io { .. })));
    assert!(matches!(Model::load(nowhere), Err(Error::Io { .. })));
    let directory = tempfile::tempdir().expect("a directory");
    let message = Model::load(directory.path())
        .expect_err("a directory")
        .to_string();
    assert!(
        message.ends_with("not a file; give the path of a file that rowmill wrote"),
        "{message}"
    );
    let path = directory.path().join("model.rowmill");
    model.save(&path).expect("a file");
    let limits = Limits {
        model_bytes_max: 100,
        ..Limits::default()
    };
    let message = Model::load_within(&path, &limits)
        .expect_err("too long")
        .to_string();
    assert!(message.contains("above the limit of 100"), "{message}");
    assert!(!directory.path().join("model.rowmill.tmp").exists());
}

#[test]
fn a_model_that_is_not_sound_is_not_saved() {
    let mut model = tree_model(1, 1);
    model.about.classes.pop();
    let message = model
        .save(Path::new("model.rowmill"))
        .expect_err("one class")
        .to_string();
    assert!(
        message.contains("cannot be saved: 1 classes do not fit a binary task"),
        "{message}"
    );
}

fn refused(bytes: &[u8], expected: &str) {
    let flaw = Model::from_bytes(bytes, &Limits::default()).expect_err(expected);
    assert!(flaw.contains(expected), "{flaw}");
}

#[test]
fn damage_is_named() {
    let good = tree_model(1, 1).to_bytes().expect("a sound model");
    let with = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes
    };
    refused(b"", "0 bytes are too few");
    refused(&with(0, b'X'), "not a rowmill model file");
    refused(
        &with(8, 2),
        "made by a newer version of rowmill (format 2, this one reads 1)",
    );
    refused(&with(8, 0), "format 0 is unknown");
    refused(&good[..good.len() - 1], "truncated or has extra bytes");
    refused(&[&good[..], b"x"].concat(), "truncated or has extra bytes");
    refused(&with(200, good[200] ^ 1), "the checksum does not match");
    let checkpoint = container::seal(FileKind::Checkpoint, b"{}", &[]);
    refused(&checkpoint, "not a rowmill model file");
}

fn section(id: u32, version: u16, bytes: &[u8]) -> Section<Vec<u8>> {
    Section {
        id,
        version,
        codec: Codec::Json,
        bytes: bytes.to_vec(),
    }
}

#[test]
fn containers_come_back_as_they_were() {
    let sections = [
        section(3, 1, b"three"),
        section(1, 7, b""),
        section(2, 1, &[9; 200]),
    ];
    let file = container::seal(FileKind::Checkpoint, b"a header", &sections);
    let opened = container::open(FileKind::Checkpoint, &file).expect("its own bytes");
    assert!(!opened.is_newer);
    for (opened, section) in opened.sections.iter().zip(&sections) {
        assert_eq!((opened.id, opened.version), (section.id, section.version));
        assert_eq!(opened.bytes, section.bytes);
        assert_eq!(
            (opened.bytes.as_ptr() as usize - file.as_ptr() as usize) % 64,
            0
        );
    }
    assert!(opened.find(4).is_none());
}

#[test]
fn values_come_back_whole_or_not_at_all() {
    let value = (7_u32, vec![1.5_f64, -2.0]);
    let sections = [
        Section::json(1, 1, &value),
        Section::postcard(2, 3, &value),
        section(3, 1, b"{"),
    ];
    let file = container::seal(FileKind::Seal, b"", &sections);
    let opened = container::open(FileKind::Seal, &file).expect("its own bytes");
    assert_eq!(opened.json(1, 1), Ok(value.clone()));
    assert_eq!(opened.postcard(2, 3), Ok(value));
    let refused = |result: Result<(u32, Vec<f64>), String>, expected: &str| {
        let error = result.expect_err(expected);
        assert!(error.contains(expected), "{error}");
    };
    refused(opened.json(4, 1), "section 4 is missing");
    refused(
        opened.postcard(2, 4),
        "section 2 has the layout 3 of another version of rowmill (this one reads 4)",
    );
    refused(opened.json(3, 1), "section 3 is damaged");
    refused(opened.postcard(3, 1), "section 3 is damaged");
    let longer = container::lengthened(FileKind::Seal, &file);
    assert_eq!(longer.len(), 1);
    let opened = container::open(FileKind::Seal, &longer[0]).expect("its own bytes");
    refused(
        opened.postcard(2, 3),
        "section 2 is damaged: it has 1 extra bytes",
    );
}

#[test]
fn sections_that_are_unknown_missing_or_double_are_refused() {
    let seal = |sections: &[Section<Vec<u8>>]| container::seal(FileKind::Model, b"", sections);
    refused(
        &seal(&[section(99, 1, b"")]),
        "section 99 of version 1 is unknown",
    );
    refused(
        &seal(&[section(1, 2, b"")]),
        "section 1 of version 2 is unknown",
    );
    refused(
        &seal(&[section(1, 1, b""), section(1, 1, b"")]),
        "section 1 occurs twice",
    );
    refused(&seal(&[]), "either trees or coefficients");
    refused(
        &seal(&[section(7, 1, b"")]),
        "coefficients have an unknown encoding",
    );
}

#[test]
fn resealing_makes_checksums_right_and_touches_nothing_else() {
    let good = tree_model(1, 1).to_bytes().expect("a sound model");
    let mut resealed = good.clone();
    assert_eq!(container::reseal(&mut resealed), Some(()));
    assert_eq!(resealed, good);

    let opened = container::open(FileKind::Model, &good).expect("its own bytes");
    let nodes = opened.find(5).expect("nodes").bytes;
    let at = nodes.as_ptr() as usize - good.as_ptr() as usize;
    resealed[at] = 9;
    refused(&resealed, "the checksum does not match");
    assert_eq!(container::reseal(&mut resealed), Some(()));
    refused(&resealed, "a node of the unknown kind 9");

    for end in 0..good.len() {
        container::reseal(&mut good[..end].to_vec());
    }
}

#[test]
fn the_hash_of_what_was_learned_is_of_its_sections_alone() {
    for mut model in [tree_model(1, 1), linear_model(1, 3)] {
        let bytes = model.to_bytes().expect("a sound model");
        let opened = container::open(FileKind::Model, &bytes).expect("a sound file");
        let sections = (2..=7).filter_map(|id| opened.find(id));
        let learned: Vec<u8> = sections
            .flat_map(|section| section.bytes)
            .copied()
            .collect();
        let expected = crate::format::file::sha256(&learned);
        assert_eq!(model.learned_sha256(), expected);
        model.metrics = serde_json::json!({"test_rmse": 1.0});
        model.about.seed += 1;
        assert_eq!(model.learned_sha256(), expected);
        model.features[0].name.push('x');
        assert_ne!(model.learned_sha256(), expected);
    }
}
