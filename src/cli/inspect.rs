//! `rowmill inspect`: what a dataset has, and the part that each column would play.

use super::{
    arguments::InspectArguments,
    table::{Align, Table},
    terminal::{self, grouped},
};
use crate::{
    data::{Absent, Roles, Schema},
    error::{Error, Result},
    limits::format_bytes,
};

/// Lines of a long list that are printed without `--all`.
const LINES_SHOWN_MAX: usize = 12;

/// Columns in a row that look alike and are folded from here on.
const ALIKE_MIN: usize = 6;

/// Prints what a dataset has.
pub(super) fn run(arguments: &InspectArguments) -> Result<()> {
    let inspection = look(arguments)?;
    terminal::print(&render(&inspection, arguments.all))
}

/// What there is to print.
#[derive(Debug, Clone, Default)]
pub(super) struct Inspection {
    /// The dataset as the user named it.
    pub(super) dataset: String,
    /// The files in natural order.
    pub(super) files: Vec<FileLine>,
    /// The columns in the schema's order.
    pub(super) columns: Vec<ColumnLine>,
    /// The profile's name, or why there is none.
    pub(super) profile: String,
    /// Why no parts could be given, if they could not.
    pub(super) roles_error: Option<String>,
    /// What, bytes, why.
    pub(super) estimates: Vec<(String, u64, String)>,
}

fn look(_arguments: &InspectArguments) -> Result<Inspection> {
    Err(Error::Usage("reading is not part of this build".to_owned()))
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
    fn is_like(&self, other: &Self) -> bool {
        (&self.file_type, self.role, &self.why) == (&other.file_type, other.role, &other.why)
    }
}

/// The columns of a schema with their parts.
pub(super) fn column_lines(schema: &Schema, roles: Option<&Roles>) -> Vec<ColumnLine> {
    let line = |(column, field): (usize, &crate::data::Field)| {
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
        text.push_str(&format!("  no column has a part yet: {error}\n"));
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
    let mut push = |column: &ColumnLine, name: String| {
        table.row([
            name,
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
                push(column, column.name.clone());
            }
        } else {
            push(first, first.name.clone());
            push(first, format!("... {} more", grouped((alike - 2) as u64)));
            push(first, run[alike - 1].name.clone());
        }
        rest = after;
    }
    table.render()
}

#[cfg(test)]
mod tests;
