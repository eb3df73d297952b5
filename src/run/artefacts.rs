//! The files of a run's directory, from a fitted and evaluated model.

use std::iter;

use serde_json::Value;

use crate::{
    data::Split,
    engine::PassReport,
    error::{Error, Result},
    format::file::Saved,
    group::table::GroupTable,
    model::{Binning, Body, Importance},
    pipeline::{
        evaluate::evaluation::Evaluation, fit::checkpoint, prune::trimmed, session::output,
    },
    platform::memory,
    report::{
        DatasetRecord, DeltaInput, DeltaSummary, FeatureRow, FeatureStatus, GroupOutcome,
        MetricsRecord, PREDICTIONS, PassRecord, RunRecord, SplitRecord, SplitRow, coefficients,
        delta, features, metrics, pruned, run, splits,
    },
    run::{
        options::TrainOptions,
        trained::{Learned, Trained, predict_with_saved},
    },
    stats::metrics::{GroupConfusion, GroupF1},
};

/// Everything that a run reports, for printing.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// The contents of `metrics.json`.
    pub metrics: MetricsRecord,
    /// The rows of `features.csv`.
    pub features: Vec<FeatureRow>,
    /// The contents of `run.json`.
    pub run: RunRecord,
}

/// Writes all artefacts of a training, the model with its metrics among them, checks the saved
/// model on the raw data unless that was not asked for, and marks the run as finished.
///
/// # Errors
/// When a file cannot be written, or the saved model does not give the same metrics.
pub(crate) fn write(mut trained: Trained<'_>) -> Result<RunReport> {
    let options = trained.options;
    let directory = &options.output.out_dir;
    let mut metrics = metrics_record(&mut trained)?;
    metrics.baseline = write_delta(&mut trained)?;
    if metrics.baseline.is_none() {
        remove_stale(options, delta::NAME)?;
    }
    let progressive = &trained.learned.fitted.progressive;
    metrics::write(directory, &metrics, progressive.points())?;
    write_splits(&mut trained)?;
    write_pruned(&mut trained)?;
    let features = feature_rows(&trained);
    features::write(directory, features.iter().cloned())?;
    write_coefficients(&trained)?;
    trained.learned.fitted.model.metrics = metrics.to_value();
    let saved = trained
        .learned
        .fitted
        .model
        .save(&directory.join(output::MODEL))?;
    if !options.output.predictions {
        remove_stale(options, PREDICTIONS)?;
    }
    if options.output.verify || options.output.predictions {
        verify(&mut trained)?;
    }
    let verified = options.output.verify.then_some(true);
    let run = run_record(&trained, &metrics, &saved, verified);
    checkpoint::remove_before(directory)?;
    run::write(directory, &run)?;
    Ok(RunReport {
        metrics,
        features,
        run,
    })
}

/// Writes the artefacts of pruning: the pairs of interest, and the data without the dropped columns.
fn write_pruned(trained: &mut Trained<'_>) -> Result<()> {
    let options = trained.options;
    let out_dir = &options.output.out_dir;
    let copies = options.output.trimmed && trained.learned.pruned.is_some();
    if !copies {
        trimmed::remove_for_run(out_dir)?;
    }
    let reported = options.prune.as_ref().and_then(|pruning| pruning.report);
    if reported.is_none() {
        remove_stale(options, pruned::CORRELATIONS)?;
    }
    let Some(found) = &trained.learned.pruned else {
        return Ok(());
    };
    let progress = trained.session.progress();
    let names = pruned::Names::new(&trained.data, &found.columns);
    pruned::write_correlations(out_dir, names, &found.findings)?;
    progress.message(&pruned::summary(names, &found.findings));
    if copies {
        let context = &trained.session.context;
        let (path, report) = trimmed::write_for_run(context, &trained.data, found, out_dir)?;
        progress.message(&format!("the data without them: {}", path.display()));
        trained.session.passes.push(report);
    }
    Ok(())
}

