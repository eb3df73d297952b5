//! The survey: what the training rows say about each feature, and the sample that yields cut points.

use std::path::Path;

use crate::{
    data::{Batch, Schema, ValueType, Values},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::Result,
    scratch::BlockFile,
    stats::{CategoryCounts, Moments, MomentsStream},
    train::{
        job::Job,
        rows::RowsFile,
        selection::{RowSample, Selected},
    },
};

/// Rows that a survey sees as one slice.
pub const SLICE_ROWS_MAX: usize = 1 << 20;

/// What the training rows say about one feature.
#[derive(Debug, Clone)]
pub enum FeatureSurvey {
    /// A number.
    Numeric {
        /// Range, missing and infinite values, mean and variance.
        moments: Moments,
        /// Whether any row of any split misses the value: whether a code must be there for it.
        missing_anywhere: bool,
    },
    /// A text.
    Text {
        /// How often each value occurs.
        counts: CategoryCounts,
        /// Whether any row of any split misses the value.
        missing_anywhere: bool,
    },
}

impl FeatureSurvey {
    /// Training rows without a value.
    pub fn missing_any(&self) -> bool {
        match self {
            Self::Numeric {
                missing_anywhere, ..
            }
            | Self::Text {
                missing_anywhere, ..
            } => *missing_anywhere,
        }
    }
}

/// What the survey found.
pub struct Survey {
    /// One a feature, in the order of the features given.
    pub features: Vec<FeatureSurvey>,
    /// The sampled values: an array a feature.
    pub sample: BlockFile,
    /// The pass.
    pub report: PassReport,
}

/// Runs the survey over the features.
///
/// Memory: moments and category counts a feature, the selected rows of a slice a lane.
///
/// # Errors
/// When the data cannot be read, a text column has too many values, or the disk is full.
pub fn survey(
    context: &Context<'_>,
    job: &Job,
    features: &[usize],
    rows: &RowsFile,
    sample: &RowSample,
    sample_path: &Path,
    categories_max: usize,
) -> Result<Survey> {
    let schema = job.schema();
    let element_bytes: Vec<usize> = features
        .iter()
        .map(|column| sample_bytes(schema, *column))
        .collect();
    let sample_file = BlockFile::create(sample_path, sample.rows(), &element_bytes)?;
    let mut merged: Vec<FeatureSurvey> = features
        .iter()
        .map(|column| empty(schema, *column, categories_max))
        .collect();
    let sinks = (0..context.threads)
        .map(|_| {
            SurveySink::new(
                schema,
                features,
                rows,
                sample,
                &sample_file,
                context.batch_rows_max,
                categories_max,
            )
        })
        .collect();
    let pass = ParquetPass {
        name: "survey",
        row_groups: &job.row_ranges,
        columns: features,
        slice_rows_max: SLICE_ROWS_MAX,
    };
    let (report, _) = parquet_pass(
        context,
        &pass,
        job.lanes(context),
        sinks,
        |_, part: Vec<FeatureSurvey>| {
            for ((merged, part), column) in merged.iter_mut().zip(&part).zip(features) {
                merge(merged, part, &schema.fields[*column].name)?;
            }
            Ok(())
        },
    )?;
    Ok(Survey {
        features: merged,
        sample: sample_file,
        report,
    })
}

/// Bytes of a sampled value: text is sampled as a hash.
pub fn sample_bytes(schema: &Schema, column: usize) -> usize {
    match schema.fields[column].value_type {
        Some(ValueType::F64) => 8,
        _ => 4,
    }
}

/// The number that stands for a text in the sample; 0 is missing.
pub fn sampled_text(value: &str) -> u32 {
    (crate::group::hash::hash_text(value) as u32).max(1)
}

fn empty(schema: &Schema, column: usize, categories_max: usize) -> FeatureSurvey {
    match schema.fields[column].value_type {
        Some(ValueType::Text) => FeatureSurvey::Text {
            counts: CategoryCounts::new(categories_max),
            missing_anywhere: false,
        },
        _ => FeatureSurvey::Numeric {
            moments: Moments::default(),
            missing_anywhere: false,
        },
    }
}

