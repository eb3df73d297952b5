//! Runs by batches that stop and go on.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Fixture, fitted, leaked, linear, trees};
use crate::{
    engine::Progress,
    error::Error,
    learner::ModelSpec,
    pipeline::{
        options::{IncrementalOptions, SplitRule},
        session::output::{LEARNER, MODEL},
    },
    platform::stop::Stop,
    run::{options::TrainOptions, trained::Trained},
};

/// Asks the run to stop as soon as it has got on so many times after it wrote its learner, whenever it does.
struct StopOnceWritten<'a> {
    stop: &'a Stop,
    path: PathBuf,
    /// The learner's file before the run.
    before: Option<Vec<u8>>,
    /// So many times.
    advances: usize,
    seen: AtomicUsize,
    told: Mutex<Vec<String>>,
}

impl Progress for StopOnceWritten<'_> {
    fn pass_started(&self, _name: &str, _rows_total: u64) {}
    fn advanced(&self, _rows: u64, _bytes: u64) {
        let is_written = || fs::read(&self.path).ok() != self.before;
        if self.seen.load(Ordering::Relaxed) > 0 || is_written() {
            let seen = 1 + self.seen.fetch_add(1, Ordering::Relaxed);
            if seen == self.advances {
                self.stop.request(15);
            }
        }
    }
    fn pass_finished(&self, _name: &str, _seconds: f64, _rows: u64, _bytes: u64) {}
    fn message(&self, text: &str) {
        self.told.lock().unwrap().push(text.to_owned());
    }
    fn warning(&self, _text: &str) {}
}

/// Runs, and answers what was said.
fn run(options: &TrainOptions, advances: usize) -> (Result<Trained<'static>, Error>, Vec<String>) {
    let stop = leaked(Stop::default());
    let path = options.output.out_dir.join(LEARNER);
    let progress = leaked(StopOnceWritten {
        stop,
        before: fs::read(&path).ok(),
        path,
        advances,
        seen: AtomicUsize::new(0),
        told: Mutex::default(),
    });
    let result = fitted(options, stop, progress);
    let told = progress.told.lock().unwrap().clone();
    (result, told)
}

/// The batch that a run said it goes on after; 0 for one that begins.
fn batch_before(told: &[String]) -> u64 {
    let number = |text: &String| text.strip_prefix("resuming after batch ")?.parse().ok();
    told.iter().find_map(number).unwrap_or(0)
}

/// Rows of which there are several batches, even where the first 65,536 training rows fix bins. So many row
/// groups that lanes, which read a few of them ahead, are not through when the first batch is learned.
fn options(fixture: &Fixture, name: &str, model: &ModelSpec, one_pass: bool) -> TrainOptions {
    let mut changed = fixture.options(name, model.clone(), 2, 1000);
    changed.split.valid_size = 0.0;
    changed.split.test_size = 0.1;
    changed.split.split_rule = SplitRule::Hash;
    changed.incremental = Some(IncrementalOptions {
        batch_rows: if one_pass { 2_000 } else { 500 },
        one_pass,
        init_model: None,
        classes: Some(vec!["0".to_owned(), "1".to_owned()]),
        rows_expected: None,
        more_trees: None,
    });
    changed
}

/// Stops at several places, each after a batch that was learned since the place before, and goes on to the
/// bytes of a run that never stopped.
fn check(model: &ModelSpec, one_pass: bool) {
    let fixture = Fixture::repeated(if one_pass { 30 } else { 15 });
    let expected = options(&fixture, "straight", model, one_pass);
    let straight = run(&expected, usize::MAX).0.unwrap();
    let mut options = options(&fixture, "stopped", model, one_pass);
    let mut batches = Vec::new();
    for (stops, advances) in [1, 2, 5].into_iter().enumerate() {
        options.resources.threads = 1 + stops;
        let (result, told) = run(&options, advances);
        let error = result.err().expect("a request to stop");
        assert_eq!(error.exit_code(), 143, "{error}");
        assert!(options.output.out_dir.join(LEARNER).exists(), "{advances}");
        batches.push(batch_before(&told));
        options.output.resume = true;
    }
    let (trained, told) = run(&options, usize::MAX);
    let trained = trained.unwrap();
    batches.push(batch_before(&told));
    // The first run begins, and each other one goes on later.
    assert_eq!(batches[0], 0);
    assert!(batches.is_sorted_by(|one, next| one < next), "{batches:?}");
    let points = straight.learned.fitted.progressive.points();
    let all: u64 = points.iter().map(|point| point.batches).sum();
    assert!(batches[3] < all, "{batches:?} of {all}");
    assert_eq!(
        trained.learned.fitted.progressive,
        straight.learned.fitted.progressive
    );
    for name in [MODEL, LEARNER] {
        let bytes = |options: &TrainOptions| fs::read(options.output.out_dir.join(name)).unwrap();
        assert!(bytes(&options) == bytes(&expected), "{name}");
    }
}

#[test]
fn logistic_regression_that_stops_among_batches_ends_in_the_same_bytes() {
    check(&linear(), false);
}

#[test]
fn logistic_regression_that_stops_in_its_one_pass_ends_in_the_same_bytes() {
    check(&linear(), true);
}

#[test]
fn trees_that_stop_among_batches_end_in_the_same_bytes() {
    check(&trees(), false);
}

#[test]
fn trees_that_stop_in_their_one_pass_end_in_the_same_bytes() {
    check(&trees(), true);
}
