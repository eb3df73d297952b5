//! Flags of `rowmill scratch`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueHint};

/// List or remove scratch files of earlier runs.
#[derive(Debug, Args)]
pub(in crate::cli) struct ScratchArguments {
    #[command(subcommand)]
    pub(in crate::cli) command: ScratchCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ScratchCommand {
    List(ListArguments),
    Clean(CleanArguments),
}

/// Print the scratch directories in a directory: state, size, age and contents.
///
/// States: `alive`, in use by a run; `kept`, left by --keep-scratch for other runs; `waiting`, left by a
/// stopped run for --resume; `dead`, left by a killed run and removed by the next run there.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArguments {
    /// A --scratch-dir or an --out-dir.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) directory: PathBuf,
}

/// Remove scratch directories that no run uses.
///
/// Without a flag it removes only dead ones. A directory that a run is using is never removed.
#[derive(Debug, Args)]
pub(in crate::cli) struct CleanArguments {
    /// A --scratch-dir or an --out-dir.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) directory: PathBuf,

    /// Also remove directories that are kept or waiting.
    #[arg(long)]
    pub(in crate::cli) all: bool,

    /// Also remove kept and waiting directories that are older than AGE, such as 7d, 12h or 30m.
    #[arg(long, value_name = "AGE", value_parser = age, conflicts_with = "all")]
    pub(in crate::cli) older_than: Option<Duration>,
}

/// `7d`, `12h`, `30m`, `90s`.
fn age(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let parsed = UNITS.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*seconds)
    });
    parsed
        .map(Duration::from_secs)
        .ok_or_else(|| "an age is a whole number with d, h, m or s, such as 7d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units() {
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(age(text).ok(), seconds.map(Duration::from_secs), "{text}");
        };
        check("7d", Some(604_800));
        check("12h", Some(43_200));
        check("30m", Some(1_800));
        check("0s", Some(0));
        check("7", None);
        check("-1d", None);
        check("d", None);
        check("999999999999999999d", None);
    }
}
