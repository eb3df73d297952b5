//! `rowmill prune`: all of pruning for a dataset, and a copy of it without the dropped columns.

use std::{path::PathBuf, time::Instant};

use crate::{
    columns::roles::Excluded,
    data::{Split, Task},
    engine::{Context, PassReport, Progress},
    error::{Error, Result},
    group::hash::{Purpose, row_hash},
    learner::{ModelSpec, gbdt::BoosterOptions},
    limits::BLOCK_ROWS,
    memory_plan::MemoryPlan,
    pipeline::{
        evaluate::evaluation::EvaluationSpec,
        open::{
            classes::{TargetSpec, find_target},
            target::Target,
            training_data::TrainingData,
        },
        options::{ColumnOptions, DataOptions, ResourceOptions, SplitOptions},
        prepare::{
            scan::scan,
            survey::{FeatureSurvey, SurveySpec, survey},
        },
        prune::{
            findings::{Findings, RedundancySearch},
            options::{Pruning, matching},
            trimmed::{self, Destination},
        },
        storage::{rows::RowsFile, selection::RowSample},
    },
    platform::{memory, stop::Stop},
    run::{
        admission::{context, remove_dead_scratch},
        plan::pruning_plan,
    },
    scratch::ScratchDirectory,
    source::copy::CopySummary,
    stats::sample,
};

/// The options of `rowmill prune`.
#[derive(Debug, Clone)]
pub struct PruneOptions {
    /// The data.
    pub data: DataOptions,
    /// The columns' roles.
    pub columns: ColumnOptions,
    /// Memory, threads and scratch.
    pub resources: ResourceOptions,
    /// Seed of the sample.
    pub seed: u64,
    /// Replace the files of an earlier run.
    pub overwrite: bool,
    /// Thresholds and protected columns.
    pub pruning: Pruning,
    /// The path of the trimmed data: a file that ends in `.parquet`, or a directory.
    pub out: PathBuf,
    /// Columns that are dropped without a check: names or patterns.
    pub drop: Vec<String>,
}

impl PruneOptions {
    /// The defaults of `rowmill prune` for a dataset and the place of its copy: a file that ends in `.parquet`, or
    /// a directory.
    pub fn new(dataset: impl Into<String>, out: impl Into<PathBuf>) -> Self {
        Self {
            data: DataOptions {
                dataset: dataset.into(),
                ..DataOptions::default()
            },
            columns: ColumnOptions::default(),
            resources: ResourceOptions::default(),
            seed: SplitOptions::default().seed,
            overwrite: false,
            pruning: Pruning::default(),
            out: out.into(),
            drop: Vec::new(),
        }
    }
}

/// The result of `rowmill prune`.
pub(crate) struct Pruned {
    /// The data and the columns' roles.
    pub data: TrainingData,
    /// Statistics of each feature.
    pub survey: Vec<FeatureSurvey>,
    /// The verdicts.
    pub findings: Findings,
    /// The copy.
    pub copied: CopySummary,
    /// The path of the copy.
    pub destination: Destination,
    /// The passes.
    pub passes: Vec<PassReport>,
    /// Seconds in all.
    pub seconds: f64,
}

