//! Options of logistic regression under the names that scikit-learn uses.

use crate::learner::spec::{
    not_offered,
    preset::Preset,
    reader::{OptionReader, Range},
};
use crate::{
    data::Task,
    error::{Error, Result},
    learner::logistic::{LogisticOptions, Solver},
    limits::Limits,
};

fn defaults(preset: Preset) -> LogisticOptions {
    match preset {
        Preset::LogReg => LogisticOptions::log_reg(),
        Preset::SgdLogistic => LogisticOptions::sgd_logistic(),
        _ => LogisticOptions::default(),
    }
}

/// Reads the options of logistic regression.
pub(super) fn read(
    reader: &mut OptionReader,
    preset: Preset,
    seed: u64,
    limits: &Limits,
) -> Result<(LogisticOptions, Option<Task>)> {
    let mut options = defaults(preset);
    options.max_iter = options.max_iter.min(limits.newton_passes_max as u32);
    options.seed = reader.seed()?.unwrap_or(seed);
    read_penalty(reader, &mut options)?;
    read_solver(reader, &mut options)?;
    let passes = reader.integer(
        &["max_iter", "passes", "passes_max", "epochs"],
        1..=1_000_000,
    )?;
    if let Some(passes) = passes {
        let most = limits.newton_passes_max as i64;
        if passes > most {
            reader.note(format!(
                "max_iter {passes} is taken as {most}: passes over all rows, of which a few are enough"
            ));
        }
        options.max_iter = passes.min(most) as u32;
    }
    if let Some(tolerance) = reader.real(&["tol", "tolerance"], Range::NotNegative)? {
        options.tol = tolerance;
    }
    if let Some(categories) = reader.integer(&["max_categories", "categories_max"], 1..=254)? {
        options.max_categories = categories as u32;
    }
    if let Some(indicator) = reader.flag(&["missing_indicator", "add_indicator"])? {
        options.missing_indicator = indicator;
    }
    options.class_weight = reader.class_weight()?;
    reader.finish(preset.name(), not_offered::LOGISTIC)?;
    match preset {
        Preset::LogReg => reader.note(
            "scikit-learn's C = 1, but features are standardised first and the solver is streamed Newton passes",
        ),
        Preset::SgdLogistic => reader.note(
            "scikit-learn's alpha = 1e-4, but features are standardised first and the solver is streamed Newton passes; for SGD add \"solver\": \"sgd\"",
        ),
        _ => {}
    }
    Ok((options, None))
}

/// Reads the solver, and what only gradient descent has.
fn read_solver(reader: &mut OptionReader, options: &mut LogisticOptions) -> Result<()> {
    let name = reader.text(&["solver"])?;
    options.solver = match name.as_deref() {
        None | Some("newton" | "newton-cholesky" | "auto") => Solver::Newton,
        Some("sgd") => Solver::Sgd,
        Some(other) => {
            return Err(Error::Usage(format!(
                "--model: `solver` is \"{other}\"; it must be \"newton\" (the default) or \"sgd\""
            )));
        }
    };
    options.step_size = reader.real(&["step_size", "eta0"], Range::Positive)?;
    options.adaptive = reader.flag(&["adaptive", "adagrad"])?.unwrap_or(false);
    let averaged = reader.flag(&["average"])?;
    if options.solver == Solver::Sgd {
        options.max_iter = 1;
        if averaged == Some(false) {
            return Err(Error::Usage(
                "--model: `average` is false, but the solver sgd always averages; leave it out"
                    .to_owned(),
            ));
        }
        return Ok(());
    }
    let given = [
        ("step_size", options.step_size.is_some()),
        ("adaptive", options.adaptive),
        ("average", averaged == Some(true)),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(Error::Usage(format!(
            "--model: `{name}` is of the solver sgd only; leave it out, or add \"solver\": \"sgd\""
        ))),
        None => Ok(()),
    }
}

