//! Validation rows from a dataset of their own.

use std::{
    collections::HashMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use super::{Fixture, ROWS, Table, WORDS, fitted, leaked, linear, trees};
use crate::{
    columns::roles::GroupChoice,
    data::{Split, Task},
    engine::Silent,
    error::Error,
    group::assign::Assignment,
    learner::{ModelSpec, gbdt::BoosterOptions},
    pipeline::{
        evaluate::evaluation::Metrics,
        open::{training_data::TrainingData, validation::Validation},
        options::{IncrementalOptions, SplitRule},
    },
    platform::stop::Stop,
    run::{admission::identity, cache::ingredients, options::TrainOptions, trained::Trained},
    scratch::seal::fingerprint,
    source::write::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
};

/// Rows of the dataset itself; whole groups of seven.
const OWN: usize = 2100;

/// Writes some rows of the table; `named` may leave out columns or name them otherwise.
fn write_as(
    path: &Path,
    table: &Table,
    rows: Range<usize>,
    splits: Option<&dyn Fn(usize) -> &'static str>,
    named: fn(&'static str) -> Option<&'static str>,
) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let of_rows: Option<Vec<Option<&str>>> =
        splits.map(|split| rows.clone().map(|row| Some(split(row))).collect());
    let mut columns = vec![
        (
            "g",
            ColumnKind::I64,
            ColumnData::I64(&table.group[rows.clone()]),
        ),
        (
            "y",
            ColumnKind::F32,
            ColumnData::F32(&table.label[rows.clone()]),
        ),
        (
            "strong",
            ColumnKind::F32,
            ColumnData::F32(&table.strong[rows.clone()]),
        ),
        (
            "weak",
            ColumnKind::F64,
            ColumnData::F64(&table.weak[rows.clone()]),
        ),
        (
            "text",
            ColumnKind::Text,
            ColumnData::TextIds {
                values: &WORDS,
                ids: &table.text[rows],
            },
        ),
    ];
    if let Some(splits) = &of_rows {
        columns.push(("s", ColumnKind::Text, ColumnData::Text(splits)));
    }
    let kept = columns
        .into_iter()
        .filter_map(|(name, kind, data)| Some((ColumnSpec::nullable(named(name)?, kind), data)));
    let (specs, data): (Vec<_>, Vec<_>) = kept.unzip();
    let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
    writer.write_row_group(&data).unwrap();
    writer.finish().unwrap();
}

fn write(
    path: &Path,
    table: &Table,
    rows: Range<usize>,
    splits: Option<&dyn Fn(usize) -> &'static str>,
) {
    write_as(path, table, rows, splits, Some);
}

/// The table in two parts, the second one to validate on.
struct Parts {
    fixture: Fixture,
    own: PathBuf,
    validation: PathBuf,
}

impl Parts {
    fn new() -> Self {
        let fixture = Fixture::new();
        let path = fixture.directory.path();
        let own = path.join("own/a.parquet");
        let validation = path.join("validation/z.parquet");
        write(&own, &fixture.table, 0..OWN, None);
        write(&validation, &fixture.table, OWN..ROWS, None);
        Self {
            own,
            validation,
            fixture,
        }
    }

    /// Options of a run that validates on the second part.
    fn options(&self, name: &str, learner: &Learner) -> TrainOptions {
        let validation = self.validation.parent().unwrap();
        {
            let mut changed = self.fixture.options(name, learner.0.clone(), 2, 333);
            changed.data.dataset = self.own.display().to_string();
            changed.data.validation = Some(validation.display().to_string());
            changed.split.valid_size = 0.0;
            changed.output.overwrite = true;
            changed.incremental = learner.1.clone();
            changed
        }
    }
}

/// A model, and how it learns by batches.
type Learner = (ModelSpec, Option<IncrementalOptions>);

/// Every way to learn: trees that stop early, exact passes, batches, and one pass of either learner.
fn learners() -> [Learner; 5] {
    let stopping = ModelSpec::Gbdt(BoosterOptions {
        n_estimators: 60,
        learning_rate: 0.5,
        early_stopping_rounds: Some(2),
        ..BoosterOptions::depth_wise()
    });
    let online = |one_pass| IncrementalOptions {
        batch_rows: 400,
        one_pass,
        init_model: None,
        classes: Some(vec!["0".to_owned(), "1".to_owned()]),
        rows_expected: None,
        more_trees: None,
    };
    [
        (stopping, None),
        (linear(), None),
        (linear(), Some(online(false))),
        (linear(), Some(online(true))),
        (trees(), Some(online(true))),
    ]
}

fn run(options: &TrainOptions) -> Result<Trained<'static>, Error> {
    fitted(options, leaked(Stop::default()), &Silent)
}

