//! From the survey to binnings: cut points of numbers, dictionaries of texts, and the code layout.

use crate::{
    data::{CodeLayout, Schema, ValueType},
    engine::{Context, parallel_map},
    error::Result,
    model::{Binning, FeatureSpec},
    scratch::BlockFile,
    stats::Moments,
    train::{
        binning::radix,
        survey::{FeatureSurvey, Survey},
    },
    transform::{
        cuts::{Extent, numeric_cuts},
        pack,
    },
};

/// The features with their binnings, and where their codes lie.
#[derive(Debug, Clone)]
pub struct Bins {
    /// One a feature, in feature order.
    pub features: Vec<FeatureSpec>,
    /// Codes of each feature in the scratch file.
    pub radices: Vec<u16>,
    /// The byte columns. Features with a single code are in none.
    pub layout: CodeLayout,
}

/// Finds the binnings of all features, each from its own sample and survey. Without `bins_max`,
/// numbers get no cut points.
///
/// # Errors
/// When the sample cannot be read.
pub fn find_bins(
    context: &Context<'_>,
    schema: &Schema,
    columns: &[usize],
    survey: &Survey,
    bins_max: Option<u16>,
    categories_max: usize,
) -> Result<Bins> {
    let features = parallel_map(context, "cut points", columns.len(), |feature| {
        let field = &schema.fields[columns[feature]];
        let found = &survey.features[feature];
        let (binning, missing_in_training) = match found {
            FeatureSurvey::Numeric { moments, .. } => {
                let cuts = match bins_max {
                    None => Vec::new(),
                    Some(bins_max) => {
                        let mut sample = read_sample(&survey.sample, feature, field.value_type)?;
                        numeric_cuts(&mut sample, extent(moments), usize::from(bins_max))
                    }
                };
                (Binning::Numeric { cuts }, moments.missing > 0)
            }
            FeatureSurvey::Text { counts, .. } => {
                let categories = counts.finish(categories_max);
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
        .map(|(feature, survey)| radix(feature, survey.missing_any()))
        .collect();
    let layout = pack::layout(&radices);
    Ok(Bins {
        features,
        radices,
        layout,
    })
}

fn extent(moments: &Moments) -> Extent {
    Extent {
        positive_infinity: moments.pos_inf > 0,
        negative_infinity: moments.neg_inf > 0,
        finite: (moments.count > 0).then_some((moments.min, moments.max)),
    }
}

/// A feature's sampled numbers, missing ones included.
///
/// # Errors
/// When the sample cannot be read.
pub fn read_sample(
    file: &BlockFile,
    feature: usize,
    value_type: Option<ValueType>,
) -> Result<Vec<f64>> {
    let rows = file.rows() as usize;
    if value_type == Some(ValueType::F64) {
        let mut values = vec![0.0f64; rows];
        file.read(feature, 0, &mut values)?;
        return Ok(values);
    }
    let mut values = vec![0.0f32; rows];
    file.read(feature, 0, &mut values)?;
    Ok(values.into_iter().map(f64::from).collect())
}
