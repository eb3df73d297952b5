//! The binning pass: every feature's codes, packed into bytes, into the codes file.
//!
//! The members of a byte column are read one after the other, so that a lane assembles a single byte
//! column of its slice and writes it when the last member has come. Where columns are under comparison of
//! telling the same, their sums are taken on the way.

use std::path::Path;

use crate::{
    data::{Batch, PackMember, pack::pack_into},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::Result,
    model::{Bins, Coder},
    pipeline::{
        open::training_data::TrainingData,
        prune::{
            correlate::{StepSums, SumsSpec, changed},
            gather::{Gatherer, Part},
        },
    },
    scratch::BlockFile,
};

/// Rows of a slice: a byte column of so many rows is assembled before it is written.
pub(crate) const SLICE_ROWS_MAX: usize = 1 << 20;

/// The inputs of a binning pass.
#[derive(Clone, Copy)]
pub(crate) struct BinningSpec<'a> {
    /// The data.
    pub data: &'a TrainingData,
    /// The features' codes and where they lie.
    pub bins: &'a Bins,
    pub(crate) path: &'a Path,
    /// The most rows of a slice; the file does not depend on it.
    pub slice_rows_max: usize,
    /// Sums that are taken on the way.
    pub sums: Option<SumsSpec<'a>>,
}

/// The codes of all rows, and the sums accumulated along the way.
pub(crate) struct BinningResult {
    /// The codes of all rows.
    pub codes: BlockFile,
    /// The sums, where some were asked for.
    pub sums: Option<StepSums>,
    /// The pass.
    pub report: PassReport,
}

/// Writes the codes of all rows.
///
/// Memory: two bytes a row of a slice, and the coders, a lane; and what the sums need.
///
/// # Errors
/// When the data cannot be read, have changed since the survey, or the disk is full.
pub(crate) fn write_codes(context: &Context<'_>, spec: &BinningSpec<'_>) -> Result<BinningResult> {
    let BinningSpec { data, bins, .. } = *spec;
    let codes = BlockFile::create(spec.path, data.dataset.rows(), &vec![1; bins.layout.len()])?;
    let members: Vec<(usize, PackMember)> = bins
        .layout
        .byte_columns
        .iter()
        .enumerate()
        .flat_map(|(byte_column, members)| members.iter().map(move |member| (byte_column, *member)))
        .collect();
    let coded = members.iter().map(|(_, member)| member.feature as usize);
    let mut features: Vec<usize> = coded.collect();
    if let Some(sums) = &spec.sums {
        // A number that varies in rows that no cut point tells apart has no codes.
        let summed = sums.step.features(sums.components);
        features.extend(summed.iter().filter(|at| bins.radices[**at] <= 1));
    }
    let order: Vec<usize> = (features.iter())
        .map(|feature| data.roles.features[*feature])
        .collect();
    let coder = |(_, member): &(usize, PackMember)| {
        let feature = &bins.features[member.feature as usize];
        feature.binning.coder()
    };
    let sinks = (0..context.threads)
        .map(|_| CodesSink {
            data,
            features: &features,
            members: &members,
            coders: members.iter().map(coder).collect(),
            file: &codes,
            slice: Slice::default(),
            codes: Vec::new(),
            bytes: Vec::new(),
            gatherer: spec.sums.map(|sums| sums.gatherer()),
        })
        .collect();
    let pass = ParquetPass {
        name: "binning",
        row_groups: &data.row_ranges,
        columns: &order,
        slice_rows_max: spec.slice_rows_max,
        first_row: 0,
    };
    let mut merged = spec.sums.map(|sums| StepSums::new(sums.step));
    let merge = |_, part: Option<Part>| {
        if let (Some(merged), Some(part)) = (&mut merged, part) {
            merged.merge(&part);
        }
        Ok(())
    };
    let (report, _) = parquet_pass(context, &pass, data.lanes(context), sinks, merge)?;
    Ok(BinningResult {
        codes,
        sums: merged,
        report,
    })
}

/// One lane's byte column of one slice at a time.
struct CodesSink<'a> {
    data: &'a TrainingData,
    /// The features in the pass's column order: those of the members, then those that are summed only.
    features: &'a [usize],
    /// (byte column, member) in the pass's column order.
    members: &'a [(usize, PackMember)],
    coders: Vec<Coder>,
    file: &'a BlockFile,
    slice: Slice,
    codes: Vec<u8>,
    bytes: Vec<u8>,
    gatherer: Option<Gatherer<'a>>,
}

impl Sink for CodesSink<'_> {
    type Part = Option<Part>;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        match &mut self.gatherer {
            Some(gatherer) => gatherer.start(slice),
            None => Ok(()),
        }
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        let start = (batch.first_row - self.slice.first_row) as usize;
        let at = batch.column_position;
        if let Some(gatherer) = &mut self.gatherer {
            gatherer.batch(self.features[at], start, &batch.values);
        }
        let Some(&(byte_column, member)) = self.members.get(at) else {
            return Ok(());
        };
        if start == 0 && member.stride == 1 {
            self.bytes.clear();
            self.bytes.resize(self.slice.rows, 0);
        }
        let rows = batch.values.len();
        self.codes.resize(rows, 0);
        self.coders[at].code(&batch.values, &mut self.codes);
        if self
            .codes
            .iter()
            .any(|code| u16::from(*code) >= member.radix)
        {
            let place = self.data.place(self.slice.row_group, Some(batch.column));
            return Err(changed(place));
        }
        pack_into(&self.codes, member, &mut self.bytes[start..start + rows]);
        let is_last_batch = start + rows == self.slice.rows;
        let is_last_member = self
            .members
            .get(at + 1)
            .is_none_or(|(next, _)| *next != byte_column);
        if is_last_batch && is_last_member {
            self.file
                .write(byte_column, self.slice.first_row, &self.bytes)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<Part>> {
        let Some(gatherer) = &mut self.gatherer else {
            return Ok(None);
        };
        gatherer.finish().map(Some).map_err(|feature| {
            let column = self.data.roles.features[feature];
            changed(self.data.place(self.slice.row_group, Some(column)))
        })
    }
}
