//! Options of logistic regression under the names that scikit-learn uses.

use super::{
    Objective, Preset,
    reader::{OptionReader, Range, Refused},
};
use crate::{
    error::{Error, Result},
    learner::logistic::LogisticOptions,
    limits::Limits,
};

const NEWTON: &str = "the solver is always streamed Newton passes, which need no step size and no shuffling; leave it out";

/// What is known and not offered. A neutral value passes.
const REFUSED: &[Refused] = &[
    Refused {
        names: &["solver"],
        neutral: &["\"newton\"", "\"newton-cholesky\"", "\"auto\""],
        why: NEWTON,
    },
    Refused {
        names: &["penalty", "l1_ratio", "elasticnet_alpha"],
        neutral: &["\"l2\"", "0"],
        why: "only the L2 penalty is there in this version (`C`, `alpha` or `l2`)",
    },
    Refused {
        names: &["l1", "reg_alpha", "lambda_l1"],
        neutral: &["0"],
        why: "an L1 penalty is not there in this version; use `l2`",
    },
    Refused {
        names: &["loss", "objective"],
        neutral: &["\"log_loss\"", "\"log\""],
        why: "the loss is the logistic loss (`log_loss`)",
    },
    Refused {
        names: &["fit_intercept"],
        neutral: &["true"],
        why: "an intercept is always fitted",
    },
    Refused {
        names: &[
            "learning_rate",
            "eta0",
            "power_t",
            "average",
            "shuffle",
            "early_stopping",
            "validation_fraction",
            "n_iter_no_change",
            "epsilon",
            "warm_start",
            "dual",
            "intercept_scaling",
            "multi_class",
        ],
        neutral: &["false"],
        why: NEWTON,
    },
    Refused {
        names: &["n_jobs", "verbose"],
        neutral: &[],
        why: "give --threads, --quiet or --log-json on the command line",
    },
];

fn defaults(preset: Preset) -> LogisticOptions {
    let own = LogisticOptions::default();
    match preset {
        Preset::LogReg => LogisticOptions {
            inverse_l2: Some(1.0),
            ..own
        },
        Preset::SgdLogistic => LogisticOptions { l2: 1e-4, ..own },
        _ => own,
    }
}

/// Reads the options of logistic regression.
pub(super) fn read(
    reader: &mut OptionReader,
    preset: Preset,
    seed: u64,
    limits: &Limits,
) -> Result<(LogisticOptions, Option<Objective>)> {
    let mut options = defaults(preset);
    options.passes_max = options.passes_max.min(limits.newton_passes_max as u32);
    options.seed = reader.seed()?.unwrap_or(seed);
    let inverse = reader.real(&["C"], Range::Positive)?;
    let l2 = reader.real(
        &["l2", "alpha", "reg_lambda", "lambda_l2", "lambda"],
        Range::NotNegative,
    )?;
    match (inverse, l2) {
        (Some(_), Some(_)) => {
            return Err(Error::Usage(
                "--model: `C` and `l2` (`alpha`) both set the penalty; give one of them".to_owned(),
            ));
        }
        (Some(_), None) => options.inverse_l2 = inverse,
        (None, Some(l2)) => {
            options.inverse_l2 = None;
            options.l2 = l2;
        }
        (None, None) => {}
    }
    let passes = reader.integer(
        &["max_iter", "passes", "passes_max", "epochs"],
        1..=1_000_000,
    )?;
    if let Some(passes) = passes {
        let most = limits.newton_passes_max as i64;
        if passes > most {
            reader.note(format!(
                "max_iter {passes} is taken as {most}: Newton passes over all rows, of which a few are enough"
            ));
        }
        options.passes_max = passes.min(most) as u32;
    }
    if let Some(tolerance) = reader.real(&["tol", "tolerance"], Range::NotNegative)? {
        options.tolerance = tolerance;
    }
    if let Some(categories) = reader.integer(&["max_categories", "categories_max"], 1..=254)? {
        options.categories_max = categories as u32;
    }
    (options.balanced, options.named_class_weights) = reader.class_weight()?;
    reader.finish(preset.name(), REFUSED)?;
    match preset {
        Preset::LogReg => reader.note(
            "scikit-learn's C = 1, but features are standardised first and the solver is streamed Newton passes",
        ),
        Preset::SgdLogistic => reader.note(
            "scikit-learn's alpha = 1e-4, but features are standardised first and the solver is streamed Newton passes, not SGD",
        ),
        _ => {}
    }
    Ok((options, None))
}

/// The options as they are used.
pub(super) fn effective(options: &LogisticOptions) -> Vec<(&'static str, String)> {
    let mut list = vec![match options.inverse_l2 {
        Some(inverse) => ("C", inverse.to_string()),
        None => ("l2", options.l2.to_string()),
    }];
    list.push(("max_iter", options.passes_max.to_string()));
    list.push(("tol", options.tolerance.to_string()));
    list.push(("max_categories", options.categories_max.to_string()));
    list.extend(class_weight_text(
        options.balanced,
        &options.named_class_weights,
    ));
    list.push(("seed", options.seed.to_string()));
    list
}

/// `class_weight` as it was given, if it was.
pub(super) fn class_weight_text(
    balanced: bool,
    named: &[(String, f64)],
) -> Option<(&'static str, String)> {
    if balanced {
        return Some(("class_weight", "balanced".to_owned()));
    }
    if named.is_empty() {
        return None;
    }
    let weights: Vec<String> = named
        .iter()
        .map(|(class, weight)| format!("{class}: {weight}"))
        .collect();
    Some(("class_weight", weights.join(", ")))
}
