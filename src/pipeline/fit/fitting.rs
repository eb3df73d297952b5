//! Fitting: from bins to a saved model and its evaluation, by either learner.

use serde_json::Value;

use crate::{
    data::Split,
    engine::PassReport,
    error::Result,
    learner::{
        ModelSpec,
        gbdt::{BoosterOptions, BoosterPlan, RoundLoss},
        logistic::LogisticOptions,
    },
    model::{About, Body, ExcludedColumn, FeatureSpec, Model, Roles},
    pipeline::{
        coding::codes::constants,
        evaluate::{
            code_pass::{Files, evaluate_from_scratch},
            evaluation::{Evaluation, EvaluationSpec},
            source_pass::{PredictSpec, predict_and_evaluate},
        },
        fit::{
            boost::{BoostSpec, boost, loss_of},
            newton::{self, NewtonSpec},
        },
        incremental::{
            linear::fit_linear_online, progressive::Curve, started::Started,
            trees::fit_trees_online,
        },
        prepare::{assign::Assigned, bins::Bins, survey::Survey},
        storage::rows::RowsFile,
    },
    run::{checkpoint::Checkpoint, directory, train::Run},
    scratch::BlockFile,
    text::size::format_bytes,
};

/// What a model is fitted from.
pub(crate) struct FitSpec<'a> {
    /// The learner's options, complete.
    pub model: &'a ModelSpec,
    /// Features and their codes.
    pub bins: Bins,
    /// Moments and the sampled values.
    pub survey: &'a Survey,
    /// Labels, groups and splits.
    pub rows: &'a RowsFile,
    /// Counts by split, and the sample.
    pub assigned: &'a Assigned,
    /// What is evaluated.
    pub evaluation: &'a EvaluationSpec,
    /// The codes of all rows; `None` for a linear model.
    pub codes: Option<BlockFile>,
}

