//! `coefficients.csv`: a linear model for people, on the scale of the data, with standard errors.

use std::path::Path;

use crate::report::{csv_file, text};
use crate::{
    error::Result,
    model::{Binning, FeatureSpec, Linear, Reading},
};

/// The file's name.
pub(crate) const NAME: &str = "coefficients.csv";

/// The feature of a row that is none.
const INTERCEPT: &str = "(intercept)";

/// One coefficient of one output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CoefficientRow {
    /// The class whose margin it adds to; of two classes the second.
    pub class: String,
    /// The feature, or `(intercept)`.
    pub feature: String,
    /// The part of the feature: empty for the number itself, else the category, or `missing`.
    pub reads: String,
    /// The change of the margin per unit of the data (for the intercept: the margin at 0).
    pub coefficient: f64,
    /// Its standard error, where there is one.
    pub standard_error: Option<f64>,
    /// The change per standard deviation (for the intercept: the margin at the means).
    pub standardised: f64,
    /// Subtracted from a value when it is standardised; the value of a missing one.
    pub mean: Option<f64>,
    /// Divided by when it is standardised.
    pub sd: Option<f64>,
}

/// The columns of the file, in order.
const HEADER: [&str; 9] = [
    "class",
    "feature",
    "reads",
    "coefficient",
    "standard_error",
    "z",
    "standardised",
    "mean",
    "sd",
];

/// The rows of a model, each output's intercept first. `covariance` is that of its parameters on the
/// standardised scale, by output and column with the intercept last, a lower triangle row after row.
pub(crate) fn rows(
    linear: &Linear,
    features: &[FeatureSpec],
    classes: &[String],
    covariance: Option<&[f64]>,
) -> Vec<CoefficientRow> {
    let columns = linear.columns.len();
    let mut rows = Vec::with_capacity(linear.outputs * (columns + 1));
    for output in 0..linear.outputs {
        let class = if linear.outputs == 1 {
            classes.last()
        } else {
            classes.get(output)
        };
        let class = class.cloned().unwrap_or_default();
        let (intercept, coefficients) = linear.on_data_scale(output);
        let errors = covariance.map(|triangle| Errors {
            triangle,
            first: output * (columns + 1),
        });
        rows.push(CoefficientRow {
            class: class.clone(),
            feature: INTERCEPT.to_owned(),
            reads: String::new(),
            coefficient: intercept,
            standard_error: errors.as_ref().map(|errors| errors.of_intercept(linear)),
            standardised: linear.intercepts[output],
            mean: None,
            sd: None,
        });
        let standardised = linear.coefficients_of(output);
        for (index, column) in linear.columns.iter().enumerate() {
            let feature = &features[column.feature as usize];
            rows.push(CoefficientRow {
                class: class.clone(),
                feature: feature.name.clone(),
                reads: reads(feature, column.reading),
                coefficient: coefficients[index],
                standard_error: errors
                    .as_ref()
                    .map(|errors| errors.at(index, index).max(0.0).sqrt() / column.sd),
                standardised: standardised[index],
                mean: Some(column.mean),
                sd: Some(column.sd),
            });
        }
    }
    rows
}

/// Writes the table in the order given.
///
/// # Errors
/// [`crate::error::Error::Io`] naming the file.
pub(crate) fn write(
    directory: &Path,
    rows: impl IntoIterator<Item = CoefficientRow>,
) -> Result<()> {
    csv_file::write(&directory.join(NAME), |csv| {
        csv.row(HEADER)?;
        for row in rows {
            csv.row(cells(row))?;
        }
        Ok(())
    })
}

fn cells(row: CoefficientRow) -> [String; HEADER.len()] {
    let error = row.standard_error.filter(|error| *error > 0.0);
    [
        row.class,
        row.feature,
        row.reads,
        text::number(row.coefficient),
        text::optional(row.standard_error),
        text::optional(error.map(|error| row.coefficient / error)),
        text::number(row.standardised),
        text::optional(row.mean),
        text::optional(row.sd),
    ]
}

fn reads(feature: &FeatureSpec, reading: Reading) -> String {
    match (reading, &feature.binning) {
        (Reading::Category(code), Binning::Categorical { values, .. }) => {
            values.get(usize::from(code)).cloned().unwrap_or_default()
        }
        (Reading::Missing, _) => "missing".to_owned(),
        _ => String::new(),
    }
}

/// The covariance of one output's parameters.
struct Errors<'a> {
    triangle: &'a [f64],
    /// The output's first parameter.
    first: usize,
}

impl Errors<'_> {
    fn at(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (self.first + i.max(j), self.first + i.min(j));
        self.triangle[i * (i + 1) / 2 + j]
    }

    /// The intercept on the data's scale is a sum: that of the standardised scale less each
    /// coefficient times mean / sd. O(columns^2).
    fn of_intercept(&self, linear: &Linear) -> f64 {
        let means = linear.columns.iter().map(|column| -column.mean / column.sd);
        let factors: Vec<f64> = means.chain([1.0]).collect();
        let mut variance = 0.0;
        for (i, one) in factors.iter().enumerate() {
            for (j, other) in factors.iter().enumerate() {
                variance += one * other * self.at(i, j);
            }
        }
        variance.max(0.0).sqrt()
    }
}
