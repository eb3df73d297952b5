//! Bins from the first rows of a stream.

use crate::{
    data::{Absent, ValueType},
    learner::incremental::{BatchSchema, Table},
    limits::Limits,
    model::{Binning, Bins, FeatureSpec},
    stats::cuts::{Extent, numeric_cuts},
};

/// Bins from columns of numbers. Every feature has a code for missing values, whether or not these
/// rows have some: later rows may.
///
/// `column` appends a feature's values. Memory: one column.
pub(crate) fn bins_of(
    schema: &BatchSchema,
    value_type: ValueType,
    bins_max: u16,
    mut column: impl FnMut(usize, &mut Vec<f64>),
) -> Bins {
    let mut values = Vec::new();
    let features = schema.features().iter().enumerate();
    let features: Vec<FeatureSpec> = features
        .map(|(feature, name)| {
            values.clear();
            column(feature, &mut values);
            FeatureSpec {
                name: name.clone(),
                value_type,
                absent: Absent::Missing,
                missing_in_training: values.iter().any(|value| value.is_nan()),
                binning: Binning::Numeric {
                    cuts: numeric_cuts(&mut values, Extent::default(), usize::from(bins_max)),
                },
            }
        })
        .collect();
    Bins::with_missing_codes(features)
}

/// Checks that bins that were given, or read, are those of a schema.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn check(bins: &Bins, schema: &BatchSchema) -> Result<(), String> {
    let names = bins.features.iter().map(|feature| &feature.name);
    if !names.eq(schema.features()) {
        return Err("the bins are not those of the declared features, in their order".to_owned());
    }
    bins.check()
}

/// The stride of a sample of `rows` rows that is large enough for cut points.
pub(crate) fn stride_of(rows: usize) -> usize {
    rows.div_ceil(Limits::DEFAULT.cut_sample_rows as usize)
        .max(1)
}

/// The type of a table's numbers.
pub(crate) fn value_type(table: &Table<'_>) -> ValueType {
    match table {
        Table::F32(_) => ValueType::F32,
        Table::F64(_) => ValueType::F64,
    }
}
