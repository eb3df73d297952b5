//! One-pass runs: what their models, counts and files must be, however the code is arranged.

mod counts;
mod endings;
mod first_rows;
mod learned;
mod marks;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{Fixture, fitted, leaked};
use crate::{
    data::Split,
    engine::Silent,
    error::Result,
    group::{
        assign::{Assignment, Shares, by_hash},
        hash::{Purpose, hash_number, row_hash},
    },
    learner::ModelSpec,
    pipeline::{
        options::{IncrementalOptions, SplitRule},
        prepare::survey::SurveyedValues,
    },
    platform::stop::Stop,
    run::{options::TrainOptions, trained::Trained},
    source::write::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
};

const SEED: u64 = 3;
const VALID_SIZE: f64 = 0.05;
const TEST_SIZE: f64 = 0.1;

/// Rows of a group.
const GROUP_ROWS: usize = 7;

/// Values of the text column; rows have the first three unless a test says otherwise.
const WORDS: [&str; 5] = ["a", "b", "c", "last", "late"];
const LAST: u32 = 3;
const LATE: u32 = 4;

/// Row groups that agree with no block, batch, part or page.
const UNEVEN: [usize; 5] = [1, 700, 5_003, 11_111, 255];

/// A table, column by column.
#[derive(Debug, Clone)]
struct Rows {
    group: Vec<i64>,
    label: Vec<f32>,
    weight: Vec<f64>,
    strong: Vec<f32>,
    weak: Vec<f64>,
    steady: Vec<f32>,
    text: Vec<u32>,
    /// The names of a split column, if there is one.
    split: Option<Vec<&'static str>>,
}

impl Rows {
    /// Some rows have no label, some weigh nothing, and some miss the first number.
    fn new(rows: usize) -> Self {
        let unit = |row: usize, column: u32| {
            let hash = row_hash(23, row as u64, column, Purpose::Sample);
            (hash >> 11) as f64 / (1u64 << 53) as f64
        };
        let column = |at: u32| (0..rows).map(move |row| unit(row, at));
        let number = |x: f64| if x < 0.05 { f64::NAN } else { x * 4.0 - 2.0 };
        let strong: Vec<f32> = column(0).map(|x| number(x) as f32).collect();
        let weak: Vec<f64> = column(1).map(|x| x * 2.0 - 1.0).collect();
        let label = |row: usize| {
            let margin = f64::from(strong[row].max(-2.0)) + 0.5 * weak[row];
            let is_positive = margin > 3.0 * unit(row, 2) - 1.5;
            let is_missing = unit(row, 3) < 0.02;
            if is_missing {
                f32::NAN
            } else {
                f32::from(u8::from(is_positive))
            }
        };
        Self {
            group: (0..rows).map(|row| (row / GROUP_ROWS) as i64).collect(),
            label: (0..rows).map(label).collect(),
            weight: column(4).map(|x| (x * 4.0).floor() / 2.0).collect(),
            steady: column(5).map(|x| x as f32).collect(),
            text: column(6).map(|x| (x * 3.0) as u32).collect(),
            split: None,
            strong,
            weak,
        }
    }

    fn len(&self) -> usize {
        self.group.len()
    }

    /// Writes the first rows as row groups of these sizes, again and again.
    fn write(&self, path: &Path, rows: usize, row_group_rows: &[usize]) {
        let mut specs = vec![
            ColumnSpec::required("g", ColumnKind::I64),
            ColumnSpec::nullable("y", ColumnKind::F32),
            ColumnSpec::required("w", ColumnKind::F64),
            ColumnSpec::nullable("strong", ColumnKind::F32),
            ColumnSpec::nullable("weak", ColumnKind::F64),
            ColumnSpec::required("steady", ColumnKind::F32),
            ColumnSpec::required("text", ColumnKind::Text),
        ];
        if self.split.is_some() {
            specs.push(ColumnSpec::nullable("s", ColumnKind::Text));
        }
        let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
        let mut sizes = row_group_rows.iter().cycle();
        let mut start = 0;
        while start < rows {
            let at = start..rows.min(start + sizes.next().unwrap());
            let mut data = vec![
                ColumnData::I64(&self.group[at.clone()]),
                ColumnData::F32(&self.label[at.clone()]),
                ColumnData::F64(&self.weight[at.clone()]),
                ColumnData::F32(&self.strong[at.clone()]),
                ColumnData::F64(&self.weak[at.clone()]),
                ColumnData::F32(&self.steady[at.clone()]),
                ColumnData::TextIds {
                    values: &WORDS,
                    ids: &self.text[at.clone()],
                },
            ];
            let split: Option<Vec<Option<&str>>> = (self.split.as_ref())
                .map(|split| split[at.clone()].iter().map(|name| Some(*name)).collect());
            data.extend(split.as_ref().map(|split| ColumnData::Text(split)));
            writer.write_row_group(&data).unwrap();
            start = at.end;
        }
        writer.finish().unwrap();
    }

