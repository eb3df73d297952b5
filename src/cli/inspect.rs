//! `rowmill inspect`: the contents of a dataset, and the role of each column.

use crate::cli::{
    arguments::InspectArguments,
    table::{Align, Table},
    terminal::{self, grouped},
};
use crate::{
    columns::roles::{Roles, Selection},
    data::{Absent, Field, Schema},
    error::{Error, Result},
    limits::Limits,
    pipeline::storage::{rows, state},
    platform::parallel::threads_default,
    source::{Dataset, OpenOptions},
    text::size::format_bytes,
};

/// Lines of a long list that are printed without `--all`.
const LINES_SHOWN_MAX: usize = 12;

/// Bytes on disk of a row beside its features, for one output.
const SCRATCH_ROW_BYTES: u64 = (rows::ROW_BYTES + state::ROW_OUTPUT_BYTES) as u64;

/// The shortest run of similar columns that is folded into one line.
const ALIKE_MIN: usize = 6;

/// Prints the contents of a dataset.
pub(super) fn run(arguments: &InspectArguments) -> Result<()> {
    let selection = arguments.columns.selection()?;
    let (inspection, refusal) = look(arguments, &selection)?;
    terminal::print(&render(&inspection, arguments.all))?;
    match refusal {
        // Without flags about columns there is nothing that the user got wrong.
        Some(error) if selection != Selection::default() => Err(error),
        _ => Ok(()),
    }
}

/// The content of the report.
#[derive(Debug, Clone, Default)]
pub(super) struct Inspection {
    /// The dataset as the user named it.
    pub(super) dataset: String,
    /// The files in natural order.
    pub(super) files: Vec<FileLine>,
    /// The columns in the schema's order.
    pub(super) columns: Vec<ColumnLine>,
    /// The profile's name, or the reason for its absence.
    pub(super) profile: String,
    /// The reason for columns without roles.
    pub(super) roles_error: Option<String>,
    /// Reasons that would stop a run.
    pub(super) problems: Vec<String>,
    /// Name, bytes and derivation.
    pub(super) estimates: Vec<(String, u64, String)>,
}

/// Reads the footers and gives the columns their roles; the second value is the error, if any.
fn look(
    arguments: &InspectArguments,
    selection: &Selection,
) -> Result<(Inspection, Option<Error>)> {
    let limits = Limits::default();
    let mut dataset = Dataset::open(&arguments.dataset, &OpenOptions::new(&limits))?;
    let profile = arguments.columns.profile.resolve(dataset.schema())?;
    if let Some(profile) = &profile {
        dataset.mark_absent_zero(&|name| profile.is_zero_when_absent(name));
    }
    let resolved = Roles::resolve(dataset.schema(), profile.as_ref(), selection);
    let (roles, refusal) = match resolved {
        Ok(roles) => (Some(roles), None),
        Err(error) => (None, Some(error)),
    };
    let files = dataset.files().iter().map(|file| FileLine {
        name: file.name.clone(),
        rows: file.rows,
        row_groups: file.row_groups.len() as u64,
        bytes: file.bytes,
    });
    let inspection = Inspection {
        dataset: arguments.dataset.clone(),
        files: files.collect(),
        columns: column_lines(dataset.schema(), roles.as_ref()),
        profile: profile.map_or_else(|| "none".to_owned(), |profile| profile.name),
        problems: problems(&dataset, roles.as_ref()),
        roles_error: refusal.as_ref().map(Error::to_string),
        estimates: roles.map_or_else(Vec::new, |roles| {
            let threads = arguments.threads.unwrap_or_else(threads_default);
            estimates(&dataset, &roles, threads)
        }),
    };
    Ok((inspection, refusal))
}

/// The reason that would stop a run on these columns.
fn problems(dataset: &Dataset, roles: Option<&Roles>) -> Vec<String> {
    let Some(roles) = roles else {
        return Vec::new();
    };
    let named = [roles.target, roles.group, roles.split, roles.weight];
    let used = named
        .into_iter()
        .flatten()
        .chain(roles.features.iter().copied());
    used.filter_map(|column| dataset.check_column(column).err())
        .map(|error| error.to_string())
        .collect()
}

/// Estimates of a run's reads and memory, from the footers alone.
fn estimates(dataset: &Dataset, roles: &Roles, threads: usize) -> Vec<(String, u64, String)> {
    let features = roles.features.len() as u64;
    let rows = dataset.rows();
    let parts = [roles.target, roles.group, roles.split, roles.weight];
    let mut scanned: Vec<usize> = parts.into_iter().flatten().collect();
    scanned.sort_unstable();
    scanned.dedup();
    let decode = dataset.decode_estimate(&roles.features);
    vec![
        (
            "read by the scan".to_owned(),
            dataset.column_bytes(&scanned),
            "target, group and split columns, compressed".to_owned(),
        ),
        (
            "read by a full pass".to_owned(),
            dataset.column_bytes(&roles.features),
            format!("{} features, compressed", grouped(features)),
        ),
        (
            "scratch on disk".to_owned(),
            rows.saturating_mul(features + SCRATCH_ROW_BYTES),
            "at most a byte per feature and row, and the other data of each row".to_owned(),
        ),
        (
            "reading in memory".to_owned(),
            decode.lane_bytes.saturating_mul(threads as u64),
            format!(
                "{threads} threads, one column at a time each; `rowmill plan` shows the whole plan"
            ),
        ),
    ]
}

