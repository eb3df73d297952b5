//! The binning pass: every feature's codes, packed into bytes, into the codes file.
//!
//! The members of a byte column are read one after the other, so that a lane assembles a single byte
//! column of its slice and writes it when the last member has come.

use std::path::Path;

use crate::{
    data::{Batch, PackMember, ValueType},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::{Error, Place, Result},
    model::{Coder, FeatureSpec},
    scratch::BlockFile,
    train::{bins::Bins, job::Job},
    transform::pack::pack_into,
};

/// Rows of a slice: a byte column of so many rows is assembled before it is written.
pub const SLICE_ROWS_MAX: usize = 1 << 20;

/// How many codes a feature has in the scratch file: the one for missing values only where some row
/// of the data needs it. A text that training never met counts as missing, so text always does.
pub fn radix(feature: &FeatureSpec, missing_anywhere: bool) -> u16 {
    let missing = missing_anywhere || feature.value_type == ValueType::Text;
    feature.binning.codes_without_missing() + u16::from(missing)
}

/// Writes the codes of all rows.
///
/// Memory: two bytes a row of a slice, and the coders, a lane.
///
/// # Errors
/// When the data cannot be read, have changed since the survey, or the disk is full.
pub fn write_codes(
    context: &Context<'_>,
    job: &Job,
    bins: &Bins,
    path: &Path,
) -> Result<(BlockFile, PassReport)> {
    write_codes_in_slices(context, job, bins, path, SLICE_ROWS_MAX)
}

/// As [`write_codes`], with slices of any length; it changes nothing in the file.
pub(super) fn write_codes_in_slices(
    context: &Context<'_>,
    job: &Job,
    bins: &Bins,
    path: &Path,
    slice_rows_max: usize,
) -> Result<(BlockFile, PassReport)> {
    let codes = BlockFile::create(path, job.dataset.rows(), &vec![1; bins.layout.len()])?;
    let members: Vec<(usize, PackMember)> = bins
        .layout
        .byte_columns
        .iter()
        .enumerate()
        .flat_map(|(byte_column, members)| members.iter().map(move |member| (byte_column, *member)))
        .collect();
    let order: Vec<usize> = members
        .iter()
        .map(|(_, member)| job.roles.features[member.feature as usize])
        .collect();
    let coder = |(_, member): &(usize, PackMember)| {
        let feature = &bins.features[member.feature as usize];
        feature.binning.coder()
    };
    let sinks = (0..context.threads)
        .map(|_| CodesSink {
            job,
            members: &members,
            coders: members.iter().map(coder).collect(),
            file: &codes,
            slice: Slice::default(),
            next_member: 0,
            codes: Vec::new(),
            bytes: Vec::new(),
        })
        .collect();
    let pass = ParquetPass {
        name: "binning",
        row_groups: &job.row_ranges,
        columns: &order,
        slice_rows_max,
        first_row: 0,
    };
    let (report, _) = parquet_pass(context, &pass, job.lanes(context), sinks, |_, ()| Ok(()))?;
    Ok((codes, report))
}

/// One lane's byte column of one slice at a time.
struct CodesSink<'a> {
    job: &'a Job,
    /// (byte column, member) in the pass's column order.
    members: &'a [(usize, PackMember)],
    coders: Vec<Coder>,
    file: &'a BlockFile,
    slice: Slice,
    /// The member after the one that is being read.
    next_member: usize,
    codes: Vec<u8>,
    bytes: Vec<u8>,
}

impl Sink for CodesSink<'_> {
    type Part = ();

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        self.next_member = 0;
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        let start = (batch.first_row - self.slice.first_row) as usize;
        if start == 0 {
            self.next_member += 1;
        }
        let at = self.next_member - 1;
        let (byte_column, member) = self.members[at];
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
            let place = self.job.place(self.slice.row_group, Some(batch.column));
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

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

fn changed(place: Place) -> Error {
    Error::InputChanged {
        path: place.path.clone(),
        what: format!("{place} has values missing that were there when the data were surveyed"),
    }
}
