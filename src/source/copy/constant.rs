//! A column chunk that has one value in all rows, for a file that does not have the column.

use std::io::Write;

use parquet::{
    basic::{Compression, Type as PhysicalType},
    column::writer::ColumnWriter,
    data_type::DataType,
    errors::{ParquetError, Result},
    file::writer::SerializedRowGroupWriter,
};

use crate::data::Absent;

/// Of constant chunks: they are runs, so nothing is gained by more.
pub(super) const COMPRESSION: Compression = Compression::SNAPPY;

/// Rows written at a time.
const PIECE_ROWS: usize = 8_192;

/// Writes the next column of a row group: nulls, or zeros.
///
/// # Errors
/// A nested column, or a type that has no zero; the disk's refusal.
pub(super) fn write<W: Write + Send>(
    output: &mut SerializedRowGroupWriter<'_, W>,
    absent: Absent,
    rows: usize,
) -> Result<()> {
    let column = output.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("no column is left".to_owned()))?;
    let zero = absent == Absent::Zero;
    match column.untyped() {
        ColumnWriter::BoolColumnWriter(writer) => fill(writer, zero.then_some(false), rows),
        ColumnWriter::Int32ColumnWriter(writer) => fill(writer, zero.then_some(0), rows),
        ColumnWriter::Int64ColumnWriter(writer) => fill(writer, zero.then_some(0), rows),
        ColumnWriter::FloatColumnWriter(writer) => fill(writer, zero.then_some(0.0), rows),
        ColumnWriter::DoubleColumnWriter(writer) => fill(writer, zero.then_some(0.0), rows),
        ColumnWriter::Int96ColumnWriter(writer) => fill(writer, none(zero)?, rows),
        ColumnWriter::ByteArrayColumnWriter(writer) => fill(writer, none(zero)?, rows),
        ColumnWriter::FixedLenByteArrayColumnWriter(writer) => fill(writer, none(zero)?, rows),
    }?;
    column.close()
}

fn none<T>(zero: bool) -> Result<Option<T>> {
    if zero {
        let what = format!("a {:?} has no zero", PhysicalType::BYTE_ARRAY);
        return Err(ParquetError::NYI(what));
    }
    Ok(None)
}

fn fill<T: DataType>(
    writer: &mut parquet::column::writer::ColumnWriterImpl<'_, T>,
    value: Option<T::T>,
    rows: usize,
) -> Result<()> {
    let level_max = writer.get_descriptor().max_def_level();
    let level = if value.is_some() { level_max } else { 0 };
    let mut left = rows;
    while left > 0 {
        let piece = left.min(PIECE_ROWS);
        let values = value
            .as_ref()
            .map_or(Vec::new(), |value| vec![value.clone(); piece]);
        let levels = vec![level; piece];
        let levels = (level_max > 0).then_some(&levels[..]);
        writer.write_batch(&values, levels, None)?;
        left -= piece;
    }
    Ok(())
}
