//! The first rows fix the design of logistic regression and the bins of trees.

use super::{LAST, LATE, Place, Rows, UNEVEN, WORDS, endings::left, run};
use crate::{
    data::Split,
    learner::ModelSpec,
    model::{Binning, Body, Column, FeatureSpec, Reading},
    pipeline::one_pass::first_rows::DESIGN_ROWS,
    run::{
        tests::{linear, trees},
        trained::Trained,
    },
};

/// What first rows fix: features with bins or categories, and the columns of the design with their scales.
fn design(trained: &Trained<'_>) -> (Vec<FeatureSpec>, Vec<(u32, Reading, f64)>) {
    let columns = match &trained.learned.fitted.model.body {
        Body::Linear(linear) => &linear.columns[..],
        Body::Trees(_) => &[],
    };
    let fixed = |column: &Column| (column.feature, column.reading, column.sd);
    (
        trained.learned.fitted.model.features.clone(),
        columns.iter().map(fixed).collect(),
    )
}

/// The first training rows fix design or bins: later ones are learned by these, whatever they are. The first
/// ones are of one class and have a constant feature, and a category is first seen later.
fn check_first_rows(model: &ModelSpec, enough: usize) {
    let place = Place::new();
    let mut rows = Rows::new(enough * 5 / 4 + 8_000);
    let end = rows.until(enough);
    assert!(end + 5_000 < rows.len(), "{end} of {}", rows.len());
    for row in 0..end {
        rows.steady[row] = 4.0;
        if rows.label[row] == 1.0 {
            rows.label[row] = 0.0;
        }
    }
    rows.text[end - 1] = LAST;
    for row in end..rows.len() {
        rows.strong[row] *= 1e3;
        rows.weak[row] += 50.0;
        rows.text[row] = LATE;
    }
    rows.write(&place.file("first"), end, &UNEVEN);
    let first = run(&place.options("first", model)).unwrap();
    let all = place.learn("all", model, &rows);
    assert_eq!(design(&first), design(&all));
    assert!(
        first.learned.fitted.model.body != all.learned.fitted.model.body,
        "later rows are learned"
    );
    let text = (all.learned.fitted.model.features.iter()).find(|feature| feature.name == "text");
    let Binning::Categorical { values, .. } = &text.expect("a feature").binning else {
        panic!("a text is a category");
    };
    let has = |word: u32| values.iter().any(|value| value == WORDS[word as usize]);
    assert!(has(LAST) && !has(LATE), "{values:?}");
    // A row fewer, and they are others.
    rows.write(&place.file("fewer"), rows.until(enough - 1), &UNEVEN);
    let fewer = run(&place.options("fewer", model)).unwrap();
    let train_rows =
        |trained: &Trained<'_>| trained.learned.split.assigned.rows(Split::Train) as usize;
    assert_eq!(
        (train_rows(&first), train_rows(&fewer)),
        (enough, enough - 1)
    );
    assert_ne!(design(&fewer), design(&all));
    assert_eq!(
        first.learned.split.assigned.class_rows[Split::Train as usize][1],
        0
    );
    assert!(all.learned.split.assigned.class_rows[Split::Train as usize][1] > 1_000);
}

#[test]
fn the_first_training_rows_alone_fix_the_design() {
    check_first_rows(&linear(), DESIGN_ROWS);
}

#[test]
fn the_first_training_rows_alone_fix_the_bins() {
    check_first_rows(&trees(), 65_536);
}

/// Where most of the first rows are held out, twice as many rows as would be enough end the wait.
#[test]
fn first_rows_that_are_mostly_held_out_are_bounded() {
    let place = Place::new();
    let held_max = 2 * DESIGN_ROWS;
    let mut rows = Rows::new(held_max + 20_000);
    for row in held_max..rows.len() {
        rows.strong[row] *= 1e3;
    }
    let with = |name: &str, rows: &Rows, end: usize, test_size: f64| {
        rows.write(&place.file(name), end, &UNEVEN);
        let mut options = place.options(name, &linear());
        options.split.test_size = test_size;
        (run(&options), options)
    };
    let first = with("first", &rows, held_max, 0.85).0.unwrap();
    let all = with("all", &rows, rows.len(), 0.85).0.unwrap();
    assert!(first.learned.split.assigned.rows(Split::Train) > 1_000);
    assert_eq!(design(&first), design(&all));
    let (result, options) = with("few", &rows, rows.len(), 0.945);
    let error = result.err().expect("too few training rows").to_string();
    assert!(
        error.contains("first") && error.contains("--one-pass"),
        "{error}"
    );
    assert_eq!(left(&options), [""; 0]);
}
