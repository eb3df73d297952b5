//! What a model of trees does not depend on: how the rows are cut into row groups and files, threads,
//! batches, memory. Compared are the bytes of model, codes and splits, and the cut points.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use rowmill::{
    Silent, TrainOptions,
    internals::{
        format::sha256,
        run::plan,
        source::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
    },
    options::{GroupChoice, Task},
};

use crate::end_to_end::run;

/// More than a block of codes, and a ragged end.
const ROWS: usize = 70_001;

/// Numeric features. Each has more codes than fit a byte column twice, so that none are packed.
const NUMBERS: usize = 10;

/// The table's columns; any part of their rows can be written as a row group.
struct Table {
    families: Vec<String>,
    two: Vec<&'static str>,
    three: Vec<&'static str>,
    amount: Vec<f64>,
    texts: Vec<Option<&'static str>>,
    numbers: Vec<Vec<f64>>,
}

impl Table {
    fn new() -> Self {
        let uniform = |row: usize, column: usize| {
            let mut state = (row * 31 + column + 1) as u64;
            for _ in 0..3 {
                state = (state ^ (state >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let score = |row: usize| {
            uniform(row, 0) + 0.5 * uniform(row, 1) * uniform(row, 2) + 0.4 * uniform(row, 90)
        };
        let value = |row: usize, column: usize| match uniform(row, 50 + column) {
            missing if missing < 0.02 => f64::NAN,
            _ => uniform(row, column),
        };
        let rows = || 0..ROWS;
        let texts = [Some("long"), Some("short"), None, Some("odd")];
        Self {
            families: rows().map(|row| format!("family-{}", row / 90)).collect(),
            two: rows()
                .map(|row| if score(row) > 0.8 { "yes" } else { "no" })
                .collect(),
            three: rows()
                .map(|row| match score(row) {
                    low if low < 0.6 => "low",
                    middle if middle < 1.0 => "middle",
                    _ => "high",
                })
                .collect(),
            amount: rows().map(|row| 10.0 * score(row) - 3.0).collect(),
            texts: rows()
                .map(|row| texts[(uniform(row, 99) * 4.0) as usize])
                .collect(),
            numbers: (0..NUMBERS)
                .map(|column| rows().map(|row| value(row, column)).collect())
                .collect(),
        }
    }

    /// Writes files of row groups of these sizes.
    fn write(&self, directory: &Path, files: &[Vec<usize>]) {
        fs::create_dir_all(directory).unwrap();
        let mut specs: Vec<ColumnSpec> = ["family", "two", "three", "text"]
            .map(|name| ColumnSpec::nullable(name, ColumnKind::Text))
            .into();
        specs.push(ColumnSpec::nullable("amount", ColumnKind::F64));
        specs.extend(
            (0..NUMBERS).map(|i| ColumnSpec::nullable(format!("number_{i}"), ColumnKind::F64)),
        );
        let families: Vec<_> = self.families.iter().map(|name| Some(&**name)).collect();
        let two: Vec<_> = self.two.iter().copied().map(Some).collect();
        let three: Vec<_> = self.three.iter().copied().map(Some).collect();
        let mut first_row = 0;
        for (file, row_groups) in files.iter().enumerate() {
            let path = directory.join(format!("part-{file}.parquet"));
            let mut writer = TableWriter::create(&path, &specs, &WriteOptions::default()).unwrap();
            for rows in row_groups {
                let at = first_row..first_row + rows;
                let texts = [&families, &two, &three, &self.texts];
                let mut data: Vec<_> = texts
                    .map(|values| ColumnData::Text(&values[at.clone()]))
                    .into();
                data.push(ColumnData::F64(&self.amount[at.clone()]));
                let numbers = self.numbers.iter();
                data.extend(numbers.map(|values| ColumnData::F64(&values[at.clone()])));
                writer.write_row_group(&data).unwrap();
                first_row = at.end;
            }
            writer.finish().unwrap();
        }
        assert_eq!(first_row, ROWS);
    }
}

/// Sizes, taken in turn, until all rows have a row group.
fn cut(sizes: &[usize]) -> Vec<usize> {
    let mut left = ROWS;
    let mut row_groups = Vec::new();
    for size in sizes.iter().cycle() {
        let rows = left.min(*size);
        row_groups.push(rows);
        left -= rows;
        if left == 0 {
            break;
        }
    }
    row_groups
}

/// The same rows in several cuts, made once a process.
fn layouts() -> &'static [PathBuf] {
    static LAYOUTS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    LAYOUTS.get_or_init(|| {
        let name = format!("laws-{}", std::process::id());
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let ragged = cut(&[1, 20_011, 7, 4_099, 333, 65, 30_000]);
        let files = [
            vec![vec![ROWS]],
            vec![cut(&[1_000])],
            vec![cut(&[65_536])],
            ragged.chunks(3).map(<[usize]>::to_vec).collect(),
        ];
        let table = Table::new();
        let each = files.iter().enumerate().map(|(layout, files)| {
            let directory = parent.join(layout.to_string());
            table.write(&directory, files);
            directory
        });
        each.collect()
    })
}

/// What must be the same.
#[derive(Debug, PartialEq, Eq)]
struct Made {
    model_sha256: String,
    codes_sha256: String,
    splits_sha256: String,
    /// Name, cut points and categories of each feature.
    cuts: Vec<[String; 4]>,
}

const SHALLOW: &str = r#"{"n_estimators": 4, "max_depth": 4}"#;

fn made(
    dataset: &Path,
    task: Option<Task>,
    model: &str,
    change: impl FnOnce(&mut TrainOptions),
) -> Made {
    let directory = tempfile::tempdir().unwrap();
    let mut options = options(dataset, directory.path(), task, model);
    options.resources.keep_scratch = true;
    options.resources.scratch_dir = Some(directory.path().to_path_buf());
    change(&mut options);
    let measured = run::run(&options).unwrap();
    let hash = |path: &Path| sha256(&fs::read(path).unwrap());
    Made {
        model_sha256: measured.model_sha256,
        codes_sha256: hash(&codes_file(directory.path())),
        splits_sha256: hash(&options.output.out_dir.join("splits.parquet")),
        cuts: cuts(&options.output.out_dir.join("features.csv")),
    }
}

fn options(dataset: &Path, directory: &Path, task: Option<Task>, model: &str) -> TrainOptions {
    let mut options = run::options(dataset, &directory.join("run"), model).unwrap();
    let target = match task {
        Some(Task::Regression) => "amount",
        Some(Task::Multiclass) => "three",
        None | Some(Task::Binary) => "two",
    };
    let others = ["two", "three", "amount"];
    options.columns.exclude = others
        .into_iter()
        .filter(|other| *other != target)
        .map(str::to_owned)
        .collect();
    options.columns.target = Some(target.to_owned());
    options.columns.task = task;
    options.columns.group = GroupChoice::Column("family".to_owned());
    options.resources.threads = 2;
    options
}

/// The codes among the scratch files that were kept.
fn codes_file(directory: &Path) -> PathBuf {
    let entries = fs::read_dir(directory).unwrap();
    let mut candidates = entries.map(|entry| entry.unwrap().path().join("codes"));
    candidates
        .find(|path| path.is_file())
        .expect("the scratch files were kept")
}

fn cuts(path: &Path) -> Vec<[String; 4]> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names = ["feature", "categories", "cut_points", "cut_values"];
    let header = reader.headers().unwrap().clone();
    let columns = names.map(|name| header.iter().position(|column| column == name).unwrap());
    reader
        .records()
        .map(|record| record.unwrap())
        .map(|record| columns.map(|column| record[column].to_owned()))
        .collect()
}

#[test]
fn row_groups_and_files_change_nothing() {
    for task in [
        Some(Task::Binary),
        Some(Task::Multiclass),
        Some(Task::Regression),
    ] {
        let expected = made(&layouts()[0], task, SHALLOW, |_| {});
        for other in &layouts()[1..] {
            let found = made(other, task, SHALLOW, |_| {});
            assert_eq!(found, expected, "{task:?} from {}", other.display());
        }
    }
}

#[test]
fn threads_and_batches_change_nothing() {
    let ragged = &layouts()[3];
    for task in [
        Some(Task::Binary),
        Some(Task::Multiclass),
        Some(Task::Regression),
    ] {
        let expected = made(ragged, task, SHALLOW, |options| {
            options.resources.threads = 1
        });
        for threads in [2, 4] {
            let found = made(ragged, task, SHALLOW, |options| {
                options.resources.threads = threads
            });
            assert_eq!(found, expected, "{task:?} with {threads} threads");
        }
        for rows in [1_000, 1_000_000] {
            let found = made(ragged, task, SHALLOW, |options| {
                options.resources.limits.batch_rows_max = rows;
            });
            assert_eq!(found, expected, "{task:?} with batches of {rows} rows");
        }
    }
}

/// The least limit, to the MiB, that a run is planned within.
fn memory_min(mut options: TrainOptions) -> u64 {
    let mut fits = |mebibytes: u64| {
        options.resources.memory_bytes = mebibytes << 20;
        let planned = plan(&options, &Silent);
        planned.is_ok_and(|(_, plan)| plan.memory.peak_bytes() <= options.resources.memory_bytes)
    };
    let (mut too_little, mut enough) = (0, 1 << 14);
    assert!(fits(enough));
    while enough - too_little > 1 {
        let middle = (too_little + enough) / 2;
        if fits(middle) {
            enough = middle;
        } else {
            too_little = middle;
        }
    }
    enough << 20
}

/// Passes over the tiles of the widest level, as the plan says.
fn tiles(options: &TrainOptions) -> u64 {
    let (_, plan) = plan(options, &Silent).unwrap();
    let line = plan
        .memory
        .lines
        .iter()
        .find(|line| line.what == "histograms");
    let (tiles, _) = line.unwrap().why.split_once(' ').unwrap();
    tiles.parse().unwrap()
}

#[test]
fn memory_that_forces_tiles_changes_nothing() {
    // Deep enough that histograms take more than all other parts of a run.
    let deep = |depth: u32| format!(r#"{{"n_estimators": 2, "max_depth": {depth}}}"#);
    let whole = &layouts()[0];
    for (task, model) in [
        (Some(Task::Binary), deep(13)),
        (Some(Task::Multiclass), deep(12)),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let mut planned = options(whole, directory.path(), task, &model);
        planned.resources.memory_bytes = 4 << 30;
        assert_eq!(tiles(&planned), 1);
        let least = memory_min(planned.clone());
        planned.resources.memory_bytes = least;
        assert!(tiles(&planned) > 1, "{least} bytes are enough for all");
        let expected = made(whole, task, &model, |options| {
            options.resources.memory_bytes = 4 << 30;
        });
        let found = made(whole, task, &model, |options| {
            options.resources.memory_bytes = least
        });
        assert_eq!(found, expected, "{task:?} in {least} bytes");
    }
}
