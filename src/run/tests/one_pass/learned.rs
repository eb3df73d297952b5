//! Models of one pass: a function of the training rows, whatever their slices and threads.

use super::{LATE, Place, Rows, TEST_SIZE, UNEVEN, VALID_SIZE, check_same, run, surveyed};
use crate::{
    data::Split,
    learner::ModelSpec,
    run::{
        tests::{linear, trees},
        trained::Trained,
    },
};

/// More rows than fix design or bins, as slices of other sizes, read by other threads in other batches.
fn check_slices(model: &ModelSpec, rows: usize) {
    let place = Place::new();
    let rows = Rows::new(rows);
    rows.write(&place.file("whole"), rows.len(), &[rows.len()]);
    let mut whole = run(&place.options("whole", model)).unwrap();
    let curve = whole.learned.fitted.progressive.points();
    let batches: u64 = curve.iter().map(|point| point.batches).sum();
    assert!(batches > 3, "{batches} batches");
    rows.write(&place.file("uneven"), rows.len(), &UNEVEN);
    for (threads, batch_rows_max) in [(1, 333), (3, 4_096)] {
        let mut options = place.options("uneven", model);
        options.resources.threads = threads;
        options.resources.limits.batch_rows_max = batch_rows_max;
        options.output.overwrite = true;
        let mut uneven = run(&options).unwrap();
        check_same(&mut whole, &mut uneven, &format!("{threads} threads"));
    }
}

#[test]
fn logistic_regression_does_not_depend_on_slices_threads_and_read_batches() {
    check_slices(&linear(), 60_000);
}

#[test]
fn trees_do_not_depend_on_slices_threads_and_read_batches() {
    check_slices(&trees(), 90_000);
}

/// Changes labels and features of held-out rows: they are scored, and nothing is learned from them.
fn check_held_out(model: &ModelSpec, rows: usize) {
    let place = Place::new();
    let rows = Rows::new(rows);
    let splits = rows.splits(VALID_SIZE, TEST_SIZE);
    let base = place.learn("base", model, &rows);
    let changed_in = |wanted: &[Split]| {
        let mut changed = rows.clone();
        for row in (0..rows.len()).filter(|row| wanted.contains(&splits[*row])) {
            changed.label[row] = 1.0 - changed.label[row];
            changed.strong[row] = 1e6;
            changed.weak[row] = f64::NAN;
            changed.text[row] = LATE;
        }
        changed
    };
    let held = place.learn("held", model, &changed_in(&[Split::Valid, Split::Test]));
    assert!(
        base.learned.fitted.model.body == held.learned.fitted.model.body,
        "the body"
    );
    assert_eq!(
        base.learned.fitted.model.features,
        held.learned.fitted.model.features
    );
    assert_eq!(
        base.learned.fitted.progressive,
        held.learned.fitted.progressive
    );
    assert_eq!(surveyed(&base), surveyed(&held));
    for split in [Split::Valid, Split::Test] {
        let of = |trained: &Trained<'_>| {
            trained
                .learned
                .fitted
                .evaluation
                .metrics(split)
                .expect("rows")
        };
        assert_ne!(of(&base), of(&held), "{}", split.name());
    }
    // Rows without a label are in no split, and training rows are what is learned.
    let none = place.learn("none", model, &changed_in(&[Split::None]));
    assert!(
        base.learned.fitted.model.body == none.learned.fitted.model.body,
        "rows without a label"
    );
    let train = place.learn("train", model, &changed_in(&[Split::Train]));
    assert!(
        base.learned.fitted.model.body != train.learned.fitted.model.body,
        "training rows"
    );
}

#[test]
fn logistic_regression_learns_nothing_from_held_out_rows() {
    // More than fix the design.
    check_held_out(&linear(), 45_000);
}

#[test]
fn trees_learn_nothing_from_held_out_rows() {
    // Fewer than fix the bins.
    check_held_out(&trees(), 9_000);
}