/// One file.
#[derive(Debug, Clone)]
pub(super) struct FileLine {
    pub(super) name: String,
    pub(super) rows: u64,
    pub(super) row_groups: u64,
    pub(super) bytes: u64,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnLine {
    pub(super) name: String,
    pub(super) file_type: String,
    pub(super) role: &'static str,
    pub(super) why: String,
}

impl ColumnLine {
    /// True if two columns differ in their names only: the same role, and either the type or the
    /// family (what stands before the first `_`).
    fn is_like(&self, other: &Self) -> bool {
        let family = |name: &str| name.split_once('_').map(|(family, _)| family.to_owned());
        let mine = family(&self.name);
        let same_family = mine.is_some() && mine == family(&other.name);
        (self.role, &self.why) == (other.role, &other.why)
            && (self.file_type == other.file_type || same_family)
    }
}

/// The columns of a schema with their roles.
pub(super) fn column_lines(schema: &Schema, roles: Option<&Roles>) -> Vec<ColumnLine> {
    let line = |(column, field): (usize, &Field)| {
        let (role, mut why) = match roles {
            Some(roles) => {
                let (role, why) = roles.role_of(column);
                (role.name(), why.to_owned())
            }
            None => ("-", String::new()),
        };
        if field.absent == Absent::Zero {
            let comma = if why.is_empty() { "" } else { ", " };
            why = format!("{why}{comma}0 where absent");
        }
        ColumnLine {
            name: field.name.clone(),
            file_type: field.file_type.clone(),
            role,
            why,
        }
    };
    schema.fields.iter().enumerate().map(line).collect()
}

/// The whole page.
pub(super) fn render(inspection: &Inspection, all: bool) -> String {
    let sum = |of: fn(&FileLine) -> u64| inspection.files.iter().map(of).sum::<u64>();
    let features = inspection
        .columns
        .iter()
        .filter(|column| column.role == "feature")
        .count();
    let mut text = format!(
        "{}: {} rows in {} row groups of {} files, {}\nprofile {}; {} columns, {} of them features\n",
        inspection.dataset,
        grouped(sum(|file| file.rows)),
        grouped(sum(|file| file.row_groups)),
        grouped(inspection.files.len() as u64),
        format_bytes(sum(|file| file.bytes)),
        inspection.profile,
        grouped(inspection.columns.len() as u64),
        grouped(features as u64)
    );
    text.push_str("\nfiles\n");
    text.push_str(&file_table(&inspection.files, all));
    text.push_str("\ncolumns\n");
    text.push_str(&column_table(&inspection.columns, all));
    if let Some(error) = &inspection.roles_error {
        text.push_str(&format!(
            "  the roles of the columns are not known: {error}\n"
        ));
    }
    for problem in &inspection.problems {
        text.push_str(&format!("  a run would fail: {problem}\n"));
    }
    if !inspection.estimates.is_empty() {
        text.push_str("\nestimates\n");
        let mut table = Table::new(&[
            ("what", Align::Left),
            ("size", Align::Right),
            ("why", Align::Left),
        ]);
        for (what, bytes, why) in &inspection.estimates {
            table.row([what.clone(), format_bytes(*bytes), why.clone()]);
        }
        text.push_str(&table.render());
    }
    text
}

fn file_table(files: &[FileLine], all: bool) -> String {
    let mut table = Table::new(&[
        ("file", Align::Left),
        ("rows", Align::Right),
        ("row groups", Align::Right),
        ("size", Align::Right),
    ]);
    let shown = if all || files.len() <= LINES_SHOWN_MAX {
        files.len()
    } else {
        LINES_SHOWN_MAX - 2
    };
    for file in &files[..shown] {
        table.row([
            file.name.clone(),
            grouped(file.rows),
            grouped(file.row_groups),
            format_bytes(file.bytes),
        ]);
    }
    let mut text = table.render();
    if shown < files.len() {
        text.push_str(&format!(
            "  and {} more (--all lists them)\n",
            grouped((files.len() - shown) as u64)
        ));
    }
    text
}

fn column_table(columns: &[ColumnLine], all: bool) -> String {
    let mut table = Table::new(&[
        ("column", Align::Left),
        ("type", Align::Left),
        ("role", Align::Left),
        ("why", Align::Left),
    ]);
    let mut push = |column: &ColumnLine| {
        table.row([
            column.name.clone(),
            column.file_type.clone(),
            column.role.to_owned(),
            column.why.clone(),
        ]);
    };
    let mut rest = columns;
    while let Some(first) = rest.first() {
        let alike = rest
            .iter()
            .take_while(|column| column.is_like(first))
            .count();
        let (run, after) = rest.split_at(alike);
        if all || alike < ALIKE_MIN {
            for column in run {
                push(column);
            }
        } else {
            let last = &run[alike - 1];
            let more = ColumnLine {
                name: format!("... {} more", grouped((alike - 2) as u64)),
                file_type: types(&run[1..alike - 1]),
                ..first.clone()
            };
            push(first);
            push(&more);
            push(last);
        }
        rest = after;
    }
    table.render()
}

/// The types of some columns, each once, in the order of their first appearance.
fn types(columns: &[ColumnLine]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for column in columns {
        if !names.contains(&column.file_type.as_str()) {
            names.push(&column.file_type);
        }
    }
    names.join(" or ")
}

#[cfg(test)]
mod tests;
