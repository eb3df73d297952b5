//! The first training rows: held until they have fixed the design.

use crate::{
    data::Split,
    error::Result,
    learner::logistic::LogisticOptions,
    model::FeatureSpec,
    stats::MomentsStream,
    train::{
        bins::{BinsSpec, find_bins},
        newton,
        online::once::{Columns, at},
        recipe::Run,
        survey::{FeatureSurvey, SurveyedValues, empty_survey},
    },
    transform::standardize::Design,
};

/// Training rows that fix the design: their means, scales and categories.
const ROWS: usize = 32_768;

/// The slices so far, and their training rows.
#[derive(Default)]
pub(super) struct FirstRows {
    slices: Vec<Columns>,
    train_rows: usize,
}

impl FirstRows {
    /// Adds a slice.
    pub(super) fn push(&mut self, slice: Columns) {
        self.train_rows += train(&slice).len();
        self.slices.push(slice);
    }

    /// Whether there are enough rows.
    pub(super) fn is_full(&self) -> bool {
        self.train_rows >= ROWS
    }

    /// The design that the first rows mean, however they were cut into slices; gives the slices back.
    ///
    /// # Errors
    /// When a text column has too many values, or there is no column.
    pub(super) fn fix(
        &mut self,
        run: &Run<'_>,
        options: &LogisticOptions,
    ) -> Result<(Vec<Columns>, Vec<FeatureSpec>, Design)> {
        let slices = std::mem::take(&mut self.slices);
        let columns = &run.job.roles.features;
        let tracked_max = run.options.limits.categories_tracked_max;
        let schema = run.job.schema();
        let survey = columns.iter().enumerate().map(|(index, column)| {
            let mut survey = empty_survey(schema, *column, tracked_max);
            let mut stream = MomentsStream::default();
            let mut left = ROWS;
            for slice in &slices {
                let mut rows = train(slice);
                rows.truncate(left);
                left -= rows.len();
                let (_, values) = &slice.values[index];
                survey.observe(&mut stream, values, &rows, &schema.fields[*column].name)?;
            }
            if let SurveyedValues::Numeric(moments) = &mut survey.values {
                *moments = stream.finish();
            }
            Ok(survey)
        });
        let survey: Vec<FeatureSurvey> = survey.collect::<Result<_>>()?;
        let survey = run.known_survey("first-sample", survey)?;
        let kept_max = run.options.limits.categories_kept_max;
        let spec = BinsSpec {
            bins_max: None,
            categories_max: kept_max.min(options.categories_max as usize),
        };
        let features = find_bins(&run.context, &run.job, &survey, spec, |_| false)?.features;
        let inputs = newton::inputs(&features, columns, &survey.features, options);
        let design = Design::for_later_rows(&inputs, options.categories_max)?;
        Ok((slices, features, design))
    }
}

fn train(slice: &Columns) -> Vec<u32> {
    at(&slice.rows, |split, _| split == Split::Train as u8)
}
