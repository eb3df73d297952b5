//! The whole directory: shards in parallel into a staging directory, then renames.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use crossbeam_channel::{Sender, bounded};

use crate::synth::{
    SynthOptions,
    baseline::{BASELINE_HEADER, MANIFEST_HEADER},
    genes::GeneSpans,
    kmers,
    plan::Plan,
    shard::{ShardFiles, ShardSummary, SharedFacts, write_shard},
    signal::motif_tables,
};
use crate::{
    error::{Error, Result},
    platform::stop::{self, Stop},
    scratch::ScratchDirectory,
};

/// The baseline table's name, which training searches for.
const BASELINE_NAME: &str = "full_splice_performance.tsv";

/// The gene manifest's name.
const MANIFEST_NAME: &str = "gene_manifest.csv";

/// Progress messages that wait for the observer at most.
const MESSAGES_MAX: usize = 16;

/// The progress of the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynthProgress {
    /// Rows written.
    pub rows_done: u64,
    /// Rows asked for.
    pub rows_total: u64,
}

/// The files that were made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SynthSummary {
    /// The directory of the shards.
    pub dataset: PathBuf,
    /// The base scores' performance, two rows a gene.
    pub baseline: PathBuf,
    /// Rows over all shards.
    pub rows: u64,
    /// Genes.
    pub genes: u64,
    /// Parquet files.
    pub shards: usize,
    /// Columns of the narrowest and of the widest shard.
    pub columns: (usize, usize),
    /// Bytes of the Parquet files.
    pub bytes: u64,
    /// Rows that are neither, donor and acceptor.
    pub class_rows: [u64; 3],
    /// Rows that repeat the one before.
    pub duplicate_rows: u64,
}

/// Writes the data and calls `observe` after every row group.
///
/// No file has its final name before all are written.
///
/// # Errors
/// [`Error::Usage`] for options out of range and for a directory that holds an earlier run,
/// [`Error::Io`] when the directory cannot be written, [`Error::Interrupted`] after a signal.
pub fn generate(
    options: &SynthOptions,
    observe: &mut dyn FnMut(SynthProgress),
) -> Result<SynthSummary> {
    generate_until(options, stop::process(), observe)
}

/// [`generate`] with its own request to stop.
pub(super) fn generate_until(
    options: &SynthOptions,
    stop: &Stop,
    observe: &mut dyn FnMut(SynthProgress),
) -> Result<SynthSummary> {
    let plan = Plan::new(options)?;
    let out_dir = &options.out_dir;
    fs::create_dir_all(out_dir).map_err(|error| Error::io("create", out_dir, error))?;
    let earlier = earlier_files(out_dir)?;
    if let (Some(file), false) = (earlier.first(), options.overwrite) {
        return Err(Error::Usage(format!(
            "{} already exists; use --overwrite or another --out-dir",
            file.display()
        )));
    }
    // The files end up where they are staged, so memory is as good a place as they were given.
    let staging = ScratchDirectory::create(out_dir, false, true)?;
    let summaries = write_shards(&plan, staging.path(), stop, observe)?;
    let baseline = staging.path().join(BASELINE_NAME);
    let manifest = staging.path().join(MANIFEST_NAME);
    concatenate(&plan, BASELINE_HEADER, &baseline, |files| files.baseline)?;
    concatenate(&plan, MANIFEST_HEADER, &manifest, |files| files.manifest)?;
    for file in earlier {
        fs::remove_file(&file).map_err(|error| Error::io("remove", &file, error))?;
    }
    let shards = (0..plan.shards).map(|shard| ShardFiles::new(staging.path(), shard).table);
    for file in shards.chain([manifest, baseline]) {
        let name = file.file_name().expect("staged files have names");
        let place = out_dir.join(name);
        fs::rename(&file, &place).map_err(|error| Error::io("create", &place, error))?;
    }
    Ok(summarise(&plan, out_dir, &summaries))
}

