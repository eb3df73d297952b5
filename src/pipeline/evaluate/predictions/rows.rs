//! Held-out rows with their predictions, in memory.

use crate::{
    data::{RowBlock, Split, Values, batch::MISSING_TEXT},
    engine::Slice,
};

/// The splits that are written.
const HELD_OUT: [u8; 2] = [Split::Valid as u8, Split::Test as u8];

/// Rows of the valid and the test split, ascending.
#[derive(Debug, Default)]
pub(crate) struct PredictedRows {
    /// Row numbers over the dataset.
    pub(crate) row: Vec<i64>,
    /// The bytes of the splits.
    pub(crate) split: Vec<u32>,
    pub(crate) label: Vec<f32>,
    pub(crate) weight: Vec<f32>,
    /// Indexes into `names`; empty where rows are their own groups.
    pub(crate) group: Vec<u32>,
    /// Group keys as text. Rows with the same key that follow each other share one.
    pub(crate) names: Vec<String>,
    /// All outputs of a row, then those of the next.
    pub(crate) margins: Vec<f32>,
}

impl PredictedRows {
    /// Bytes of a row: its own, and a name of 32 bytes in a list that has grown to twice its length.
    pub(crate) fn row_bytes(outputs: usize) -> usize {
        let name = 2 * size_of::<String>() + 32;
        8 + 4 + 4 + 4 + 4 + name + outputs * size_of::<f32>()
    }

    /// Room for so many rows.
    pub(crate) fn with_capacity(rows: usize, outputs: usize) -> Self {
        Self {
            row: Vec::with_capacity(rows),
            split: Vec::with_capacity(rows),
            label: Vec::with_capacity(rows),
            weight: Vec::with_capacity(rows),
            group: Vec::with_capacity(rows),
            names: Vec::new(),
            margins: Vec::with_capacity(rows * outputs),
        }
    }

    /// The held-out rows of a slice; `keys` are its group keys, `margins` output-major.
    pub(crate) fn of_slice(
        slice: Slice,
        block: &RowBlock<'_>,
        keys: Option<&Values>,
        margins: &[f32],
    ) -> Self {
        let is_held_out = |split: &u8| HELD_OUT.contains(split);
        let rows = block.split.iter().filter(|split| is_held_out(split));
        let mut found = Self::with_capacity(rows.count(), margins.len() / slice.rows.max(1));
        let mut last_number = f64::NAN;
        for (index, split) in block.split.iter().enumerate() {
            if !is_held_out(split) {
                continue;
            }
            found.row.push((slice.first_row + index as u64) as i64);
            found.split.push(u32::from(*split));
            found.label.push(block.label[index]);
            found.weight.push(block.weight[index]);
            let outputs = margins.iter().skip(index).step_by(slice.rows);
            found.margins.extend(outputs);
            match keys {
                None => {}
                Some(Values::Text(text)) => found.push_text(match text.ids[index] {
                    MISSING_TEXT => "",
                    id => text.value(id),
                }),
                Some(Values::F32(numbers)) => {
                    found.push_number(f64::from(numbers[index]), &mut last_number);
                }
                Some(Values::F64(numbers)) => found.push_number(numbers[index], &mut last_number),
            }
        }
        found
    }

    /// Moves rows from `first` to before `end` of another list here.
    pub(crate) fn append(&mut self, other: &Self, first: usize, end: usize) {
        if first == end {
            return;
        }
        let outputs = other.margins.len() / other.row.len();
        self.row.extend_from_slice(&other.row[first..end]);
        self.split.extend_from_slice(&other.split[first..end]);
        self.label.extend_from_slice(&other.label[first..end]);
        self.weight.extend_from_slice(&other.weight[first..end]);
        let margins = &other.margins[first * outputs..end * outputs];
        self.margins.extend_from_slice(margins);
        if !other.group.is_empty() {
            for group in &other.group[first..end] {
                self.push_text(&other.names[*group as usize]);
            }
        }
    }

    /// Empties all lists.
    pub(crate) fn clear(&mut self) {
        self.row.clear();
        self.split.clear();
        self.label.clear();
        self.weight.clear();
        self.group.clear();
        self.names.clear();
        self.margins.clear();
    }

    fn push_text(&mut self, name: &str) {
        if self.names.last().is_none_or(|last| last != name) {
            self.names.push(name.to_owned());
        }
        self.group.push(self.names.len() as u32 - 1);
    }

    /// Numbers are written as the scan names them.
    fn push_number(&mut self, number: f64, last: &mut f64) {
        if number == *last && !self.names.is_empty() {
            self.group.push(self.names.len() as u32 - 1);
        } else {
            self.push_text(&number.to_string());
            *last = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_held_out_rows_of_a_slice_are_taken_with_all_their_outputs() {
        let slice = Slice {
            row_group: 0,
            first_row: 100,
            rows: 5,
        };
        let [train, valid, test, none] =
            [Split::Train, Split::Valid, Split::Test, Split::None].map(|split| split as u8);
        let block = RowBlock {
            label: &[0.0, 1.0, 2.0, 3.0, 4.0],
            weight: &[1.0, 1.0, 0.5, 1.0, 2.0],
            group: &[0; 5],
            split: &[train, test, valid, none, test],
        };
        let margins: Vec<f32> = (0..10).map(|index| index as f32).collect();
        let keys = Values::F64(vec![7.0, 7.0, 7.0, 8.0, 2.5]);
        let found = PredictedRows::of_slice(slice, &block, Some(&keys), &margins);
        assert_eq!(found.row, [101, 102, 104]);
        assert_eq!(found.split, [test, valid, test].map(u32::from));
        assert_eq!(found.label, [1.0, 2.0, 4.0]);
        assert_eq!(found.weight, [1.0, 0.5, 2.0]);
        assert_eq!(found.names, ["7", "2.5"]);
        assert_eq!(found.group, [0, 0, 1]);
        assert_eq!(found.margins, [1.0, 6.0, 2.0, 7.0, 4.0, 9.0]);

        let mut joined = PredictedRows::default();
        joined.append(&found, 0, 1);
        joined.append(&found, 1, 1);
        joined.append(&found, 1, 3);
        assert_eq!((&joined.group, &joined.names), (&found.group, &found.names));
        assert_eq!(joined.margins, found.margins);
        joined.clear();
        assert!(joined.row.is_empty() && joined.names.is_empty());
    }
}