/// The coefficients of a linear model; other models have none.
fn write_coefficients(trained: &Trained<'_>) -> Result<()> {
    let fitted = &trained.learned.fitted;
    let Body::Linear(linear) = &fitted.model.body else {
        return remove_stale(trained.options, coefficients::NAME);
    };
    let rows = coefficients::rows(
        linear,
        &fitted.model.features,
        &trained.target.classes,
        fitted.covariance.as_deref(),
    );
    coefficients::write(&trained.options.output.out_dir, rows)
}

/// A file of a replaced run that this one does not write.
fn remove_stale(options: &TrainOptions, name: &str) -> Result<()> {
    let path = options.output.out_dir.join(name);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove the replaced", &path, error))
        }
        _ => Ok(()),
    }
}

/// Predicts with the saved model, and refuses one that does not give the same test metrics, to the last bit, when it is opened again.
fn verify(trained: &mut Trained<'_>) -> Result<()> {
    let (again, report) = predict_with_saved(trained)?;
    trained.session.passes.push(report);
    let Some(mut again) = again else {
        return Ok(());
    };
    let evaluation = &mut trained.learned.fitted.evaluation;
    let expected = (evaluation.metrics(Split::Test), evaluation.group_f1()?);
    let found = (again.metrics(Split::Test), again.group_f1()?);
    if expected == found {
        return Ok(());
    }
    Err(Error::format(
        trained.options.output.out_dir.join(output::MODEL),
        format!(
            "the saved model, opened again, gives other test metrics than the training: {found:?} and not {expected:?}; \
             please report this, and do not use the model"
        ),
    ))
}

fn metrics_record(trained: &mut Trained<'_>) -> Result<MetricsRecord> {
    let group_f1 = trained.learned.fitted.evaluation.group_f1()?;
    let base_group_f1 = trained
        .learned
        .base
        .as_mut()
        .map(Evaluation::group_f1)
        .transpose()?
        .flatten();
    let of_test = |split: Split, f1: Option<GroupF1>| f1.filter(|_| split == Split::Test);
    let records = Split::ALL
        .into_iter()
        .filter(|split| trained.learned.split.assigned.rows(*split) > 0);
    let record = |split: Split| SplitRecord {
        split,
        rows: trained.learned.split.assigned.rows(split),
        groups: trained
            .learned
            .split
            .assigned
            .proof
            .map(|proof| proof.split_groups[split as usize]),
        class_rows: if trained.target.classes.is_empty() {
            Vec::new()
        } else {
            trained.learned.split.assigned.class_rows[split as usize].clone()
        },
        model: trained.learned.fitted.evaluation.metrics(split),
        group_f1: of_test(split, group_f1),
        base: trained
            .learned
            .base
            .as_ref()
            .and_then(|base| base.metrics(split)),
        base_group_f1: of_test(split, base_group_f1),
    };
    Ok(MetricsRecord {
        task: trained.target.task.name().to_owned(),
        classes: trained.target.classes.clone(),
        group_column: group_column(trained),
        splits: records.map(record).collect(),
        has_base_scores: trained.data.base_scores(&trained.target).is_some(),
        validation: trained.data.validation.clone(),
        curve: trained.learned.fitted.curve.clone(),
        baseline: None,
    })
}

fn group_column(trained: &Trained<'_>) -> Option<String> {
    let data = &trained.data;
    data.roles
        .group
        .map(|column| data.schema().fields[column].name.clone())
}

fn write_splits(trained: &mut Trained<'_>) -> Result<()> {
    let directory = &trained.options.output.out_dir;
    let Some(table) = &mut trained.learned.split.assigned.groups else {
        let of_split = |split: Split| SplitRow {
            group: None,
            split,
            rows: trained.learned.split.assigned.rows(split),
        };
        let rows = Split::ALL
            .map(of_split)
            .into_iter()
            .filter(|row| row.rows > 0);
        return splits::write(directory, rows.map(Ok)).map(|_| ());
    };
    let mut groups = table.groups()?;
    let rows = iter::from_fn(|| groups.next_group().transpose()).map(|group| {
        group.map(|group| SplitRow {
            rows: group.rows
                + if group.split == Split::None {
                    group.rows_unused
                } else {
                    0
                },
            group: group.name,
            split: group.split,
        })
    });
    splits::write(directory, rows).map(|_| ())
}

