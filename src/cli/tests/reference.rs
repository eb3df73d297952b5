//! `docs/reference/options.md`: every command with its flags, rendered from the parser.

use std::{fmt::Write as _, fs, path::Path};

use clap::{Arg, Command, CommandFactory};

use crate::cli::{arguments::Arguments, tests::model_options};

/// The variable that makes the test below write the file instead of comparing it.
const WRITE: &str = "ROWMILL_WRITE_REFERENCE";

const FILE: &str = "docs/reference/options.md";

#[test]
fn the_options_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let rendered = render();
    if std::env::var_os(WRITE).is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &rendered).unwrap();
        return;
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    let same = stored
        .lines()
        .zip(rendered.lines())
        .take_while(|(stored, rendered)| stored == rendered)
        .count();
    assert!(
        stored == rendered,
        "{FILE} is not what the parser says, from line {} on; `{WRITE}=1 cargo test --lib options_reference` writes it\n\
         file:   {}\nparser: {}",
        same + 1,
        stored.lines().nth(same).unwrap_or("(end)"),
        rendered.lines().nth(same).unwrap_or("(end)"),
    );
}

/// The whole page.
fn render() -> String {
    let mut root = Arguments::command();
    root.build();
    let mut text = String::from(
        "# Options\n\n\
         Generated from the command line parser; do not edit.\n\
         `rowmill COMMAND --help` prints the same texts.\n\n\
         ## Options of every command\n\n",
    );
    for argument in flags(&root) {
        write_argument(&mut text, argument);
    }
    let train = root.find_subcommand("train").unwrap();
    for command in commands(&root) {
        write_command(&mut text, command, train);
    }
    let _ = write!(text, "\n{}", model_options::render());
    text
}

/// The commands of a command, without `help`.
fn commands(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|command| command.get_name() != "help" && !command.is_hide_set())
}

/// The arguments of a command in its own order, without `--help` and `--version`.
fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| {
        !argument.is_hide_set() && !matches!(argument.get_id().as_str(), "help" | "version")
    })
}

fn write_command(text: &mut String, command: &Command, train: &Command) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command.get_long_about().or(command.get_about());
    let _ = write!(
        text,
        "\n## `{name}`\n\n{}\n",
        sentences(&about.map(ToString::to_string).unwrap_or_default(), "")
    );
    let is_train = command.get_name() == train.get_name();
    let is_shared = |argument: &&Arg| {
        !is_train && flags(train).any(|other| described(other) == described(argument))
    };
    let arguments = flags(command).filter(|argument| !argument.is_global_set());
    let (shared, own): (Vec<&Arg>, Vec<&Arg>) = arguments.partition(is_shared);
    write_arguments(text, &own);
    if !shared.is_empty() && own.is_empty() {
        text.push_str("\nThe arguments are those of `rowmill train`.\n");
    } else if !shared.is_empty() {
        let titles: Vec<String> = (shared.iter())
            .map(|argument| format!("`{}`", title(argument)))
            .collect();
        let _ = write!(text, "\nAs for `rowmill train`: {}.\n", titles.join(", "));
    }
    let notes = |command: &Command| command.get_after_long_help().map(ToString::to_string);
    if let Some(notes) =
        notes(command).filter(|text| is_train || notes(train).as_ref() != Some(text))
    {
        let start = notes.find("Examples:").unwrap_or(0);
        let _ = write!(text, "\n```text\n{}\n```\n", notes[start..].trim_end());
    }
    for nested in commands(command) {
        write_command(text, nested, train);
    }
}

/// A list for each help heading.
fn write_arguments(text: &mut String, arguments: &[&Arg]) {
    for (at, argument) in arguments.iter().enumerate() {
        let heading = argument.get_help_heading();
        if at == 0 || arguments[at - 1].get_help_heading() != heading {
            match heading {
                Some(heading) => {
                    let _ = write!(text, "\n### {heading}\n\n");
                }
                None => text.push('\n'),
            }
        }
        write_argument(text, argument);
    }
}

/// Everything that the reference says of an argument, to compare two of them.
fn described(argument: &Arg) -> String {
    let mut text = String::new();
    write_argument(&mut text, argument);
    text
}

/// A list item: the flag, its default, its help, its values.
fn write_argument(text: &mut String, argument: &Arg) {
    let mut about = vec![format!("`{}`", title(argument))];
    about.extend(
        argument
            .get_short()
            .filter(|_| argument.get_long().is_some())
            .map(|short| format!("`-{short}`")),
    );
    let aliases = argument.get_visible_aliases().unwrap_or_default();
    about.extend(aliases.iter().map(|alias| format!("`--{alias}`")));
    let defaults: Vec<String> = argument
        .get_default_values()
        .iter()
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    let is_switch = !argument.get_action().takes_values();
    let default = if defaults.is_empty() || is_switch {
        String::new()
    } else {
        format!(" (default {})", defaults.join(", "))
    };
    let help = argument.get_long_help().or(argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(
        text,
        "- {}{default}:\n{}",
        about.join(", "),
        sentences(&help, "  ")
    );
    if is_switch {
        return;
    }
    for value in argument.get_possible_values() {
        if value.is_hide_set() {
            continue;
        }
        let help = value.get_help().map(ToString::to_string);
        let _ = match help {
            Some(help) => writeln!(text, "  - `{}`: {}", value.get_name(), escaped(&help)),
            None => writeln!(text, "  - `{}`", value.get_name()),
        };
    }
}

/// `--memory SIZE`, or the name of an argument without a flag.
fn title(argument: &Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default();
    let value = values
        .iter()
        .map(|value| value.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    match argument.get_long() {
        Some(long) if argument.get_action().takes_values() => format!("--{long} {value}"),
        Some(long) => format!("--{long}"),
        None => value,
    }
}

/// Paragraphs with one sentence a line.
fn sentences(help: &str, indent: &str) -> String {
    let paragraphs = help.trim().split("\n\n").map(|paragraph| {
        let joined = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines = escaped(&joined).replace(". ", &format!(".\n{indent}"));
        format!("{indent}{lines}")
    });
    let text = paragraphs.collect::<Vec<_>>().join("\n\n");
    if text.ends_with(['.', ':']) {
        text
    } else {
        format!("{text}.")
    }
}

/// Text outside of backticks with Markdown's signs escaped.
fn escaped(text: &str) -> String {
    let mut is_code = false;
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        is_code ^= c == '`';
        if !is_code && matches!(c, '*' | '<' | '|') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
