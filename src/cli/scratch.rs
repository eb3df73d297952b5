//! `rowmill scratch`: lists and removes the scratch files of earlier runs.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::cli::{
    arguments::{CleanArguments, ListArguments, ScratchCommand},
    table::{Align, Table},
    terminal,
};
use crate::{
    error::{Error, Result},
    scratch::{
        ScratchState, Seal, bytes_in, remove_scratch, scratch_directories, seal::fingerprint,
    },
    text::size::format_bytes,
};

/// Lists or cleans.
pub(super) fn run(command: &ScratchCommand) -> Result<()> {
    match command {
        ScratchCommand::List(arguments) => list(arguments),
        ScratchCommand::Clean(arguments) => clean(arguments),
    }
}

/// A scratch directory, for people.
struct Entry {
    path: PathBuf,
    state: ScratchState,
    bytes: u64,
    /// Since it was made; none if the clock went back.
    age: Option<Duration>,
}

fn list(arguments: &ListArguments) -> Result<()> {
    let entries = entries(&arguments.directory)?;
    if entries.is_empty() {
        let directory = arguments.directory.display();
        return terminal::print(&format!("no scratch files in {directory}"));
    }
    let right = Align::Right;
    let left = Align::Left;
    let head = [
        ("state", left),
        ("size", right),
        ("age", right),
        ("fingerprint", left),
        ("data", left),
        ("directory", left),
    ];
    let mut table = Table::new(&head);
    for entry in &entries {
        let (print, data) = sealed(&entry.path);
        table.row([
            name(entry.state).to_owned(),
            format_bytes(entry.bytes),
            entry.age.map_or_else(|| "?".to_owned(), format_age),
            print,
            data,
            entry.path.display().to_string(),
        ]);
    }
    terminal::print(&table.render())
}

fn clean(arguments: &CleanArguments) -> Result<()> {
    let mut lines = Vec::new();
    let (mut removed, mut freed) = (0, 0);
    for entry in entries(&arguments.directory)? {
        let is_old = match (arguments.older_than, entry.age) {
            (Some(least), Some(age)) => age >= least,
            _ => false,
        };
        let goes = match entry.state {
            ScratchState::Alive => false,
            ScratchState::Dead => true,
            ScratchState::Kept | ScratchState::Waiting => arguments.all || is_old,
        };
        let (shown, size) = (entry.path.display(), format_bytes(entry.bytes));
        let state = name(entry.state);
        if goes && remove_scratch(&entry.path) {
            removed += 1;
            freed += entry.bytes;
            lines.push(format!("removed {shown} ({state}, {size})"));
        } else {
            lines.push(format!("left {shown} ({state}, {size})"));
        }
    }
    lines.push(format!("{removed} removed, {} freed", format_bytes(freed)));
    terminal::print(&lines.join("\n"))
}

fn entries(directory: &Path) -> Result<Vec<Entry>> {
    fs::read_dir(directory).map_err(|source| Error::io("list", directory, source))?;
    let entry = |(path, state): (PathBuf, ScratchState)| {
        let made = fs::metadata(path.join("lock")).and_then(|data| data.modified());
        Entry {
            state,
            bytes: bytes_in(&path),
            age: made.ok().and_then(|time| time.elapsed().ok()),
            path,
        }
    };
    Ok(scratch_directories(directory)
        .into_iter()
        .map(entry)
        .collect())
}

/// The fingerprint and the data of sealed codes.
fn sealed(path: &Path) -> (String, String) {
    match Seal::read(path) {
        Ok(Some(seal)) => {
            let print = fingerprint(&seal.about.ingredients);
            (format!("{print:016x}"), seal.about.dataset)
        }
        Ok(None) => ("-".to_owned(), "not complete".to_owned()),
        Err(_) => ("-".to_owned(), "damaged, or of another version".to_owned()),
    }
}

fn name(state: ScratchState) -> &'static str {
    match state {
        ScratchState::Alive => "alive",
        ScratchState::Kept => "kept",
        ScratchState::Waiting => "waiting",
        ScratchState::Dead => "dead",
    }
}

/// `3 d`, `5 h`, `12 min`, `40 s`.
fn format_age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        let check = |seconds: u64, expected: &str| {
            assert_eq!(format_age(Duration::from_secs(seconds)), expected);
        };
        check(119, "119 s");
        check(120, "2 min");
        check(7_200, "2 h");
        check(604_800, "7 d");
    }
}