/// Reads the penalty: its strength as `C`, or as `alpha` (`l2`), or as `l1` and `l2`; its kind as
/// `penalty` or `l1_ratio`.
fn read_penalty(reader: &mut OptionReader, options: &mut LogisticOptions) -> Result<()> {
    let inverse = reader.real(&["C"], Range::Positive)?;
    let l2 = reader.real(
        &["l2", "alpha", "reg_lambda", "lambda_l2", "lambda"],
        Range::NotNegative,
    )?;
    let l1 = reader.real(&["l1", "reg_alpha", "lambda_l1"], Range::NotNegative)?;
    let ratio = read_ratio(reader)?;
    let both = |one: &str, other: &str| {
        Err(Error::Usage(format!(
            "--model: {one} and {other} both set the penalty; give one of them"
        )))
    };
    match (inverse, l1, l2) {
        (Some(_), _, Some(_)) => return both("`C`", "`l2` (`alpha`)"),
        (Some(_), Some(_), _) => return both("`C`", "`l1`"),
        (_, Some(_), _) if ratio.is_some() => return both("`l1`", "`l1_ratio` (`penalty`)"),
        (Some(_), None, None) => options.c = inverse,
        (None, None, None) => {}
        (None, _, l2) => {
            options.c = None;
            options.l1 = l1.unwrap_or(0.0);
            options.l2 = l2.unwrap_or(options.l2);
        }
    }
    if let Some(ratio) = ratio {
        if options.c.is_some() {
            options.l1_ratio = ratio;
        } else {
            options.l1 = ratio * options.l2;
            options.l2 *= 1.0 - ratio;
        }
    }
    Ok(())
}

/// The share of L1 in the penalty, from scikit-learn's `penalty` and `l1_ratio`.
fn read_ratio(reader: &mut OptionReader) -> Result<Option<f64>> {
    let ratio = reader.real(&["l1_ratio"], Range::NotNegative)?;
    if let Some(ratio) = ratio.filter(|ratio| *ratio > 1.0) {
        return Err(Error::Usage(format!(
            "--model: `l1_ratio` is {ratio}; it must be from 0 to 1"
        )));
    }
    let penalty = reader.text(&["penalty"])?;
    let expected = match (penalty.as_deref(), ratio) {
        (None | Some("elasticnet"), Some(ratio)) => return Ok(Some(ratio)),
        (None, None) => return Ok(None),
        (Some("l2"), _) => 0.0,
        (Some("l1"), _) => 1.0,
        (Some("elasticnet"), None) => {
            return Err(Error::Usage(
                "--model: `penalty` is \"elasticnet\"; give `l1_ratio` from 0 to 1 as well"
                    .to_owned(),
            ));
        }
        (Some(other), _) => {
            return Err(Error::Usage(format!(
                "--model: `penalty` is \"{other}\"; it must be \"l2\", \"l1\" or \"elasticnet\" \
                 (for none, `l2` 0)"
            )));
        }
    };
    match ratio {
        Some(ratio) if ratio != expected => Err(Error::Usage(format!(
            "--model: `penalty` is \"{}\" and `l1_ratio` is {ratio}, but they are one option; give one of them",
            penalty.unwrap_or_default()
        ))),
        _ => Ok(Some(expected)),
    }
}

/// The options as they are used.
pub(super) fn effective(options: &LogisticOptions) -> Vec<(&'static str, String)> {
    let mut list = match options.c {
        Some(inverse) => vec![
            ("C", inverse.to_string()),
            ("l1_ratio", options.l1_ratio.to_string()),
        ],
        None => vec![
            ("l2", options.l2.to_string()),
            ("l1", options.l1.to_string()),
        ],
    };
    match options.solver {
        Solver::Newton => list.push(("solver", "newton".to_owned())),
        Solver::Sgd => {
            let step = options.step_size.map(|step| step.to_string());
            list.push(("solver", "sgd".to_owned()));
            list.push((
                "step_size",
                step.unwrap_or_else(|| "from the curvature".to_owned()),
            ));
            list.push(("adaptive", options.adaptive.to_string()));
        }
    }
    list.push(("max_iter", options.max_iter.to_string()));
    if options.solver == Solver::Newton {
        list.push(("tol", options.tol.to_string()));
    }
    list.push(("max_categories", options.max_categories.to_string()));
    list.push(("missing_indicator", options.missing_indicator.to_string()));
    let class_weight = options.class_weight.text();
    list.extend(class_weight.map(|text| ("class_weight", text)));
    list.push(("seed", options.seed.to_string()));
    list
}
