//! `objective`: the kind of target, and the loss if it is a number.

use crate::learner::spec::{
    preset::Preset,
    reader::{OptionReader, Range},
};
use crate::{
    data::Task,
    error::{Error, Result},
    learner::gbdt::Loss,
};

/// The step that XGBoost and LightGBM add to the margin of Poisson hessians.
const DELTA_STEP_MAX: f64 = 0.7;

/// LightGBM's quantile where none is given.
const LIGHTGBM_ALPHA: f64 = 0.9;

/// The losses that an `objective` names; [`Named::Quantile`] and [`Named::Poisson`] have an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Binary,
    Multiclass,
    SquaredError,
    AbsoluteError,
    Quantile,
    Poisson,
}

/// The names of the libraries for each; the first is the one that is printed.
const NAMES: &[(Named, &[&str])] = &[
    (
        Named::Binary,
        &["binary", "binary:logistic", "log_loss", "binary_logloss"],
    ),
    (
        Named::Multiclass,
        &["multiclass", "multi:softprob", "multi:softmax", "softmax"],
    ),
    (
        Named::SquaredError,
        &[
            "regression",
            "reg:squarederror",
            "regression_l2",
            "l2",
            "mse",
            "squared_error",
            "mean_squared_error",
        ],
    ),
    (
        Named::AbsoluteError,
        &[
            "mae",
            "reg:absoluteerror",
            "regression_l1",
            "l1",
            "absolute_error",
            "mean_absolute_error",
        ],
    ),
    (Named::Quantile, &["quantile", "reg:quantileerror"]),
    (Named::Poisson, &["poisson", "count:poisson"]),
];

/// Reads the objective and its options: the kind of target that it asks for, and the loss of a number
/// where it is not the squared error.
///
/// # Errors
/// [`Error::Usage`] for an objective that is not there, or a quantile out of range.
pub(super) fn read(
    reader: &mut OptionReader,
    preset: Preset,
) -> Result<(Option<Task>, Option<Loss>)> {
    let names = &["objective", "objective_type", "application", "app", "loss"];
    let Some(objective) = reader.text(names)? else {
        return Ok((None, None));
    };
    let named = NAMES
        .iter()
        .find(|(_, names)| names.contains(&objective.as_str()));
    let Some((named, _)) = named else {
        let first: Vec<&str> = NAMES.iter().map(|(_, names)| names[0]).collect();
        return Err(Error::Usage(format!(
            "--model: the objective `{objective}` is not supported; use one of {}, or leave it to \
             --task",
            first.join(", ")
        )));
    };
    Ok(match named {
        Named::Binary => (Some(Task::Binary), None),
        Named::Multiclass => (Some(Task::Multiclass), None),
        Named::SquaredError => (Some(Task::Regression), None),
        Named::AbsoluteError => (Some(Task::Regression), Some(Loss::AbsoluteError)),
        Named::Quantile => {
            let alpha = read_alpha(reader, preset)?;
            (Some(Task::Regression), Some(Loss::Quantile { alpha }))
        }
        Named::Poisson => {
            let delta_step_max = reader
                .real(&["poisson_max_delta_step"], Range::NotNegative)?
                .unwrap_or(DELTA_STEP_MAX);
            (
                Some(Task::Regression),
                Some(Loss::Poisson { delta_step_max }),
            )
        }
    })
}

/// The quantile: `alpha` in LightGBM and scikit-learn, but the L1 penalty in XGBoost.
fn read_alpha(reader: &mut OptionReader, preset: Preset) -> Result<f64> {
    let names: &[&str] = match preset {
        Preset::Xgboost => &["quantile_alpha", "quantile"],
        _ => &["quantile_alpha", "alpha", "quantile"],
    };
    match (reader.real(names, Range::Inside)?, preset) {
        (Some(alpha), _) => Ok(alpha),
        (None, Preset::Lightgbm) => Ok(LIGHTGBM_ALPHA),
        (None, _) => Err(Error::Usage(
            "--model: the objective `quantile` needs `quantile_alpha`, above 0 and below 1; for \
             example 0.5 for the median"
                .to_owned(),
        )),
    }
}

/// A loss of numbers as it is printed; `None` for the default.
pub(super) fn effective(loss: Loss) -> Option<String> {
    match loss {
        Loss::AbsoluteError => Some("mae".to_owned()),
        Loss::Quantile { alpha } => Some(format!("quantile, quantile_alpha {alpha}")),
        Loss::Poisson { delta_step_max } => {
            Some(format!("poisson, poisson_max_delta_step {delta_step_max}"))
        }
        Loss::SquaredError | Loss::BinaryLogLoss | Loss::Softmax { .. } => None,
    }
}
