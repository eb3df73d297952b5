//! Which learner with which options: what `--model` means.
//!
//! A name, or a JSON object of options under the names that XGBoost, LightGBM and scikit-learn use.
//! Nothing is ignored: an option is taken, refused by name, or unknown and answered with the nearest.

mod constraints;
mod linear;
mod metrics;
mod objective;
mod reader;
mod sampling;
mod trees;

use std::fmt::Write as _;

use crate::{
    data::Task,
    error::{Error, Result},
    learner::{
        ClassWeight,
        gbdt::{BoosterOptions, Loss},
        logistic::LogisticOptions,
    },
    limits::Limits,
    text::nearest,
};

use crate::learner::spec::reader::OptionReader;

/// A learner and its options.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "learner")]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a run, and it is not moved about"
)]
pub enum ModelSpec {
    /// Histogram gradient boosting.
    Gbdt(BoosterOptions),
    /// Logistic regression.
    Logistic(LogisticOptions),
}

/// The names that `--model` knows: our own, and presets with a library's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    Gbdt,
    Xgboost,
    Lightgbm,
    Logistic,
    LogReg,
    SgdLogistic,
}

impl Preset {
    const ALL: [Self; 6] = [
        Self::Gbdt,
        Self::Logistic,
        Self::Xgboost,
        Self::Lightgbm,
        Self::SgdLogistic,
        Self::LogReg,
    ];

    /// What a JSON object without `name` means.
    const DEFAULT: Self = Self::Gbdt;

    fn name(self) -> &'static str {
        match self {
            Self::Gbdt => "gbdt",
            Self::Xgboost => "xgboost",
            Self::Lightgbm => "lightgbm",
            Self::Logistic => "logistic",
            Self::LogReg => "log_reg",
            Self::SgdLogistic => "sgd_logistic",
        }
    }

    fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            Error::Usage(format!(
                "--model: `{name}` is no learner of rowmill{}; choose {}, or give options as JSON",
                nearest::hint(name, names),
                names.join(", ")
            ))
        })
    }
}

/// What `--model` was understood as.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelChoice {
    /// The learner and its options.
    pub spec: ModelSpec,
    /// The name that was given, or the default's.
    pub name: &'static str,
    /// The task that an `objective` asked for.
    pub task: Option<Task>,
    /// What differs from the library of that name, and what was taken otherwise than written.
    pub notes: Vec<String>,
}

impl ModelChoice {
    /// Reads a name or a JSON object. `seed` is used unless the object has its own.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the option, its value, its range or the nearest known name.
    pub fn parse(text: &str, seed: u64, limits: &Limits) -> Result<Self> {
        Self::parse_with(text, &[], seed, limits)
    }

    /// The same with options from elsewhere, which must not contradict the object's.
    ///
    /// # Errors
    /// As [`ModelChoice::parse`].
    pub fn parse_with(
        text: &str,
        more: &[(&str, &str)],
        seed: u64,
        limits: &Limits,
    ) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::Usage(format!(
                "--model is empty; choose {}, or give options as JSON",
                Preset::ALL.map(Preset::name).join(", ")
            )));
        }
        let mut reader = if text.starts_with('{') {
            OptionReader::parse(text)?
        } else {
            OptionReader::empty()
        };
        for (name, value) in more {
            reader.add(name, (*value).into());
        }
        let preset = if text.starts_with('{') {
            match reader.text(&["name"])? {
                Some(name) => Preset::named(&name)?,
                None => Preset::DEFAULT,
            }
        } else {
            Preset::named(text)?
        };
        let (spec, task) = match preset {
            Preset::Gbdt | Preset::Xgboost | Preset::Lightgbm => {
                let (options, task) = trees::read(&mut reader, preset, seed, limits)?;
                (ModelSpec::Gbdt(options), task)
            }
            Preset::Logistic | Preset::LogReg | Preset::SgdLogistic => {
                let (options, task) = linear::read(&mut reader, preset, seed, limits)?;
                (ModelSpec::Logistic(options), task)
            }
        };
        Ok(Self {
            spec,
            name: preset.name(),
            task,
            notes: reader.into_notes(),
        })
    }

    /// The effective options and the notes, for people.
    pub fn describe(&self) -> String {
        let mut text = format!("model {}", self.name);
        if self.name != self.spec.learner() {
            let _ = write!(text, " (preset of rowmill's {})", self.spec.learner());
        }
        for (option, value) in self.spec.effective() {
            let _ = write!(text, "\n  {option:<22} {value}");
        }
        for note in &self.notes {
            let _ = write!(text, "\n  note: {note}");
        }
        text
    }
}

