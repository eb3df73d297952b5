//! The assignment: every row's split, fixed before anything is learned, and the proof that no group
//! is in two of them.

use std::{hash::Hasher, path::Path};

use twox_hash::XxHash3_64;

use crate::{
    columns::roles::GroupChoice,
    data::Split,
    engine::{Context, block_pass},
    error::{Error, Result},
    group::{
        assign::{self, Assignment, Shares},
        buckets::BucketCounts,
        table::{GroupTable, SplitProof},
    },
    learner::ModelSpec,
    limits::BLOCK_ROWS,
    pipeline::{
        open::{target::Target, training_data::TrainingData, validation::Validation},
        options::SplitRule,
        storage::{
            rows::{RowsBuffer, RowsFile},
            selection::{self, RowSample},
        },
    },
    scratch::Element,
    stats::sample,
};

/// How splits come about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SplitSource {
    /// From the groups' hashes.
    Groups {
        /// How.
        rule: SplitRule,
        /// Into which shares.
        shares: Shares,
    },
    /// A column of the data; the scan wrote it.
    Column,
}

/// The rows of the three splits, and what was proven of them.
#[derive(Debug)]
pub struct Assigned {
    /// The split of every group there can be; `None` where a column says it.
    pub assignment: Option<Assignment>,
    /// What the user should know.
    pub warnings: Vec<String>,
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
    pub fn rows(&self, split: Split) -> u64 {
        self.class_rows[split as usize].iter().sum()
    }
}

/// What the assignment needs to know.
#[derive(Debug, Clone, Copy)]
pub struct AssignSpec<'a> {
    /// How splits come about.
    pub source: SplitSource,
    /// The target, for class names.
    pub target: &'a Target,
    /// Whether the classes were declared: some may have no rows here.
    pub classes_declared: bool,
    /// Validation rows from elsewhere, whatever the source says of them.
    pub validation: Option<&'a Validation>,
    /// Seed of split and sample.
    pub seed: u64,
    /// Training rows that the sample shall have.
    pub sample_rows: u64,
    /// Whether rows have groups.
    pub grouped: bool,
    /// Groups held in memory.
    pub groups_max: usize,
    /// Where more groups spill to.
    pub spill: &'a Path,
}

/// Gives every row its split and chooses the sample. `names` is the table into which the scan wrote
/// the groups' names.
///
/// # Errors
/// When a group is in two splits, a split that was asked for has no rows or the training rows have
/// a single class, or a scratch file fails.
pub fn assign(
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
        .map(|_| Worker::new(spec, classes, threshold, context.threads))
        .collect();
    let workers = block_pass(
        context,
        "assignment",
        rows.blocks(),
        workers,
        |worker, block| worker.block(spec, rows, block, assignment.as_ref()),
    )?;
    finish(spec, assignment, warnings, threshold, names, workers)
}

