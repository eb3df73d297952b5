//! The values of a row group to be written.

/// One column's values of a row group. All columns of a row group have the same number of rows.
#[derive(Debug, Clone, Copy)]
pub enum ColumnData<'a> {
    /// Strings; `None` is null (nullable columns only).
    Text(&'a [Option<&'a str>]),
    /// Strings as indices into `values`; [`crate::data::batch::MISSING_TEXT`] is null.
    TextIds {
        /// The distinct values.
        values: &'a [&'a str],
        /// A row's index into `values`.
        ids: &'a [u32],
    },
    /// Doubles; NaN is null in a nullable column.
    F64(&'a [f64]),
    /// Floats; NaN is null in a nullable column.
    F32(&'a [f32]),
    /// 64-bit integers, none of them null.
    I64(&'a [i64]),
    /// 64-bit integers; `None` is null (nullable columns only).
    OptionalI64(&'a [Option<i64>]),
    /// 32-bit integers, none of them null.
    I32(&'a [i32]),
    /// Bytes, written as unsigned 8-bit integers.
    U8(&'a [u8]),
    /// Booleans.
    Bool(&'a [bool]),
}

impl ColumnData<'_> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::TextIds { ids, .. } => ids.len(),
            Self::F64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::OptionalI64(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::U8(values) => values.len(),
            Self::Bool(values) => values.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