/// Prunes a dataset: all rows count.
///
/// # Errors
/// For a fault of options, data, memory or disk. The input is never touched, and the output exists only after
/// success.
pub(crate) fn prune(
    options: &PruneOptions,
    stop: &Stop,
    progress: &dyn Progress,
) -> Result<Pruned> {
    let started = Instant::now();
    options.pruning.check()?;
    let resources = &options.resources;
    let limits = &resources.limits;
    let context = context(resources, stop, progress);
    let mut data = TrainingData::open_without_target(&options.data, &options.columns, limits)?;
    let left_out = leave_out(&mut data, &options.drop)?;
    let protected = options.pruning.protected(&data)?;
    let destination = Destination::check(&data, &options.out, &options.data, options.overwrite)?;
    let plan = plan_of(&context, &data, options);
    plan.check(memory::free_memory_bytes())?;
    let parent = resources
        .scratch_dir
        .clone()
        .unwrap_or_else(|| destination.parent());
    remove_dead_scratch(&parent, progress);
    let scratch = ScratchDirectory::create(&parent, resources.keep_scratch, resources.allow_tmpfs)?;
    let mut passes = Vec::new();
    let target = target(&context, &data, options, &mut passes)?;
    // Groups, splits and weights do not matter here: all rows count once.
    data.roles.group = None;
    data.roles.split = None;
    data.roles.weight = None;
    let rows = RowsFile::create(&scratch.file("rows"), data.dataset.rows(), false)?;
    passes.extend(label(&context, &data, target.as_ref(), &rows)?);
    let sample = count_all(&rows, options.seed, limits.start_sample_rows)?;
    let survey = survey(
        &context,
        &SurveySpec {
            data: &data,
            rows: &rows,
            sample: &sample,
            sample_path: &scratch.file("sample"),
            categories_max: limits.categories_tracked_max,
        },
    )?;
    passes.push(survey.report.clone());
    let search = RedundancySearch {
        data: &data,
        rows: &rows,
        survey: &survey,
        pruning: &options.pruning,
        protected,
        limits,
        memory_bytes: resources.memory_bytes,
    };
    let (findings, mut reports) = search.run(&context)?;
    passes.append(&mut reports);
    let kept = trimmed::kept_columns(&data, &data.roles.features, &findings, &left_out);
    let (copied, report) = copy(&context, &data, &destination, &kept)?;
    passes.push(report);
    Ok(Pruned {
        survey: survey.features,
        data,
        findings,
        copied,
        destination,
        passes,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// Writes the labels of all rows, and says so if the data have none.
fn label(
    context: &Context<'_>,
    data: &TrainingData,
    target: Option<&Target>,
    rows: &RowsFile,
) -> Result<Option<PassReport>> {
    match target {
        Some(target) => Ok(Some(scan(context, data, target, rows, |_| Ok(()))?)),
        None => {
            context
                .progress
                .message("the data have no target: columns are ranked without it");
            no_labels(rows)?;
            Ok(None)
        }
    }
}

/// Writes the kept columns to the destination.
fn copy(
    context: &Context<'_>,
    data: &TrainingData,
    destination: &Destination,
    kept: &[bool],
) -> Result<(CopySummary, PassReport)> {
    let started = Instant::now();
    let progress = context.progress;
    progress.pass_started("copy", data.dataset.rows());
    let copied = destination.write(&data.dataset, kept, context.stop)?;
    let report = PassReport {
        name: "copy".to_owned(),
        seconds: started.elapsed().as_secs_f64(),
        rows: copied.rows,
        bytes_read: copied.bytes,
    };
    progress.pass_finished("copy", report.seconds, report.rows, report.bytes_read);
    Ok((copied, report))
}

/// The target by which columns are ranked, where the data have one: a number as it is, a text by its
/// classes.
fn target(
    context: &Context<'_>,
    data: &TrainingData,
    options: &PruneOptions,
    passes: &mut Vec<PassReport>,
) -> Result<Option<Target>> {
    let Some(column) = data.roles.target else {
        return Ok(None);
    };
    let field = &data.schema().fields[column];
    let described = data
        .profile
        .as_ref()
        .is_some_and(|profile| profile.describes_target(&field.name));
    if !described && field.value_type != Some(crate::data::ValueType::Text) {
        return Ok(Some(Target::regression(&field.name, false)));
    }
    let spec = TargetSpec {
        task: options.columns.task,
        model: &ModelSpec::Gbdt(BoosterOptions::default()),
        incremental: false,
        classes_max: options.resources.limits.classes_max,
    };
    find_target(context, data, spec, passes).map(Some)
}

/// Writes the same label for all rows, so that no column correlates with it.
fn no_labels(rows: &RowsFile) -> Result<()> {
    let labels = vec![0.0; BLOCK_ROWS];
    for block in 0..rows.blocks() {
        let first_row = (block * BLOCK_ROWS) as u64;
        rows.write_labels(first_row, &labels[..rows.block_rows(block)])?;
    }
    Ok(())
}

/// Removes the columns of `--drop` from the features, and returns them.
fn leave_out(data: &mut TrainingData, drop: &[String]) -> Result<Vec<usize>> {
    let parts = [
        (data.roles.target, "the target"),
        (data.roles.group, "the group column"),
    ];
    let mut left_out = Vec::new();
    for wanted in drop {
        for column in matching(data, "--drop", wanted)? {
            let name = &data.schema().fields[column].name;
            if let Some((_, part)) = parts.iter().find(|(part, _)| *part == Some(column)) {
                return Err(Error::Dataset(format!(
                    "--drop {wanted}: `{name}` is {part}, which the trimmed data must have; take it off the list"
                )));
            }
            left_out.push(column);
        }
    }
    left_out.sort_unstable();
    left_out.dedup();
    let roles = &mut data.roles;
    roles.features.retain(|column| !left_out.contains(column));
    roles
        .excluded
        .retain(|excluded| !left_out.contains(&excluded.column));
    roles
        .excluded
        .extend(left_out.iter().map(|column| Excluded {
            column: *column,
            reason: "--drop".to_owned(),
        }));
    roles.excluded.sort_by_key(|excluded| excluded.column);
    if roles.features.is_empty() {
        return Err(Error::Dataset(
            "--drop drops every feature; remove some columns from the list".to_owned(),
        ));
    }
    Ok(left_out)
}

/// Counts every row, and chooses the sample among them.
fn count_all(rows: &RowsFile, seed: u64, sample_rows: u64) -> Result<RowSample> {
    let threshold = sample::threshold(sample_rows, rows.rows());
    let splits = vec![Split::Train as u8; BLOCK_ROWS];
    let mut counts = Vec::with_capacity(rows.blocks());
    for block in 0..rows.blocks() {
        let first_row = (block * BLOCK_ROWS) as u64;
        let block_rows = rows.block_rows(block);
        rows.write_splits(first_row, &splits[..block_rows])?;
        let taken = (first_row..first_row + block_rows as u64)
            .filter(|row| sample::takes(threshold, row_hash(seed, *row, 0, Purpose::Sample)));
        counts.push(taken.count() as u32);
    }
    Ok(RowSample::new(seed, threshold, counts))
}

fn plan_of(context: &Context<'_>, data: &TrainingData, options: &PruneOptions) -> MemoryPlan {
    let resources = &options.resources;
    let limits = &resources.limits;
    let evaluation = EvaluationSpec {
        task: Task::Regression,
        classes: 0,
        label_center: 0.0,
        deviation: BoosterOptions::default().regression_loss().deviation(),
        grouped: false,
        groups_max: limits.groups_in_memory_max / resources.threads.max(1),
        spill: options.out.clone(),
    };
    let bytes = resources.memory_bytes;
    pruning_plan(context, data, &options.pruning, limits, &evaluation, bytes)
}
