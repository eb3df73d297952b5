//! Runs that use the codes of other runs, and runs that must not.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::PathBuf,
    sync::Mutex,
};

use super::{Fixture, Table, fitted, leaked, linear, trees};
use crate::{
    columns::roles::GroupChoice,
    data::Task,
    engine::{Progress, Silent},
    learner::{ModelSpec, gbdt::BoosterOptions},
    pipeline::{open::training_data::TrainingData, options::SplitRule, session::output::MODEL},
    platform::stop::Stop,
    run::{cache::ingredients, options::TrainOptions, trained::Trained},
    scratch::{Ingredient, ScratchState, Seal, scratch_directories, seal::fingerprint},
};

/// Remembers what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn pass_started(&self, _name: &str, _rows_total: u64) {}
    fn advanced(&self, _rows: u64, _bytes: u64) {}
    fn pass_finished(&self, _name: &str, _seconds: f64, _rows: u64, _bytes: u64) {}
    fn message(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn warning(&self, text: &str) {
        self.message(text);
    }
}

impl Told {
    fn has(&self, part: &str) -> bool {
        let told = self.0.lock().unwrap();
        told.iter().any(|text| text.contains(part))
    }
}

/// Options of a run whose codes stay in a directory for all.
fn shared(fixture: &Fixture, name: &str) -> TrainOptions {
    let mut changed = fixture.options(name, trees(), 2, 1000);
    changed.resources.scratch_dir = Some(scratch(fixture));
    changed.resources.keep_scratch = true;
    changed
}

fn scratch(fixture: &Fixture) -> PathBuf {
    fixture.directory.path().join("scratch")
}

fn run(options: &TrainOptions) -> (Trained<'static>, &'static Told) {
    let told = leaked(Told::default());
    let trained = fitted(options, leaked(Stop::default()), told).unwrap();
    (trained, told)
}

fn with_trees(mut options: TrainOptions, change: impl FnOnce(&mut BoosterOptions)) -> TrainOptions {
    if let ModelSpec::Gbdt(trees) = &mut options.model {
        change(trees);
    }
    options
}

/// The one directory of codes.
fn codes(fixture: &Fixture) -> PathBuf {
    let directories = scratch_directories(&scratch(fixture));
    assert_eq!(directories.len(), 1, "{directories:?}");
    directories[0].0.clone()
}

