use clap::{CommandFactory, Parser};

use super::*;
use crate::{columns::roles::GroupChoice, pipeline::options::ProfileChoice};

fn train(words: &str) -> Result<TrainArguments, String> {
    let line = format!("rowmill train {words}");
    match Arguments::try_parse_from(line.split_whitespace()) {
        Ok(Arguments {
            command: Command::Train(train),
            ..
        }) => Ok(train),
        Ok(other) => panic!("{other:?} is not train"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn definitions_are_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn defaults_are_the_documented_ones() {
    let train = train("master").unwrap();
    assert_eq!(train.dataset, "master");
    assert_eq!(train.baseline, None);
    assert_eq!(train.model.model, "gbdt");
    assert_eq!(train.model.task, None);
    assert_eq!(train.common.columns.profile, ProfileChoice::Auto);
    assert_eq!(train.common.columns.group_col, None);
    assert_eq!(
        (train.common.split.test_size, train.common.split.valid_size),
        (0.2, 0.1)
    );
    assert_eq!(train.common.split.split, None);
    assert_eq!(train.common.split.seed, 42);
    assert_eq!(train.common.resources.memory, 1 << 30);
    assert_eq!(train.passes.batch_size, 65_536);
    assert!(!train.common.run.overwrite && !train.common.run.no_verify);
}

#[test]
fn values_are_read_as_people_write_them() {
    let read = |words: &str| train(&format!("master {words}")).unwrap();
    assert_eq!(read("--batch-size 200_000").passes.batch_size, 200_000);
    assert_eq!(read("--memory 512MiB").common.resources.memory, 512 << 20);
    assert_eq!(read("-j 3").common.resources.threads, Some(3));
    assert_eq!(read("--seed 1_000").common.split.seed, 1_000);
    assert_eq!(
        read("--group-col none").common.columns.group_col,
        Some(GroupChoice::None)
    );
    assert_eq!(
        read("--group-col chrom").common.columns.group_col,
        Some(GroupChoice::Column("chrom".to_owned()))
    );
    assert_eq!(
        read("--target-col y").common.columns.target.as_deref(),
        Some("y")
    );
    assert_eq!(
        read("--exclude a,b --exclude c").common.columns.exclude,
        ["a", "b", "c"]
    );
    assert_eq!(
        read("--profile mine.toml").common.columns.profile,
        ProfileChoice::File("mine.toml".into())
    );
    assert_eq!(read("base.tsv").baseline, Some("base.tsv".into()));
    assert_eq!(read("--valid-size 0").common.split.valid_size, 0.0);
    assert!(
        read("--split-col is_test --valid-size 0")
            .common
            .columns
            .split_col
            .is_some()
    );
}

#[test]
fn wrong_values_are_explained() {
    for (words, expected) in [
        ("", "required"),
        (
            "m --memory lots",
            "`lots` is not a size; write for example 512MiB",
        ),
        ("m --batch-size 0", "0 is too small; use 1 or more"),
        (
            "m --batch-size 1e5",
            "it is not a whole number; write for example 200_000",
        ),
        ("m --batch-size _5", "it is not a whole number"),
        ("m --batch-size 999999999", "use at most 16777216"),
        ("m --threads 0", "0 is too small"),
        ("m --threads 5000", "5000 threads are too many"),
        ("m --test-size 1", "0 or more and below 1"),
        ("m --test-size nan", "0 or more and below 1"),
        ("m --seed -1", "unexpected argument"),
        ("m --seed x", "a seed is a whole number"),
        ("m --profile splise", "did you mean `splice`?"),
        ("m --group-col=", "it is empty; name a column, or none"),
        (
            "m --task cluster",
            "possible values: auto, binary, multiclass, regression",
        ),
        ("m --split random", "possible values: balanced, hash"),
        ("m --split-col a --test-size 0.3", "cannot be used with"),
        ("m --val-dir v --valid-size 0.3", "cannot be used with"),
        ("m --memroy 1GiB", "a similar argument exists: '--memory'"),
    ] {
        let message = train(words).unwrap_err();
        assert!(
            message.contains(expected),
            "{words}: {message}\nlacks: {expected}"
        );
    }
}

#[test]
fn every_promised_flag_is_in_the_help() {
    let help = |name: &str| {
        let mut command = Arguments::command();
        command.build();
        let found = command.find_subcommand_mut(name).unwrap();
        found.render_long_help().to_string()
    };
    let train = help("train");
    let incremental = help("incremental");
    for flag in [
        "--target",
        "--target-col",
        "--out-dir",
        "--resume",
        "--memory",
    ] {
        assert!(
            incremental.contains(flag),
            "incremental --help lacks {flag}"
        );
    }
    for flag in [
        "--model",
        "--target",
        "--target-col",
        "--task",
        "--profile",
        "--exclude",
        "--include",
        "--exclude-file",
        "--group-col",
        "--split-col",
        "--test-size",
        "--valid-size",
        "--val-dir",
        "--split",
        "--seed",
        "--memory",
        "--threads",
        "--batch-size",
        "--out-dir",
        "--overwrite",
        "--config",
        "--scratch-dir",
        "--keep-scratch",
        "--allow-tmpfs",
        "--no-verify",
        "--quiet",
        "--log-json",
        "BASELINE_TSV",
        "Examples:",
        // The options of --model, under all their names.
        "n_estimators",
        "num_iterations",
        "learning_rate",
        "eta",
        "max_depth",
        "num_leaves",
        "max_leaves",
        "max_bin",
        "reg_lambda",
        "lambda_l2",
        "reg_alpha",
        "lambda_l1",
        "min_child_weight",
        "min_sum_hessian_in_leaf",
        "min_child_samples",
        "gamma",
        "min_split_gain",
        "colsample_bytree",
        "feature_fraction",
        "scale_pos_weight",
        "class_weight",
        "early_stopping_rounds",
        "random_state",
    ] {
        assert!(train.contains(flag), "train --help lacks {flag}");
    }
    let synth = help("synth");
    for flag in [
        "--rows",
        "--kmers",
        "--genes",
        "--shards",
        "--ragged",
        "--seed",
        "--out-dir",
    ] {
        assert!(synth.contains(flag), "synth --help lacks {flag}");
    }
    let top = Arguments::command().render_long_help().to_string();
    for command in [
        "train",
        "plan",
        "inspect",
        "show",
        "synth",
        "demo",
        "completions",
        "man",
    ] {
        assert!(top.contains(command), "--help lacks {command}");
    }
}

#[test]
fn switches_stand_before_and_behind_the_command() {
    for words in [
        "rowmill --quiet show m",
        "rowmill show m --quiet",
        "rowmill -q show m",
    ] {
        let arguments = Arguments::try_parse_from(words.split_whitespace()).unwrap();
        assert!(arguments.output.quiet, "{words}");
    }
}

#[test]
fn ragged_can_be_switched_off() {
    for (words, expected) in [("", true), ("--ragged", true), ("--ragged=false", false)] {
        let line = format!("rowmill synth {words}");
        let arguments = Arguments::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Synth(synth) = arguments.command else {
            panic!("synth")
        };
        assert_eq!(synth.ragged, expected, "{words}");
    }
}

#[test]
fn lists_of_columns_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("exclude.txt");
    std::fs::write(&path, "# leaky\n\n  gc_content \n#mer_*\n## more\nscore\n").unwrap();
    let arguments = train(&format!(
        "m --exclude-file {} --exclude a,,b,",
        path.display()
    ))
    .unwrap();
    let selection = arguments.common.columns.selection().unwrap();
    assert_eq!(
        selection.exclude_if_there,
        ["gc_content", "#mer_*", "score"]
    );
    assert_eq!(selection.exclude, ["a", "b"]);
    let missing = train("m --exclude-file /nowhere/list").unwrap();
    let message = missing.common.columns.selection().unwrap_err().to_string();
    assert!(
        message.starts_with("cannot read the list of columns /nowhere/list"),
        "{message}"
    );
}
