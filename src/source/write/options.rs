//! Columns and form of a table to write.

/// The type of a written column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// UTF-8 strings.
    Text,
    /// Doubles.
    F64,
    /// Floats.
    F32,
    /// 64-bit integers.
    I64,
    /// 32-bit integers.
    I32,
    /// Unsigned 8-bit integers.
    U8,
    /// Booleans.
    Bool,
}

/// One column of a table to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// The name, unique in the table.
    pub name: String,
    /// The type.
    pub kind: ColumnKind,
    /// True if rows may be null; NaN is null then.
    pub nullable: bool,
}

impl ColumnSpec {
    /// A column without nulls.
    pub fn required(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self {
            name: name.into(),
            kind,
            nullable: false,
        }
    }

    /// A column whose rows may be null.
    pub fn nullable(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self {
            nullable: true,
            ..Self::required(name, kind)
        }
    }
}

/// The compression of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    None,
    /// Fast, about half.
    Snappy,
    /// Level 1: smaller, still fast.
    #[default]
    Zstd,
}

/// The form of a table's pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// Of every column.
    pub compression: Compression,
    /// Write columns of few distinct values through a dictionary.
    pub dictionary: bool,
    /// Bytes of a data page before compression, about.
    pub page_bytes: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            compression: Compression::default(),
            dictionary: true,
            page_bytes: 256 << 10,
        }
    }
}