#[test]
fn other_trees_on_the_same_data_read_no_parquet_and_are_the_same_as_alone() {
    let fixture = Fixture::new();
    for target in ["y", "ternary", "weak", "text"] {
        let task = match target {
            "weak" => Some(Task::Regression),
            "y" => None,
            _ => Some(Task::Multiclass),
        };
        let of_target = |options: TrainOptions| {
            let mut changed = options;
            changed.columns.target = Some(target.to_owned());
            changed.columns.task = task;
            changed
        };
        let first = of_target(shared(&fixture, &format!("{target}-first")));
        let (first, _) = run(&first);
        assert!(first.reused.is_none());
        let change = |trees: &mut BoosterOptions| {
            trees.learning_rate = 0.3;
            trees.num_leaves = 9;
            trees.n_estimators = 5;
        };
        let second = of_target(shared(&fixture, &format!("{target}-second")));
        let second = with_trees(second, change);
        let (trained, told) = run(&second);
        assert!(told.has("codes of an earlier run are used"));
        assert!(trained.reused.is_some());
        let passes: Vec<&str> = trained
            .session
            .passes
            .iter()
            .map(|pass| &*pass.name)
            .collect();
        assert_eq!(passes[..2], ["check of codes", "trees"], "{target}");
        let alone = fixture.options(&format!("{target}-alone"), trees(), 1, 500);
        let alone = with_trees(of_target(alone), change);
        let (expected, _) = run(&alone);
        let model = |options: &TrainOptions| fs::read(options.output.out_dir.join(MODEL)).unwrap();
        assert_eq!(model(&second), model(&alone), "{target}");
        assert_eq!(
            trained.learned.split.assigned.proof,
            expected.learned.split.assigned.proof
        );
        assert_eq!(
            trained.learned.split.assigned.warnings,
            expected.learned.split.assigned.warnings
        );
        let groups = |mut trained: Trained<'_>| {
            let mut groups = trained.learned.split.assigned.groups.take().unwrap();
            let mut groups = groups.groups().unwrap();
            std::iter::from_fn(|| groups.next_group().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(groups(trained), groups(expected), "{target}");
    }
}

#[test]
fn a_damaged_block_is_noticed_and_the_codes_are_made_anew() {
    let fixture = Fixture::new();
    run(&shared(&fixture, "first"));
    let model = |name: &str| fs::read(fixture.directory.path().join(name).join(MODEL)).unwrap();
    for (name, at) in [
        ("codes", 4096 + 1000),
        ("rows", 4096 + 70),
        ("groups", 40),
        ("seal", 90),
    ] {
        let directory = codes(&fixture);
        let mut file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(directory.join(name))
            .unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(b"damage").unwrap();
        drop(file);
        let (trained, told) = run(&shared(&fixture, name));
        assert!(trained.reused.is_none(), "{name}");
        assert!(told.has("damaged"), "{name}: {:?}", told.0);
        drop(trained);
        assert_eq!(model(name), model("first"), "{name}");
        fs::remove_dir_all(directory).unwrap();
    }
}

#[test]
fn codes_of_other_data_are_not_used_and_it_is_said_why() {
    let fixture = Fixture::new();
    run(&shared(&fixture, "first"));
    let other = {
        let mut changed = shared(&fixture, "other");
        changed.split.seed = 4;
        changed
    };
    let (trained, told) = run(&other);
    assert!(trained.reused.is_none());
    assert!(told.has("--seed was 3 and is now 4"), "{:?}", told.0);
    drop(trained);
    assert_eq!(scratch_directories(&scratch(&fixture)).len(), 2);
    let states = scratch_directories(&scratch(&fixture));
    assert!(states.iter().any(|(_, state)| *state == ScratchState::Kept));
}

#[test]
fn codes_of_files_that_changed_or_of_another_version_are_not_used() {
    let fixture = Fixture::new();
    let check = |name: &str, why: &str| {
        let (trained, told) = run(&shared(&fixture, name));
        assert!(trained.reused.is_none(), "{name}");
        assert!(told.has(why), "{name}: {:?}", told.0);
    };
    run(&shared(&fixture, "first"));
    let directory = codes(&fixture);
    let mut seal = Seal::read(&directory).unwrap().expect("a seal");
    let version = seal.about.ingredients.iter_mut();
    let mut version = version.filter(|one| one.name == "the version of rowmill");
    version.next().expect("a version").value = "0.0.1".to_owned();
    seal.write(&directory).unwrap();
    check("version", "the version of rowmill was 0.0.1 and is");
    let mut table = Table::new();
    table.weak.reverse();
    table.write(&fixture.directory.path().join("data.parquet"));
    check("data", "the hash of the files' ");
}

#[test]
fn a_linear_model_looks_for_no_codes() {
    let fixture = Fixture::new();
    run(&shared(&fixture, "first"));
    let options = {
        let mut changed = shared(&fixture, "linear");
        changed.model = linear();
        changed.resources.keep_scratch = false;
        changed
    };
    assert!(run(&options).0.reused.is_none());
    codes(&fixture);
    let resumed = {
        let mut changed = options;
        changed.output.resume = true;
        changed
    };
    let error = fitted(&resumed, leaked(Stop::default()), &Silent)
        .err()
        .expect("an error");
    assert!(error.to_string().contains("writes none"), "{error}");
}

fn list(options: &TrainOptions) -> Vec<Ingredient> {
    let ModelSpec::Gbdt(trees) = &options.model else {
        panic!("no trees")
    };
    ingredients(
        &TrainingData::open(&options.data, &options.columns, &options.resources.limits).unwrap(),
        options,
        trees,
    )
}

#[test]
fn the_fingerprint_depends_on_what_codes_depend_on_and_on_nothing_else() {
    let fixture = Fixture::new();
    let options = || fixture.options("a", trees(), 2, 1000);
    let print = |options: &TrainOptions| fingerprint(&list(options));
    let expected = print(&options());
    let check = |change: &dyn Fn(&mut TrainOptions), is_same: bool| {
        let mut changed = options();
        change(&mut changed);
        let found = print(&changed);
        assert_eq!(found == expected, is_same, "{changed:?}");
    };
    let others = |change: fn(&mut TrainOptions)| check(&change, false);
    others(|it| it.split.seed = 4);
    others(|it| it.split.test_size = 0.3);
    others(|it| it.split.valid_size = 0.3);
    others(|it| it.split.split_rule = SplitRule::Hash);
    others(|it| it.columns.exclude = vec!["flag".to_owned()]);
    others(|it| it.columns.group = GroupChoice::None);
    others(|it| it.columns.target = Some("ternary".to_owned()));
    others(|it| it.columns.task = Some(Task::Regression));
    others(|it| it.model = with_bins(64));
    others(|it| it.resources.limits.cut_sample_rows = 1000);
    others(|it| it.resources.limits.categories_kept_max = 2);
    let same = |change: fn(&mut TrainOptions)| check(&change, true);
    same(|it| it.resources.threads = 7);
    same(|it| it.resources.memory_bytes = 5 << 30);
    same(|it| it.resources.limits.batch_rows_max = 77);
    same(|it| it.output.out_dir = PathBuf::from("elsewhere"));
    same(|it| it.output.verify = false);
    same(|it| it.output.predictions = true);
    same(|it| it.resources.keep_scratch = true);
    same(|it| {
        it.model = ModelSpec::Gbdt(BoosterOptions {
            n_estimators: 1,
            learning_rate: 0.7,
            max_depth: 2,
            num_leaves: 3,
            reg_lambda: 9.0,
            min_child_samples: 1,
            colsample_bytree: 0.5,
            early_stopping_rounds: Some(3),
            ..BoosterOptions::depth_wise()
        });
    });
    let path = fixture.directory.path().join("data.parquet");
    let file = fs::File::open(&path).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(100);
    file.set_modified(later).unwrap();
    assert_ne!(print(&options()), expected, "the file was written to");
}

fn with_bins(bins_max: u16) -> ModelSpec {
    ModelSpec::Gbdt(BoosterOptions {
        max_bin: bins_max,
        ..BoosterOptions::depth_wise()
    })
}
