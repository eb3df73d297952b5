//! Out-of-core, streaming training of tabular models on Parquet, in a fixed amount of memory.
//!
//! rowmill trains gradient-boosted trees and logistic regression on datasets that are larger than memory. The
//! data are a Parquet file, a directory of files or a glob. A run splits the rows by group, trains, evaluates the
//! held-out rows, compares them with a baseline, and writes model, metrics and tables into one directory.
//!
//! # Train, load, predict
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use rowmill::internals::source::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions};
//! # let directory = tempfile::tempdir()?;
//! # let (data, run) = (directory.path().join("data.parquet"), directory.path().join("run"));
//! # let age: Vec<f64> = (0..1_000).map(|row| f64::from(row % 100)).collect();
//! # let visits: Vec<f64> = (0..1_000).map(|row| f64::from(row % 7)).collect();
//! # let bought: Vec<i64> = age.iter().map(|age| i64::from(*age >= 50.0)).collect();
//! # let columns = [("age", ColumnKind::F64), ("visits", ColumnKind::F64), ("bought", ColumnKind::I64)];
//! # let specs = columns.map(|(name, kind)| ColumnSpec::required(name, kind));
//! # let mut table = TableWriter::create(&data, &specs, &WriteOptions::default())?;
//! # table.write_row_group(&[ColumnData::F64(&age), ColumnData::F64(&visits), ColumnData::I64(&bought)])?;
//! # table.finish()?;
//! # let data = data.to_str().ok_or("the path is UTF-8")?;
//! use rowmill::{Model, Predictor, TrainOptions, Unseen, Values, train};
//!
//! let options = TrainOptions::with_model(data, r#"{"name": "gbdt", "n_estimators": 20}"#)?
//!     .target("bought")
//!     .out_dir(&run);
//! let report = train(&options)?;
//! assert_eq!(report.metrics.classes, ["0", "1"]);
//!
//! let model = Model::load(&run.join("model.rowmill"))?;
//! let columns = [Values::F64(vec![20.0, 70.0]), Values::F64(vec![3.0, f64::NAN])];
//! let probabilities = Predictor::new(&model, Unseen::Missing).predict(&columns)?;
//! assert!(probabilities[0] < 0.5 && probabilities[1] > 0.5);
//! # Ok(())
//! # }
//! ```
//!
//! [`TrainOptions`] has the options by topic: [`DataOptions`], [`ColumnOptions`], [`SplitOptions`],
//! [`ResourceOptions`], [`OutputOptions`] and [`IncrementalOptions`]. Their defaults are those of the command line.
//! [`train()`] returns what it wrote as a [`RunReport`]; [`train_with`] also takes a [`Progress`] and a [`Stop`].
//! [`incremental`](fn@incremental) trains batch by batch and saves a learner that can continue with further data.
//! [`prune()`] copies a dataset without redundant columns. For batches that the program itself holds in memory,
//! [`learner::incremental`] has learners with `partial_fit`.
//!
//! # Passes
//!
//! Everything that reads data is a fold over row groups, with a state of fixed size:
//!
//! ```text
//!            scan                survey               binning              trees
//!   Parquet ------> rows file ----------> cut points ----------> codes file ------> model
//!            labels, groups,   ranges, moments,      one byte a          streamed a
//!            split             categories, sample    column and row      block at a time
//! ```
//!
//! * The **scan** reads the target, group, split and weight columns and assigns each row to train, valid or test.
//!   A pass before it collects the classes of the target if neither profile nor options name them.
//! * The **survey** reads the features of the training rows: ranges, missing values, moments, categories, and a hash
//!   sample that yields the cut points.
//! * The **binning** pass writes every feature as small codes into a scratch file. Trees read that file
//!   only; margins and labels lie beside it. Logistic regression has no such file and decodes the raw values
//!   once a Newton pass.
//! * The pass of the **base scores** evaluates the scores that the data have already, if there are any.
//! * The **verification** opens the saved model again, decodes the test rows once more, and compares the metrics to the
//!   last bit.
//!
//! A run that reads each row once ([`IncrementalOptions::one_pass`]) has one pass instead of all of these.
//!
//! # Memory
//!
//! Memory is a function of options and columns, never of the number of rows.
//! [`ResourceOptions::memory_bytes`] is the bound, by default 1 GiB. A plan of every buffer is computed before any
//! work; a run whose plan does not fit, or that the machine has no memory for, ends with [`Error::Memory`] and the
//! bytes that it needs. The report has the plan and the peak that the operating system measured.
//!
//! # Errors
//!
//! [`Error`] names the file, row group and column at fault, and the next step. A run that fails or is stopped
//! leaves no file half written.
//!
//! # Features
//!
//! The feature `cli` (default) holds the command line and its dependencies. A program that embeds training turns it off:
//! `rowmill = { version = "0.1", default-features = false }`.

#![deny(unsafe_code)]

mod error;
mod limits;
mod memory_plan;
mod platform;
mod text;

mod data;

mod baseline;
mod columns;
mod format;
mod spill;

mod group;
mod model;
mod stats;

pub mod learner;
mod scratch;
mod source;
mod transform;

mod engine;
mod synth;

mod pipeline;

mod run;

mod report;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;

#[doc(hidden)]
pub mod internals;

pub use data::{TextValues, Values, batch::MISSING_TEXT};
pub use engine::{Progress, Silent};
pub use error::{Error, Result};
pub use learner::spec::{ModelChoice, ModelSpec};
pub use model::{Model, Predictor, Unseen};
pub use pipeline::options::{
    ColumnOptions, DataOptions, IncrementalOptions, ResourceOptions, SplitOptions,
};
pub use platform::stop::Stop;
pub use run::{
    artefacts::RunReport,
    calls::{PruneReport, incremental, prune, prune_with, train},
    options::{OutputOptions, TrainOptions},
    prune::PruneOptions,
    train::train as train_with,
};

/// Types of single options.
pub mod options {
    pub use crate::{
        columns::roles::GroupChoice,
        data::Task,
        learner::{
            class_weight::ClassWeight,
            gbdt::{BoosterOptions, Growth, Loss, Sampling},
            logistic::{LogisticOptions, Solver},
        },
        limits::Limits,
        pipeline::{
            options::{ProfileChoice, SplitRule},
            prune::options::Pruning,
        },
        transform::prune::{KeepRule, PruneRules},
    };
}

/// The files of a run, and the records in `metrics.json`, `features.csv` and `run.json`.
pub mod records {
    pub use crate::{
        data::Split,
        pipeline::evaluate::evaluation::Metrics,
        report::{
            ARTEFACTS, Artefact, DatasetRecord, DeltaSummary, DeltaTally, FeatureRow,
            FeatureStatus, MetricsRecord, PassRecord, RunRecord, SplitRecord,
        },
    };
}

/// The array library of [`learner::incremental`], in the version that it takes.
pub use ndarray;
