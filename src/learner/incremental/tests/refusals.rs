//! What is refused, in which words, and that nothing has changed afterwards.

use ndarray::{Array1, Array2, array};

use super::*;
use crate::{
    format::container::{FileKind, lengthened},
    learner::{
        ClassWeight,
        incremental::{AveragedSgd, Merge, NewtonStep, OnlineNewton, SgdStep},
    },
};

/// Each bad batch is an error of these words, and the learner's bytes stay.
fn check<S: Step>() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learner");
    let bytes = |learner: &Pipeline<S>| {
        learner.save(&path).unwrap();
        std::fs::read(&path).unwrap()
    };
    let rows = Rows::new(600, 2);
    let mut learner = learner::<S>(2);
    learner.partial_fit(&rows.batch()).unwrap();
    let before = bytes(&learner);
    let mut refused = |batch: &Batch<'_>, words: &str| {
        let error = learner.partial_fit(batch).unwrap_err().to_string();
        assert!(error.contains(words), "{error}\nlacks: {words}");
        assert_eq!(bytes(&learner), before, "{words}");
    };
    let (x, y) = (rows.x.view(), rows.y.view());
    let narrow = rows.x.slice(s![.., ..5]);
    refused(
        &Batch::new(narrow, y),
        "5 columns, but 6 features are declared",
    );
    let none = Array2::<f32>::zeros((0, 6));
    refused(
        &Batch::new(none.view(), y.slice(s![..0])),
        "the batch has no rows",
    );
    refused(&Batch::new(x, y.slice(s![1..])), "600 rows and 599 labels");
    for (label, words) in [
        (f64::NAN, "label NaN of row 599 is not a declared class"),
        (
            2.0,
            "label 2 of row 599 is not a declared class; labels are 0 to 1 for neither, donor",
        ),
        (0.5, "label 0.5 of row 599"),
        (-1.0, "label -1 of row 599"),
    ] {
        let mut labels = rows.y.clone();
        labels[599] = label;
        refused(&Batch::new(x, labels.view()), words);
    }
    for (weight, words) in [
        (
            -1.0,
            "weight -1 of row 3 is not a number from 0 to 1000000000000",
        ),
        (f64::NAN, "weight NaN of row 3"),
        (f64::INFINITY, "weight inf of row 3"),
    ] {
        let mut weights = Array1::ones(600);
        weights[3] = weight;
        refused(&rows.batch().with_weights(weights.view()), words);
    }
    let few = Array1::ones(3);
    refused(
        &rows.batch().with_weights(few.view()),
        "600 rows and 3 weights",
    );
    for (names, words) in [
        (
            &["a", "b", "c", "d", "e"][..],
            "lacks the declared column `f`",
        ),
        (
            &["a", "b", "c", "d", "e", "f", "g"],
            "a column `g` that is not declared",
        ),
        (
            &["b", "a", "c", "d", "e", "f"],
            "column 0 of the batch is `b`, but the declared column is `a`",
        ),
        (
            &["a", "b", "c", "d", "e", "f", "f"],
            "names 7 columns, but 6 are declared",
        ),
    ] {
        refused(&rows.batch().with_names(names), words);
    }
    let error = learner.predict(narrow.into()).unwrap_err().to_string();
    assert!(error.contains("5 columns"), "{error}");
    let names = ["a", "b", "c", "d", "e", "f"];
    learner
        .partial_fit(&rows.batch().with_names(&names))
        .unwrap();
}

#[test]
fn a_bad_batch_is_an_error_and_changes_nothing() {
    check::<NewtonStep>();
    check::<SgdStep>();
}

#[test]
fn what_cannot_be_declared_is_refused() {
    let check = |features: &[&str], classes: &[&str], words: &str| {
        let error = BatchSchema::new(features, classes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    check(&[], &["a", "b"], "no feature is declared");
    check(&["x"], &["a"], "1 class(es) are declared");
    check(&["x", "x"], &["a", "b"], "feature `x` is declared twice");
    check(&["x"], &["a", "a"], "class `a` is declared twice");
}

#[test]
fn options_that_need_all_rows_are_refused() {
    let check = |options: LogisticOptions, words: &str| {
        for error in [
            OnlineNewton::new(schema(2), &options)
                .map(|_| ())
                .unwrap_err(),
            AveragedSgd::new(schema(2), &options)
                .map(|_| ())
                .unwrap_err(),
        ] {
            assert!(error.to_string().contains(words), "{error}");
        }
    };
    let default = LogisticOptions::default;
    let strength = LogisticOptions {
        c: Some(1.0),
        ..default()
    };
    check(strength, "`C` needs the number of rows");
    let balanced = LogisticOptions {
        class_weight: ClassWeight::Balanced,
        ..default()
    };
    check(balanced, "class weights must be numbers");
    check(
        LogisticOptions {
            l1: 0.1,
            ..default()
        },
        "`l1` is 0.1",
    );
    check(
        LogisticOptions {
            l2: -0.1,
            ..default()
        },
        "`l2` is -0.1",
    );
    let many: Vec<String> = (0..3_000).map(|column| column.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let schema = BatchSchema::new(&many, &["a", "b"]).unwrap();
    let error = OnlineNewton::new(schema, &default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("3001 parameters"), "{error}");
}

#[test]
fn other_learners_are_not_merged() {
    let mut one: OnlineNewton = learner(2);
    let error = one.merge(&learner(3)).unwrap_err().to_string();
    assert!(error.contains("different features or classes"), "{error}");
    let options = LogisticOptions {
        l2: 0.5,
        ..LogisticOptions::default()
    };
    let other = OnlineNewton::new(schema(2), &options).unwrap();
    let error = one.merge(&other).unwrap_err().to_string();
    assert!(error.contains("different options"), "{error}");
}

#[test]
fn a_file_that_is_no_such_learner_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learner");
    let error = OnlineNewton::load(&path).unwrap_err().to_string();
    assert!(error.contains("learner"), "{error}");
    let mut learner: AveragedSgd = learner(2);
    let x = array![
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        [2.0, 1.0, 3.0, 5.0, 4.0, 6.0]
    ];
    learner
        .partial_fit(&Batch::new(x.view(), array![0.0, 1.0].view()))
        .unwrap();
    learner.save(&path).unwrap();
    let error = OnlineNewton::load(&path).unwrap_err().to_string();
    assert!(
        error.contains("a learner of `averaged sgd`, not of `online newton`"),
        "{error}"
    );
    let sound = std::fs::read(&path).unwrap();
    let mut damaged = 0;
    for place in (0..sound.len()).step_by(7) {
        let mut bytes = sound.clone();
        bytes[place] ^= 0x55;
        std::fs::write(&path, &bytes).unwrap();
        damaged += usize::from(AveragedSgd::load(&path).is_err());
        // With the checksums made right, it is an error or a learner of finite numbers.
        if crate::format::container::reseal(&mut bytes).is_some() {
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(learner) = AveragedSgd::load(&path) {
                let _ = learner.predict(x.view().into());
            }
        }
    }
    assert_eq!(damaged, sound.len().div_ceil(7));
    std::fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    assert!(AveragedSgd::load(&path).is_err());
}

#[test]
fn bytes_behind_a_section_s_value_are_refused() {
    let mut learner: AveragedSgd = learner(2);
    learner.partial_fit(&Rows::new(600, 2).batch()).unwrap();
    let longer = lengthened(FileKind::Learner, &learner.to_bytes());
    assert_eq!(longer.len(), 2);
    for bytes in longer {
        let error = AveragedSgd::from_bytes(&bytes).unwrap_err();
        assert!(error.contains("1 extra bytes"), "{error}");
    }
}
