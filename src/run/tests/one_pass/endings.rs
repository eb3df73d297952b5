//! How a one-pass run ends: with an error, at a request to stop, or again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Place, Rows, TEST_SIZE, UNEVEN, VALID_SIZE, run};
use crate::{
    data::Split,
    engine::Progress,
    error::Error,
    pipeline::{
        incremental::learner_file::LearnerFile,
        one_pass::first_rows::DESIGN_ROWS,
        session::output::{LEARNER, MODEL},
    },
    platform::stop::Stop,
    run::{
        options::TrainOptions,
        tests::{fitted, leaked, linear, trees},
        trained::Trained,
    },
};

/// The names of what a run left in its directory, whatever lies in what.
pub(super) fn left(options: &TrainOptions) -> Vec<String> {
    fn walk(directory: &Path, names: &mut Vec<String>) {
        for entry in fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            names.push(path.file_name().unwrap().display().to_string());
            walk(&path, names);
        }
    }
    let mut names = Vec::new();
    walk(&options.output.out_dir, &mut names);
    names.sort();
    names
}

/// Asks to stop as soon as something was read and, if so told, a learner is written.
struct StopEarly<'a> {
    stop: &'a Stop,
    learner: Option<PathBuf>,
}

impl Progress for StopEarly<'_> {
    fn pass_started(&self, _name: &str, _rows_total: u64) {}
    fn advanced(&self, _rows: u64, _bytes: u64) {
        if self.learner.as_ref().is_none_or(|path| path.exists()) {
            self.stop.request(15);
        }
    }
    fn pass_finished(&self, _name: &str, _seconds: f64, _rows: u64, _bytes: u64) {}
    fn message(&self, _text: &str) {}
    fn warning(&self, _text: &str) {}
}

/// More rows than fix the design, and some batches.
fn several_batches() -> Rows {
    Rows::new(DESIGN_ROWS * 5 / 4 + 20_000)
}

/// Values that are refused: the batches that were learned before them stay.
#[test]
fn values_refused_half_way_leave_no_files_but_the_learner() {
    let place = Place::new();
    let rows = several_batches();
    let (early, late) = (3_000, rows.len() - 3);
    let label: fn(&mut Rows, usize) = |rows, row| rows.label[row] = 5.0;
    let weight: fn(&mut Rows, usize) = |rows, row| rows.weight[row] = -1.0;
    for (name, row, spoil, column, expected) in [
        ("early-label", early, label, "`y`", &[][..]),
        ("early-weight", early, weight, "`w`", &[]),
        ("late-label", late, label, "`y`", &[LEARNER]),
        ("late-weight", late, weight, "`w`", &[LEARNER]),
    ] {
        let mut spoilt = rows.clone();
        spoil(&mut spoilt, row);
        spoilt.write(&place.file(name), rows.len(), &UNEVEN);
        for threads in [1, 3] {
            let mut options = place.options(name, &linear());
            options.resources.threads = threads;
            options.output.out_dir = place.path().join(format!("{name}-{threads}"));
            let error = run(&options).err().expect("a value that is refused");
            let message = error.to_string();
            assert!(matches!(error, Error::Dataset(_)), "{message}");
            assert!(message.contains(column), "{message}");
            assert!(message.contains(&format!("row {row} ")), "{message}");
            assert_eq!(left(&options), expected, "{message}");
        }
    }
}

/// An error of a lane, from pages that are no pages.
#[test]
fn damaged_pages_half_way_leave_no_files_but_the_learner() {
    let place = Place::new();
    let rows = several_batches();
    rows.write(&place.file("damaged"), rows.len(), &UNEVEN);
    let mut bytes = fs::read(place.file("damaged")).unwrap();
    // Behind the rows that fix the design.
    let late = bytes.len() / 7 * 6;
    bytes[late..late + 60_000].fill(0xee);
    fs::write(place.file("damaged"), bytes).unwrap();
    for (model, threads) in [(linear(), 1), (linear(), 3), (trees(), 3)] {
        let mut options = place.options("damaged", &model);
        options.resources.threads = threads;
        options.output.overwrite = true;
        let error = run(&options).err().expect("no pages");
        assert!(error.to_string().contains("damaged.parquet"), "{error}");
        let left = left(&options);
        assert!(left.iter().all(|name| name == LEARNER), "{left:?}");
    }
}

