//! Logistic regression on all rows: Newton passes or gradient descent over the source, then a pass that
//! evaluates.

use crate::{
    data::Split,
    engine::PassReport,
    error::Result,
    learner::logistic::LogisticOptions,
    model::{Body, Model},
    pipeline::{
        evaluate::{
            evaluation::Evaluation,
            progressive::Curve,
            source_pass::{PredictSpec, predict_and_evaluate},
        },
        fit::{
            context::{FitContext, FitSpec, Fitted},
            finished_model,
            linear_spec::LinearSpec,
            newton,
        },
    },
};

/// Fits the coefficients, saves the model and evaluates it.
///
/// # Errors
/// When the data cannot be read, or no feature varies.
pub(crate) fn fit_linear(
    fit: &FitContext<'_>,
    spec: &FitSpec<'_>,
    options: &LogisticOptions,
) -> Result<Fitted> {
    let newton = LinearSpec {
        options,
        data: fit.data,
        features: &spec.bins.features,
        survey: spec.survey,
        rows: spec.rows,
        sample: &spec.assigned.sample,
        classes: fit.target.classes.len(),
        train_rows: spec.assigned.rows(Split::Train),
        memory_bytes: fit.memory_bytes,
        lanes: fit.plan.lanes,
    };
    let fitted = newton::fit(fit.context(), &newton, fit.limits.start_sample_rows)?;
    let model = finished_model::model(fit, spec, Body::Linear(fitted.linear));
    let seconds_to_model = fit.session.save_model(&model)?;
    let (evaluation, report) = evaluate_linear(fit, spec, &model)?;
    let mut passes = fitted.reports;
    passes.push(report);
    Ok(Fitted {
        model,
        left_out: fitted.left_out,
        covariance: fitted.fitted.covariance,
        curve: Vec::new(),
        progressive: Curve::default(),
        evaluation,
        seconds_to_model,
        passes,
    })
}

/// The metrics of a linear model on all splits, by a pass over the data.
pub(crate) fn evaluate_linear(
    fit: &FitContext<'_>,
    spec: &FitSpec<'_>,
    model: &Model,
) -> Result<(Evaluation, PassReport)> {
    let predict = PredictSpec {
        name: "evaluation",
        data: fit.data,
        model,
        rows: spec.rows,
        splits: &Split::ALL,
        evaluation: fit.evaluation,
    };
    predict_and_evaluate(fit.context(), &predict)
}
