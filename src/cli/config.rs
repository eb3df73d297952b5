//! The command line together with a `--config` file.
//!
//! The file's keys are the long flags. Flags that are not on the command line are added from the file,
//! and the whole is parsed again: values, contradictions and defaults are checked in one place.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, parser::ValueSource};

use crate::cli::{arguments::Arguments, terminal};
use crate::{error::Error, text::nearest};

/// The most bytes of a configuration file.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// An error of the command line, or the help that it asked for.
#[derive(Debug)]
pub(super) enum Refusal {
    /// clap's own: help, version, usage errors of the command line.
    CommandLine(clap::Error),
    /// A value of the configuration file is refused.
    ConfigValues(PathBuf, clap::Error),
    /// The file is not a valid configuration file.
    Config(Error),
}

impl Refusal {
    /// Prints it and returns the exit code.
    pub(super) fn report(&self) -> ExitCode {
        match self {
            Self::CommandLine(error) => {
                // A closed pipe is not worth a word.
                let _ = error.print();
                ExitCode::from(error.exit_code() as u8)
            }
            Self::ConfigValues(path, error) => {
                terminal::print_message(&format!("in the configuration file {}:", path.display()));
                let _ = error.print();
                ExitCode::from(2)
            }
            Self::Config(error) => {
                terminal::print_message(&format!("error: {error}"));
                ExitCode::from(error.exit_code())
            }
        }
    }
}

/// Parses a command line, its `--config` file included.
pub(super) fn parse(words: Vec<OsString>) -> Result<Arguments, Refusal> {
    let (command, matches) = look(&words)?;
    let path = matches
        .subcommand()
        .and_then(|(_, inner)| inner.try_get_one::<PathBuf>("config").ok()?.cloned());
    let Some(path) = path else {
        return understand(&matches);
    };
    let text = read(&path).map_err(Refusal::Config)?;
    add(command, words, &matches, &path, &text)
}

/// Parses a command line that has a command and no `--config`, as if it named a file of this text.
pub(super) fn parse_with(words: Vec<OsString>, text: &str) -> Result<Arguments, Refusal> {
    let (command, matches) = look(&words)?;
    add(command, words, &matches, Path::new("the text"), text)
}

/// The command line alone.
fn look(words: &[OsString]) -> Result<(Command, ArgMatches), Refusal> {
    let mut command = Arguments::command();
    command.build();
    let matches = command
        .clone()
        .try_get_matches_from(words)
        .map_err(Refusal::CommandLine)?;
    Ok((command, matches))
}

/// Adds what the file says to the command line, and parses the whole.
fn add(
    command: Command,
    mut words: Vec<OsString>,
    matches: &ArgMatches,
    path: &Path,
    text: &str,
) -> Result<Arguments, Refusal> {
    let (name, inner) = matches
        .subcommand()
        .expect("configuration files are of commands");
    let subcommand = command
        .find_subcommand(name)
        .expect("the parser matched this command");
    let added = flags_of(path, text, subcommand, inner).map_err(Refusal::Config)?;
    // Behind `--` a flag would be a value.
    let end = words
        .iter()
        .position(|word| word == "--")
        .unwrap_or(words.len());
    words.splice(end..end, added);
    let matches = command
        .try_get_matches_from(&words)
        .map_err(|error| Refusal::ConfigValues(path.to_path_buf(), error))?;
    understand(&matches)
}

fn understand(matches: &ArgMatches) -> Result<Arguments, Refusal> {
    Arguments::from_arg_matches(matches).map_err(Refusal::CommandLine)
}

/// The file's error messages begin with its name.
fn wrong(path: &Path, message: &str) -> Error {
    Error::Usage(format!(
        "the configuration file {}: {message}",
        path.display()
    ))
}

fn read(path: &Path) -> Result<String, Error> {
    let failed = |error| Error::io("read the configuration file", path, error);
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > CONFIG_BYTES_MAX {
        let message = format!(
            "it has {bytes} bytes, above the limit of {CONFIG_BYTES_MAX}; check that it is a configuration file"
        );
        return Err(wrong(path, &message));
    }
    fs::read_to_string(path).map_err(failed)
}

/// The file's keys as flags, without those on the command line.
fn flags_of(
    path: &Path,
    text: &str,
    command: &Command,
    given: &ArgMatches,
) -> Result<Vec<OsString>, Error> {
    let wrong = |message: String| wrong(path, &message);
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error
            .span()
            .map_or("", |span| &text[..span.start.min(text.len())]);
        let line = before.matches('\n').count() + 1;
        wrong(format!(
            "line {line}: {}",
            error.message().replace('\n', " ")
        ))
    })?;
    let mut flags = Vec::new();
    for (key, value) in &table {
        let argument = command.get_arguments().find(|argument| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long() == Some(key) || aliases.contains(&key.as_str())
        });
        let Some(argument) = argument.filter(|argument| is_key(argument)) else {
            let names = command.get_arguments().filter(|argument| is_key(argument));
            let names = names.filter_map(|argument| argument.get_long());
            return Err(wrong(format!(
                "unknown key `{key}`{}; the keys are the long flags of `rowmill {} --help`",
                nearest::hint(key, names),
                command.get_name()
            )));
        };
        if given.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine) {
            continue;
        }
        let is_switch = !argument.get_action().takes_values();
        for word in words_of(key, value, is_switch).map_err(wrong)? {
            flags.push(word.into());
        }
    }
    Ok(flags)
}

/// True if a flag may be a key of the file.
fn is_key(argument: &clap::Arg) -> bool {
    argument
        .get_long()
        .is_some_and(|long| !matches!(long, "config" | "help" | "version"))
}

/// One key of the file as words of a command line.
fn words_of(key: &str, value: &toml::Value, is_switch: bool) -> Result<Vec<String>, String> {
    if is_switch {
        return match value {
            toml::Value::Boolean(true) => Ok(vec![format!("--{key}")]),
            toml::Value::Boolean(false) => Ok(Vec::new()),
            _ => Err(format!(
                "`{key}` is {value}; it is a switch, so write true or false"
            )),
        };
    }
    match value {
        toml::Value::Array(values) => {
            let words = values.iter().map(|value| word_of(key, value));
            words.collect()
        }
        value => word_of(key, value).map(|word| vec![word]),
    }
}

fn word_of(key: &str, value: &toml::Value) -> Result<String, String> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
            value.to_string()
        }
        toml::Value::Table(_) if key == "model" => {
            serde_json::to_string(value).map_err(|error| format!("`{key}`: {error}"))?
        }
        _ => {
            return Err(format!(
                "`{key}` is a {}; write a string, a number or a list of strings",
                value.type_str()
            ));
        }
    };
    Ok(format!("--{key}={text}"))
}

#[cfg(test)]
mod tests;