fn write_delta(trained: &mut Trained<'_>) -> Result<Option<DeltaSummary>> {
    let Learned {
        split,
        fitted,
        base,
        ..
    } = &mut trained.learned;
    let (data, target) = (&trained.data, &trained.target);
    let (Some(baseline), Some(names), Some(model)) = (
        &data.baseline,
        &mut split.assigned.groups,
        fitted.evaluation.groups_mut(),
    ) else {
        return Ok(None);
    };
    let input = DeltaInput {
        baseline,
        classes: &target.classes,
        has_base_scores: base.is_some(),
    };
    let base = base.as_mut().and_then(Evaluation::groups_mut);
    let outcomes = outcomes(names, model, base)?;
    delta::write(&trained.options.output.out_dir, input, outcomes).map(Some)
}

/// The test groups with their names and both sides' counts. All three tables are in the order of
/// the groups' hashes.
fn outcomes<'a>(
    names: &'a mut GroupTable,
    model: &'a mut GroupConfusion,
    base: Option<&'a mut GroupConfusion>,
) -> Result<impl Iterator<Item = Result<GroupOutcome>> + 'a> {
    let mut names = names.groups()?;
    let mut model = model.groups()?;
    let mut base = base.map(GroupConfusion::groups).transpose()?;
    let mut next = move || -> Result<Option<GroupOutcome>> {
        let Some(counts) = model.next_group()? else {
            return Ok(None);
        };
        let name = loop {
            let group = names.next_group()?.expect("every test group was scanned");
            if group.group == counts.group {
                break group.name.unwrap_or_default();
            }
        };
        let base = match &mut base {
            Some(base) => base.next_group()?,
            None => None,
        };
        Ok(Some(GroupOutcome {
            name,
            model: counts.classes,
            base: base.map(|base| {
                assert_eq!(base.group, counts.group, "both sides are of the same rows");
                base.classes
            }),
        }))
    };
    Ok(iter::from_fn(move || next().transpose()))
}

fn feature_rows(trained: &Trained<'_>) -> Vec<FeatureRow> {
    let data = &trained.data;
    let importance = Importances::of(trained);
    features::rows_of(data, |row, column, feature| {
        if let Some(feature) = feature {
            if let Some((_, reason)) = trained
                .learned
                .fitted
                .left_out
                .iter()
                .find(|(index, _)| *index as usize == feature)
            {
                row.status = FeatureStatus::Excluded;
                row.reason = (*reason).to_owned();
            }
            features::describe(row, &trained.learned.survey[feature]);
            importance.describe(row, feature, trained);
        } else if let Some(found) = &trained.learned.pruned
            && let Some(feature) = found.feature_of(column)
        {
            if let Some(survey) = &found.dropped[feature] {
                features::describe(row, survey);
            }
            let names = pruned::Names::new(data, &found.columns);
            pruned::explain(row, names, &found.findings, feature);
        }
    })
}

/// The importance of each feature to the model.
enum Importances {
    Trees(Vec<Importance>, f64),
    Linear(Vec<f64>),
}

impl Importances {
    fn of(trained: &Trained<'_>) -> Self {
        let features = trained.learned.fitted.model.features.len();
        match &trained.learned.fitted.model.body {
            Body::Trees(ensemble) => {
                let importance = ensemble.importance(features);
                let total: f64 = importance.iter().map(|one| one.gain).sum();
                Self::Trees(importance, total)
            }
            Body::Linear(linear) => Self::Linear(linear.importance(features)),
        }
    }

