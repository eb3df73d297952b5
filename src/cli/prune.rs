//! `rowmill prune`.

use clap::Parser;

use crate::cli::{
    arguments::{Arguments, Command, PruneArguments},
    log::Log,
    signals,
    terminal::{self, duration},
    train as train_command,
};
use crate::{
    error::{Error, Result},
    pipeline::prune::trimmed::Destination,
    platform::{memory, stop},
    report::{features, pruned},
    run::{
        options::train::TrainOptions,
        prune::{PruneOptions, Pruned, prune},
    },
    text::size::{format_bytes, grouped},
};

/// Prunes, and says what was dropped.
pub(super) fn run(arguments: &PruneArguments, log: &Log) -> Result<()> {
    let options = options(arguments)?;
    check_reports(&options)?;
    signals::watch()?;
    let pruned = prune(&options, stop::process(), log.progress().as_ref())?;
    let directory = pruned.destination.reports();
    pruned::write(&directory, &pruned)?;
    if log.is_quiet() {
        return Ok(());
    }
    terminal::print(&render(&pruned))
}

fn options(arguments: &PruneArguments) -> Result<PruneOptions> {
    let pruning = arguments.pruning.pruning();
    pruning.check()?;
    Ok(PruneOptions {
        data: data_options(arguments)?,
        pruning,
        out: arguments.out.clone(),
        drop: arguments.drop.clone(),
    })
}

/// The options of a training on the same data, for what they say about data.
fn data_options(arguments: &PruneArguments) -> Result<TrainOptions> {
    let words = ["rowmill", "train", "--", &arguments.dataset];
    let parsed = Arguments::try_parse_from(words)
        .map_err(|error| Error::Usage(error.render().to_string().trim().to_owned()))?;
    let Command::Train(mut training) = parsed.command else {
        unreachable!("the words above are a train command");
    };
    training.common.columns = arguments.columns.clone();
    training.common.resources = arguments.resources.clone();
    training.common.run.overwrite = arguments.overwrite;
    training.passes = arguments.passes.clone();
    let (options, _) = train_command::options(&training)?;
    Ok(options)
}

/// Refuses to write over reports that are there already.
fn check_reports(options: &PruneOptions) -> Result<()> {
    let directory = Destination::of(&options.out).reports();
    for name in [features::NAME, pruned::CORRELATIONS] {
        let path = directory.join(name);
        let written = name == features::NAME || options.pruning.report.is_some();
        if written && path.exists() && !options.data.overwrite {
            return Err(Error::Usage(format!(
                "{} is there already; put --out into another directory, or use --overwrite",
                path.display()
            )));
        }
    }
    Ok(())
}

fn render(pruned: &Pruned) -> String {
    let copied = &pruned.copied;
    let peak = memory::peak_rss_bytes().map_or_else(String::new, |bytes| {
        format!(", peak memory {}", format_bytes(bytes))
    });
    format!(
        "{}\n{} in {} file(s), {} rows, {} in {}{peak}",
        pruned::summary(
            pruned::Names::new(&pruned.job, &pruned.job.roles.features),
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
    use crate::transform::prune::KeepRule;

    fn parse(words: &[&str]) -> Result<PruneOptions> {
        let all = ["rowmill", "prune", "data", "--out", "o.parquet"];
        let parsed = Arguments::try_parse_from(all.iter().chain(words)).unwrap();
        let Command::Prune(prune) = parsed.command else {
            panic!("prune")
        };
        options(&prune)
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
        assert_eq!(options.data.memory_bytes, 300 << 20);
        assert_eq!(options.data.exclude, ["x"]);
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