fn check_same(one: &Trained<'_>, other: &Trained<'_>, what: &str) {
    assert!(
        one.learned.fitted.model.body == other.learned.fitted.model.body,
        "{what}: the body differs"
    );
    assert_eq!(
        one.learned.fitted.model.features, other.learned.fitted.model.features,
        "{what}"
    );
    assert_eq!(
        one.learned.fitted.model.about.data_fingerprint,
        other.learned.fitted.model.about.data_fingerprint,
        "{what}"
    );
    assert_eq!(
        one.learned.fitted.curve, other.learned.fitted.curve,
        "{what}"
    );
    assert_eq!(
        one.learned.split.assigned.proof, other.learned.split.assigned.proof,
        "{what}"
    );
    for split in Split::ALL {
        let of = |trained: &Trained<'_>| trained.learned.fitted.evaluation.metrics(split);
        assert_eq!(of(one), of(other), "{what}, {}", split.name());
    }
}

/// Rows with a split column are the same rows without one whose last file is given by itself.
#[test]
fn the_same_rows_give_the_same_model_by_a_column_and_by_a_dataset() {
    let parts = Parts::new();
    let path = parts.fixture.directory.path();
    let split = |row: usize| match row {
        OWN.. => "valid",
        row if row / 7 % 4 == 0 => "test",
        _ => "train",
    };
    let both = path.join("both");
    let (first, second) = (both.join("a.parquet"), both.join("z.parquet"));
    write(&first, &parts.fixture.table, 0..OWN, Some(&split));
    write(&second, &parts.fixture.table, OWN..ROWS, Some(&split));
    for (index, learner) in learners().iter().enumerate() {
        let by_dataset = {
            let mut changed = parts.options(&format!("dataset-{index}"), learner);
            changed.data.dataset = first.display().to_string();
            changed.columns.split_column = Some("s".to_owned());
            changed
        };
        let by_column = {
            let mut changed = by_dataset.clone();
            changed.data.dataset = both.display().to_string();
            changed.data.validation = None;
            changed.output.out_dir = path.join(format!("column-{index}"));
            changed
        };
        let (by_dataset, by_column) = (run(&by_dataset).unwrap(), run(&by_column).unwrap());
        check_same(&by_dataset, &by_column, &format!("learner {index}"));
        assert_eq!(
            by_dataset.learned.split.assigned.rows(Split::Valid),
            (ROWS - OWN) as u64
        );
        assert!(by_column.learned.fitted.model.split.is_null());
        let told: Validation =
            serde_json::from_value(by_dataset.learned.fitted.model.split["validation"].clone())
                .unwrap();
        assert_eq!((told.files, told.rows), (1, (ROWS - OWN) as u64));
        assert_eq!(told.first_row, OWN as u64);
        if index == 0 {
            let rounds = by_dataset.learned.fitted.curve.len() - 1;
            assert!(rounds < 60, "{rounds} rounds: it did not stop early");
        }
    }
}

/// The shares are of the dataset's own rows, which are split as if there were no others.
#[test]
fn groups_are_split_as_without_the_validation_rows() {
    let parts = Parts::new();
    let path = parts.fixture.directory.path();
    for rule in [SplitRule::Balanced, SplitRule::Hash] {
        let learner = &learners()[0];
        let alone = {
            let mut changed = parts.options(&format!("alone-{rule:?}"), learner);
            changed.data.validation = None;
            changed.split.split_rule = rule;
            changed.model = trees();
            changed
        };
        let with = {
            let mut changed = parts.options(&format!("with-{rule:?}"), learner);
            changed.split.split_rule = rule;
            changed
        };
        let (mut alone, with) = (run(&alone).unwrap(), run(&with).unwrap());
        assert_eq!(
            alone.learned.split.assigned.assignment,
            with.learned.split.assigned.assignment
        );
        for split in [Split::Train, Split::Test] {
            assert_eq!(
                alone.learned.split.assigned.rows(split),
                with.learned.split.assigned.rows(split)
            );
        }
        // What the model keeps is still an assignment.
        let kept: Assignment =
            serde_json::from_value(with.learned.fitted.model.split.clone()).unwrap();
        assert_eq!(Some(kept), with.learned.split.assigned.assignment);

        let mut of_group = HashMap::new();
        let mut groups = alone
            .learned
            .split
            .assigned
            .groups
            .as_mut()
            .unwrap()
            .groups()
            .unwrap();
        while let Some(group) = groups.next_group().unwrap() {
            of_group.insert(group.name.unwrap(), group.split.name());
        }
        let table = &parts.fixture.table;
        let split = |row: usize| match row {
            OWN.. => "valid",
            row => of_group[&table.group[row].to_string()],
        };
        let both = path.join(format!("both-{rule:?}"));
        write(&both.join("a.parquet"), table, 0..OWN, Some(&split));
        write(&both.join("z.parquet"), table, OWN..ROWS, Some(&split));
        let column = {
            let mut changed = parts.options(&format!("column-{rule:?}"), learner);
            changed.data.dataset = both.display().to_string();
            changed.data.validation = None;
            changed.columns.split_column = Some("s".to_owned());
            changed
        };
        check_same(&with, &run(&column).unwrap(), &format!("{rule:?}"));
    }
}