    fn describe(&self, row: &mut FeatureRow, feature: usize, trained: &Trained<'_>) {
        match self {
            Self::Trees(importance, total) => {
                let one = importance[feature];
                row.importance = Some(if *total > 0.0 { one.gain / total } else { 0.0 });
                row.node_splits = Some(one.count);
                row.cover = Some(one.cover);
                if let Binning::Numeric { cuts } =
                    &trained.learned.fitted.model.features[feature].binning
                {
                    row.cuts = Some(cuts.clone());
                }
            }
            Self::Linear(importance) => row.importance = Some(importance[feature]),
        }
    }
}

fn run_record(
    trained: &Trained<'_>,
    metrics: &MetricsRecord,
    saved: &Saved,
    verified: Option<bool>,
) -> RunRecord {
    let (data, options) = (&trained.data, trained.options);
    let files = data.dataset.files();
    let learned = trained.learned.fitted.model.learned_sha256();
    let (trees_sha256, coefficients_sha256) = match &trained.learned.fitted.model.body {
        Body::Trees(_) => (Some(learned), None),
        Body::Linear(_) => (None, Some(learned)),
    };
    RunRecord {
        rowmill_version: env!("CARGO_PKG_VERSION").to_owned(),
        options: options_value(trained),
        seed: options.split.seed,
        task: metrics.task.clone(),
        target: trained.target.name.clone(),
        classes: metrics.classes.clone(),
        group_column: metrics.group_column.clone(),
        profile: data.profile.as_ref().map(|profile| profile.name.clone()),
        dataset: DatasetRecord {
            path: options.data.dataset.clone(),
            files: files.len() as u64,
            row_groups: data.dataset.row_groups().len() as u64,
            rows: data.dataset.rows(),
            columns: data.schema().fields.len() as u64,
            bytes: files.iter().map(|file| file.bytes).sum(),
            rows_without_label: trained.learned.split.assigned.unlabelled_rows,
            validation: data.validation.clone(),
        },
        data_fingerprint: format!("{:016x}", data.dataset.fingerprint()),
        baseline: data
            .baseline
            .as_ref()
            .map(|baseline| baseline.path().display().to_string()),
        features: trained.learned.fitted.model.features.len() as u64,
        trees: match &trained.learned.fitted.model.body {
            Body::Trees(ensemble) => Some(ensemble.trees.len() as u64),
            Body::Linear(_) => None,
        },
        trees_sha256,
        coefficients_sha256,
        model_sha256: saved.sha256.clone(),
        verified,
        memory_limit_bytes: options.resources.memory_bytes,
        memory_plan_bytes: trained.plan.memory.peak_bytes(),
        peak_rss_bytes: memory::peak_rss_bytes(),
        memory_plan: trained.plan.memory.clone(),
        reused_scratch: trained
            .reused
            .as_ref()
            .map(|path| path.display().to_string()),
        resumed_rounds: trained.resumed_rounds,
        scratch_bytes: trained.plan.scratch_bytes,
        threads: options.resources.threads,
        seconds_total: trained.session.started.elapsed().as_secs_f64(),
        seconds_to_model: trained.learned.fitted.seconds_to_model,
        passes: trained.session.passes.iter().map(pass_record).collect(),
        warnings: trained.learned.split.assigned.warnings.clone(),
    }
}

/// The options as they were used, those that depend on the data filled in.
fn options_value(trained: &Trained<'_>) -> Value {
    let options = trained.options;
    let used = TrainOptions {
        model: trained.learned.spec.clone(),
        ..options.clone()
    };
    let mut value = serde_json::to_value(&used).expect("options are numbers and text");
    value["batch_rows_max"] = options.resources.limits.batch_rows_max.into();
    value
}

fn pass_record(pass: &PassReport) -> PassRecord {
    PassRecord::new(&pass.name, pass.seconds, pass.rows, pass.bytes_read)
}
