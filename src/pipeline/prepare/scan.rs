//! The scan: labels, weights and group keys of all rows, from the few columns that say so.

use crate::{
    data::{Batch, Split, Values, batch::MISSING_TEXT},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::{Error, Result},
    group::hash::{hash_number, hash_text},
    limits::ROW_WEIGHT_MAX,
    pipeline::{
        open::{split_column, target::Target, training_data::TrainingData},
        storage::rows::RowsFile,
    },
};

/// Rows of a slice; also how many group names one lane holds at the most.
const SLICE_ROWS_MAX: usize = 1 << 17;

/// Rows with the same group key, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupRun {
    /// The key's stable hash.
    pub hash: u64,
    /// The key as text.
    pub name: String,
    pub(crate) rows: u64,
}

/// Reads the target, group and weight columns of all rows into the rows file; `group_run` gets the groups in
/// row order. Where there is no group column, each row's group is its number.
///
/// # Errors
/// When the data cannot be read, a label is no class, a weight is none, or a group key is missing.
pub(crate) fn scan(
    context: &Context<'_>,
    data: &TrainingData,
    target: &Target,
    rows: &RowsFile,
    mut group_run: impl FnMut(GroupRun) -> Result<()>,
) -> Result<PassReport> {
    let columns = data.scan_columns();
    let sinks = (0..context.threads)
        .map(|_| ScanSink {
            data,
            target,
            rows,
            row_group: 0,
            labels: Vec::new(),
            weights: Vec::new(),
            groups: Vec::new(),
            splits: Vec::new(),
            runs: Vec::new(),
        })
        .collect();
    let pass = ParquetPass {
        name: "scan",
        row_groups: &data.row_ranges,
        columns: &columns,
        slice_rows_max: SLICE_ROWS_MAX,
        first_row: 0,
    };
    let (report, _) = parquet_pass(
        context,
        &pass,
        data.lanes(context),
        sinks,
        |_, runs: Vec<GroupRun>| runs.into_iter().try_for_each(&mut group_run),
    )?;
    Ok(report)
}

struct ScanSink<'a> {
    data: &'a TrainingData,
    target: &'a Target,
    rows: &'a RowsFile,
    row_group: usize,
    labels: Vec<f32>,
    weights: Vec<f32>,
    groups: Vec<u64>,
    splits: Vec<u8>,
    runs: Vec<GroupRun>,
}

impl Sink for ScanSink<'_> {
    type Part = Vec<GroupRun>;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.row_group = slice.row_group;
        if self.data.roles.group.is_none() {
            self.groups.clear();
            self.groups
                .extend(slice.first_row..slice.first_row + slice.rows as u64);
            self.rows.write_groups(slice.first_row, &self.groups)?;
        }
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        let roles = &self.data.roles;
        let wrong =
            |message| Error::input(self.data.place(self.row_group, Some(batch.column)), message);
        if Some(batch.column) == roles.target {
            let read = self.target.labels_into(&batch.values, &mut self.labels);
            read.map_err(|message| {
                let row = batch.first_row + self.labels.len() as u64;
                wrong(format!("row {row} of the data: {message}"))
            })?;
            self.rows.write_labels(batch.first_row, &self.labels)?;
        }
        if Some(batch.column) == roles.split {
            if self.data.is_validation(batch.first_row) {
                self.splits.clear();
                self.splits.resize(batch.values.len(), Split::Valid as u8);
            } else {
                split_column::splits_into(&batch.values, &mut self.splits).map_err(wrong)?;
            }
            self.rows.write_splits(batch.first_row, &self.splits)?;
        }
        if Some(batch.column) == roles.weight {
            if let Some((index, value)) = weights_into(&batch.values, &mut self.weights) {
                let row = batch.first_row + index as u64;
                return Err(wrong(bad_weight(row, &value)));
            }
            self.rows.write_weights(batch.first_row, &self.weights)?;
        }
        if Some(batch.column) == roles.group {
            self.groups.clear();
            if let Some(index) = add_groups(&batch.values, &mut self.groups, &mut self.runs) {
                return Err(wrong(format!(
                    "row {} of the data has no group key; fill the column, choose another with --group-col, or use --group-col none",
                    batch.first_row + index as u64
                )));
            }
            self.rows.write_groups(batch.first_row, &self.groups)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<GroupRun>> {
        Ok(std::mem::take(&mut self.runs))
    }
}

