//! `rowmill synth`.

use std::time::Instant;

use crate::cli::{
    arguments::SynthArguments,
    log::Log,
    signals,
    terminal::{self, duration, grouped},
};
use crate::{
    engine::Progress,
    error::{Error, Result},
    platform::parallel::threads_default,
    scratch::ScratchDirectory,
    synth::{SynthOptions, SynthSummary, generate},
    text::size::format_bytes,
};

/// Makes data and prints a summary.
pub(super) fn run(arguments: &SynthArguments, log: &Log) -> Result<()> {
    signals::watch()?;
    let summary = make(&options(arguments)?, log.progress().as_ref())?;
    if log.is_quiet() {
        return Ok(());
    }
    terminal::print(&render(&summary))
}

/// Makes data and shows progress.
pub(super) fn make(options: &SynthOptions, progress: &dyn Progress) -> Result<SynthSummary> {
    let started = Instant::now();
    for dead in ScratchDirectory::remove_dead(&options.out_dir) {
        progress.warning(&format!(
            "removed the unfinished files of an interrupted run: {} ({})",
            dead.path.display(),
            format_bytes(dead.bytes)
        ));
    }
    progress.pass_started("synth", options.rows);
    let mut rows_shown = 0;
    let summary = generate(options, &mut |so_far| {
        progress.advanced(so_far.rows_done.saturating_sub(rows_shown), 0);
        rows_shown = so_far.rows_done;
    })?;
    let seconds = started.elapsed().as_secs_f64();
    progress.pass_finished("synth", seconds, summary.rows, summary.bytes);
    Ok(summary)
}

fn options(arguments: &SynthArguments) -> Result<SynthOptions> {
    let size = |flag: &str, count: u64| {
        usize::try_from(count).map_err(|_| {
            Error::Usage(format!(
                "{flag} {count} is more than this machine can count"
            ))
        })
    };
    Ok(SynthOptions {
        rows: arguments.rows,
        kmers: size("--kmers", arguments.kmers)?,
        genes: arguments.genes,
        shards: size("--shards", arguments.shards)?,
        ragged: arguments.ragged,
        seed: arguments.seed,
        out_dir: arguments.out_dir.clone(),
        overwrite: arguments.overwrite,
        threads: arguments.threads.unwrap_or_else(threads_default),
    })
}

/// The summary of the data, for people.
pub(super) fn render(summary: &SynthSummary) -> String {
    let (narrowest, widest) = summary.columns;
    let columns = if narrowest == widest {
        format!("{widest} columns")
    } else {
        format!("{narrowest} to {widest} columns")
    };
    let [neither, donor, acceptor] = summary.class_rows;
    let share = |rows: u64| 100.0 * rows as f64 / summary.rows.max(1) as f64;
    format!(
        "{} rows of {} genes in {} files ({}, {}) in {}\n\
         {:.1} % neither, {:.1} % donor, {:.1} % acceptor; {} rows repeat the one before\n\
         baseline: {}",
        grouped(summary.rows),
        grouped(summary.genes),
        summary.shards,
        columns,
        format_bytes(summary.bytes),
        summary.dataset.display(),
        share(neither),
        share(donor),
        share(acceptor),
        grouped(summary.duplicate_rows),
        summary.baseline.display()
    )
}

/// Seconds since `started`, for the summary of a demo.
pub(super) fn since(started: Instant) -> String {
    duration(started.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_have_shares() {
        let text = render(&SynthSummary {
            dataset: "out".into(),
            baseline: "out/full_splice_performance.tsv".into(),
            rows: 1_000,
            genes: 3,
            shards: 2,
            columns: (90, 100),
            bytes: 2_048,
            class_rows: [910, 45, 45],
            duplicate_rows: 12,
        });
        assert_eq!(
            text,
            "1,000 rows of 3 genes in 2 files (90 to 100 columns, 2.0 KiB) in out\n\
             91.0 % neither, 4.5 % donor, 4.5 % acceptor; 12 rows repeat the one before\n\
             baseline: out/full_splice_performance.tsv"
        );
    }
}
