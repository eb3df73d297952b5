//! Labels, groups, splits and weights of a slice that is seen once, and the counts over all slices.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use crate::{
    data::{RowBlock, Split, Values},
    error::{Error, Result},
    group::{assign::Assignment, table::GroupTable},
    pipeline::{
        incremental::learner_file::Mark,
        open::{split_column::splits_into, target::Target, training_data::TrainingData},
        prepare::scan::{GroupRun, add_groups, bad_weight, weights_into},
    },
    scratch::Element,
};

/// The rows of one slice beside their features: label, group, split and weight.
#[derive(Debug, Default)]
pub(crate) struct SliceRows {
    label: Vec<f32>,
    weight: Vec<f32>,
    group: Vec<u64>,
    split: Vec<u8>,
    runs: Vec<GroupRun>,
}

/// The positions of the columns that are not features, in the order of the pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub(crate) target: usize,
    pub(crate) group: Option<usize>,
    pub(crate) split: Option<usize>,
    pub(crate) weight: Option<usize>,
}

impl SliceRows {
    /// Bytes of a row.
    pub(crate) const ROW_BYTES: usize = 2 * size_of::<f32>() + size_of::<u64>() + 1;
    /// Bytes of a row's group name, while a slice is counted, where each row is in a group of its own.
    pub(crate) const NAME_BYTES: usize = size_of::<GroupRun>() + 32;

    /// Forgets the groups' names, which the table has by now.
    pub(crate) fn forget_names(&mut self) {
        self.runs = Vec::new();
    }

    /// The rows as other rooms see them.
    pub(crate) fn block(&self) -> RowBlock<'_> {
        RowBlock {
            label: &self.label,
            weight: &self.weight,
            group: &self.group,
            split: &self.split,
        }
    }

    /// Reads the rows of a slice; `assignment` says their splits where no column does.
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the first row whose label, group, weight or split is none.
    pub(crate) fn read(
        &mut self,
        data: &TrainingData,
        target: &Target,
        places: Places,
        first_row: u64,
        values: &[Values],
        assignment: Option<&Assignment>,
    ) -> Result<()> {
        let wrong = |column: usize, what: String| {
            let name = &data.schema().fields[column].name;
            Err(Error::Dataset(format!("column `{name}`: {what}")))
        };
        let roles = &data.roles;
        if let Err(what) = target.labels_into(&values[places.target], &mut self.label) {
            let row = first_row + self.label.len() as u64;
            return wrong(
                data.target_column(),
                format!("row {row} of the data: {what}"),
            );
        }
        let rows = self.label.len();
        self.weight.clear();
        self.weight.resize(rows, 1.0);
        if let (Some(place), Some(column)) = (places.weight, roles.weight)
            && let Some((index, value)) = weights_into(&values[place], &mut self.weight)
        {
            return wrong(column, bad_weight(first_row + index as u64, &value));
        }
        self.group.clear();
        self.runs.clear();
        match (places.group, roles.group) {
            (Some(place), Some(column)) => {
                if let Some(index) = add_groups(&values[place], &mut self.group, &mut self.runs) {
                    let row = first_row + index as u64;
                    let what = format!(
                        "row {row} of the data has no group key; fill the column, choose another with \
                         --group-col, or use --group-col none"
                    );
                    return wrong(column, what);
                }
            }
            _ => self.group.extend(first_row..first_row + rows as u64),
        }
        match (places.split, roles.split, assignment) {
            _ if data.is_validation(first_row) => self.split.resize(rows, Split::None as u8),
            (Some(place), Some(column), _) => {
                if let Err(what) = splits_into(&values[place], &mut self.split) {
                    return wrong(column, what);
                }
                for (split, label) in self.split.iter_mut().zip(&self.label) {
                    if label.is_nan() {
                        *split = Split::None as u8;
                    }
                }
            }
            (_, _, Some(assignment)) => {
                self.split.resize(rows, Split::None as u8);
                assignment.splits_into(&self.group, &self.label, &mut self.split);
            }
            _ => unreachable!("splits come from a column or from groups"),
        }
        if let Some(validation) = &data.validation {
            validation.mark(first_row, &self.label, &mut self.split);
        }
        Ok(())
    }
}

