//! `rowmill demo`: data, a model, and the next commands to try.

use std::{path::Path, time::Instant};

use clap::Parser;

use crate::cli::{
    arguments::{Arguments, Command, DemoArguments, TrainArguments},
    log::Log,
    signals, synth, terminal, train,
};
use crate::{
    error::{Error, Result},
    platform::parallel::threads_default,
    synth::SynthOptions,
};

/// Makes data below the out-dir, trains on them and prints a summary.
pub(super) fn run(arguments: &DemoArguments, log: &Log) -> Result<()> {
    let started = Instant::now();
    let data = arguments.out_dir.join("master");
    let run_dir = arguments.out_dir.join("run");
    let training = training(arguments, &data, &run_dir)?;
    // What is wrong with the options is said before data are made.
    let (options, choice) = train::options(&training)?;
    signals::watch()?;
    let progress = log.progress();
    let summary = synth::make(&synth_options(arguments, &data), progress.as_ref())?;
    progress.message(&synth::render(&summary));
    progress.message(&choice.describe());
    let finished = train::execute(&options, progress.as_ref())?;
    if log.is_quiet() {
        return Ok(());
    }
    let summary = train::summary(&finished, &options);
    let farewell = farewell(&data, &run_dir, &synth::since(started));
    terminal::print(&format!("{summary}\n\n{farewell}"))
}

fn synth_options(arguments: &DemoArguments, data: &Path) -> SynthOptions {
    SynthOptions {
        rows: arguments.rows,
        seed: arguments.seed,
        out_dir: data.to_path_buf(),
        overwrite: arguments.overwrite,
        threads: arguments.threads.unwrap_or_else(threads_default),
        ..SynthOptions::default()
    }
}

/// The flags of the training run, as if they had been typed.
fn training(arguments: &DemoArguments, data: &Path, run_dir: &Path) -> Result<TrainArguments> {
    let mut words: Vec<std::ffi::OsString> = vec!["rowmill".into(), "train".into(), data.into()];
    let mut flag = |name: &str, value: &std::ffi::OsStr| {
        words.push(name.into());
        words.push(value.into());
    };
    flag("--out-dir", run_dir.as_os_str());
    flag("--memory", arguments.memory.to_string().as_ref());
    flag("--seed", arguments.seed.to_string().as_ref());
    if let Some(threads) = arguments.threads {
        flag("--threads", threads.to_string().as_ref());
    }
    if arguments.overwrite {
        words.push("--overwrite".into());
    }
    let parsed = Arguments::try_parse_from(words)
        .map_err(|error| Error::Usage(error.render().to_string().trim().to_owned()))?;
    match parsed.command {
        Command::Train(training) => Ok(training),
        _ => unreachable!("the words above are a train command"),
    }
}

/// The results, and commands to try next.
fn farewell(data: &Path, run_dir: &Path, seconds: &str) -> String {
    let (data, run) = (data.display(), run_dir.display());
    format!(
        "Done in {seconds}: data in {data}, run in {run}.\n\
         \n\
         Try next:\n\
         \x20 rowmill show {run}/model.rowmill\n\
         \x20 rowmill inspect {data}\n\
         \x20 rowmill plan {data} --memory 256MiB\n\
         \x20 rowmill train {data} --model logistic --out-dir {run}-logistic\n\
         \x20 rowmill train {data} --task multiclass --model '{{\"n_estimators\": 50}}' --out-dir {run}-multiclass\n\
         \x20 rowmill train --help"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_trains_on_its_own_data() {
        let parsed = Arguments::try_parse_from([
            "rowmill", "demo", "--memory", "300MiB", "-o", "d", "--seed", "7",
        ]);
        let Command::Demo(demo) = parsed.unwrap().command else {
            panic!("demo")
        };
        let training = training(&demo, Path::new("d/master"), Path::new("d/run")).unwrap();
        let (options, _) = train::options(&training).unwrap();
        assert_eq!(options.data.dataset, "d/master");
        assert_eq!(options.output.out_dir, Path::new("d/run"));
        assert_eq!(
            (options.resources.memory_bytes, options.split.seed),
            (300 << 20, 7)
        );
        assert!(!options.output.overwrite);
        let made = synth_options(&demo, Path::new("d/master"));
        assert_eq!((made.rows, made.seed), (500_000, 7));
    }

    #[test]
    fn farewells_name_commands_that_parse() {
        let text = farewell(Path::new("d/master"), Path::new("d/run"), "40 s");
        for line in text
            .lines()
            .filter(|line| line.starts_with("  rowmill") && !line.contains("--help"))
        {
            let line = line.replace('\'', "").replace(": ", ":");
            let parsed = Arguments::try_parse_from(line.split_whitespace());
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
        assert!(text.contains("Done in 40 s"));
    }
}