impl ModelSpec {
    /// The learner's name.
    pub fn learner(&self) -> &'static str {
        match self {
            Self::Gbdt(_) => "gbdt",
            Self::Logistic(_) => "logistic",
        }
    }

    /// The options as they are used, under the names that `--model` takes.
    pub fn effective(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Gbdt(options) => trees::effective(options),
            Self::Logistic(options) => linear::effective(options),
        }
    }

    /// What is minimised where the target is a number.
    pub fn regression_loss(&self) -> Loss {
        match self {
            Self::Gbdt(options) => options.regression_loss(),
            Self::Logistic(_) => Loss::SquaredError,
        }
    }

    /// Refuses metrics of the learning curve that mean nothing for what is learned.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the metric and those that could be used.
    pub fn check_metrics(&self, loss: Loss) -> Result<()> {
        match self {
            Self::Gbdt(options) => metrics::check(&options.eval_metric, loss),
            Self::Logistic(_) => Ok(()),
        }
    }

    /// Rounds without a better valid loss before training stops, where asked for.
    pub fn early_stopping_rounds(&self) -> Option<u32> {
        match self {
            Self::Gbdt(options) => options.early_stopping_rounds,
            Self::Logistic(_) => None,
        }
    }

    /// Looks up the features that constraints name. `features` are the names in the model's order, and
    /// whether they are texts.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a feature that is not there, a list of the wrong length, or a direction
    /// asked of a text.
    pub fn resolve_features(&mut self, features: &[(&str, bool)]) -> Result<()> {
        if let Self::Gbdt(options) = self {
            options.feature_constraints = options.constraints.resolve(features)?;
        }
        Ok(())
    }

    /// Leaves out features of those that [`Self::resolve_features`] saw.
    pub fn leave_out_features(&mut self, kept: &[bool]) {
        if let Self::Gbdt(options) = self {
            options.feature_constraints.leave_out(kept);
        }
    }

    /// Whether predictions must fall or rise with a feature.
    pub fn is_monotone(&self, feature: usize) -> bool {
        match self {
            Self::Gbdt(options) => options.feature_constraints.direction(feature as u32) != 0,
            Self::Logistic(_) => false,
        }
    }

    /// Fills in what only the data can tell: class weights, and the penalty that `C` means beside the
    /// sum of the weighted losses.
    ///
    /// `classes` are the target's classes with their training rows, empty for regression; `weight` is
    /// that of all training rows.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a weight of a class that the target does not have, or class weights
    /// where there are no classes.
    pub fn resolve(&mut self, classes: &[(&str, u64)], weight: f64) -> Result<()> {
        let (weight_of_classes, class_weights) = match self {
            Self::Gbdt(options) => (&options.class_weight, &mut options.class_weights),
            Self::Logistic(options) => (&options.class_weight, &mut options.class_weights),
        };
        // Factors that a caller gave stay.
        if *weight_of_classes != ClassWeight::Equal {
            *class_weights = weight_of_classes.factors(classes)?;
        }
        if let Self::Logistic(options) = self {
            options.resolve_strength(weight * mean_factor(classes, &options.class_weights));
        }
        Ok(())
    }
}

/// The mean class weight over the training rows, 1 without any.
fn mean_factor(classes: &[(&str, u64)], class_weights: &[f64]) -> f64 {
    let rows: u64 = classes.iter().map(|(_, rows)| rows).sum();
    if class_weights.is_empty() || rows == 0 {
        return 1.0;
    }
    let weighted = classes.iter().zip(class_weights);
    let weight: f64 = weighted
        .map(|((_, rows), factor)| *rows as f64 * factor)
        .sum();
    weight / rows as f64
}

#[cfg(test)]
mod tests;
