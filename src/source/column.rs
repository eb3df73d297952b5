//! One column chunk while it is decoded: the typed reader, and the conversion to batch values.

use std::sync::Arc;

use parquet::{
    basic::Type as PhysicalType,
    column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader},
    data_type::{ByteArray, ByteArrayType, FixedLenByteArray, Int96},
    errors::{ParquetError, Result},
    file::{metadata::ColumnChunkMetaData, serialized_reader::SerializedPageReader},
};

use crate::{
    data::{TextValues, Values, batch::MISSING_TEXT},
    source::{
        chunk::Chunk,
        delta::CheckedPages,
        file_type::{FileType, Unit},
        guard::ReadError,
        numbers::{
            PIECE_ROWS, Real, Scaling, big_endian_to_f64, half_to_f64, int96_to_microseconds,
            read_converted, read_direct, read_integers,
        },
        text::TextDictionary,
    },
};

/// Recycled buffers of the decoder; owned by the lane.
#[derive(Debug)]
pub(super) struct Scratch {
    levels: Vec<i16>,
    bools: Vec<bool>,
    i32s: Vec<i32>,
    i64s: Vec<i64>,
    i96s: Vec<Int96>,
    f32s: Vec<f32>,
    f64s: Vec<f64>,
    bytes: Vec<ByteArray>,
    fixed: Vec<FixedLenByteArray>,
    dictionary: TextDictionary,
}

impl Scratch {
    pub(super) fn new(text_value_bytes_max: usize) -> Self {
        Self {
            levels: Vec::new(),
            bools: Vec::new(),
            i32s: Vec::new(),
            i64s: Vec::new(),
            i96s: Vec::new(),
            f32s: Vec::new(),
            f64s: Vec::new(),
            bytes: Vec::new(),
            fixed: Vec::new(),
            dictionary: TextDictionary::new(text_value_bytes_max),
        }
    }

    /// Lets go of values that share a page's memory.
    pub(super) fn release(&mut self) {
        self.bytes.clear();
        self.fixed.clear();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.levels.capacity() * 2
            + self.bools.capacity()
            + (self.i32s.capacity() + self.f32s.capacity()) * 4
            + (self.i64s.capacity() + self.f64s.capacity()) * 8
            + self.i96s.capacity() * size_of::<Int96>()
            + self.bytes.capacity() * size_of::<ByteArray>()
            + self.fixed.capacity() * size_of::<FixedLenByteArray>()
            + self.dictionary.heap_bytes()
    }
}

/// A column chunk that is being read.
pub(super) struct ColumnCursor {
    reader: ColumnReader,
    file_type: FileType,
}

impl ColumnCursor {
    /// Starts a chunk whose page headers were checked.
    pub(super) fn new(
        chunk: Chunk,
        metadata: &ColumnChunkMetaData,
        rows: usize,
        page_bytes_max: u64,
        file_type: FileType,
    ) -> Result<Self> {
        let pages = SerializedPageReader::new(Arc::new(chunk), metadata, rows, None)?;
        let column = metadata.column_descr_ptr();
        if column.max_rep_level() != 0 || column.max_def_level() > 1 {
            return Err(ParquetError::General("the column is nested".to_owned()));
        }
        let pages = CheckedPages::new(pages, column.max_def_level() > 0, page_bytes_max);
        Ok(Self {
            reader: get_column_reader(column, Box::new(pages)),
            file_type,
        })
    }

    /// Appends up to `rows` rows to `out`, whose kind is the unified column's. Returns the number
    /// of rows.
    pub(super) fn read(
        &mut self,
        rows: usize,
        scratch: &mut Scratch,
        out: &mut Values,
    ) -> Result<usize, ReadError> {
        match (&mut self.reader, out) {
            (ColumnReader::FloatColumnReader(reader), Values::F32(out)) => {
                Ok(read_direct(reader, rows, &mut scratch.levels, out)?)
            }
            (ColumnReader::DoubleColumnReader(reader), Values::F64(out)) => {
                Ok(read_direct(reader, rows, &mut scratch.levels, out)?)
            }
            (ColumnReader::ByteArrayColumnReader(reader), Values::Text(out)) => {
                read_text(reader, rows, scratch, out)
            }
            (_, Values::F32(out)) => Ok(self.read_numbers(rows, scratch, out)?),
            (_, Values::F64(out)) => Ok(self.read_numbers(rows, scratch, out)?),
            (_, Values::Text(out)) => {
                // A column of nulls that is text elsewhere.
                let mut nulls: Vec<f32> = Vec::new();
                let read = self.read_numbers(rows, scratch, &mut nulls)?;
                out.ids.resize(out.ids.len() + read, MISSING_TEXT);
                Ok(read)
            }
        }
    }

