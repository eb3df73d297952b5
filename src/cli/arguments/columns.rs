//! Flags for the roles of the columns.

use std::{fs, path::PathBuf};

use clap::{Args, ValueHint};

use crate::{
    columns::roles::{GroupChoice, Selection},
    error::{Error, Result},
    pipeline::options::ProfileChoice,
};

/// Largest file of a list of columns: 100,000 names of 100 bytes are 10 MB.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// Roles of the columns.
// The help has patterns in brackets that are not links.
#[allow(rustdoc::broken_intra_doc_links)]
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Columns")]
pub(in crate::cli) struct ColumnArguments {
    /// Profile of the columns: auto, splice, none, or a TOML file.
    ///
    /// A profile names the target, its classes, the group column, and the columns that are metadata
    /// or leak the target. `auto` uses `splice` if the data have a column `splice_type`. A file of
    /// your own has the keys of src/columns/profiles/splice.toml.
    #[arg(long, value_name = "PROFILE", default_value = "auto", value_parser = profile, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) profile: ProfileChoice,

    /// Target column [default: the profile's].
    #[arg(long, visible_alias = "target-col", value_name = "COLUMN")]
    pub(in crate::cli) target: Option<String>,

    /// Group column: rows with the same value are never in two splits; `none` splits row by row
    /// [default: the profile's, else row by row].
    #[arg(long, value_name = "COLUMN|none", value_parser = group)]
    pub(in crate::cli) group_col: Option<GroupChoice>,

    /// Column that contains the split: train, valid or test, or 0 for train and 1 for test.
    #[arg(long, value_name = "COLUMN")]
    pub(in crate::cli) split_col: Option<String>,

    /// Column of row weights, 0 or more [default: the profile's, else every row has weight 1].
    ///
    /// Weights apply to training and to the learning curve. The metrics of the splits count each row once.
    #[arg(long, value_name = "COLUMN")]
    pub(in crate::cli) weight_col: Option<String>,

    /// Columns to leave out of the features, separated by commas; may be repeated.
    ///
    /// A name may be a pattern: * matches any characters, ? one character, # one or more digits, [ACGT]
    /// one of a set, x+ one or more of x. '#mer_*' leaves out all k-mer counts.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(in crate::cli) exclude: Vec<String>,

    /// Columns to use as features although the profile leaves them out; names or patterns as for --exclude.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(in crate::cli) include: Vec<String>,

    /// File of columns to leave out of the features, one name or pattern per line.
    ///
    /// A line that starts with "# " or ## is a comment. Columns that the data do not have are skipped.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) exclude_file: Vec<PathBuf>,
}

impl ColumnArguments {
    /// The selection of columns; reads the files of --exclude-file.
    ///
    /// # Errors
    /// [`Error::Io`] for a list that cannot be read, [`Error::Usage`] for one that is too large.
    pub(in crate::cli) fn selection(&self) -> Result<Selection> {
        let mut exclude_if_there = Vec::new();
        for path in &self.exclude_file {
            exclude_if_there.extend(read_list(path)?);
        }
        Ok(Selection {
            target: self.target.clone(),
            target_is_optional: false,
            group: self.group_col.clone().unwrap_or_default(),
            split: self.split_col.clone(),
            weight: self.weight_col.clone(),
            exclude: names(&self.exclude),
            exclude_if_there,
            include: names(&self.include),
            learned: None,
        })
    }
}

/// Trimmed names; empty ones, as in `a, b,`, are dropped.
fn names(list: &[String]) -> Vec<String> {
    let trimmed = list.iter().map(|name| name.trim());
    trimmed
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn read_list(path: &PathBuf) -> Result<Vec<String>> {
    let failed = |error| Error::io("read the list of columns", path, error);
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > LIST_BYTES_MAX {
        return Err(Error::Usage(format!(
            "--exclude-file {} has {bytes} bytes, more than the limit of {LIST_BYTES_MAX}; check that it is a list of columns",
            path.display()
        )));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let lines = text.lines().map(str::trim);
    // A pattern may start with # too, as in `#mer_*`, but no pattern starts with "# " or "##".
    let comment = |line: &str| line == "#" || line.starts_with("# ") || line.starts_with("##");
    Ok(lines
        .filter(|line| !line.is_empty() && !comment(line))
        .map(str::to_owned)
        .collect())
}

fn profile(text: &str) -> Result<ProfileChoice, String> {
    Ok(match text {
        "auto" => ProfileChoice::Auto,
        "none" => ProfileChoice::None,
        "splice" => ProfileChoice::Splice,
        "" => {
            return Err(
                "it is empty; use auto, splice, none or the path of a .toml file".to_owned(),
            );
        }
        path if path.ends_with(".toml") || path.contains('/') => ProfileChoice::File(path.into()),
        other => {
            let hint = crate::text::nearest::hint(other, ["auto", "none", "splice"]);
            return Err(format!(
                "unknown profile{hint}; use auto, splice, none or the path of a .toml file"
            ));
        }
    })
}

fn group(text: &str) -> Result<GroupChoice, String> {
    match text {
        "" => Err("it is empty; name a column, or none".to_owned()),
        "none" => Ok(GroupChoice::None),
        column => Ok(GroupChoice::Column(column.to_owned())),
    }
}
