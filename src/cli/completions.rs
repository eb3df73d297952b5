//! Completion scripts and man pages, from the definitions of the flags.

use std::fs;

use clap::CommandFactory;

use crate::cli::{
    arguments::{Arguments, CompletionsArguments, ManArguments},
    terminal,
};
use crate::{
    error::{Error, Result},
    text::nearest,
};

/// Prints a completion script.
pub(super) fn run_completions(arguments: &CompletionsArguments) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "rowmill",
        &mut script,
    );
    terminal::print_bytes(&script)
}

/// Prints a man page, or writes all of them.
///
/// # Errors
/// [`Error::Usage`] for an unknown command, [`Error::Io`] when a page cannot be written.
pub(super) fn run_man(arguments: &ManArguments) -> Result<()> {
    let mut command = Arguments::command();
    command.build();
    if let Some(directory) = &arguments.out_dir {
        fs::create_dir_all(directory).map_err(|error| Error::io("create", directory, error))?;
        return clap_mangen::generate_to(command, directory)
            .map_err(|error| Error::io("write man pages into", directory, error));
    }
    let page_of = match &arguments.command {
        None => command,
        Some(name) => find(&command, name)?,
    };
    terminal::print_bytes(&page(page_of)?)
}

fn find(command: &clap::Command, name: &str) -> Result<clap::Command> {
    command.find_subcommand(name).cloned().ok_or_else(|| {
        let names = command.get_subcommands().map(clap::Command::get_name);
        Error::Usage(format!(
            "rowmill has no command `{name}`{}",
            nearest::hint(name, names)
        ))
    })
}

fn page(command: clap::Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Error::io("render", "the man page", error))?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_rendered() {
        let mut command = Arguments::command();
        command.build();
        let train = find(&command, "train").unwrap();
        let text = String::from_utf8(page(train).unwrap()).unwrap();
        assert!(
            text.contains("memory") && text.contains("rowmill"),
            "{text}"
        );
        let message = find(&command, "trian").unwrap_err().to_string();
        assert_eq!(
            message,
            "rowmill has no command `trian` (did you mean `train`?)"
        );
    }

    #[test]
    fn all_pages_are_written() {
        let directory = tempfile::tempdir().unwrap();
        let arguments = ManArguments {
            command: None,
            out_dir: Some(directory.path().join("man")),
        };
        run_man(&arguments).unwrap();
        for page in ["rowmill.1", "rowmill-train.1", "rowmill-inspect.1"] {
            assert!(directory.path().join("man").join(page).is_file(), "{page}");
        }
    }
}