    /// Passes over rows. Returns the number of rows.
    pub(super) fn skip(&mut self, rows: usize) -> Result<usize> {
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::Int32ColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::Int64ColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::Int96ColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::FloatColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::DoubleColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::ByteArrayColumnReader(reader) => reader.skip_records(rows),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => reader.skip_records(rows),
        }
    }

    fn read_numbers<V: Real>(
        &mut self,
        rows: usize,
        scratch: &mut Scratch,
        out: &mut Vec<V>,
    ) -> Result<usize> {
        let levels = &mut scratch.levels;
        let file_type = self.file_type;
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => {
                let convert = |value: &bool| f64::from(u8::from(*value));
                read_converted(reader, rows, levels, &mut scratch.bools, out, convert)
            }
            ColumnReader::Int32ColumnReader(reader) => {
                let scaling = integer_scaling(file_type);
                read_integers(reader, rows, levels, &mut scratch.i32s, out, scaling)
            }
            ColumnReader::Int64ColumnReader(reader) => {
                let scaling = integer_scaling(file_type);
                read_integers(reader, rows, levels, &mut scratch.i64s, out, scaling)
            }
            ColumnReader::Int96ColumnReader(reader) => {
                let values = &mut scratch.i96s;
                read_converted(reader, rows, levels, values, out, int96_to_microseconds)
            }
            ColumnReader::FloatColumnReader(reader) => {
                let convert = |value: &f32| f64::from(*value);
                read_converted(reader, rows, levels, &mut scratch.f32s, out, convert)
            }
            ColumnReader::DoubleColumnReader(reader) => {
                read_converted(reader, rows, levels, &mut scratch.f64s, out, |&value| value)
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                let over = decimal_divisor(file_type);
                let convert = |value: &ByteArray| big_endian_to_f64(value.data()) / over;
                read_converted(reader, rows, levels, &mut scratch.bytes, out, convert)
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                let values = &mut scratch.fixed;
                if file_type == (FileType::Float { bits: 16 }) {
                    let convert = |value: &FixedLenByteArray| half_to_f64(value.data());
                    return read_converted(reader, rows, levels, values, out, convert);
                }
                let over = decimal_divisor(file_type);
                let convert = |value: &FixedLenByteArray| big_endian_to_f64(value.data()) / over;
                read_converted(reader, rows, levels, values, out, convert)
            }
        }
    }
}

/// True if a physical type can hold a file type at all.
pub(super) fn is_decodable(physical: PhysicalType, file_type: FileType) -> bool {
    match file_type {
        FileType::Unsupported(_) => false,
        FileType::Float { bits: 16 } => physical == PhysicalType::FIXED_LEN_BYTE_ARRAY,
        _ => true,
    }
}

fn integer_scaling(file_type: FileType) -> Scaling {
    match file_type {
        FileType::Integer { signed: false, .. } => Scaling::Unsigned,
        FileType::Decimal { .. } => Scaling::Over(decimal_divisor(file_type)),
        FileType::Time { unit } | FileType::Timestamp { unit } => match unit {
            Unit::Milliseconds => Scaling::Times(1e3),
            Unit::Microseconds => Scaling::Signed,
            Unit::Nanoseconds => Scaling::Over(1e3),
        },
        _ => Scaling::Signed,
    }
}

/// 10 to the scale: exact up to 10^22, so that up to 2^53 the quotient is the nearest double.
fn decimal_divisor(file_type: FileType) -> f64 {
    match file_type {
        FileType::Decimal { scale } => 10f64.powi(scale),
        _ => 1.0,
    }
}

fn read_text(
    reader: &mut ColumnReaderImpl<ByteArrayType>,
    rows: usize,
    scratch: &mut Scratch,
    out: &mut TextValues,
) -> Result<usize, ReadError> {
    let Scratch {
        levels,
        bytes,
        dictionary,
        ..
    } = scratch;
    dictionary.clear();
    let mut done = 0;
    while done < rows {
        levels.clear();
        bytes.clear();
        dictionary.forget_addresses();
        let piece = PIECE_ROWS.min(rows - done);
        let (records, present, _) = reader.read_records(piece, Some(levels), None, bytes)?;
        if records == 0 {
            break;
        }
        if present < records && levels.len() != records {
            let message = format!("{} definition levels for {records} rows", levels.len());
            return Err(ParquetError::General(message).into());
        }
        let mut present_bytes = bytes.iter();
        for row in 0..records {
            let is_null = present < records && levels.get(row) == Some(&0);
            let value = if is_null { None } else { present_bytes.next() };
            let id = match value {
                Some(value) => dictionary.id(value, out).map_err(ReadError::Value)?,
                None => MISSING_TEXT,
            };
            out.ids.push(id);
        }
        done += records;
    }
    Ok(done)
}