/// Files of an earlier run of the generator, in name order.
fn earlier_files(out_dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io("read", out_dir, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(out_dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        let is_shard = name.starts_with("part-") && name.ends_with(".parquet");
        if is_shard || name == BASELINE_NAME || name == MANIFEST_NAME {
            files.push(out_dir.join(&*name));
        }
    }
    files.sort();
    Ok(files)
}

/// Writes all shards on the plan's threads; the calling thread hears of the rows.
fn write_shards(
    plan: &Plan,
    staging: &Path,
    stop: &Stop,
    observe: &mut dyn FnMut(SynthProgress),
) -> Result<Vec<ShardSummary>> {
    let facts = SharedFacts {
        plan,
        spans: GeneSpans::new(plan),
        kmers: kmers::columns(plan),
        motifs: motif_tables(),
    };
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let (sender, receiver) = bounded(MESSAGES_MAX);
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..plan.threads)
            .map(|_| {
                let sender = sender.clone();
                scope.spawn(|| write_some(&facts, staging, &next, &stopped, sender))
            })
            .collect();
        drop(sender);
        let mut rows_done = 0;
        for rows in receiver {
            if stop.requested().is_some() {
                stopped.store(true, Ordering::Relaxed);
            }
            rows_done += rows;
            observe(SynthProgress {
                rows_done,
                rows_total: plan.rows,
            });
        }
        let mut summaries = Vec::new();
        let mut failure = None;
        for lane in lanes {
            match lane.join().unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(some) => summaries.extend(some),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(()), Err)?;
        stop.check()?;
        Ok(summaries)
    })
}

/// One thread: takes shards in order until there are none, or another thread failed.
fn write_some(
    facts: &SharedFacts<'_>,
    staging: &Path,
    next: &AtomicUsize,
    stopped: &AtomicBool,
    sender: Sender<u64>,
) -> Result<Vec<ShardSummary>> {
    let mut go_on = |rows| !stopped.load(Ordering::Relaxed) && sender.send(rows).is_ok();
    let mut summaries = Vec::new();
    loop {
        let shard = next.fetch_add(1, Ordering::Relaxed);
        if shard >= facts.plan.shards {
            return Ok(summaries);
        }
        match write_shard(facts, shard, staging, &mut go_on) {
            Ok(Some(summary)) => summaries.push(summary),
            Ok(None) => return Ok(summaries),
            Err(error) => {
                stopped.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
    }
}

/// A panic of a thread as the end of the run.
fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    Error::Panic {
        context: "the data generator".to_owned(),
        message: message.to_owned(),
    }
}

/// Joins the shards' parts of a table under its header.
fn concatenate(
    plan: &Plan,
    header: &str,
    path: &Path,
    part: impl Fn(ShardFiles) -> PathBuf,
) -> Result<()> {
    let staging = path.parent().expect("staged files have a directory");
    let write = || -> io::Result<()> {
        let mut table = File::create(path)?;
        table.write_all(header.as_bytes())?;
        for shard in 0..plan.shards {
            let mut lines = File::open(part(ShardFiles::new(staging, shard)))?;
            io::copy(&mut lines, &mut table)?;
        }
        table.sync_all()
    };
    write().map_err(|error| Error::io("write", path, error))
}

/// Adds the shards up.
fn summarise(plan: &Plan, out_dir: &Path, shards: &[ShardSummary]) -> SynthSummary {
    let columns = shards.iter().map(|shard| shard.columns);
    SynthSummary {
        dataset: out_dir.to_path_buf(),
        baseline: out_dir.join(BASELINE_NAME),
        rows: plan.rows,
        genes: plan.genes,
        shards: plan.shards,
        columns: (
            columns.clone().min().unwrap_or(0),
            columns.max().unwrap_or(0),
        ),
        bytes: shards.iter().map(|shard| shard.bytes).sum(),
        class_rows: std::array::from_fn(|class| {
            shards.iter().map(|shard| shard.class_rows[class]).sum()
        }),
        duplicate_rows: shards.iter().map(|shard| shard.duplicate_rows).sum(),
    }
}
