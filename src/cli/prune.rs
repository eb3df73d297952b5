//! `rowmill prune`.

use crate::cli::{
    arguments::PruneArguments,
    log::Log,
    options::{column_options, resource_options},
    signals,
    terminal::{self, duration},
};
use crate::{
    error::Result,
    limits::Limits,
    platform::{memory, stop},
    report::pruned,
    run::{
        calls::prune_and_report,
        prune::{PruneOptions, Pruned},
    },
    text::size::{format_bytes, grouped},
};

/// Prunes, and prints a summary.
pub(super) fn run(arguments: &PruneArguments, log: &Log) -> Result<()> {
    let options = options(arguments)?;
    signals::watch()?;
    let pruned = prune_and_report(&options, stop::process(), log.progress().as_ref())?;
    if log.is_quiet() {
        return Ok(());
    }
    terminal::print(&render(&pruned))
}

fn options(arguments: &PruneArguments) -> Result<PruneOptions> {
    let pruning = arguments.pruning.pruning();
    pruning.check()?;
    let limits = Limits {
        batch_rows_max: arguments.passes.batch_size,
        ..Limits::default()
    };
    let mut resources = resource_options(&arguments.resources, limits);
    resources.keep_scratch = arguments.passes.keep_scratch;
    Ok(PruneOptions {
        columns: column_options(&arguments.columns, None)?,
        resources,
        overwrite: arguments.overwrite,
        pruning,
        drop: arguments.drop.clone(),
        ..PruneOptions::new(&arguments.dataset, &arguments.out)
    })
}

fn render(pruned: &Pruned) -> String {
    let copied = &pruned.copied;
    let peak = memory::peak_rss_bytes().map_or_else(String::new, |bytes| {
        format!(", peak memory {}", format_bytes(bytes))
    });
    format!(
        "{}\n{} in {} file(s), {} rows, {} in {}{peak}",
        pruned::summary(
            pruned::Names::new(&pruned.data, &pruned.data.roles.features),
            &pruned.findings
        ),
        pruned.destination.path().display(),
        copied.files,
        grouped(copied.rows),
        format_bytes(copied.bytes),
        duration(pruned.seconds),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    use crate::{
        cli::arguments::{Arguments, Command},
        transform::prune::KeepRule,
    };

    fn parse(words: &[&str]) -> Result<PruneOptions> {
        let all = ["rowmill", "prune", "data", "--out", "o.parquet"];
        let parsed = Arguments::try_parse_from(all.iter().chain(words)).unwrap();
        let Command::Prune(prune) = parsed.command else {
            panic!("prune")
        };
        options(&prune)
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let options = parse(&[]).unwrap();
        let library = PruneOptions::new("data", "o.parquet");
        assert_eq!(format!("{options:?}"), format!("{library:?}"));
    }

    #[test]
    fn flags_become_options() {
        let options = parse(&[
            "--corr-thr",
            "0.9",
            "--keep",
            "first",
            "--protect",
            "a,b*",
            "--corr-report",
            "--memory",
            "300MiB",
            "--exclude",
            "x",
            "--drop",
            "y",
        ])
        .unwrap();
        assert_eq!(options.pruning.rules.correlation, 0.9);
        assert_eq!(options.pruning.rules.keep, KeepRule::First);
        assert_eq!(options.pruning.protect, ["a", "b*"]);
        assert_eq!(options.pruning.report, Some(0.9));
        assert!(!options.pruning.exact);
        assert_eq!(options.resources.memory_bytes, 300 << 20);
        assert_eq!(options.columns.exclude, ["x"]);
        assert_eq!(options.drop, ["y"]);
    }

    #[test]
    fn thresholds_outside_their_range_are_refused() {
        let check = |words: &[&str], value: &str| {
            let error = parse(words).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(value), "{error}");
        };
        check(&["--corr-thr", "0"], "--corr-thr 0");
        check(&["--corr-thr", "1.01"], "--corr-thr 1.01");
        check(&["--corr-thr=-0.5"], "--corr-thr -0.5");
        check(&["--corr-thr", "nan"], "--corr-thr NaN");
        check(&["--corr-report", "2"], "--corr-report 2");
        check(&["--var-thr=-1"], "--var-thr -1");
        assert!(parse(&["--corr-thr", "1"]).is_ok());
    }
}