impl SliceRows {
    /// Adds the first rows to hashes of labels, groups, splits and weights; `bytes` is lent.
    fn hash_first(&self, rows: usize, hashes: &mut [XxHash3_64; 4], bytes: &mut Vec<u8>) {
        let [labels, groups, splits, weights] = hashes;
        hash(labels, &self.label[..rows], bytes);
        hash(groups, &self.group[..rows], bytes);
        splits.write(&self.split[..rows]);
        hash(weights, &self.weight[..rows], bytes);
    }
}

/// Several hashes as one.
fn joined(hashes: &[XxHash3_64; 4]) -> u64 {
    let mut all = XxHash3_64::new();
    let hashes = hashes.iter().map(Hasher::finish);
    hashes.for_each(|hash| all.write_u64(hash));
    all.finish()
}

/// The totals of all slices so far.
pub(crate) struct Counts {
    pub(crate) class_rows: [Vec<u64>; 3],
    pub(crate) unlabelled_rows: u64,
    pub(crate) train_weight: f64,
    pub(crate) rows: u64,
    pub(crate) groups: Option<GroupTable>,
    hashes: [XxHash3_64; 4],
    bytes: Vec<u8>,
}

impl Counts {
    /// Of no rows; `groups` where rows have groups.
    pub(crate) fn new(classes: usize, groups: Option<GroupTable>) -> Self {
        Self {
            class_rows: [(); 3].map(|()| vec![0; classes]),
            unlabelled_rows: 0,
            train_weight: 0.0,
            rows: 0,
            groups,
            hashes: [(); 4].map(|()| XxHash3_64::new()),
            bytes: Vec::new(),
        }
    }

    /// Adds a slice.
    ///
    /// # Errors
    /// When groups cannot be spilled, or two have one hash.
    pub(crate) fn add(&mut self, rows: &SliceRows) -> Result<()> {
        self.rows += rows.label.len() as u64;
        for (index, (split, label)) in rows.split.iter().zip(&rows.label).enumerate() {
            self.unlabelled_rows += u64::from(label.is_nan());
            if let Some(class_rows) = self.class_rows.get_mut(usize::from(*split)) {
                class_rows[*label as usize] += 1;
            }
            if *split == Split::Train as u8 {
                self.train_weight += f64::from(rows.weight[index]);
            }
        }
        rows.hash_first(rows.label.len(), &mut self.hashes, &mut self.bytes);
        let Some(table) = &mut self.groups else {
            return Ok(());
        };
        for run in &rows.runs {
            table.name(run.hash, &run.name)?;
        }
        table.update(&rows.group, &rows.label, &rows.split)
    }

    /// A hash of all labels, groups, splits and weights, however they were cut into slices.
    pub(crate) fn content_hash(&self) -> u64 {
        joined(&self.hashes)
    }

    /// The mark of the rows so far.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            rows: self.rows,
            hash: self.content_hash(),
        }
    }

    /// False if a mark ends in the slice, and the rows up to there are others than its own.
    pub(crate) fn agrees(&self, rows: &SliceRows, mark: Mark) -> bool {
        let end = self.rows + rows.label.len() as u64;
        if !(self.rows + 1..=end).contains(&mark.rows) {
            return true;
        }
        let first = (mark.rows - self.rows) as usize;
        let mut hashes = self.hashes.clone();
        rows.hash_first(first, &mut hashes, &mut Vec::new());
        joined(&hashes) == mark.hash
    }

    /// Training rows.
    pub(crate) fn train_rows(&self) -> u64 {
        self.class_rows[Split::Train as usize].iter().sum()
    }
}

fn hash<T: Element>(hasher: &mut XxHash3_64, numbers: &[T], bytes: &mut Vec<u8>) {
    bytes.resize(numbers.len() * T::BYTES, 0);
    T::encode(numbers, bytes);
    hasher.write(bytes);
}
