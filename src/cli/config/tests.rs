use super::*;
use crate::cli::arguments::{Command as Chosen, TrainArguments};

/// A command line with a configuration file of this text; `CONFIG` stands for its path.
fn read_words(config: &str, words: &str) -> Result<TrainArguments, Refusal> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.toml");
    fs::write(&path, config).unwrap();
    let line = format!("rowmill train {words} --config {}", path.display());
    let words = line.split_whitespace().map(OsString::from).collect();
    match parse(words)?.command {
        Chosen::Train(train) => Ok(train),
        other => panic!("{other:?} is not train"),
    }
}

fn check_error(config: &str, words: &str, expected: &str) {
    let message = match read_words(config, words).unwrap_err() {
        Refusal::Config(error) => error.to_string(),
        Refusal::ConfigValues(path, error) => format!("{}: {error}", path.display()),
        Refusal::CommandLine(error) => panic!("the command line is at fault: {error}"),
    };
    assert!(
        message.contains(expected),
        "{config}: {message}\nlacks: {expected}"
    );
    assert!(message.contains("run.toml"), "{message}");
}

#[test]
fn keys_are_flags() {
    let train = read_words(
        "memory = \"300MiB\"\nbatch-size = 1000\nvalid-size = 0.25\noverwrite = true\nno-verify = false\n\
         exclude = [\"a\", \"b*\"]\ntask = \"multiclass\"\nquiet = true\n",
        "master",
    )
    .unwrap();
    assert_eq!(train.common.resources.memory, 300 << 20);
    assert_eq!(train.passes.batch_size, 1_000);
    assert_eq!(train.common.split.valid_size, 0.25);
    assert!(train.common.run.overwrite && !train.common.run.no_verify);
    assert_eq!(train.common.columns.exclude, ["a", "b*"]);
}

#[test]
fn the_command_line_wins() {
    let train = read_words(
        "seed = 7\nmemory = \"300MiB\"\nexclude = [\"a\"]\n",
        "master --seed 8 --exclude c",
    )
    .unwrap();
    assert_eq!(train.common.split.seed, 8);
    assert_eq!(train.common.resources.memory, 300 << 20);
    assert_eq!(train.common.columns.exclude, ["c"]);
}

#[test]
fn a_model_may_be_a_table() {
    let train = read_words("[model]\nname = \"xgboost\"\nn_estimators = 50\n", "master").unwrap();
    let value: serde_json::Value = serde_json::from_str(&train.model.model).unwrap();
    assert_eq!(
        value,
        serde_json::json!({"name": "xgboost", "n_estimators": 50})
    );
    let train = read_words("model = \"logistic\"\n", "master").unwrap();
    assert_eq!(train.model.model, "logistic");
}

#[test]
fn flags_are_added_before_a_double_dash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.toml");
    fs::write(&path, "seed = 7\n").unwrap();
    let line = format!("rowmill train --config {} -- --odd-name", path.display());
    let words = line.split_whitespace().map(OsString::from).collect();
    let Chosen::Train(train) = parse(words).unwrap().command else {
        panic!("train")
    };
    assert_eq!(
        (train.dataset.as_str(), train.common.split.seed),
        ("--odd-name", 7)
    );
}

#[test]
fn mistakes_name_the_file() {
    check_error(
        "memroy = 1\n",
        "m",
        "unknown key `memroy` (did you mean `memory`?); the keys are the long flags of `rowmill train --help`",
    );
    check_error("config = \"x\"\n", "m", "unknown key `config`");
    check_error("dataset = \"x\"\n", "m", "unknown key `dataset`");
    check_error("\nmemory = \n", "m", "line 2:");
    check_error("memory = \"lots\"\n", "m", "`lots` is not a size");
    check_error(
        "overwrite = 1\n",
        "m",
        "`overwrite` is 1; it is a switch, so write true or false",
    );
    check_error(
        "memory = { a = 1 }\n",
        "m",
        "`memory` is a table; write a string",
    );
    check_error(
        "split-col = \"a\"\n",
        "m --test-size 0.5",
        "cannot be used with",
    );
    check_error("seed = -1\n", "m", "a seed is a whole number");
}

#[test]
fn files_that_are_not_there_are_named() {
    let words = ["rowmill", "train", "m", "--config", "/nowhere/run.toml"];
    let refusal = parse(words.map(OsString::from).to_vec()).unwrap_err();
    let Refusal::Config(error) = refusal else {
        panic!("{refusal:?}")
    };
    assert!(
        error
            .to_string()
            .contains("cannot read the configuration file /nowhere/run.toml")
    );
    assert_eq!(error.exit_code(), 1);
}

#[test]
fn help_and_mistakes_are_the_parsers() {
    for (words, code) in [
        (vec!["rowmill", "--help"], 0),
        (vec!["rowmill", "--version"], 0),
        (vec!["rowmill", "train"], 2),
        (vec!["rowmill", "trian", "x"], 2),
        (vec!["rowmill"], 2),
    ] {
        let refusal = parse(words.iter().map(OsString::from).collect()).unwrap_err();
        let Refusal::CommandLine(error) = refusal else {
            panic!("{refusal:?}")
        };
        assert_eq!(error.exit_code(), code, "{words:?}");
    }
}