fn check_refused(options: &TrainOptions, code: u8, words: &[&str]) {
    let error = run(options).err().expect("an error");
    let message = error.to_string();
    assert_eq!(error.exit_code(), code, "{message}");
    for word in words {
        assert!(message.contains(word), "{message}\nlacks: {word}");
    }
    assert!(
        !options.output.out_dir.join("model.rowmill").exists(),
        "{message}"
    );
}

#[test]
fn a_group_on_both_sides_is_refused_by_every_learner() {
    let parts = Parts::new();
    // Group 299 ends the dataset and begins the validation rows.
    write(&parts.validation, &parts.fixture.table, OWN - 3..ROWS, None);
    let path = parts.validation.parent().unwrap().display().to_string();
    for (index, learner) in learners().iter().enumerate() {
        let options = parts.options(&format!("leak-{index}"), learner);
        let words = [
            "group `299` is in two splits: ",
            " and 3 in valid",
            "--val-dir",
            &path,
            "remove the group",
            "--group-col",
        ];
        check_refused(&options, 1, &words);
    }
    let alone = {
        let mut changed = parts.options("ungrouped", &learners()[0]);
        changed.columns.group = GroupChoice::None;
        changed.columns.exclude = vec!["g".to_owned()];
        changed
    };
    assert_eq!(
        run(&alone)
            .unwrap()
            .learned
            .split
            .assigned
            .rows(Split::Valid),
        903
    );

    let split = |row: usize| {
        if (row / 7).is_multiple_of(4) {
            "test"
        } else {
            "train"
        }
    };
    write(&parts.own, &parts.fixture.table, 0..OWN, Some(&split));
    let column = {
        let mut changed = parts.options("column", &learners()[0]);
        changed.columns.split_column = Some("s".to_owned());
        changed
    };
    check_refused(
        &column,
        1,
        &["or of the column `s`", "7 of its rows are in train"],
    );
}

#[test]
fn a_file_is_not_on_both_sides() {
    let parts = Parts::new();
    let path = parts.own.parent().unwrap();
    let options = {
        let mut changed = parts.options("file", &learners()[0]);
        changed.data.validation = Some(format!("{}/*.parquet", path.display()));
        changed.columns.group = GroupChoice::None;
        changed
    };
    check_refused(
        &options,
        2,
        &[
            "a.parquet is also a file of the dataset",
            "remove it from one",
        ],
    );
}

