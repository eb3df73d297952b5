//! The room's tests: its passes and whole runs over a small table written for the purpose.

mod appended;
mod going_on;
mod going_on_by_batches;
mod one_pass;
mod passes;
mod reusing;
mod runs;
mod validation;

use std::path::Path;

use tempfile::TempDir;

use crate::{
    columns::roles::GroupChoice,
    data::Values,
    engine::{Context, Progress, Silent},
    error::Result,
    group::hash::{Purpose, row_hash},
    learner::{ModelSpec, gbdt::BoosterOptions, logistic::LogisticOptions},
    model::Bins,
    pipeline::{
        open::{target::Target, training_data::TrainingData},
        options::ProfileChoice,
        prepare::{
            bins::{BinsSpec, find_bins},
            splitting::{SplitRows, SplittingSpec, scan_and_assign, survey_rows},
            survey::Survey,
        },
    },
    platform::stop::Stop,
    run::{admission::Admitted, options::TrainOptions, train::fit, trained::Trained},
    source::write::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
};

/// Rows of the table.
const ROWS: usize = 3000;

/// Rows of its row groups.
const ROW_GROUP_ROWS: [usize; 4] = [1100, 700, 1, 1199];

/// Columns of the table: two that matter, two of few values, a constant, and a text.
struct Table {
    group: Vec<i64>,
    label: Vec<f32>,
    strong: Vec<f32>,
    weak: Vec<f64>,
    flag: Vec<f32>,
    ternary: Vec<f32>,
    text: Vec<u32>,
}

const WORDS: [&str; 3] = ["a", "b", "c"];

impl Table {
    fn new() -> Self {
        let unit = |row: usize, column: u32| {
            let hash = row_hash(17, row as u64, column, Purpose::Sample);
            (hash >> 11) as f64 / (1u64 << 53) as f64
        };
        let column = |at: u32| (0..ROWS).map(move |row| unit(row, at));
        let strong: Vec<f32> = column(0)
            .map(|x| {
                if x < 0.05 {
                    f32::NAN
                } else {
                    x as f32 * 4.0 - 2.0
                }
            })
            .collect();
        let weak: Vec<f64> = column(1).map(|x| x * 2.0 - 1.0).collect();
        let label = (0..ROWS).map(|row| {
            let margin = f64::from(strong[row].max(-2.0)) + 0.5 * weak[row];
            f32::from(u8::from(margin > 3.0 * unit(row, 9) - 1.5))
        });
        Self {
            group: (0..ROWS as i64).map(|row| row / 7).collect(),
            label: label.collect(),
            flag: column(2).map(|x| f32::from(u8::from(x < 0.3))).collect(),
            ternary: column(3).map(|x| (x * 3.0).floor() as f32).collect(),
            text: column(4).map(|x| (x * 3.0) as u32).collect(),
            strong,
            weak,
        }
    }

    fn write(&self, path: &Path) {
        self.write_again_and_again(path, 1);
    }

    /// Writes its row groups so many times.
    fn write_again_and_again(&self, path: &Path, times: usize) {
        let specs = [
            ColumnSpec::required("g", ColumnKind::I64),
            ColumnSpec::required("y", ColumnKind::F32),
            ColumnSpec::nullable("strong", ColumnKind::F32),
            ColumnSpec::required("weak", ColumnKind::F64),
            ColumnSpec::required("flag", ColumnKind::F32),
            ColumnSpec::required("ternary", ColumnKind::F32),
            ColumnSpec::required("constant", ColumnKind::F32),
            ColumnSpec::required("text", ColumnKind::Text),
        ];
        let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
        let mut start = 0;
        for rows in ROW_GROUP_ROWS.repeat(times) {
            let at = start..start + rows;
            let data = [
                ColumnData::I64(&self.group[at.clone()]),
                ColumnData::F32(&self.label[at.clone()]),
                ColumnData::F32(&self.strong[at.clone()]),
                ColumnData::F64(&self.weak[at.clone()]),
                ColumnData::F32(&self.flag[at.clone()]),
                ColumnData::F32(&self.ternary[at.clone()]),
                ColumnData::F32(&vec![4.0; rows]),
                ColumnData::TextIds {
                    values: &WORDS,
                    ids: &self.text[at],
                },
            ];
            writer.write_row_group(&data).unwrap();
            start = (start + rows) % ROWS;
        }
        assert_eq!(start, 0);
        writer.finish().unwrap();
    }
}