fn merge(merged: &mut FeatureSurvey, part: &FeatureSurvey, name: &str) -> Result<()> {
    match (merged, part) {
        (
            FeatureSurvey::Numeric {
                moments,
                missing_anywhere,
            },
            FeatureSurvey::Numeric {
                moments: part,
                missing_anywhere: part_missing,
            },
        ) => {
            moments.merge(part);
            *missing_anywhere |= part_missing;
        }
        (
            FeatureSurvey::Text {
                counts,
                missing_anywhere,
            },
            FeatureSurvey::Text {
                counts: part,
                missing_anywhere: part_missing,
            },
        ) => {
            counts.merge(name, part)?;
            *missing_anywhere |= part_missing;
        }
        _ => unreachable!("both sides are of the schema's type"),
    }
    Ok(())
}

/// One lane's survey of one slice at a time.
struct SurveySink<'a> {
    schema: &'a Schema,
    features: &'a [usize],
    rows: &'a RowsFile,
    sample: &'a RowSample,
    sample_file: &'a BlockFile,
    batch_rows_max: usize,
    categories_max: usize,
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
    fn new(
        schema: &'a Schema,
        features: &'a [usize],
        rows: &'a RowsFile,
        sample: &'a RowSample,
        sample_file: &'a BlockFile,
        batch_rows_max: usize,
        categories_max: usize,
    ) -> Self {
        Self {
            schema,
            features,
            rows,
            sample,
            sample_file,
            batch_rows_max,
            categories_max,
            slice: Slice {
                row_group: 0,
                first_row: 0,
                rows: 0,
            },
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
            if let FeatureSurvey::Numeric { moments, .. } = &mut current {
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
        let mut rank = self
            .sample
            .rank_of(slice.first_row, self.rows, &mut self.splits)?;
        for batch in 0..batches {
            let done = batch * self.batch_rows_max;
            let rows = (slice.rows - done).min(self.batch_rows_max);
            let first_row = slice.first_row + done as u64;
            self.rows.read_splits(first_row, rows, &mut self.splits)?;
            self.selected[batch].fill(self.sample, first_row, &self.splits, rank);
            rank += self.selected[batch].sampled.len() as u64;
        }
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        if batch.first_row == self.slice.first_row {
            self.finish_column();
            self.current = Some(empty(self.schema, batch.column, self.categories_max));
        }
        debug_assert_eq!(self.features[self.feature], batch.column);
        let index = (batch.first_row - self.slice.first_row) as usize / self.batch_rows_max;
        let selected = &self.selected[index];
        let current = self
            .current
            .as_mut()
            .expect("a column starts with its first batch");
        observe(
            current,
            &mut self.moments,
            &batch.values,
            selected,
            &self.schema.fields[batch.column].name,
        )?;
        self.gathered
            .write(self.sample_file, self.feature, &batch.values, selected)
    }

    fn finish(&mut self) -> Result<Self::Part> {
        self.finish_column();
        Ok(std::mem::take(&mut self.finished))
    }
}

fn observe(
    survey: &mut FeatureSurvey,
    stream: &mut MomentsStream,
    values: &Values,
    selected: &Selected,
    name: &str,
) -> Result<()> {
    let all = selected.train.len() == values.len();
    match (survey, values) {
        (
            FeatureSurvey::Numeric {
                missing_anywhere, ..
            },
            Values::F32(values),
        ) => {
            *missing_anywhere = *missing_anywhere || values.iter().any(|value| value.is_nan());
            if all {
                stream.update_f32(values);
            } else {
                stream.update_f32_selected(values, &selected.train);
            }
        }
        (
            FeatureSurvey::Numeric {
                missing_anywhere, ..
            },
            Values::F64(values),
        ) => {
            *missing_anywhere = *missing_anywhere || values.iter().any(|value| value.is_nan());
            if all {
                stream.update_f64(values);
            } else {
                stream.update_f64_selected(values, &selected.train);
            }
        }
        (
            FeatureSurvey::Text {
                counts,
                missing_anywhere,
            },
            Values::Text(text),
        ) => {
            *missing_anywhere =
                *missing_anywhere || text.ids.contains(&crate::data::batch::MISSING_TEXT);
            counts.update(name, text, Some(&selected.train))?;
        }
        _ => unreachable!("the lane gives the schema's type"),
    }
    Ok(())
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
                    crate::data::batch::MISSING_TEXT => 0,
                    id => sampled_text(text.value(id)),
                }));
                file.write(array, rank, &self.u32)
            }
        }
    }
}
