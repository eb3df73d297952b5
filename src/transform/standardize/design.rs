//! The columns of the design matrix.

use std::collections::HashMap;

use crate::{
    error::{Error, Result},
    model::{Binning, Column, FeatureSpec, Linear, Link, Reading},
    transform::standardize::input::{DroppedFeature, FeatureSummary, Input},
};

/// The columns that one feature fills: `first_column..first_column + columns`.
#[derive(Debug, Clone)]
pub(super) struct FeatureColumns {
    pub(super) schema_column: usize,
    pub(super) first_column: usize,
    pub(super) columns: usize,
    /// A category's place among the feature's columns; empty for numbers.
    pub(super) places: HashMap<String, u32>,
}

/// A map from raw columns to the design matrix; fixed once training statistics are known.
#[derive(Debug, Clone)]
pub struct Design {
    pub(super) columns: Vec<Column>,
    pub(super) sources: Vec<FeatureColumns>,
    left_out: Vec<DroppedFeature>,
    pub(super) rows: DesignRows,
}

/// The rows that a design is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DesignRows {
    /// The rows that it was made from: constant features are left out, missing values stand at the mean.
    Training,
    /// Later rows too, which a learner standardises by those before them: numbers that do not vary yet
    /// stay, and missing values stay missing.
    Later,
}

impl Design {
    /// The design of the given features, in their order, with at most `categories_max` indicators each.
    ///
    /// # Errors
    /// [`Error::Dataset`] when no feature varies.
    pub fn new(inputs: &[Input], categories_max: u32) -> Result<Self> {
        Self::of(inputs, categories_max, DesignRows::Training)
    }

    /// The same for a learner that is trained on further rows: constant numbers have a column too, and a
    /// missing number is NaN in its column.
    ///
    /// # Errors
    /// [`Error::Dataset`] when there is no column.
    pub fn for_later_rows(inputs: &[Input], categories_max: u32) -> Result<Self> {
        Self::of(inputs, categories_max, DesignRows::Later)
    }

    /// The design of a model's columns, for later rows. `schema_columns` is where batches have each
    /// feature.
    pub fn of_model(linear: &Linear, features: &[FeatureSpec], schema_columns: &[usize]) -> Self {
        let mut design = Self::empty(DesignRows::Later);
        for columns in linear
            .columns
            .chunk_by(|one, next| one.feature == next.feature)
        {
            let feature = columns[0].feature as usize;
            let is_category = |column: &Column| matches!(column.reading, Reading::Category(_));
            let places = match &features[feature].binning {
                Binning::Categorical { values, .. } => {
                    let kept = columns.iter().filter(|column| is_category(column)).count();
                    let places = values[..kept].iter().cloned().zip(0..);
                    places.collect()
                }
                Binning::Numeric { .. } => HashMap::new(),
            };
            design.sources.push(FeatureColumns {
                schema_column: schema_columns[feature],
                first_column: design.columns.len(),
                columns: columns.len(),
                places,
            });
            design.columns.extend(columns);
        }
        design
    }

    fn empty(rows: DesignRows) -> Self {
        Self {
            columns: Vec::new(),
            sources: Vec::new(),
            left_out: Vec::new(),
            rows,
        }
    }

    fn of(inputs: &[Input], categories_max: u32, rows: DesignRows) -> Result<Self> {
        let mut design = Self::empty(rows);
        for input in inputs {
            let feature = input.feature;
            match design.add(input, categories_max as usize) {
                Ok(()) => {}
                Err(reason) => design.left_out.push(DroppedFeature { feature, reason }),
            }
        }
        if design.columns.is_empty() {
            return Err(Error::Dataset(format!(
                "all {} features are constant in the training rows, so a linear model cannot be trained; check \
                 --exclude and the split",
                inputs.len()
            )));
        }
        Ok(design)
    }

    fn add(&mut self, input: &Input, categories_max: usize) -> Result<(), &'static str> {
        let first_column = self.columns.len();
        let mut places = HashMap::new();
        let mut varies = Ok(());
        match &input.summary {
            FeatureSummary::Numeric { mean, sd, min, max } => {
                match number(input.feature, *mean, *sd, *min, *max) {
                    Ok(column) => self.columns.push(column),
                    Err(_) if self.rows == DesignRows::Later => {
                        let mean = if min <= max && mean.is_finite() {
                            *mean
                        } else {
                            0.0
                        };
                        self.columns.push(unscaled(input.feature, mean));
                    }
                    Err(reason) => varies = Err(reason),
                }
            }
            FeatureSummary::Categorical { values } => {
                let kept = values.len().min(categories_max).min(usize::from(u8::MAX));
                if kept == 0 {
                    varies = Err("no value in any training row");
                }
                for (code, value) in values[..kept].iter().enumerate() {
                    places.insert(value.clone(), code as u32);
                    let reading = Reading::Category(code as u8);
                    self.columns.push(indicator(input.feature, reading));
                }
            }
        }
        if input.missing_indicator {
            let column = indicator(input.feature, Reading::Missing);
            self.columns.push(column);
        } else {
            varies?;
        }
        self.sources.push(FeatureColumns {
            schema_column: input.schema_column,
            first_column,
            columns: self.columns.len() - first_column,
            places,
        });
        Ok(())
    }

    /// The columns, those of a feature together.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The number of columns, the intercept's ones apart.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// True without columns; never so once constructed.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The features that are not in the design.
    pub fn left_out(&self) -> &[DroppedFeature] {
        &self.left_out
    }

    /// The schema columns that a pass has to read, in the order of the design.
    pub fn schema_columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.sources.iter().map(|source| source.schema_column)
    }

    /// The model of this design with coefficients by output, then by column.
    pub fn linear(&self, link: Link, intercepts: &[f64], coefficients: &[Vec<f64>]) -> Linear {
        assert_eq!(intercepts.len(), coefficients.len(), "outputs");
        for output in coefficients {
            assert_eq!(output.len(), self.len(), "coefficients of an output");
        }
        Linear {
            outputs: intercepts.len(),
            link,
            columns: self.columns.clone(),
            intercepts: intercepts.to_vec(),
            coefficients: coefficients.concat(),
        }
    }
}

/// The column of a number, or the reason for none.
fn number(feature: u32, mean: f64, sd: f64, min: f64, max: f64) -> Result<Column, &'static str> {
    if min > max || mean.is_nan() {
        return Err("no finite value in any training row");
    }
    if min == max || sd == 0.0 {
        return Err("constant in the training rows");
    }
    let scalable = mean.is_finite() && sd.is_finite() && sd > 0.0 && (1.0 / sd).is_finite();
    if !scalable {
        return Err("values too large or too small to standardise");
    }
    Ok(Column {
        feature,
        reading: Reading::Number,
        mean,
        sd,
        imputation: mean,
    })
}

/// The column of a number of which too little is known to scale it.
fn unscaled(feature: u32, mean: f64) -> Column {
    Column {
        feature,
        reading: Reading::Number,
        mean,
        sd: 1.0,
        imputation: mean,
    }
}

fn indicator(feature: u32, reading: Reading) -> Column {
    Column {
        feature,
        reading,
        mean: 0.0,
        sd: 1.0,
        imputation: 0.0,
    }
}
