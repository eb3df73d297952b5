//! A batch: some consecutive rows of one column of one row group.

/// The id of a missing value in [`TextValues::ids`].
pub const MISSING_TEXT: u32 = u32::MAX;

/// Values of a text column: an id a row into a dictionary local to the batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextValues {
    /// A row's index into the dictionary, or [`MISSING_TEXT`].
    pub ids: Vec<u32>,
    /// The end of value `i` in `bytes`; it starts at the end of value `i - 1`.
    pub ends: Vec<u32>,
    /// The dictionary's values, UTF-8, one after the other.
    pub bytes: String,
}

impl TextValues {
    /// The number of distinct values in the batch's dictionary.
    pub fn dictionary_len(&self) -> usize {
        self.ends.len()
    }

    /// A value of the dictionary.
    pub fn value(&self, id: u32) -> &str {
        let id = id as usize;
        let start = if id == 0 {
            0
        } else {
            self.ends[id - 1] as usize
        };
        &self.bytes[start..self.ends[id] as usize]
    }

    /// Appends a value to the dictionary and returns its id.
    pub fn push_value(&mut self, value: &str) -> u32 {
        self.bytes.push_str(value);
        self.ends.push(self.bytes.len() as u32);
        (self.ends.len() - 1) as u32
    }

    /// Appends rows, and the dictionary that they refer to.
    pub fn append(&mut self, rows: &Self) {
        let (ids_before, bytes_before) = (self.ends.len() as u32, self.bytes.len() as u32);
        let shifted = |id: &u32| match *id {
            MISSING_TEXT => MISSING_TEXT,
            id => id + ids_before,
        };
        self.ids.extend(rows.ids.iter().map(shifted));
        self.ends
            .extend(rows.ends.iter().map(|end| end + bytes_before));
        self.bytes.push_str(&rows.bytes);
    }

    /// Empties rows and dictionary, keeping the memory.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.ends.clear();
        self.bytes.clear();
    }
}

/// The values of one column in a batch, one a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// NaN is missing.
    F32(Vec<f32>),
    /// NaN is missing.
    F64(Vec<f64>),
    /// [`MISSING_TEXT`] is missing.
    Text(TextValues),
}

impl Values {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::Text(text) => text.ids.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties the column, keeping the memory.
    pub fn clear(&mut self) {
        match self {
            Self::F32(values) => values.clear(),
            Self::F64(values) => values.clear(),
            Self::Text(text) => text.clear(),
        }
    }

    /// Empties the column and reserves memory for rows of another column's type.
    pub fn restart(&mut self, like: &Self, rows: usize) {
        self.clear();
        match (&mut *self, like) {
            (Self::F32(values), Self::F32(_)) => values.reserve_exact(rows),
            (Self::F64(values), Self::F64(_)) => values.reserve_exact(rows),
            (Self::Text(text), Self::Text(_)) => text.ids.reserve_exact(rows),
            (_, Self::F32(_)) => *self = Self::F32(Vec::with_capacity(rows)),
            (_, Self::F64(_)) => *self = Self::F64(Vec::with_capacity(rows)),
            (_, Self::Text(_)) => *self = Self::Text(TextValues::default()),
        }
    }

    /// Appends rows of the same column; where there are none yet, takes over their type.
    ///
    /// # Panics
    /// If there are rows of another type.
    pub fn append(&mut self, rows: &Self) {
        match (&mut *self, rows) {
            (Self::F32(values), Self::F32(rows)) => values.extend_from_slice(rows),
            (Self::F64(values), Self::F64(rows)) => values.extend_from_slice(rows),
            (Self::Text(text), Self::Text(rows)) => text.append(rows),
            _ => {
                assert!(self.is_empty(), "rows of one column are of one type");
                *self = rows.clone();
            }
        }
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::F32(values) => values.capacity() * 4,
            Self::F64(values) => values.capacity() * 8,
            Self::Text(text) => {
                (text.ids.capacity() + text.ends.capacity()) * 4 + text.bytes.capacity()
            }
        }
    }
}

/// Some consecutive rows of one column of one row group.
///
/// The lane that reads owns it: it sends it to the sink through a channel, and gets it back to
/// fill it again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Batch {
    /// The dataset-wide number of the first row.
    pub first_row: u64,
    /// The column, as an index into the schema.
    pub column: usize,
    /// The column, as an index into the pass's columns.
    pub column_position: usize,
    /// The values, one a row.
    pub values: Values,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_texts_keep_their_values() {
        let text = |values: &[Option<&str>]| {
            let mut text = TextValues::default();
            for value in values {
                let id = value.map_or(MISSING_TEXT, |value| text.push_value(value));
                text.ids.push(id);
            }
            text
        };
        let mut values = Values::F32(Vec::new());
        values.append(&Values::Text(text(&[Some("a"), None])));
        values.append(&Values::Text(text(&[None, Some("bc"), Some("")])));
        let Values::Text(all) = values else {
            panic!("texts stay texts")
        };
        let found: Vec<Option<&str>> = all
            .ids
            .iter()
            .map(|id| (*id != MISSING_TEXT).then(|| all.value(*id)))
            .collect();
        assert_eq!(found, [Some("a"), None, None, Some("bc"), Some("")]);
    }

    #[test]
    fn a_column_starts_again_as_one_of_another_type() {
        let types = [
            Values::F32(vec![1.0]),
            Values::F64(vec![2.0]),
            Values::Text(TextValues {
                ids: vec![MISSING_TEXT],
                ..TextValues::default()
            }),
        ];
        for before in &types {
            for after in &types {
                let mut values = before.clone();
                values.restart(after, 100);
                assert!(values.is_empty());
                values.append(after);
                assert_eq!(&values, after);
            }
        }
    }
}