#[test]
fn columns_go_together_as_those_of_one_dataset() {
    let parts = Parts::new();
    let table = &parts.fixture.table;
    let with = |named| write_as(&parts.validation, table, OWN..ROWS, None, named);
    for learner in [&learners()[0], &learners()[3]] {
        let name = |test: &str| format!("{test}-{}", learner.1.is_some());
        with(|name| (name != "strong").then_some(name));
        let trained = run(&parts.options(&name("feature"), learner)).unwrap();
        assert_eq!(
            trained.learned.split.assigned.rows(Split::Valid),
            (ROWS - OWN) as u64
        );
        assert_eq!(trained.learned.fitted.model.features.len(), 3);

        // No model rests on what only validation rows have.
        let fewer = |name| (!["weak", "text"].contains(&name)).then_some(name);
        write_as(&parts.own, table, 0..OWN, None, fewer);
        let loss = |test: &str| {
            let trained = run(&parts.options(&name(test), learner)).unwrap();
            let Some(Metrics::Binary(metrics)) =
                trained.learned.fitted.evaluation.metrics(Split::Valid)
            else {
                panic!("two classes");
            };
            metrics.log_loss.expect("valid rows")
        };
        with(fewer);
        let expected = loss("fewer");
        with(Some);
        assert!((loss("more") - expected).abs() < 1e-9, "{expected}");
        write(&parts.own, table, 0..OWN, None);

        let options = parts.options(&name("refused"), learner);
        let refused = |words: &[&str]| check_refused(&options, 1, words);
        with(|name| (name != "y").then_some(name));
        refused(&["z.parquet lacks the column `y`", "the target"]);
        with(|name| (name != "g").then_some(name));
        refused(&["z.parquet lacks the column `g`", "the group column"]);
        with(|name| match name {
            "strong" => None,
            "text" => Some("strong"),
            name => Some(name),
        });
        refused(&["column `strong`", "a.parquet", "z.parquet"]);

        with(Some);
        write_as(&parts.own, table, 0..OWN, None, |name| {
            (name != "g").then_some(name)
        });
        refused(&["`g`", "alone", "--group-col"]);
        write(&parts.own, table, 0..OWN, None);
    }
}

#[test]
fn validation_rows_need_labels_of_every_class() {
    let parts = Parts::new();
    let refused = |label: f32, learner: usize, words: &[&str]| {
        let mut table = Table::new();
        table.label[OWN..].fill(label);
        write(&parts.validation, &table, OWN..ROWS, None);
        let options = {
            let mut changed = parts.options("labels", &learners()[learner]);
            changed.columns.task = Some(Task::Multiclass);
            changed
        };
        check_refused(&options, 1, words);
    };
    refused(2.0, 1, &["class `2`", "--val-dir alone"]);
    refused(f32::NAN, 0, &["none of its 900 rows has a value", "`y`"]);
    refused(f32::NAN, 3, &["none of its 900 rows has a value", "`y`"]);
    refused(
        1.0,
        0,
        &["in the valid split is of the class `0`", "--val-dir"],
    );
    write(&parts.validation, &parts.fixture.table, 0..0, None);
    check_refused(
        &parts.options("empty", &learners()[0]),
        1,
        &["--val-dir", "has no rows"],
    );
}

#[test]
fn a_stream_has_nothing_behind_it() {
    let parts = Parts::new();
    let learner = &learners()[3];
    let stream = {
        let mut changed = parts.options("stream", learner);
        changed.data.dataset = "-".to_owned();
        changed
    };
    check_refused(&stream, 2, &["--val-dir", "--split-col"]);
    let validation = {
        let mut changed = parts.options("stream", learner);
        changed.data.validation = Some("-".to_owned());
        changed
    };
    check_refused(&validation, 2, &["--val-dir -", "name a file"]);
}

/// The same three files, one of them on either side: other codes, another run.
#[test]
fn what_is_reused_or_resumed_has_the_same_validation_rows() {
    let parts = Parts::new();
    let path = parts.fixture.directory.path().join("three");
    for (index, rows) in [0..700, 700..OWN, OWN..ROWS].into_iter().enumerate() {
        let file = path.join(format!("p{index}.parquet"));
        write(&file, &parts.fixture.table, rows, None);
    }
    let about = |dataset: &str, validation: Option<&str>| {
        let pattern = |files: &str| path.join(format!("p{files}.parquet")).display().to_string();
        let options = {
            let mut changed = parts.options("about", &(trees(), None));
            changed.data.dataset = pattern(dataset);
            changed.data.validation = validation.map(pattern);
            changed
        };
        let data =
            TrainingData::open(&options.data, &options.columns, &options.resources.limits).unwrap();
        let list = ingredients(&data, &options, &BoosterOptions::depth_wise());
        (fingerprint(&list), identity(&options, &data))
    };
    let two = about("[01]", Some("2"));
    assert_eq!(about("[0-1]", Some("[2]")).0, two.0);
    two.1.check(&about("[0-1]", Some("[2]")).1).unwrap();
    for (dataset, validation) in [("0", Some("[12]")), ("[012]", None), ("[01]", None)] {
        let other = about(dataset, validation);
        assert_ne!(other.0, two.0);
        let message = two.1.check(&other.1).unwrap_err().to_string();
        assert!(message.contains("file"), "{message}");
    }
}
