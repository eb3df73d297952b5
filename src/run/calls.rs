//! The calls of the library: runs without a terminal.

use std::path::PathBuf;

use crate::{
    engine::{PassReport, Progress, Silent},
    error::{Error, Result},
    pipeline::{options::IncrementalOptions, prune::trimmed::Destination},
    platform::stop::Stop,
    report::{FeatureRow, PassRecord, features, pruned},
    run::{
        artefacts::RunReport,
        options::TrainOptions,
        prune::{self, PruneOptions, Pruned},
        train,
    },
};

/// Trains a model, evaluates it, and writes all files of the run, without progress and without a way to stop it.
///
/// Memory: at most [`ResourceOptions::memory_bytes`](crate::ResourceOptions), whatever the number of rows.
///
/// # Errors
/// Faults of options, data, memory or disk. No file is left half written.
pub fn train(options: &TrainOptions) -> Result<RunReport> {
    train::train(options, &Stop::default(), &Silent)
}

/// Trains batch by batch, with [`IncrementalOptions::default`] if the options have none.
/// [`TrainOptions::incremental`] makes such options.
///
/// # Errors
/// As [`train()`].
pub fn incremental(options: &TrainOptions) -> Result<RunReport> {
    if options.incremental.is_some() {
        return train(options);
    }
    let mut options = options.clone();
    options.incremental = Some(IncrementalOptions::default());
    train(&options)
}

/// The result of pruning a dataset.
#[derive(Debug, Clone)]
pub struct PruneReport {
    /// The copy without the dropped columns: a file or a directory.
    pub path: PathBuf,
    /// All columns of the dataset, with the reason for each that was dropped.
    pub features: Vec<FeatureRow>,
    /// Rows of the copy.
    pub rows: u64,
    /// Bytes of the copy.
    pub bytes: u64,
    /// The passes over the data.
    pub passes: Vec<PassRecord>,
    /// Seconds in all.
    pub seconds: f64,
}

/// Copies a dataset without its constant, duplicate and highly correlated columns, and writes `features.csv` beside
/// the copy.
///
/// # Errors
/// Faults of options, data, memory or disk. There is nothing under the name of the output then.
pub fn prune(options: &PruneOptions) -> Result<PruneReport> {
    prune_with(options, &Stop::default(), &Silent)
}

/// [`prune()`] with a request to stop and a listener.
///
/// # Errors
/// As [`prune()`], and [`crate::Error::Interrupted`] after a request to stop.
pub fn prune_with(
    options: &PruneOptions,
    stop: &Stop,
    progress: &dyn Progress,
) -> Result<PruneReport> {
    let pruned = prune_and_report(options, stop, progress)?;
    let record =
        |pass: &PassReport| PassRecord::new(&pass.name, pass.seconds, pass.rows, pass.bytes_read);
    Ok(PruneReport {
        passes: pruned.passes.iter().map(record).collect(),
        path: pruned.destination.path().to_path_buf(),
        features: pruned::rows(&pruned.data, &pruned.survey, &pruned.findings),
        rows: pruned.copied.rows,
        bytes: pruned.copied.bytes,
        seconds: pruned.seconds,
    })
}

/// Prunes a dataset and writes the reports beside the copy.
///
/// # Errors
/// As [`prune_with`].
pub(crate) fn prune_and_report(
    options: &PruneOptions,
    stop: &Stop,
    progress: &dyn Progress,
) -> Result<Pruned> {
    check_reports(options)?;
    let pruned = prune::prune(options, stop, progress)?;
    let directory = pruned.destination.reports();
    pruned::write(&directory, &pruned.data, &pruned.survey, &pruned.findings)?;
    Ok(pruned)
}

/// Refuses to write over reports that are there already.
fn check_reports(options: &PruneOptions) -> Result<()> {
    let directory = Destination::of(&options.out).reports();
    for name in [features::NAME, pruned::CORRELATIONS] {
        let path = directory.join(name);
        let written = name == features::NAME || options.pruning.report.is_some();
        if written && path.exists() && !options.overwrite {
            return Err(Error::Usage(format!(
                "{} already exists; use an --out in another directory, or --overwrite",
                path.display()
            )));
        }
    }
    Ok(())
}