/// What fitting leaves behind.
pub(crate) struct Fitted {
    /// The model, saved without its metrics.
    pub model: Model,
    /// Features that the learner left out, and why.
    pub left_out: Vec<(u32, &'static str)>,
    /// Of a linear model's coefficients, where there is one.
    pub covariance: Option<Vec<f64>>,
    /// Losses after each round of trees; empty for a linear model.
    pub curve: Vec<RoundLoss>,
    /// How well batches were predicted before they were learned; empty where there are none.
    pub progressive: Curve,
    /// How good the model is on all splits.
    pub evaluation: Evaluation,
    /// Seconds from the run's start to the saved model.
    pub seconds_to_model: f64,
    /// The passes, in order.
    pub passes: Vec<PassReport>,
}

/// Fits the model, saves it as soon as it is there, and evaluates it.
///
/// # Errors
/// When data or scratch files cannot be read, or there is nothing to learn from.
pub(crate) fn fit(
    run: &Run<'_>,
    spec: &FitSpec<'_>,
    resumed: Option<Checkpoint>,
    started: Option<Started>,
) -> Result<Fitted> {
    match (spec.model, &run.options.online) {
        (ModelSpec::Gbdt(options), None) => fit_trees(run, spec, options, resumed),
        (ModelSpec::Gbdt(options), Some(online)) => {
            fit_trees_online(run, spec, options, online, started, resumed)
        }
        (ModelSpec::Logistic(options), None) => fit_linear(run, spec, options),
        (ModelSpec::Logistic(options), Some(online)) => {
            fit_linear_online(run, spec, options, online, started)
        }
    }
}

/// Rounds of trees, evaluation from scratch.
pub(crate) fn fit_trees(
    run: &Run<'_>,
    spec: &FitSpec<'_>,
    options: &BoosterOptions,
    resumed: Option<Checkpoint>,
) -> Result<Fitted> {
    let context = &run.context;
    let left_out = constants(&spec.bins)?;
    let codes = spec.codes.as_ref().expect("trees have codes");
    let loss = loss_of(
        run.target.task,
        run.target.classes.len(),
        options.regression_loss,
    );
    let mut checkpoints = run.checkpoints(spec, resumed.as_ref())?;
    let plan = BoosterPlan::new(
        options,
        loss,
        &spec.bins.layout,
        context.threads,
        run.plan.histogram_budget_bytes,
    )?;
    let boosted = boost(
        context,
        BoostSpec {
            options,
            loss,
            bins: &spec.bins,
            plan,
            codes,
            rows: spec.rows,
            resident_bytes: run.plan.resident_bytes,
            state_path: &run.scratch.file("state"),
            resumed: resumed.map(|checkpoint| checkpoint.booster),
            checkpoints: Some(&mut checkpoints),
        },
    )?;
    let files = Files {
        codes,
        rows: spec.rows,
        state: Some(&boosted.state),
    };
    let model = model(run, spec, Body::Trees(boosted.ensemble));
    let seconds_to_model = save(run, &model)?;
    let evaluation =
        evaluate_from_scratch(context, &model, &spec.bins.layout, files, spec.evaluation)?;
    Ok(Fitted {
        model,
        left_out,
        covariance: None,
        curve: boosted.curve,
        progressive: Curve::default(),
        evaluation,
        seconds_to_model,
        passes: vec![boosted.report],
    })
}

/// Newton passes over Parquet, then one that evaluates.
pub(crate) fn fit_linear(
    run: &Run<'_>,
    spec: &FitSpec<'_>,
    options: &LogisticOptions,
) -> Result<Fitted> {
    let newton = NewtonSpec {
        options,
        job: &run.job,
        features: &spec.bins.features,
        survey: spec.survey,
        rows: spec.rows,
        sample: &spec.assigned.sample,
        classes: run.target.classes.len(),
        train_rows: spec.assigned.rows(Split::Train),
        memory_bytes: run.options.memory_bytes,
        lanes: run.plan.lanes,
    };
    let fit = newton::fit(&run.context, &newton, run.options.limits.start_sample_rows)?;
    let model = model(run, spec, Body::Linear(fit.linear));
    let seconds_to_model = save(run, &model)?;
    let (evaluation, report) = evaluate(run, spec, &model)?;
    let mut passes = fit.reports;
    passes.push(report);
    Ok(Fitted {
        model,
        left_out: fit.left_out,
        covariance: fit.fitted.covariance,
        curve: Vec::new(),
        progressive: Curve::default(),
        evaluation,
        seconds_to_model,
        passes,
    })
}

/// How good a linear model is on all splits: a pass over the data.
pub(crate) fn evaluate(
    run: &Run<'_>,
    spec: &FitSpec<'_>,
    model: &Model,
) -> Result<(Evaluation, PassReport)> {
    let predict = PredictSpec {
        name: "evaluation",
        job: &run.job,
        model,
        rows: spec.rows,
        splits: &Split::ALL,
        evaluation: spec.evaluation,
    };
    predict_and_evaluate(&run.context, &predict)
}

/// Saves the model as soon as it is there; the report saves it again with its metrics.
pub(crate) fn save(run: &Run<'_>, model: &Model) -> Result<f64> {
    run.directory.begin()?;
    let path = run.directory.path().join(directory::MODEL);
    let bytes = model.save(&path)?.bytes;
    let seconds = run.started.elapsed().as_secs_f64();
    let size = format_bytes(bytes);
    run.context.progress.message(&format!(
        "saved {} ({size}) after {seconds:.1} s",
        path.display()
    ));
    Ok(seconds)
}

fn model(run: &Run<'_>, spec: &FitSpec<'_>, body: Body) -> Model {
    let features: Vec<FeatureSpec> = spec.bins.features.clone();
    Model {
        about: about(run, spec.assigned),
        features,
        body,
        metrics: Value::Null,
        split: split_value(run, spec.assigned),
        options: serde_json::to_value(spec.model).expect("options are numbers and text"),
    }
}

/// Which group is in which split, and which rows are valid whatever their group, as the model keeps it.
pub(crate) fn split_value(run: &Run<'_>, assigned: &Assigned) -> Value {
    let of = serde_json::to_value(&assigned.assignment);
    let mut value = of.expect("an assignment is numbers and text");
    if let Some(validation) = &run.job.validation {
        value["validation"] = serde_json::to_value(validation).expect("it is numbers and text");
    }
    value
}

/// What the model says of itself and its training.
pub(crate) fn about(run: &Run<'_>, assigned: &Assigned) -> About {
    about_of(run, assigned.content_hash, assigned.rows(Split::Train))
}

/// The same of data with this hash, from so many training rows.
pub(crate) fn about_of(run: &Run<'_>, data_fingerprint: u64, train_rows: u64) -> About {
    let job = &run.job;
    let name = |column: usize| job.schema().fields[column].name.clone();
    let excluded = job.roles.excluded.iter().map(|excluded| ExcludedColumn {
        name: name(excluded.column),
        reason: excluded.reason.clone(),
    });
    About {
        rowmill_version: env!("CARGO_PKG_VERSION").to_owned(),
        task: run.target.task,
        classes: run.target.classes.clone(),
        roles: Roles {
            target: run.target.name.clone(),
            group: job.roles.group.map(name),
            weight: job.roles.weight.map(name),
            split: job.roles.split.map(name),
            excluded: excluded.collect(),
        },
        profile: job.profile.as_ref().map(|profile| profile.to_toml()),
        data_fingerprint,
        train_rows,
        seed: run.options.seed,
    }
}
