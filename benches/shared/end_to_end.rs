//! The canonical run, from data to reports, shared by the benchmark and the test of it.

use std::{fmt, path::Path};

use rowmill::{
    ModelChoice, Result, Silent, Stop, TrainOptions,
    internals::{
        platform::peak_rss_bytes,
        synth::{SynthOptions, generate},
        text::format_bytes,
    },
    options::Limits,
    records::Split,
    train_with,
};

/// The seed of every random choice.
const SEED: u64 = 42;

/// The figures of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    pub(crate) rows: u64,
    pub(crate) features: u64,
    pub(crate) seconds_to_model: f64,
    /// Of the run alone, where the kernel can forget what came before.
    pub(crate) peak_rss_bytes: Option<u64>,
    pub(crate) test_auc: Option<f64>,
    pub(crate) model_sha256: String,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rows {}  features {}  rows/s to the model {:.0}  seconds to the model {:.2}  \
             peak RSS {}  test AUC {}  SHA-256 {}",
            self.rows,
            self.features,
            self.rows as f64 / self.seconds_to_model,
            self.seconds_to_model,
            self.peak_rss_bytes
                .map_or_else(|| "unknown".to_owned(), format_bytes),
            self.test_auc
                .map_or_else(|| "undefined".to_owned(), |auc| format!("{auc:.5}")),
            self.model_sha256,
        )
    }
}

/// The command line's defaults for this data and model.
///
/// # Errors
/// When the model is none.
pub(crate) fn options(dataset: &Path, out_dir: &Path, model: &str) -> Result<TrainOptions> {
    let model = ModelChoice::parse(model, SEED, &Limits::default())?.spec;
    let mut options = TrainOptions::new(dataset.to_string_lossy(), model);
    options.split.seed = SEED;
    options.output.out_dir = out_dir.to_path_buf();
    options.output.overwrite = true;
    // Where temporary files are in memory, a benchmark of little data is still one.
    options.resources.allow_tmpfs = true;
    Ok(options)
}

/// Splice-like data of so many rows; `kmers` decides how many columns there are.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn make_data(directory: &Path, rows: u64, kmers: usize) -> Result<()> {
    let options = SynthOptions {
        rows,
        kmers,
        out_dir: directory.to_path_buf(),
        ..SynthOptions::default()
    };
    generate(&options, &mut |_| {})?;
    Ok(())
}

/// Trains, evaluates, reports.
///
/// # Errors
/// The run's.
pub(crate) fn run(options: &TrainOptions) -> Result<Measured> {
    forget_peak_rss();
    let stop = Stop::default();
    let finished = train_with(options, &stop, &Silent)?;
    let splits = &finished.metrics.splits;
    let test = splits.iter().find(|record| record.split == Split::Test);
    let headline = test.and_then(|record| Some(record.model.as_ref()?.headline()));
    let test_auc = headline
        .and_then(|figures| figures.into_iter().find(|(name, _)| *name == "auc_roc"))
        .and_then(|(_, value)| value);
    Ok(Measured {
        rows: finished.run.dataset.rows,
        features: finished.run.features,
        seconds_to_model: finished.run.seconds_to_model,
        peak_rss_bytes: peak_rss_bytes(),
        test_auc,
        model_sha256: finished.run.model_sha256,
    })
}

/// Makes `VmHWM` start anew, so that making the data is not counted.
fn forget_peak_rss() {
    // Where it cannot be done, the figure is an upper bound.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
