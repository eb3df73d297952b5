//! The survey: what the training rows say about each feature, and the sample that yields cut points.

use std::path::Path;

use crate::{
    data::{Batch, Schema, ValueType, Values, batch::MISSING_TEXT},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::Result,
    group::hash::hash_text,
    pipeline::{
        open::training_data::TrainingData,
        storage::{
            rows::RowsFile,
            selection::{RowSample, Selected},
        },
    },
    scratch::BlockFile,
    stats::{CategoryCounts, Moments, MomentsStream},
};

/// Rows that a survey sees as one slice.
pub(crate) const SLICE_ROWS_MAX: usize = 1 << 20;

/// The statistics of one feature.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct FeatureSurvey {
    /// The values in the training rows.
    pub values: SurveyedValues,
    /// True if any row of any split misses the value, so that it needs a code.
    pub missing_anywhere: bool,
}

/// The statistics of a feature's values in the training rows, by its type.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub enum SurveyedValues {
    /// A number: range, missing and infinite values, mean and variance.
    Numeric(Moments),
    /// A text: how often each value occurs.
    Text(CategoryCounts),
}

/// The statistics of all features, and the sample.
pub struct Survey {
    /// One a feature, in the order of the features given.
    pub features: Vec<FeatureSurvey>,
    /// The sampled values: an array a feature. Without rows where the survey was another run's: trees
    /// need the sample no more once there are cut points.
    pub sample: BlockFile,
    /// Each feature's array in it.
    pub arrays: Vec<usize>,
    /// The pass.
    pub report: PassReport,
}

impl Survey {
    /// Statistics that an earlier pass has found already. The sample at this path is empty.
    ///
    /// # Errors
    /// When the empty sample cannot be created.
    pub(crate) fn without_sample(sample_path: &Path, features: Vec<FeatureSurvey>) -> Result<Self> {
        let sample = BlockFile::create(sample_path, 0, &vec![8; features.len()])?;
        Ok(Self {
            arrays: (0..features.len()).collect(),
            features,
            sample,
            report: PassReport {
                name: "survey".to_owned(),
                seconds: 0.0,
                rows: 0,
                bytes_read: 0,
            },
        })
    }
}

/// The inputs of the survey.
#[derive(Debug, Clone, Copy)]
pub struct SurveySpec<'a> {
    /// The data; every feature of it is surveyed.
    pub data: &'a TrainingData,
    /// The splits.
    pub rows: &'a RowsFile,
    /// The sampled training rows.
    pub sample: &'a RowSample,
    /// The file of the sampled values.
    pub sample_path: &'a Path,
    /// Values of a text column that are counted.
    pub categories_max: usize,
}

/// Runs the survey over the features.
///
/// Memory: moments and category counts a feature, the selected rows of a slice a lane.
///
/// # Errors
/// When the data cannot be read, a text column has too many values, or the disk is full.
pub fn survey(context: &Context<'_>, spec: &SurveySpec<'_>) -> Result<Survey> {
    let features = &spec.data.roles.features;
    let schema = spec.data.schema();
    let element_bytes: Vec<usize> = features
        .iter()
        .map(|column| sample_bytes(schema, *column))
        .collect();
    let sample = BlockFile::create(spec.sample_path, spec.sample.rows(), &element_bytes)?;
    let mut merged: Vec<FeatureSurvey> =
        features.iter().map(|column| spec.empty(*column)).collect();
    let sinks = (0..context.threads)
        .map(|_| SurveySink::new(*spec, &sample, context.batch_rows_max))
        .collect();
    let pass = ParquetPass {
        name: "survey",
        row_groups: &spec.data.row_ranges,
        columns: features,
        slice_rows_max: SLICE_ROWS_MAX,
        first_row: 0,
    };
    let lanes = spec.data.lanes(context);
    let (report, _) = parquet_pass(context, &pass, lanes, sinks, |_, part: Vec<_>| {
        for ((merged, part), column) in merged.iter_mut().zip(&part).zip(features) {
            merged.merge(part, &schema.fields[*column].name)?;
        }
        Ok(())
    })?;
    Ok(Survey {
        arrays: (0..merged.len()).collect(),
        features: merged,
        sample,
        report,
    })
}