    /// The split of each row, by the group's hash.
    fn splits(&self, valid_size: f64, test_size: f64) -> Vec<Split> {
        let assignment = assignment(valid_size, test_size);
        let rows = self.group.iter().zip(&self.label);
        rows.map(|(group, label)| {
            if label.is_nan() {
                Split::None
            } else {
                assignment.split_of(hash_number(*group as f64))
            }
        })
        .collect()
    }

    /// Rows until so many training rows are among them.
    fn until(&self, train_rows: usize) -> usize {
        let splits = self.splits(VALID_SIZE, TEST_SIZE);
        let mut train = (0..self.len()).filter(|row| splits[*row] == Split::Train);
        train.nth(train_rows - 1).expect("so many training rows") + 1
    }
}

fn assignment(valid_size: f64, test_size: f64) -> Assignment {
    by_hash(SEED, Shares::new(valid_size, test_size).unwrap())
}

/// Where runs read a file and write directories.
struct Place {
    fixture: Fixture,
}

impl Place {
    fn new() -> Self {
        Self {
            fixture: Fixture::new(),
        }
    }

    fn path(&self) -> &Path {
        self.fixture.directory.path()
    }

    /// Options of a one-pass run over a file of that name, into a directory of that name.
    fn options(&self, name: &str, model: &ModelSpec) -> TrainOptions {
        {
            let mut changed = self.fixture.options(name, model.clone(), 2, 1_000);
            changed.data.dataset = self.file(name).display().to_string();
            changed.columns.weight = Some("w".to_owned());
            changed.split.valid_size = VALID_SIZE;
            changed.split.test_size = TEST_SIZE;
            changed.split.split_rule = SplitRule::Hash;
            changed.output.verify = false;
            changed.split.seed = SEED;
            changed.incremental = Some(IncrementalOptions {
                batch_rows: 5_000,
                one_pass: true,
                init_model: None,
                classes: Some(vec!["0".to_owned(), "1".to_owned()]),
                rows_expected: None,
                more_trees: None,
            });
            changed
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(format!("{name}.parquet"))
    }

    /// Writes rows as one file and learns them.
    fn learn(&self, name: &str, model: &ModelSpec, rows: &Rows) -> Trained<'static> {
        rows.write(&self.file(name), rows.len(), &UNEVEN);
        run(&self.options(name, model)).unwrap()
    }
}

fn run(options: &TrainOptions) -> Result<Trained<'static>> {
    fitted(options, leaked(Stop::default()), &Silent)
}

/// The survey of each feature, as far as it can be compared.
fn surveyed(trained: &Trained<'_>) -> Vec<String> {
    let features = trained.learned.survey.iter();
    let shown = features.map(|feature| match &feature.values {
        SurveyedValues::Numeric(moments) => format!("{moments:?}"),
        SurveyedValues::Text(counts) => format!("{:?}", counts.finish(10)),
    });
    shown.collect()
}

/// The groups of a run: split, rows in it, rows in none, rows by class.
type Groups = BTreeMap<String, (Split, u64, u64, Vec<u64>)>;

fn groups(trained: &mut Trained<'_>) -> Groups {
    let mut found = BTreeMap::new();
    let table = trained
        .learned
        .split
        .assigned
        .groups
        .as_mut()
        .expect("groups");
    let mut groups = table.groups().unwrap();
    while let Some(group) = groups.next_group().unwrap() {
        let row = (group.split, group.rows, group.rows_unused, group.class_rows);
        found.insert(group.name.expect("a name"), row);
    }
    found
}

fn check_same(one: &mut Trained<'_>, other: &mut Trained<'_>, what: &str) {
    assert!(
        one.learned.fitted.model.body == other.learned.fitted.model.body,
        "{what}: the body"
    );
    assert_eq!(
        one.learned.fitted.model.features, other.learned.fitted.model.features,
        "{what}"
    );
    assert_eq!(
        one.learned.fitted.progressive, other.learned.fitted.progressive,
        "{what}"
    );
    assert_eq!(surveyed(one), surveyed(other), "{what}");
    assert_eq!(groups(one), groups(other), "{what}");
    let hash = |trained: &Trained<'_>| trained.learned.split.assigned.content_hash;
    assert_eq!(hash(one), hash(other), "{what}");
    let class_rows = |trained: &Trained<'_>| trained.learned.split.assigned.class_rows.clone();
    assert_eq!(class_rows(one), class_rows(other), "{what}");
    for split in Split::ALL {
        let of = |trained: &Trained<'_>| trained.learned.fitted.evaluation.metrics(split);
        assert_eq!(of(one), of(other), "{what}: {}", split.name());
    }
    let group_f1 = |trained: &mut Trained<'_>| {
        trained
            .learned
            .fitted
            .evaluation
            .group_f1()
            .unwrap()
            .unwrap()
    };
    assert_eq!(group_f1(one), group_f1(other), "{what}");
}
