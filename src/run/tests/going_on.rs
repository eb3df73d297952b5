//! Runs that stop and go on.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{Fixture, Table, fitted, leaked, trees};
use crate::{
    data::Task,
    engine::{Progress, Silent},
    error::Error,
    learner::{ModelSpec, gbdt::BoosterOptions},
    pipeline::{
        fit::checkpoint::Checkpoint,
        session::output::{CHECKPOINT, CHECKPOINT_BEFORE, MODEL},
    },
    platform::stop::Stop,
    run::{options::TrainOptions, trained::Trained},
};

/// Asks the run to stop after so many passes over the codes.
struct StopAfter<'a> {
    stop: &'a Stop,
    passes: usize,
    seen: AtomicUsize,
}

impl Progress for StopAfter<'_> {
    fn pass_started(&self, name: &str, _rows_total: u64) {
        if name == "trees" {
            self.seen.store(0, Ordering::Relaxed);
        }
    }
    fn advanced(&self, _rows: u64, bytes: u64) {
        let seen = self
            .seen
            .fetch_add(usize::from(bytes == 0), Ordering::Relaxed);
        if seen == self.passes {
            self.stop.request(15);
        }
    }
    fn pass_finished(&self, _name: &str, _seconds: f64, _rows: u64, _bytes: u64) {}
    fn message(&self, _text: &str) {}
    fn warning(&self, _text: &str) {}
}

fn run(options: &TrainOptions, passes: usize) -> Result<Trained<'static>, Error> {
    let stop = leaked(Stop::default());
    let progress = leaked(StopAfter {
        stop,
        passes,
        seen: AtomicUsize::new(usize::MAX / 2),
    });
    fitted(options, stop, progress)
}

