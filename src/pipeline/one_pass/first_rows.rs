//! The first training rows: held until they have fixed the design, or the bins of trees.

use crate::{
    data::{Split, Values},
    error::{Error, Result},
    learner::{gbdt::BoosterOptions, logistic::LogisticOptions},
    model::{Bins, FeatureSpec},
    pipeline::{
        fit::{context::FitContext, newton},
        one_pass::slice::{OnePassSlice, row_indices},
        prepare::{
            bins::{BinsSpec, find_bins},
            survey::{FeatureSurvey, Survey, SurveyedValues, empty_survey, sample_bytes},
        },
    },
    scratch::BlockFile,
    stats::MomentsStream,
    text::size::grouped,
    transform::standardize::Design,
};

/// Training rows that fix the design: their means, scales and categories.
pub(crate) const DESIGN_ROWS: usize = 32_768;

/// The slices so far, and their training rows.
pub(crate) struct FirstRows {
    slices: Vec<OnePassSlice>,
    rows: usize,
    train_rows: usize,
    /// Training rows that are enough.
    enough: usize,
}

/// Rows that may be held, for each training row that is enough: beside training rows there are held-out
/// ones.
pub(crate) const HELD_A_ROW: usize = 2;

/// The least training rows that fix anything where most of the first rows are held out.
const TRAIN_ROWS_MIN: usize = 1_000;

impl FirstRows {
    /// None yet of so many training rows.
    pub(crate) fn new(enough: usize) -> Self {
        Self {
            slices: Vec::new(),
            rows: 0,
            train_rows: 0,
            enough,
        }
    }

    /// Adds a slice.
    ///
    /// # Errors
    /// [`Error::Dataset`] where nearly all of the rows that memory is planned for are held out.
    pub(crate) fn push(&mut self, slice: OnePassSlice) -> Result<()> {
        self.rows += slice.slice.rows;
        self.train_rows += train(&slice).len();
        self.slices.push(slice);
        if self.rows >= self.held_max() && self.train_rows < TRAIN_ROWS_MIN {
            return Err(Error::Dataset(format!(
                "of the first {} rows only {} are in the train split, too few to fix what the others are \
                 measured by; shuffle the rows, or leave out --one-pass",
                grouped(self.rows as u64),
                grouped(self.train_rows as u64)
            )));
        }
        Ok(())
    }

    fn held_max(&self) -> usize {
        HELD_A_ROW * self.enough
    }

    /// True once the rows suffice, or no more may be held.
    pub(crate) fn is_full(&self) -> bool {
        self.train_rows >= self.enough || self.rows >= self.held_max()
    }

    /// Gives the slices back.
    pub(crate) fn take(&mut self) -> Vec<OnePassSlice> {
        std::mem::take(&mut self.slices)
    }

    /// The design that the first rows mean, however they were cut into slices.
    ///
    /// # Errors
    /// When a text column has too many values, or there is no column.
    pub(crate) fn design(
        &self,
        fit: &FitContext<'_>,
        slices: &[OnePassSlice],
        options: &LogisticOptions,
    ) -> Result<(Vec<FeatureSpec>, Design)> {
        let survey = Survey::without_sample(
            &fit.session.scratch.file("first-sample"),
            self.survey(fit, slices)?,
        )?;
        let kept_max = fit.limits.categories_kept_max;
        let spec = BinsSpec {
            bins_max: None,
            categories_max: kept_max.min(options.max_categories as usize),
        };
        let features = find_bins(fit.context(), fit.data, &survey, spec, |_| false)?.features;
        let columns = &fit.data.roles.features;
        let inputs = newton::inputs(&features, columns, &survey.features, options);
        let design = Design::for_later_rows(&inputs, options.max_categories)?;
        Ok((features, design))
    }

    /// The bins that the first rows mean, however they were cut into slices. Every feature has a code for
    /// missing values, whether or not these rows have some.
    ///
    /// # Errors
    /// When a text column has too many values, or the sample cannot be written.
    pub(crate) fn bins(
        &self,
        fit: &FitContext<'_>,
        slices: &[OnePassSlice],
        options: &BoosterOptions,
    ) -> Result<Bins> {
        let survey = Survey {
            sample: self.sample(fit, slices)?,
            ..Survey::without_sample(
                &fit.session.scratch.file("no-sample"),
                self.survey(fit, slices)?,
            )?
        };
        let spec = BinsSpec {
            bins_max: Some(options.max_bin),
            categories_max: fit.limits.categories_kept_max,
        };
        let bins = find_bins(fit.context(), fit.data, &survey, spec, |_| false)?;
        Ok(Bins::with_missing_codes(bins.features))
    }

    /// The statistics of the rows.
    fn survey(&self, fit: &FitContext<'_>, slices: &[OnePassSlice]) -> Result<Vec<FeatureSurvey>> {
        let tracked_max = fit.limits.categories_tracked_max;
        let schema = fit.data.schema();
        let columns = fit.data.roles.features.iter().enumerate();
        let survey = columns.map(|(index, column)| {
            let mut survey = empty_survey(schema, *column, tracked_max);
            let mut stream = MomentsStream::default();
            for (slice, rows) in self.rows(slices) {
                let (_, values) = &slice.values[index];
                survey.observe(&mut stream, values, &rows, &schema.fields[*column].name)?;
            }
            if let SurveyedValues::Numeric(moments) = &mut survey.values {
                *moments = stream.finish();
            }
            Ok(survey)
        });
        survey.collect()
    }

    /// The values of the rows' numbers.
    fn sample(&self, fit: &FitContext<'_>, slices: &[OnePassSlice]) -> Result<BlockFile> {
        let schema = fit.data.schema();
        let columns = fit.data.roles.features.iter();
        let bytes: Vec<usize> = columns
            .map(|column| sample_bytes(schema, *column))
            .collect();
        let rows: usize = self.rows(slices).map(|(_, rows)| rows.len()).sum();
        let rows = rows as u64;
        let file = BlockFile::create(&fit.session.scratch.file("first-sample"), rows, &bytes)?;
        let mut first = 0;
        for (slice, rows) in self.rows(slices) {
            let picked = || rows.iter().map(|row| *row as usize);
            for (array, (_, values)) in slice.values.iter().take(bytes.len()).enumerate() {
                match values {
                    Values::F32(values) => {
                        let values: Vec<f32> = picked().map(|row| values[row]).collect();
                        file.write(array, first, &values)?;
                    }
                    Values::F64(values) => {
                        let values: Vec<f64> = picked().map(|row| values[row]).collect();
                        file.write(array, first, &values)?;
                    }
                    // Categories come from the counts.
                    Values::Text(_) => {}
                }
            }
            first += rows.len() as u64;
        }
        Ok(file)
    }

    /// The training rows of each slice, as many as are enough together.
    fn rows<'s>(
        &self,
        slices: &'s [OnePassSlice],
    ) -> impl Iterator<Item = (&'s OnePassSlice, Vec<u32>)> {
        let (mut left, mut held_left) = (self.enough, self.held_max());
        slices.iter().map(move |slice| {
            let mut rows = train(slice);
            rows.retain(|row| (*row as usize) < held_left);
            held_left = held_left.saturating_sub(slice.slice.rows);
            rows.truncate(left);
            left -= rows.len();
            (slice, rows)
        })
    }
}

fn train(slice: &OnePassSlice) -> Vec<u32> {
    row_indices(&slice.rows, |split, _| split == Split::Train as u8)
}
