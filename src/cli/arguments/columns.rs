//! Flags that say what the columns are.

use std::{fs, path::PathBuf};

use clap::{Args, ValueHint};

use crate::{
    columns::roles::{GroupChoice, Selection},
    error::{Error, Result},
    pipeline::options::ProfileChoice,
};

/// The most bytes of a list of columns: 100,000 names of 100 bytes are 10 MB.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// What the columns are.
// The help has patterns in brackets, which are no links.
#[allow(rustdoc::broken_intra_doc_links)]
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Columns")]
pub(in crate::cli) struct ColumnArguments {
    /// What is known of the columns beforehand: auto, splice, none, or a TOML file.
    ///
    /// A profile names the target, its classes, the group column, and the columns that are metadata
    /// or leak the answer. `auto` takes `splice` when the data have a column `splice_type`. A file of
    /// your own has the keys of src/data/profiles/splice.toml.
    #[arg(long, value_name = "PROFILE", default_value = "auto", value_parser = profile, value_hint = ValueHint::FilePath)]
    pub(in crate::cli) profile: ProfileChoice,

    /// The column to learn [default: the profile's].
    #[arg(long, visible_alias = "target-col", value_name = "COLUMN")]
    pub(in crate::cli) target: Option<String>,

    /// The column whose value keeps rows together in one split, or `none` to split row by row
    /// [default: the profile's, else row by row].
    #[arg(long, value_name = "COLUMN|none", value_parser = group)]
    pub(in crate::cli) group_col: Option<GroupChoice>,

    /// A column that gives the split: train, valid or test, or 0 and 1 where 1 is test.
    #[arg(long, value_name = "COLUMN")]
    pub(in crate::cli) split_col: Option<String>,

    /// A column of row weights, 0 or more: how much each row counts in training [default: the profile's,
    /// else every row counts 1].
    ///
    /// Learning and the learning curve are weighted; the metrics of the splits count rows.
    #[arg(long, value_name = "COLUMN")]
    pub(in crate::cli) weight_col: Option<String>,

    /// Columns that are not features, separated by commas; may be repeated.
    ///
    /// A name may be a pattern: * any run of characters, ? any one, # one or more digits, [ACGT] one
    /// of a set, x+ one or more of x. '#mer_*' leaves out all counts of k-mers.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(in crate::cli) exclude: Vec<String>,

    /// Columns that are features although the profile leaves them out; names or patterns as above.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(in crate::cli) include: Vec<String>,

    /// A file with columns that are not features, a name or pattern a line; # starts a comment line.
    /// Columns that the data do not have are skipped.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) exclude_file: Vec<PathBuf>,
}

impl ColumnArguments {
    /// What the user said about columns, the lists read.
    ///
    /// # Errors
    /// [`Error::Io`] when a list cannot be read, [`Error::Usage`] when it is no list.
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

/// Names without the spaces around them, and none that is empty: `a, b,`.
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
            "--exclude-file {} has {bytes} bytes; at most {LIST_BYTES_MAX} are read, so this is probably another file",
            path.display()
        )));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let lines = text.lines().map(str::trim);
    // A pattern may start with # too, but then a digit's place follows: `#mer_*`.
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
        "" => return Err("it is empty; use auto, splice, none or a TOML file".to_owned()),
        path if path.ends_with(".toml") || path.contains('/') => ProfileChoice::File(path.into()),
        other => {
            let hint = crate::text::nearest::hint(other, ["auto", "none", "splice"]);
            return Err(format!(
                "there is no profile of that name{hint}; use auto, splice, none or the path of a .toml file"
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
