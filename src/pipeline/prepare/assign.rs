//! The assignment: every row's split, fixed before training, and the proof that no group is in two splits.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use crate::{
    columns::roles::GroupChoice,
    data::Split,
    engine::{Context, block_pass},
    error::{Error, Result},
    group::{
        assign::{self, Assignment},
        buckets::BucketCounts,
        table::{GroupTable, SplitProof},
    },
    learner::ModelSpec,
    limits::BLOCK_ROWS,
    pipeline::{
        open::training_data::TrainingData,
        options::SplitRule,
        prepare::{
            assign_spec::{AssignSpec, SplitSource},
            block_assigner::BlockAssigner,
            split_checks::{check_labels, check_splits, check_train_weight, row_warnings},
        },
        storage::{
            rows::{RowsBuffer, RowsFile},
            selection::RowSample,
        },
    },
    stats::sample,
};

/// The rows of the three splits, and the proof of their separation.
#[derive(Debug)]
pub(crate) struct Assigned {
    /// The split of every possible group; `None` where a column gives the splits.
    pub assignment: Option<Assignment>,
    pub(crate) warnings: Vec<String>,
    /// Rows of train, valid and test by class (one figure for regression).
    pub class_rows: [Vec<u64>; 3],
    /// Rows without a label.
    pub unlabelled_rows: u64,
    /// A number near the training labels: their mean.
    pub label_center: f64,
    /// The training rows' weights, added up; as many as there are rows without a weight column.
    pub train_weight: f64,
    /// No group is in two splits; `None` where rows are their own groups.
    pub proof: Option<SplitProof>,
    /// All groups, where there are groups.
    pub groups: Option<GroupTable>,
    /// The hash sample of training rows.
    pub sample: RowSample,
    /// A hash of all labels, groups, splits and weights, whatever files and row groups they lie in.
    pub content_hash: u64,
}

impl Assigned {
    /// Rows of a split.
    pub(crate) fn rows(&self, split: Split) -> u64 {
        self.class_rows[split as usize].iter().sum()
    }
}

/// Gives every row its split and chooses the sample. `names` is the table into which the scan wrote
/// the groups' names.
///
/// # Errors
/// When a group is in two splits, a split that was asked for has no rows or the training rows have
/// a single class, or a scratch file fails.
pub(crate) fn assign(
    context: &Context<'_>,
    spec: &AssignSpec<'_>,
    rows: &RowsFile,
    names: GroupTable,
) -> Result<Assigned> {
    let classes = spec.target.classes.len();
    let mut warnings = Vec::new();
    let (assignment, train_rows) = match spec.source {
        SplitSource::Groups { rule, shares } => {
            let counts = count_buckets(context, spec, rows)?;
            if counts.rows() == 0 {
                return Err(Error::Dataset(format!(
                    "no row has a value of the target `{}`; choose another with --target",
                    spec.target.name
                )));
            }
            let assignment = match rule {
                SplitRule::Balanced => assign::balanced(&counts, shares),
                SplitRule::Hash => assign::by_hash(spec.seed, shares),
            };
            let of = assignment.warnings(&counts);
            warnings.extend(of.iter().map(ToString::to_string));
            let train_rows = assignment.rows(&counts)[Split::Train as usize].iter().sum();
            (Some(assignment), train_rows)
        }
        SplitSource::Column => (None, count_train_rows(context, rows)?),
    };
    let threshold = sample::threshold(spec.sample_rows, train_rows);
    let workers = (0..context.threads)
        .map(|_| BlockAssigner::new(spec, classes, threshold, context.threads))
        .collect();
    let workers = block_pass(
        context,
        "assignment",
        rows.blocks(),
        workers,
        |worker, block| worker.assign(spec, rows, block, assignment.as_ref()),
    )?;
    finish(spec, assignment, warnings, threshold, names, workers)
}

