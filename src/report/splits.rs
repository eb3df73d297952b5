//! `splits.parquet`: the split and the rows of each group. The proof that no group is in two.

use std::path::Path;

use crate::{
    data::Split,
    error::Result,
    pipeline::session::output,
    source::write::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
};

/// The file's name.
pub(crate) const NAME: &str = output::SPLITS;

/// Rows of a row group, and of what is held in memory.
const ROW_GROUP_ROWS: usize = 4_096;

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitRow {
    /// The group's name; null where rows are their own groups (then there is a row a split).
    pub group: Option<String>,
    /// Its split.
    pub split: Split,
    /// Its rows.
    pub rows: u64,
}

/// Writes the table: `group` (text), `split` (text), `rows` (int64), in the order given. Answers
/// how many rows were written. Memory: 4,096 groups.
///
/// # Errors
/// The iterator's own, or [`crate::error::Error::Io`] naming the file.
pub(crate) fn write(
    directory: &Path,
    groups: impl IntoIterator<Item = Result<SplitRow>>,
) -> Result<u64> {
    let columns = [
        ColumnSpec::nullable("group", ColumnKind::Text),
        ColumnSpec::required("split", ColumnKind::Text),
        ColumnSpec::required("rows", ColumnKind::I64),
    ];
    let mut writer = TableWriter::create(directory.join(NAME), &columns, &WriteOptions::default())?;
    let mut held: Vec<SplitRow> = Vec::with_capacity(ROW_GROUP_ROWS);
    for group in groups {
        held.push(group?);
        if held.len() == ROW_GROUP_ROWS {
            write_held(&mut writer, &held)?;
            held.clear();
        }
    }
    write_held(&mut writer, &held)?;
    let rows = writer.rows();
    writer.finish()?;
    Ok(rows)
}

fn write_held(writer: &mut TableWriter, held: &[SplitRow]) -> Result<()> {
    let groups: Vec<Option<&str>> = held.iter().map(|row| row.group.as_deref()).collect();
    let names: Vec<&str> = SPLITS.iter().map(|split| split.name()).collect();
    let splits: Vec<u32> = held.iter().map(|row| row.split as u32).collect();
    let rows: Vec<i64> = held.iter().map(|row| row.rows as i64).collect();
    writer.write_row_group(&[
        ColumnData::Text(&groups),
        ColumnData::TextIds {
            values: &names,
            ids: &splits,
        },
        ColumnData::I64(&rows),
    ])
}

/// The splits by their bytes.
const SPLITS: [Split; 4] = [Split::Train, Split::Valid, Split::Test, Split::None];

const _: () = assert!(SPLITS[3] as usize == 3 && SPLITS[1] as usize == 1);