fn model(options: &TrainOptions) -> Vec<u8> {
    fs::read(options.output.out_dir.join(MODEL)).unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn with_trees(options: &TrainOptions, change: impl FnOnce(&mut BoosterOptions)) -> TrainOptions {
    let mut options = options.clone();
    match &mut options.model {
        ModelSpec::Gbdt(trees) => change(trees),
        ModelSpec::Logistic(_) => panic!("no trees"),
    }
    options
}

/// Options that write a checkpoint after each round.
fn often(fixture: &Fixture, name: &str) -> TrainOptions {
    let mut changed = fixture.options(name, trees(), 2, 1000);
    changed.output.checkpoint_seconds = 0;
    changed
}

#[test]
fn a_run_that_is_stopped_again_and_again_ends_in_the_same_bytes() {
    let fixture = Fixture::new();
    for (target, task) in [("y", None), ("ternary", Some(Task::Multiclass))] {
        let of_target = |name: &str| {
            let mut changed = often(&fixture, &format!("{target}-{name}"));
            changed.columns.target = Some(target.to_owned());
            changed.columns.task = task;
            changed
        };
        let expected = of_target("straight");
        let straight = run(&expected, usize::MAX).unwrap();
        let mut options = of_target("stopped");
        let mut stops = 0;
        let trained = loop {
            options.resources.threads = 1 + stops % 3;
            match run(&options, 12 + stops % 5) {
                Ok(trained) => break trained,
                Err(error) => assert_eq!(error.exit_code(), 143, "{error}"),
            }
            stops += 1;
            options.output.resume = true;
            let left = names(&options.output.out_dir);
            assert!(left.contains(&CHECKPOINT.to_owned()), "{left:?}");
            let scratch = left.iter().filter(|name| name.ends_with("scratch")).count();
            assert_eq!(scratch, 1, "{left:?}");
        };
        assert!(stops > 2, "{stops}");
        assert_eq!(model(&options), model(&expected), "{target}");
        assert_eq!(trained.learned.fitted.curve, straight.learned.fitted.curve);
        assert!(trained.reused.is_some() && trained.resumed_rounds.is_some());
        drop(trained);
        let left = names(&options.output.out_dir);
        assert_eq!(left, [CHECKPOINT_BEFORE, CHECKPOINT, MODEL], "no scratch");
    }
}

#[test]
fn a_lost_scratch_is_made_anew() {
    let fixture = Fixture::new();
    let expected = often(&fixture, "straight");
    run(&expected, usize::MAX).unwrap();
    let mut options = often(&fixture, "stopped");
    run(&options, 20).err().expect("stopped");
    let scratch = names(&options.output.out_dir);
    let scratch = scratch.iter().find(|name| name.ends_with("scratch"));
    fs::remove_dir_all(options.output.out_dir.join(scratch.expect("scratch"))).unwrap();
    options.output.resume = true;
    let trained = run(&options, usize::MAX).unwrap();
    assert!(trained.reused.is_none() && trained.resumed_rounds.is_some());
    assert_eq!(model(&options), model(&expected));
}

#[test]
fn a_damaged_scratch_is_made_anew() {
    let fixture = Fixture::new();
    let expected = often(&fixture, "straight");
    run(&expected, usize::MAX).unwrap();
    let mut options = often(&fixture, "stopped");
    run(&options, 20).err().expect("stopped");
    let scratch = names(&options.output.out_dir);
    let scratch = scratch.iter().find(|name| name.ends_with("scratch"));
    let codes = options
        .output
        .out_dir
        .join(scratch.expect("scratch"))
        .join("codes");
    let mut bytes = fs::read(&codes).unwrap();
    bytes[4096 + 1000] ^= 1;
    fs::write(&codes, bytes).unwrap();
    options.output.resume = true;
    let trained = run(&options, usize::MAX).unwrap();
    assert!(trained.reused.is_none() && trained.resumed_rounds.is_some());
    assert_eq!(model(&options), model(&expected));
}

#[test]
fn trees_can_be_added_to_a_run_that_finished() {
    let fixture = Fixture::new();
    let more = with_trees(&often(&fixture, "more"), |trees| trees.n_estimators = 13);
    run(&more, usize::MAX).unwrap();
    let mut options = with_trees(&often(&fixture, "grown"), |trees| trees.n_estimators = 8);
    run(&options, usize::MAX).unwrap();
    options = with_trees(&options, |trees| trees.n_estimators = 13);
    options.output.resume = true;
    let trained = run(&options, usize::MAX).unwrap();
    assert_eq!(trained.resumed_rounds, Some(8));
    assert_eq!(model(&options), model(&more));
}

#[test]
fn going_on_otherwise_is_refused_and_named() {
    let fixture = Fixture::new();
    let options = often(&fixture, "stopped");
    run(&options, 20).err().expect("stopped");
    let check = |changed: TrainOptions, part: &str| {
        let error = run(&changed, usize::MAX).err().expect(part);
        assert_eq!(error.exit_code(), 2, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    };
    check(options.clone(), "holds an unfinished run");
    let resumed = {
        let mut changed = options;
        changed.output.resume = true;
        changed
    };
    let with = |change: fn(&mut BoosterOptions)| with_trees(&resumed, change);
    check(
        with(|trees| trees.learning_rate = 0.2),
        "--model learning_rate",
    );
    check(
        with(|trees| trees.n_estimators = 1),
        "rounds, but n_estimators is 1",
    );
    let seeded = {
        let mut changed = resumed.clone();
        changed.split.seed = 4;
        changed
    };
    check(seeded, "--seed was 3 and is 4");
    let both = {
        let mut changed = resumed.clone();
        changed.output.overwrite = true;
        changed
    };
    check(both, "use one of them");
    let mut table = Table::new();
    table.weak.reverse();
    table.write(&fixture.directory.path().join("data.parquet"));
    check(resumed, "changed");
}

#[test]
fn a_run_is_replaced_with_its_checkpoint() {
    let fixture = Fixture::new();
    let mut options = often(&fixture, "stopped");
    run(&options, 20).err().expect("stopped");
    options = with_trees(&options, |trees| trees.n_estimators = 2);
    options.output.overwrite = true;
    let trained = run(&options, usize::MAX).unwrap();
    assert_eq!(trained.resumed_rounds, None);
    assert!(trained.reused.is_some(), "the codes are of the same data");
    drop(trained);
    let left = names(&options.output.out_dir);
    assert_eq!(left, [CHECKPOINT_BEFORE, CHECKPOINT, MODEL], "no scratch");
}

/// Puts a directory where the second checkpoint moves the first one to.
struct Obstacle<'a> {
    out_dir: &'a Path,
    warnings: AtomicUsize,
}

impl Progress for Obstacle<'_> {
    fn pass_started(&self, name: &str, _rows_total: u64) {
        if name == "trees" {
            let inside = self.out_dir.join(CHECKPOINT_BEFORE).join("inside");
            fs::create_dir_all(inside).unwrap();
        }
    }
    fn advanced(&self, _rows: u64, _bytes: u64) {}
    fn pass_finished(&self, _name: &str, _seconds: f64, _rows: u64, _bytes: u64) {}
    fn message(&self, _text: &str) {}
    fn warning(&self, text: &str) {
        let is_it = text.contains("training continues");
        self.warnings
            .fetch_add(usize::from(is_it), Ordering::Relaxed);
    }
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_a_warning_and_training_goes_on() {
    let fixture = Fixture::new();
    let expected = often(&fixture, "straight");
    run(&expected, usize::MAX).unwrap();
    let options = often(&fixture, "obstructed");
    let progress = leaked(Obstacle {
        out_dir: leaked(options.output.out_dir.clone()),
        warnings: AtomicUsize::new(0),
    });
    fitted(&options, leaked(Stop::default()), progress).unwrap();
    assert_eq!(
        progress.warnings.load(Ordering::Relaxed),
        7 + 1,
        "rounds 2 to 8, and the end"
    );
    assert_eq!(model(&options), model(&expected));
    let newest = Checkpoint::load(&options.output.out_dir, &Silent).unwrap();
    assert_eq!(newest.expect("the first one").booster.rounds(), 1);
}