fn finish(
    spec: &AssignSpec<'_>,
    assignment: Option<Assignment>,
    mut warnings: Vec<String>,
    threshold: u64,
    names: GroupTable,
    workers: Vec<BlockAssigner>,
) -> Result<Assigned> {
    let classes = spec.target.classes.len();
    let mut class_rows = [(); 3].map(|()| vec![0; classes.max(1)]);
    let mut unlabelled_rows = 0;
    let mut groups = spec.grouped.then_some(names);
    let mut blocks = Vec::new();
    for worker in workers {
        unlabelled_rows += worker.unlabelled_rows;
        for (sums, counts) in class_rows.iter_mut().zip(&worker.class_rows) {
            sums.iter_mut()
                .zip(counts)
                .for_each(|(sum, count)| *sum += count);
        }
        if let (Some(groups), Some(part)) = (&mut groups, worker.groups) {
            groups.merge(part)?;
        }
        blocks.extend(worker.blocks);
    }
    blocks.sort_unstable_by_key(|summary| summary.block);
    let proof = groups.as_mut().map(GroupTable::prove).transpose()?;
    let train_rows: u64 = class_rows[Split::Train as usize].iter().sum();
    let label_sum: f64 = blocks.iter().map(|block| block.label_sum).sum();
    let train_weight: f64 = blocks.iter().map(|block| block.weight_sum).sum();
    let mut content = XxHash3_64::new();
    blocks
        .iter()
        .for_each(|block| content.write_u64(block.hash));
    let sample = RowSample::new(
        spec.seed,
        threshold,
        blocks.iter().map(|block| block.sampled_rows),
    );
    check_splits(spec, &class_rows)?;
    if classes == 0 {
        check_labels(spec.target, blocks.iter().map(|block| block.label_range))?;
    }
    check_train_weight(train_weight)?;
    warnings.extend(row_warnings(spec.target, &class_rows, unlabelled_rows));
    Ok(Assigned {
        assignment,
        warnings,
        class_rows,
        unlabelled_rows,
        label_center: label_sum / train_rows.max(1) as f64,
        train_weight,
        proof,
        groups,
        sample,
        content_hash: content.finish(),
    })
}

/// Refuses early stopping on a valid split that the split column left empty.
///
/// # Errors
/// [`Error::Usage`] for early stopping without valid rows.
pub(crate) fn check_early_stopping(spec: &ModelSpec, assigned: &Assigned) -> Result<()> {
    if spec.early_stopping_rounds().is_some() && assigned.rows(Split::Valid) == 0 {
        return Err(Error::Usage(
            "--model: `early_stopping_rounds` watches the valid split, and no row is in it; mark rows as \
             valid in the column of --split-col, or leave the option out"
                .to_owned(),
        ));
    }
    Ok(())
}

/// A warning where rows are split one by one, and no option asked for it.
pub(crate) fn ungrouped_warning(data: &TrainingData, group: &GroupChoice) -> Option<String> {
    let nobody_asked = matches!(group, GroupChoice::Profile)
        && data.roles.group.is_none()
        && data.roles.split.is_none();
    nobody_asked.then(|| {
        "no group column is known, so rows are split one by one; if rows belong together, name their column \
         with --group-col, else say --group-col none"
            .to_owned()
    })
}

fn count_buckets(
    context: &Context<'_>,
    spec: &AssignSpec<'_>,
    rows: &RowsFile,
) -> Result<BucketCounts> {
    let classes = spec.target.classes.len();
    let new = || BucketCounts::new(spec.seed, classes);
    let workers = (0..context.threads)
        .map(|_| (new(), RowsBuffer::default()))
        .collect();
    let workers = block_pass(
        context,
        "buckets",
        rows.blocks(),
        workers,
        |(counts, buffer), block| {
            let first_row = (block * BLOCK_ROWS) as u64;
            let block = buffer.read(rows, block)?;
            let all = block.label.len();
            let own = (spec.validation).map_or(all, |rows| rows.own_rows(first_row, all));
            counts.update(&block.group[..own], &block.label[..own]);
            Ok(())
        },
    )?;
    let mut counts = new();
    workers.iter().for_each(|(part, _)| counts.merge(part));
    Ok(counts)
}

fn count_train_rows(context: &Context<'_>, rows: &RowsFile) -> Result<u64> {
    let workers = (0..context.threads)
        .map(|_| (0, RowsBuffer::default()))
        .collect();
    let workers = block_pass(
        context,
        "splits",
        rows.blocks(),
        workers,
        |(count, buffer), block| {
            let block = buffer.read(rows, block)?;
            let is_train =
                |(split, label): (&u8, &f32)| *split == Split::Train as u8 && !label.is_nan();
            *count += block
                .split
                .iter()
                .zip(block.label)
                .filter(|row| is_train(*row))
                .count() as u64;
            Ok(())
        },
    )?;
    Ok(workers.iter().map(|(count, _)| count).sum())
}