/// A stop before anything is learned, and one after. Lanes read a few row groups ahead.
#[test]
fn stops_half_way_leave_no_files_but_the_learner() {
    let place = Place::new();
    let rows = several_batches();
    rows.write(&place.file("stopped"), rows.len(), &[500]);
    for expected in [None, Some(LEARNER)] {
        let mut options = place.options("stopped", &linear());
        options.output.overwrite = true;
        let stop = leaked(Stop::default());
        let progress = leaked(StopEarly {
            stop,
            learner: expected.map(|name| options.output.out_dir.join(name)),
        });
        let error = fitted(&options, stop, progress).err().expect("a stop");
        assert_eq!(error.exit_code(), 143, "{error}");
        assert_eq!(left(&options), expected.as_slice());
    }
}

/// A group in two splits is found when all rows were read: the learner is then not one that is finished.
#[test]
fn data_refused_at_the_end_leave_a_learner_that_is_not_finished() {
    let place = Place::new();
    for (name, model) in [("linear", linear()), ("trees", trees())] {
        let mut rows = Rows::new(12_000);
        let splits = rows.splits(VALID_SIZE, TEST_SIZE);
        let mut names: Vec<&'static str> = splits
            .iter()
            .map(|split| match split {
                Split::Test => "test",
                Split::Valid => "valid",
                Split::Train | Split::None => "train",
            })
            .collect();
        // The last group is whole but for its last row with a label.
        let last = (0..rows.len()).rev().find(|row| !rows.label[*row].is_nan());
        let last = last.unwrap();
        rows.label[last - 1] = 1.0;
        rows.group[last] = rows.group[last - 1];
        names[last - 1] = "train";
        names[last] = "test";
        rows.split = Some(names);
        rows.write(&place.file(name), rows.len(), &UNEVEN);
        let mut options = place.options(name, &model);
        options.columns.split_column = Some("s".to_owned());
        let error = run(&options).err().expect("a group in two splits");
        assert!(error.to_string().contains("is in two splits"), "{error}");
        assert_eq!(left(&options), [LEARNER], "{name}");
        let file = LearnerFile::load(&options.output.out_dir.join(LEARNER)).unwrap();
        assert!(file.position.batches > 0, "{name}");
        assert!(!file.position.is_done, "{name}");
    }
}

/// A finished run that is resumed changes nothing, and other rows are refused.
#[test]
fn a_finished_run_goes_on_with_the_same_rows_alone() {
    let place = Place::new();
    for (name, model) in [("linear", linear()), ("trees", trees())] {
        let rows = Rows::new(12_000);
        let mut options = place.options(name, &model);
        rows.write(&place.file(name), rows.len(), &UNEVEN);
        let scores = |trained: Trained<'_>| {
            [Split::Valid, Split::Test].map(|split| {
                trained
                    .learned
                    .fitted
                    .evaluation
                    .metrics(split)
                    .expect("rows")
            })
        };
        let first = scores(run(&options).unwrap());
        let bytes = |file: &str| fs::read(options.output.out_dir.join(file)).unwrap();
        let before = [bytes(LEARNER), bytes(MODEL)];
        // A run that stopped as it wrote its model.
        fs::remove_file(options.output.out_dir.join(MODEL)).unwrap();
        options.output.resume = true;
        assert_eq!(scores(run(&options).unwrap()), first, "{name}");
        let bytes = |file: &str| fs::read(options.output.out_dir.join(file)).unwrap();
        assert!([bytes(LEARNER), bytes(MODEL)] == before, "{name}");
        fs::remove_file(options.output.out_dir.join(MODEL)).unwrap();
        let mut other = rows.clone();
        other.label[11] = 1.0 - other.label[11];
        other.write(&place.file(name), rows.len(), &UNEVEN);
        let error = run(&options).err().expect("other rows");
        assert!(error.to_string().contains("--resume"), "{error}");
        let learner = fs::read(options.output.out_dir.join(LEARNER)).unwrap();
        assert!(learner == before[0], "{name}");
    }
}