fn finish(
    spec: &AssignSpec<'_>,
    assignment: Option<Assignment>,
    mut warnings: Vec<String>,
    threshold: u64,
    names: GroupTable,
    workers: Vec<Worker>,
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
    blocks.sort_unstable_by_key(|found| found.block);
    let proof = groups.as_mut().map(GroupTable::prove).transpose()?;
    let train_rows: u64 = class_rows[Split::Train as usize].iter().sum();
    let label_sum: f64 = blocks.iter().map(|found| found.label_sum).sum();
    let train_weight: f64 = blocks.iter().map(|found| found.weight_sum).sum();
    let mut content = XxHash3_64::new();
    blocks
        .iter()
        .for_each(|found| content.write_u64(found.hash));
    let sample = RowSample::new(
        spec.seed,
        threshold,
        blocks.iter().map(|found| found.sampled_rows),
    );
    check_splits(spec, &class_rows)?;
    if classes == 0 {
        check_labels(spec, &blocks)?;
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

/// Refuses splits from which nothing can be learned, or on which nothing can be measured.
fn check_splits(spec: &AssignSpec<'_>, class_rows: &[Vec<u64>; 3]) -> Result<()> {
    let remedy = |split: Split| match (spec.source, spec.validation.is_some()) {
        (_, true) if split == Split::Valid => "give --val-dir rows of every class, or leave it out",
        (SplitSource::Groups { .. }, true) => {
            "use another --seed, a finer --group-col, or another --test-size; a class that --val-dir alone has \
             must be left out there"
        }
        (SplitSource::Groups { .. }, false) => {
            "use another --seed, a finer --group-col, or other --test-size and --valid-size"
        }
        (SplitSource::Column, _) => "correct the column of --split-col",
    };
    if let Some(validation) = spec.validation {
        let rows = class_rows[Split::Valid as usize].iter().sum();
        validation.check_labelled(rows, &spec.target.name)?;
    }
    if !spec.classes_declared {
        refuse_constant_target(spec.target, class_rows)?;
        refuse_tiny_class(spec.target, class_rows)?;
    }
    for split in Split::ALL {
        let rows = &class_rows[split as usize];
        let total: u64 = rows.iter().sum();
        let name = split.name();
        if split == Split::Train && total == 0 {
            return Err(Error::Dataset(format!(
                "no row is in the {name} split; {}",
                remedy(split)
            )));
        }
        let absent = rows.iter().position(|count| *count == 0);
        let matters = total > 0 && rows.len() > 1 && !spec.classes_declared;
        if let (Some(class), true) = (absent, matters) {
            return Err(Error::Dataset(format!(
                "none of the {total} rows in the {name} split is of the class `{}`; {}",
                spec.target.classes[class],
                remedy(split)
            )));
        }
    }
    Ok(())
}

/// Refuses a target with one class in all of the data.
fn refuse_constant_target(target: &Target, class_rows: &[Vec<u64>; 3]) -> Result<()> {
    let rows_of = |class: usize| class_rows.iter().map(|rows| rows[class]).sum::<u64>();
    let mut there = (0..target.classes.len()).filter(|class| rows_of(*class) > 0);
    match (there.next(), there.next()) {
        (Some(only), None) => Err(Error::Dataset(format!(
            "the target `{}` is always `{}`, so there is nothing to learn; choose another with \
             --target",
            target.name, target.classes[only]
        ))),
        _ => Ok(()),
    }
}

/// Refuses a class that has fewer rows than there are splits: no other way to split would help.
fn refuse_tiny_class(target: &Target, class_rows: &[Vec<u64>; 3]) -> Result<()> {
    let splits = class_rows.iter().filter(|rows| rows.iter().any(|n| *n > 0));
    let splits = splits.count() as u64;
    for (class, name) in target.classes.iter().enumerate() {
        let rows: u64 = class_rows.iter().map(|rows| rows[class]).sum();
        if rows < splits {
            let rows = match rows {
                1 => "1 labelled row".to_owned(),
                rows => format!("{rows} labelled rows"),
            };
            return Err(Error::Dataset(format!(
                "the class `{name}` of the target `{}` has {rows}, and each of the {splits} splits \
                 needs one; merge it with another class, or remove its rows",
                target.name
            )));
        }
    }
    Ok(())
}

/// Refuses training rows of which none counts.
pub(crate) fn check_train_weight(train_weight: f64) -> Result<()> {
    if train_weight > 0.0 {
        return Ok(());
    }
    Err(Error::Dataset(
        "all training rows have weight 0, so there is nothing to learn; correct the weight \
         column, or choose another with --weight-col"
            .to_owned(),
    ))
}

/// What the user should know of rows without a label, and of classes with a training row or none: they can be
/// learned, hardly well.
pub(crate) fn row_warnings(
    target: &Target,
    class_rows: &[Vec<u64>; 3],
    unlabelled_rows: u64,
) -> Vec<String> {
    let name = &target.name;
    let unlabelled = (unlabelled_rows > 0).then(|| {
        format!("{unlabelled_rows} rows have no value of the target `{name}` and are left out")
    });
    let train_rows = &class_rows[Split::Train as usize];
    let lonely = (target.classes.iter().zip(train_rows)).filter_map(|(class, rows)| match rows {
        0 => Some(format!(
            "the class `{class}` of the target `{name}` has no training rows; it is learned when some come"
        )),
        1 => Some(format!(
            "the class `{class}` of the target `{name}` has 1 training row, from which little can be \
             learned; merge it with another class, or leave it out"
        )),
        _ => None,
    });
    unlabelled.into_iter().chain(lonely).collect()
}

/// Refuses a number that is the same in all training rows.
fn check_labels(spec: &AssignSpec<'_>, blocks: &[BlockFound]) -> Result<()> {
    let ranges = blocks.iter().map(|found| found.label_range);
    let (least, greatest) = ranges
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        .expect("a dataset has rows");
    if least < greatest {
        return Ok(());
    }
    Err(Error::Dataset(format!(
        "the target `{}` is always {least} in the training rows, so there is nothing to learn; choose another with --target",
        spec.target.name
    )))
}

/// Refuses to watch a valid split that the split column left empty.
///
/// # Errors
/// [`Error::Usage`] for early stopping without valid rows.
pub fn check_early_stopping(spec: &ModelSpec, assigned: &Assigned) -> Result<()> {
    if spec.early_stopping_rounds().is_some() && assigned.rows(Split::Valid) == 0 {
        return Err(Error::Usage(
            "--model: `early_stopping_rounds` watches the valid split, and no row is in it; mark rows as \
             valid in the column of --split-col, or leave the option out"
                .to_owned(),
        ));
    }
    Ok(())
}

/// What the user should know of a split row by row that nobody asked for.
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

/// What one block contributes to results that depend on the order of rows.
struct BlockFound {
    block: usize,
    sampled_rows: u32,
    label_sum: f64,
    /// Of training rows.
    weight_sum: f64,
    /// The least and the greatest label of training rows.
    label_range: (f32, f32),
    hash: u64,
}

/// Assigns blocks of rows.
struct Worker {
    seed: u64,
    threshold: u64,
    class_rows: [Vec<u64>; 3],
    unlabelled_rows: u64,
    groups: Option<GroupTable>,
    blocks: Vec<BlockFound>,
    buffer: RowsBuffer,
    splits: Vec<u8>,
    bytes: Vec<u8>,
}

/// Hashes numbers as their little-endian bytes.
fn hash_numbers<T: Element>(hasher: &mut XxHash3_64, numbers: &[T], bytes: &mut Vec<u8>) {
    bytes.resize(numbers.len() * T::BYTES, 0);
    T::encode(numbers, bytes);
    hasher.write(bytes);
}

impl Worker {
    fn new(spec: &AssignSpec<'_>, classes: usize, threshold: u64, threads: usize) -> Self {
        Self {
            seed: spec.seed,
            threshold,
            class_rows: [(); 3].map(|()| vec![0; classes.max(1)]),
            unlabelled_rows: 0,
            groups: spec
                .grouped
                .then(|| GroupTable::new(classes, spec.groups_max / threads, spec.spill)),
            blocks: Vec::new(),
            buffer: RowsBuffer::default(),
            splits: Vec::new(),
            bytes: Vec::new(),
        }
    }

    fn block(
        &mut self,
        spec: &AssignSpec<'_>,
        rows: &RowsFile,
        block: usize,
        assignment: Option<&Assignment>,
    ) -> Result<()> {
        let first_row = (block * BLOCK_ROWS) as u64;
        let lent = self.buffer.read(rows, block)?;
        self.splits.resize(lent.split.len(), 0);
        match assignment {
            Some(assignment) => assignment.splits_into(lent.group, lent.label, &mut self.splits),
            None => {
                let of_row = |(split, label): (&u8, &f32)| {
                    if label.is_nan() {
                        Split::None as u8
                    } else {
                        *split
                    }
                };
                let splits = lent.split.iter().zip(lent.label).map(of_row);
                self.splits
                    .iter_mut()
                    .zip(splits)
                    .for_each(|(slot, split)| *slot = split);
            }
        }
        if let Some(validation) = spec.validation {
            validation.mark(first_row, lent.label, &mut self.splits);
        }
        rows.write_splits(first_row, &self.splits)?;
        let mut found = BlockFound {
            block,
            sampled_rows: 0,
            label_sum: 0.0,
            weight_sum: 0.0,
            label_range: (f32::INFINITY, f32::NEG_INFINITY),
            hash: 0,
        };
        let mut hasher = XxHash3_64::new();
        let is_regression = self.class_rows[0].len() == 1;
        hasher.write(&self.splits);
        hash_numbers(&mut hasher, lent.label, &mut self.bytes);
        hash_numbers(&mut hasher, lent.group, &mut self.bytes);
        if rows.is_weighted() {
            hash_numbers(&mut hasher, lent.weight, &mut self.bytes);
        }
        for (index, (split, label)) in self.splits.iter().zip(lent.label).enumerate() {
            self.unlabelled_rows += u64::from(label.is_nan());
            let Some(class_rows) = self.class_rows.get_mut(usize::from(*split)) else {
                continue;
            };
            class_rows[if is_regression { 0 } else { *label as usize }] += 1;
            if *split == Split::Train as u8 {
                found.label_sum += f64::from(*label);
                found.weight_sum += f64::from(lent.weight[index]);
                let (least, greatest) = found.label_range;
                found.label_range = (least.min(*label), greatest.max(*label));
                let row = first_row + index as u64;
                found.sampled_rows += u32::from(selection::takes(self.seed, self.threshold, row));
            }
        }
        found.hash = hasher.finish();
        self.blocks.push(found);
        match &mut self.groups {
            Some(groups) => groups.update(lent.group, lent.label, &self.splits),
            None => Ok(()),
        }
    }
}
