//! One column chunk: values and definition levels in slices of a fixed size.

use parquet::{
    data_type::{
        BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
    },
    errors::Result,
    file::writer::SerializedColumnWriter,
};

use crate::{
    data::batch::MISSING_TEXT,
    source::write::{
        data::ColumnData,
        options::{ColumnKind, ColumnSpec},
    },
};

/// Rows handed to the encoder at a time.
const SLICE_ROWS: usize = 8_192;

/// Recycled buffers of one slice; owned by the writer, used by one column at a time.
#[derive(Debug, Default)]
pub(super) struct ColumnBuffers {
    levels: Vec<i16>,
    f64s: Vec<f64>,
    f32s: Vec<f32>,
    i64s: Vec<i64>,
    i32s: Vec<i32>,
    texts: Vec<ByteArray>,
}

impl ColumnBuffers {
    /// Writes one column chunk.
    pub(super) fn write(
        &mut self,
        spec: &ColumnSpec,
        data: ColumnData<'_>,
        writer: &mut SerializedColumnWriter<'_>,
    ) -> Result<()> {
        let Self {
            levels,
            f64s,
            f32s,
            i64s,
            i32s,
            texts,
        } = self;
        match (spec.kind, data) {
            (ColumnKind::F64, ColumnData::F64(values)) => {
                let rows = values
                    .iter()
                    .map(|&value| (!spec.nullable || !value.is_nan()).then_some(value));
                write_rows::<DoubleType>(spec, rows, levels, f64s, writer)
            }
            (ColumnKind::F32, ColumnData::F32(values)) => {
                let rows = values
                    .iter()
                    .map(|&value| (!spec.nullable || !value.is_nan()).then_some(value));
                write_rows::<FloatType>(spec, rows, levels, f32s, writer)
            }
            (ColumnKind::I64, ColumnData::I64(values)) => {
                let rows = values.iter().map(|&value| Some(value));
                write_rows::<Int64Type>(spec, rows, levels, i64s, writer)
            }
            (ColumnKind::I64, ColumnData::OptionalI64(values)) => {
                write_rows::<Int64Type>(spec, values.iter().copied(), levels, i64s, writer)
            }
            (ColumnKind::I32, ColumnData::I32(values)) => {
                let rows = values.iter().map(|&value| Some(value));
                write_rows::<Int32Type>(spec, rows, levels, i32s, writer)
            }
            (ColumnKind::U8, ColumnData::U8(values)) => {
                let rows = values.iter().map(|&value| Some(i32::from(value)));
                write_rows::<Int32Type>(spec, rows, levels, i32s, writer)
            }
            (ColumnKind::Bool, ColumnData::Bool(values)) => {
                let rows = values.iter().map(|&value| Some(value));
                write_rows::<BoolType>(spec, rows, levels, &mut Vec::new(), writer)
            }
            (ColumnKind::Text, ColumnData::Text(values)) => {
                let mut last: Option<(&str, ByteArray)> = None;
                let rows = values.iter().map(|value| {
                    let value = (*value)?;
                    let repeated = last.as_ref().filter(|(text, _)| *text == value);
                    let bytes = match repeated {
                        Some((_, bytes)) => bytes.clone(),
                        None => ByteArray::from(value),
                    };
                    last = Some((value, bytes.clone()));
                    Some(bytes)
                });
                write_rows::<ByteArrayType>(spec, rows, levels, texts, writer)
            }
            (ColumnKind::Text, ColumnData::TextIds { values, ids }) => {
                let values: Vec<ByteArray> = values.iter().map(|text| (*text).into()).collect();
                let rows = ids
                    .iter()
                    .map(|&id| (id != MISSING_TEXT).then(|| values[id as usize].clone()));
                write_rows::<ByteArrayType>(spec, rows, levels, texts, writer)
            }
            (kind, data) => panic!("column `{}` is {kind:?}, not {data:?}", spec.name),
        }
    }
}

/// Writes rows a slice after the other; `None` is null.
fn write_rows<T: DataType>(
    spec: &ColumnSpec,
    mut rows: impl ExactSizeIterator<Item = Option<T::T>>,
    levels: &mut Vec<i16>,
    values: &mut Vec<T::T>,
    writer: &mut SerializedColumnWriter<'_>,
) -> Result<()> {
    let writer = writer.typed::<T>();
    while rows.len() > 0 {
        values.clear();
        levels.clear();
        for value in rows.by_ref().take(SLICE_ROWS) {
            levels.push(i16::from(value.is_some()));
            values.extend(value);
        }
        if spec.nullable {
            writer.write_batch(values, Some(levels), None)?;
        } else {
            assert_eq!(values.len(), levels.len(), "`{}` holds no nulls", spec.name);
            writer.write_batch(values, None, None)?;
        }
    }
    Ok(())
}