/// The table on disk, and where runs go.
struct Fixture {
    directory: TempDir,
    table: Table,
}

impl Fixture {
    fn new() -> Self {
        Self::repeated(1)
    }

    /// The table so many times, one below the other.
    fn repeated(times: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let table = Table::new();
        table.write_again_and_again(&directory.path().join("data.parquet"), times);
        Self { directory, table }
    }

    /// Options of a run of its own.
    fn options(&self, name: &str, model: ModelSpec, threads: usize, batch: usize) -> TrainOptions {
        let path = self.directory.path();
        let mut options = TrainOptions::new(path.join("data.parquet").display().to_string(), model);
        options.columns.target = Some("y".to_owned());
        options.columns.profile = ProfileChoice::None;
        options.columns.group = GroupChoice::Column("g".to_owned());
        options.split.seed = 3;
        options.output.out_dir = path.join(name);
        options.resources.allow_tmpfs = true;
        options.resources.threads = threads;
        options.resources.limits.batch_rows_max = batch;
        options
    }
}

/// A value that lives as long as the tests, for what a fitted run borrows.
fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Fits and evaluates, without reports.
fn fitted(
    options: &TrainOptions,
    stop: &'static Stop,
    progress: &'static dyn Progress,
) -> Result<Trained<'static>> {
    fit(leaked(options.clone()), stop, progress)
}

/// Labels, groups and splits of an admitted run.
fn split_rows(run: &mut Admitted<'_>) -> SplitRows {
    let spec = splitting(run.options, &run.data, &run.target);
    scan_and_assign(&mut run.session, spec).unwrap()
}

/// The survey of its training rows.
fn surveyed(run: &mut Admitted<'_>, split: &SplitRows) -> Survey {
    let spec = splitting(run.options, &run.data, &run.target);
    survey_rows(&mut run.session, spec, split).unwrap()
}

fn splitting<'a>(
    options: &'a TrainOptions,
    data: &'a TrainingData,
    target: &'a Target,
) -> SplittingSpec<'a> {
    SplittingSpec {
        data,
        target,
        split: &options.split,
        limits: &options.resources.limits,
        classes_declared: false,
    }
}

/// The bins of a learner.
fn bins(run: &Admitted<'_>, model: &ModelSpec, survey: &Survey) -> Bins {
    let spec = BinsSpec::of(model, &run.options.resources.limits);
    find_bins(&run.session.context, &run.data, survey, spec, |_| false).unwrap()
}

fn trees() -> ModelSpec {
    ModelSpec::Gbdt(BoosterOptions {
        n_estimators: 8,
        ..BoosterOptions::depth_wise()
    })
}

fn linear() -> ModelSpec {
    ModelSpec::Logistic(LogisticOptions::default())
}

/// Calls with a context of so many threads, and batches of so many rows.
fn with_context<T>(
    threads: usize,
    batch_rows_max: usize,
    run: impl FnOnce(&Context<'_>) -> Result<T>,
) -> Result<T> {
    let stop = Stop::default();
    run(&Context {
        threads,
        batch_rows_max,
        channel_batches_max: 2,
        stop: &stop,
        progress: &Silent,
    })
}

/// Numbers as bits, so that NaN equals itself.
fn bits(values: &Values) -> Vec<u64> {
    match values {
        Values::F32(values) => values
            .iter()
            .map(|value| f64::from(*value).to_bits())
            .collect(),
        Values::F64(values) => values.iter().map(|value| value.to_bits()).collect(),
        Values::Text(text) => text.ids.iter().map(|id| u64::from(*id)).collect(),
    }
}