/// The weights of a batch; answers the first row that has none, and what it has instead.
pub(crate) fn weights_into(values: &Values, weights: &mut Vec<f32>) -> Option<(usize, String)> {
    weights.clear();
    match values {
        Values::F32(values) => add_weights(values.iter().map(|value| f64::from(*value)), weights),
        Values::F64(values) => add_weights(values.iter().copied(), weights),
        Values::Text(_) => Some((0, "a text".to_owned())),
    }
}

fn add_weights(
    values: impl Iterator<Item = f64>,
    weights: &mut Vec<f32>,
) -> Option<(usize, String)> {
    for (index, value) in values.enumerate() {
        if value.is_nan() {
            return Some((index, "null or NaN".to_owned()));
        }
        if !(0.0..=ROW_WEIGHT_MAX).contains(&value) {
            return Some((index, value.to_string()));
        }
        weights.push(value as f32);
    }
    None
}

/// The message for a bad weight.
pub(crate) fn bad_weight(row: u64, value: &str) -> String {
    format!(
        "row {row} of the data has {value} for its weight, which must be a number from 0 to {ROW_WEIGHT_MAX:e}; \
         mend the column, choose another with --weight-col, or leave it out"
    )
}

/// Appends the group hashes of a batch and its runs; answers the first row without a key.
pub(crate) fn add_groups(
    values: &Values,
    hashes: &mut Vec<u64>,
    runs: &mut Vec<GroupRun>,
) -> Option<usize> {
    match values {
        Values::Text(text) => {
            let of_value: Vec<u64> = (0..text.dictionary_len() as u32)
                .map(|id| hash_text(text.value(id)))
                .collect();
            let key = |id: u32| {
                let is_there = id != MISSING_TEXT;
                is_there.then(|| (of_value[id as usize], text.value(id).to_owned()))
            };
            add_runs(&text.ids, hashes, runs, key)
        }
        Values::F32(values) => add_runs(values, hashes, runs, |value| number_key(f64::from(value))),
        Values::F64(values) => add_runs(values, hashes, runs, number_key),
    }
}

fn number_key(value: f64) -> Option<(u64, String)> {
    (!value.is_nan()).then(|| (hash_number(value), value.to_string()))
}

/// Appends each row's hash, and the runs of equal keys; answers the first row without a key.
fn add_runs<T: Copy + PartialEq>(
    keys: &[T],
    hashes: &mut Vec<u64>,
    runs: &mut Vec<GroupRun>,
    key_of: impl Fn(T) -> Option<(u64, String)>,
) -> Option<usize> {
    let mut start = 0;
    while start < keys.len() {
        let Some((hash, name)) = key_of(keys[start]) else {
            return Some(start);
        };
        let run = keys[start..]
            .iter()
            .take_while(|key| **key == keys[start])
            .count();
        hashes.resize(hashes.len() + run, hash);
        match runs.last_mut() {
            Some(last) if last.hash == hash && last.name == name => last.rows += run as u64,
            _ => runs.push(GroupRun {
                hash,
                name,
                rows: run as u64,
            }),
        }
        start += run;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_not_negative_and_bounded() {
        let mut weights = Vec::new();
        let mut check = |values: &[f64], expected: Option<(usize, &str)>| {
            let found = weights_into(&Values::F64(values.to_vec()), &mut weights);
            let found = found.as_ref().map(|(row, value)| (*row, value.as_str()));
            assert_eq!(found, expected, "{values:?}");
        };
        check(&[0.0, 2.5, -0.0], None);
        check(&[1.0, -0.5], Some((1, "-0.5")));
        check(&[f64::NAN], Some((0, "null or NaN")));
        check(&[1.0, 1.0, f64::INFINITY], Some((2, "inf")));
        check(&[1e12, 2e12], Some((1, "2000000000000")));
    }

    #[test]
    fn runs_join_across_batches_and_a_missing_key_is_found() {
        let (mut hashes, mut runs) = (Vec::new(), Vec::new());
        assert_eq!(
            add_runs(&[1.0, 1.0, 2.0], &mut hashes, &mut runs, number_key),
            None
        );
        assert_eq!(
            add_runs(&[2.0, f64::NAN], &mut hashes, &mut runs, number_key),
            Some(1)
        );
        let found: Vec<(&str, u64)> = runs
            .iter()
            .map(|run| (run.name.as_str(), run.rows))
            .collect();
        assert_eq!(found, [("1", 2), ("2", 2)]);
        assert_eq!(hashes.len(), 4);
        assert_eq!(hashes[2], hash_number(2.0));
    }
}
