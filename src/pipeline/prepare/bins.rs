//! From the survey to binnings: cut points of numbers, dictionaries of texts, and the code layout.

use crate::{
    data::{ValueType, pack},
    engine::{Context, parallel_map},
    error::Result,
    learner::ModelSpec,
    limits::Limits,
    model::{Binning, Bins, FeatureSpec},
    pipeline::{
        open::training_data::TrainingData,
        prepare::survey::{Survey, SurveyedValues},
    },
    scratch::BlockFile,
    stats::{
        Moments,
        cuts::{Extent, numeric_cuts},
    },
};

/// Numbers of bins and categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BinsSpec {
    /// Bins of a number; `None` for no cut points at all.
    pub bins_max: Option<u16>,
    /// Categories of a text.
    pub categories_max: usize,
}

impl BinsSpec {
    /// The numbers for a learner. A linear model needs no cut points.
    pub(crate) fn of(model: &ModelSpec, limits: &Limits) -> Self {
        let kept_max = limits.categories_kept_max;
        match model {
            ModelSpec::Gbdt(options) => Self {
                bins_max: Some(options.max_bin),
                categories_max: kept_max,
            },
            ModelSpec::Logistic(options) => Self {
                bins_max: None,
                categories_max: kept_max.min(options.max_categories as usize),
            },
        }
    }
}

/// The number of codes of a feature in the scratch file. It includes the code for missing values only where
/// some row of the data needs it; a text that training never met counts as missing, so text always does.
pub(crate) fn radix(feature: &FeatureSpec, missing_anywhere: bool) -> u16 {
    let missing = missing_anywhere || feature.value_type == ValueType::Text;
    feature.binning.codes_without_missing() + u16::from(missing)
}

/// Finds the binnings of all features, each from its own sample and survey. Those that `may_go` says may
/// be left out later are packed apart.
///
/// Memory: one feature's sampled values a thread.
///
/// # Errors
/// When the sample cannot be read.
pub(crate) fn find_bins(
    context: &Context<'_>,
    data: &TrainingData,
    survey: &Survey,
    spec: BinsSpec,
    may_go: impl Fn(usize) -> bool,
) -> Result<Bins> {
    let columns = &data.roles.features;
    let features = parallel_map(context, "cut points", columns.len(), |feature| {
        let field = &data.schema().fields[columns[feature]];
        let found = &survey.features[feature];
        let (binning, missing_in_training) = match &found.values {
            SurveyedValues::Numeric(moments) => {
                let cuts = match spec.bins_max {
                    None => Vec::new(),
                    Some(bins_max) => {
                        let mut sample =
                            read_sample(&survey.sample, survey.arrays[feature], field.value_type)?;
                        numeric_cuts(&mut sample, extent(moments), usize::from(bins_max))
                    }
                };
                (Binning::Numeric { cuts }, moments.missing > 0)
            }
            SurveyedValues::Text(counts) => {
                let categories = counts.finish(spec.categories_max);
                let pooled = categories.other_rows > 0;
                let values = categories
                    .kept
                    .into_iter()
                    .map(|(value, _)| value)
                    .collect();
                (
                    Binning::Categorical { values, pooled },
                    categories.missing_rows > 0,
                )
            }
        };
        Ok(FeatureSpec {
            name: field.name.clone(),
            value_type: field.value_type.unwrap_or(ValueType::F64),
            absent: field.absent,
            binning,
            missing_in_training,
        })
    })?;
    let radices: Vec<u16> = features
        .iter()
        .zip(&survey.features)
        .map(|(feature, survey)| radix(feature, survey.missing_anywhere))
        .collect();
    let layout = pack::layout_apart(&radices, may_go);
    Ok(Bins::new(features, radices, layout))
}

fn extent(moments: &Moments) -> Extent {
    Extent {
        positive_infinity: moments.pos_inf > 0,
        negative_infinity: moments.neg_inf > 0,
        finite: (moments.count > 0).then_some((moments.min, moments.max)),
    }
}

/// The sampled numbers of an array, missing ones included.
///
/// # Errors
/// When the sample cannot be read.
pub(crate) fn read_sample(
    file: &BlockFile,
    array: usize,
    value_type: Option<ValueType>,
) -> Result<Vec<f64>> {
    let rows = file.rows() as usize;
    if value_type == Some(ValueType::F64) {
        let mut values = vec![0.0f64; rows];
        file.read(array, 0, &mut values)?;
        return Ok(values);
    }
    let mut values = vec![0.0f32; rows];
    file.read(array, 0, &mut values)?;
    Ok(values.into_iter().map(f64::from).collect())
}