/// Bytes of a sampled value: text is sampled as a hash.
pub(crate) fn sample_bytes(schema: &Schema, column: usize) -> usize {
    match schema.fields[column].value_type {
        Some(ValueType::F64) => 8,
        _ => 4,
    }
}

/// The number that stands for a text in the sample; 0 is missing.
pub(crate) fn sampled_text(value: &str) -> u32 {
    (hash_text(value) as u32).max(1)
}

impl Survey {
    /// Leaves out features, and answers what was found of them, in the place of each.
    pub fn leave_out(&mut self, kept: impl Fn(usize) -> bool) -> Vec<Option<FeatureSurvey>> {
        let mut left_out = Vec::with_capacity(self.features.len());
        for (feature, found) in std::mem::take(&mut self.features).into_iter().enumerate() {
            if kept(feature) {
                self.features.push(found);
                left_out.push(None);
            } else {
                left_out.push(Some(found));
            }
        }
        let mut feature = 0..;
        self.arrays.retain(|_| feature.next().is_some_and(&kept));
        left_out
    }
}

impl SurveySpec<'_> {
    fn empty(&self, column: usize) -> FeatureSurvey {
        empty_survey(self.data.schema(), column, self.categories_max)
    }
}

/// The survey of no rows of a column.
pub(crate) fn empty_survey(schema: &Schema, column: usize, categories_max: usize) -> FeatureSurvey {
    let values = match schema.fields[column].value_type {
        Some(ValueType::Text) => SurveyedValues::Text(CategoryCounts::new(categories_max)),
        _ => SurveyedValues::Numeric(Moments::default()),
    };
    FeatureSurvey {
        values,
        missing_anywhere: false,
    }
}

impl FeatureSurvey {
    /// Adds the survey of later rows.
    fn merge(&mut self, part: &Self, name: &str) -> Result<()> {
        self.missing_anywhere |= part.missing_anywhere;
        match (&mut self.values, &part.values) {
            (SurveyedValues::Numeric(moments), SurveyedValues::Numeric(part)) => {
                moments.merge(part);
                Ok(())
            }
            (SurveyedValues::Text(counts), SurveyedValues::Text(part)) => counts.merge(name, part),
            _ => unreachable!("both sides are of the schema's type"),
        }
    }

    /// Adds a batch; numbers go to `stream`, whose moments become the column's at its end.
    ///
    /// # Errors
    /// When a text column has too many values.
    pub(crate) fn observe(
        &mut self,
        stream: &mut MomentsStream,
        values: &Values,
        train: &[u32],
        name: &str,
    ) -> Result<()> {
        self.missing_anywhere = self.missing_anywhere || is_missing_anywhere(values);
        let all = train.len() == values.len();
        match (&mut self.values, values) {
            (SurveyedValues::Numeric(_), Values::F32(values)) if all => stream.update_f32(values),
            (SurveyedValues::Numeric(_), Values::F64(values)) if all => stream.update_f64(values),
            (SurveyedValues::Numeric(_), Values::F32(values)) => {
                stream.update_f32_selected(values, train);
            }
            (SurveyedValues::Numeric(_), Values::F64(values)) => {
                stream.update_f64_selected(values, train);
            }
            (SurveyedValues::Text(counts), Values::Text(text)) => {
                counts.update(name, text, Some(train))?;
            }
            _ => unreachable!("the lane gives the schema's type"),
        }
        Ok(())
    }
}

fn is_missing_anywhere(values: &Values) -> bool {
    match values {
        Values::F32(values) => any_nan(values, |value| value.is_nan()),
        Values::F64(values) => any_nan(values, |value| value.is_nan()),
        Values::Text(text) => text.ids.contains(&MISSING_TEXT),
    }
}

/// One lane's survey of one slice at a time.
struct SurveySink<'a> {
    spec: SurveySpec<'a>,
    sample_file: &'a BlockFile,
    batch_rows_max: usize,
    slice: Slice,
    /// The selected rows of each batch of the slice, the same for every column.
    selected: Vec<Selected>,
    splits: Vec<u8>,
    /// The column that is being read, as an index into the features.
    feature: usize,
    moments: MomentsStream,
    current: Option<FeatureSurvey>,
    finished: Vec<FeatureSurvey>,
    gathered: Gathered,
}

