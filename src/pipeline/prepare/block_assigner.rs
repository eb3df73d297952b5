//! The assignment of one block: splits, sums and hash of its rows.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use crate::{
    data::Split,
    error::Result,
    group::{assign::Assignment, table::GroupTable},
    limits::BLOCK_ROWS,
    pipeline::{
        prepare::assign_spec::AssignSpec,
        storage::{
            rows::{RowsBuffer, RowsFile},
            selection,
        },
    },
    scratch::Element,
};

/// The contribution of one block to results that depend on the order of rows.
pub(crate) struct BlockSummary {
    pub(crate) block: usize,
    pub(crate) sampled_rows: u32,
    pub(crate) label_sum: f64,
    /// Of training rows.
    pub(crate) weight_sum: f64,
    /// The least and the greatest label of training rows.
    pub(crate) label_range: (f32, f32),
    pub(crate) hash: u64,
}

/// Assigns blocks of rows, in one thread.
pub(crate) struct BlockAssigner {
    seed: u64,
    threshold: u64,
    pub(crate) class_rows: [Vec<u64>; 3],
    pub(crate) unlabelled_rows: u64,
    pub(crate) groups: Option<GroupTable>,
    pub(crate) blocks: Vec<BlockSummary>,
    buffer: RowsBuffer,
    splits: Vec<u8>,
    bytes: Vec<u8>,
}

/// Hashes numbers as their little-endian bytes.
fn hash_numbers<T: Element>(hasher: &mut XxHash3_64, numbers: &[T], bytes: &mut Vec<u8>) {
    bytes.resize(numbers.len() * T::BYTES, 0);
    T::encode(numbers, bytes);
    hasher.write(bytes);
}

impl BlockAssigner {
    pub(crate) fn new(
        spec: &AssignSpec<'_>,
        classes: usize,
        threshold: u64,
        threads: usize,
    ) -> Self {
        Self {
            seed: spec.seed,
            threshold,
            class_rows: [(); 3].map(|()| vec![0; classes.max(1)]),
            unlabelled_rows: 0,
            groups: spec
                .grouped
                .then(|| GroupTable::new(classes, spec.groups_max / threads, spec.spill)),
            blocks: Vec::new(),
            buffer: RowsBuffer::default(),
            splits: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Writes the splits of a block, and adds up its rows.
    ///
    /// # Errors
    /// When a scratch file fails.
    pub(crate) fn assign(
        &mut self,
        spec: &AssignSpec<'_>,
        rows: &RowsFile,
        block: usize,
        assignment: Option<&Assignment>,
    ) -> Result<()> {
        let first_row = (block * BLOCK_ROWS) as u64;
        let data = self.buffer.read(rows, block)?;
        self.splits.resize(data.split.len(), 0);
        match assignment {
            Some(assignment) => assignment.splits_into(data.group, data.label, &mut self.splits),
            None => {
                let of_row = |(split, label): (&u8, &f32)| {
                    if label.is_nan() {
                        Split::None as u8
                    } else {
                        *split
                    }
                };
                let splits = data.split.iter().zip(data.label).map(of_row);
                self.splits
                    .iter_mut()
                    .zip(splits)
                    .for_each(|(slot, split)| *slot = split);
            }
        }
        if let Some(validation) = spec.validation {
            validation.mark(first_row, data.label, &mut self.splits);
        }
        rows.write_splits(first_row, &self.splits)?;
        let mut summary = BlockSummary {
            block,
            sampled_rows: 0,
            label_sum: 0.0,
            weight_sum: 0.0,
            label_range: (f32::INFINITY, f32::NEG_INFINITY),
            hash: 0,
        };
        let mut hasher = XxHash3_64::new();
        let is_regression = self.class_rows[0].len() == 1;
        hasher.write(&self.splits);
        hash_numbers(&mut hasher, data.label, &mut self.bytes);
        hash_numbers(&mut hasher, data.group, &mut self.bytes);
        if rows.is_weighted() {
            hash_numbers(&mut hasher, data.weight, &mut self.bytes);
        }
        for (index, (split, label)) in self.splits.iter().zip(data.label).enumerate() {
            self.unlabelled_rows += u64::from(label.is_nan());
            let Some(class_rows) = self.class_rows.get_mut(usize::from(*split)) else {
                continue;
            };
            class_rows[if is_regression { 0 } else { *label as usize }] += 1;
            if *split == Split::Train as u8 {
                summary.label_sum += f64::from(*label);
                summary.weight_sum += f64::from(data.weight[index]);
                let (least, greatest) = summary.label_range;
                summary.label_range = (least.min(*label), greatest.max(*label));
                let row = first_row + index as u64;
                summary.sampled_rows += u32::from(selection::takes(self.seed, self.threshold, row));
            }
        }
        summary.hash = hasher.finish();
        self.blocks.push(summary);
        match &mut self.groups {
            Some(groups) => groups.update(data.group, data.label, &self.splits),
            None => Ok(()),
        }
    }
}
