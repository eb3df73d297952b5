//! The unified schema of a dataset: the union over its files.

/// The type of a column in a batch: the narrower float that keeps every value of the file's type, or text.
///
/// Integers, booleans, decimals, dates and timestamps are numbers. An `f64` keeps integers up to
/// 2^53 exactly; larger ones are rounded to the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    /// bool, 8- and 16-bit integers, half and single floats.
    F32,
    /// 32- and 64-bit integers, doubles, decimals, dates, timestamps.
    F64,
    /// Strings and dictionaries of strings.
    Text,
}

/// The value of a column in a file that does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Absent {
    /// Every value is missing there.
    Missing,
    /// Every value is 0 there (counts).
    Zero,
}

/// One column of the unified schema.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Field {
    /// The column's name, unique in the schema.
    pub name: String,
    /// The type in batches; `None` for a type that cannot be a feature (list, struct, binary).
    pub value_type: Option<ValueType>,
    /// The type as the files name it, for people: `int64`, `decimal(10, 2)`, `list`.
    pub file_type: String,
    /// The value in a file that does not have it.
    pub absent: Absent,
}

/// The columns of a dataset in the order of their first appearance. An index into `fields` is what
/// every room means by a column index.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Schema {
    /// The columns.
    pub fields: Vec<Field>,
}

impl Schema {
    /// The index of a column.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}