/// Lent to gather the sampled values of a batch.
#[derive(Default)]
struct Gathered {
    f32: Vec<f32>,
    f64: Vec<f64>,
    u32: Vec<u32>,
}

impl<'a> SurveySink<'a> {
    fn new(spec: SurveySpec<'a>, sample_file: &'a BlockFile, batch_rows_max: usize) -> Self {
        Self {
            spec,
            sample_file,
            batch_rows_max,
            slice: Slice::default(),
            selected: Vec::new(),
            splits: Vec::new(),
            feature: 0,
            moments: MomentsStream::default(),
            current: None,
            finished: Vec::new(),
            gathered: Gathered::default(),
        }
    }

    fn finish_column(&mut self) {
        if let Some(mut current) = self.current.take() {
            if let SurveyedValues::Numeric(moments) = &mut current.values {
                *moments = std::mem::take(&mut self.moments).finish();
            }
            self.finished.push(current);
            self.feature += 1;
        }
    }
}

impl Sink for SurveySink<'_> {
    type Part = Vec<FeatureSurvey>;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        self.feature = 0;
        let batches = slice.rows.div_ceil(self.batch_rows_max);
        self.selected
            .resize_with(batches.max(self.selected.len()), Selected::default);
        let SurveySpec { rows, sample, .. } = self.spec;
        let mut rank = sample.rank_of(slice.first_row, rows, &mut self.splits)?;
        for batch in 0..batches {
            let done = batch * self.batch_rows_max;
            let batch_rows = (slice.rows - done).min(self.batch_rows_max);
            let first_row = slice.first_row + done as u64;
            rows.read_splits(first_row, batch_rows, &mut self.splits)?;
            self.selected[batch].fill(sample, first_row, &self.splits, rank);
            rank += self.selected[batch].sampled.len() as u64;
        }
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        if batch.first_row == self.slice.first_row {
            self.finish_column();
            self.current = Some(self.spec.empty(batch.column));
        }
        let data = self.spec.data;
        debug_assert_eq!(data.roles.features[self.feature], batch.column);
        let index = (batch.first_row - self.slice.first_row) as usize / self.batch_rows_max;
        let selected = &self.selected[index];
        let current = self
            .current
            .as_mut()
            .expect("a column starts with its first batch");
        let name = &data.schema().fields[batch.column].name;
        current.observe(&mut self.moments, &batch.values, &selected.train, name)?;
        self.gathered
            .write(self.sample_file, self.feature, &batch.values, selected)
    }

    fn finish(&mut self) -> Result<Self::Part> {
        self.finish_column();
        Ok(std::mem::take(&mut self.finished))
    }
}

/// True if any value is missing. It takes whole chunks, so that the search is vectorised.
fn any_nan<T: Copy>(values: &[T], is_nan: impl Fn(T) -> bool) -> bool {
    values
        .chunks(1024)
        .any(|chunk| chunk.iter().fold(false, |any, value| any | is_nan(*value)))
}

impl Gathered {
    fn write(
        &mut self,
        file: &BlockFile,
        array: usize,
        values: &Values,
        selected: &Selected,
    ) -> Result<()> {
        let rank = selected.first_rank;
        let indexes = selected.sampled.iter().map(|index| *index as usize);
        match values {
            Values::F32(values) => {
                self.f32.clear();
                self.f32.extend(indexes.map(|index| values[index]));
                file.write(array, rank, &self.f32)
            }
            Values::F64(values) => {
                self.f64.clear();
                self.f64.extend(indexes.map(|index| values[index]));
                file.write(array, rank, &self.f64)
            }
            Values::Text(text) => {
                self.u32.clear();
                self.u32.extend(indexes.map(|index| match text.ids[index] {
                    MISSING_TEXT => 0,
                    id => sampled_text(text.value(id)),
                }));
                file.write(array, rank, &self.u32)
            }
        }
    }
}
