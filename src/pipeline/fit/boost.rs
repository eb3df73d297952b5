//! Growing trees: the booster says what the next pass needs, and the scratch files lend it.

use std::path::Path;

use crate::{
    data::Task,
    engine::{Context, PassReport, TaskThreads, Tasks, block_pass},
    error::{Error, Result},
    learner::gbdt::{
        Booster, BoosterCheckpoint, BoosterOptions, BoosterPlan, FeatureCodes, Loss, PassRequest,
        RoundLoss,
    },
    model::{Bins, Ensemble},
    pipeline::{
        fit::checkpoint::CheckpointWriter,
        storage::{
            block_memory::{BlockFiles, BlockMemory, ResidentBlocks},
            rows::RowsFile,
            state::StateFile,
        },
    },
    platform::memory::free_memory_bytes,
    scratch::BlockFile,
};

/// Trees, how they came about, and the margins of train and valid rows that they left behind.
pub struct BoostResult {
    /// The trees.
    pub ensemble: Ensemble,
    /// Losses after each round.
    pub curve: Vec<RoundLoss>,
    /// The final scores of train and valid rows.
    pub state: StateFile,
    /// All passes together.
    pub report: PassReport,
}

/// What the trees are grown from.
pub struct BoostSpec<'a> {
    /// What the user asked for.
    pub options: &'a BoosterOptions,
    /// What is minimised.
    pub loss: Loss,
    /// Features, radices and layout.
    pub bins: &'a Bins,
    /// What is kept in memory and what is tiled.
    pub plan: BoosterPlan,
    /// The packed codes of all rows.
    pub codes: &'a BlockFile,
    /// Labels and splits.
    pub rows: &'a RowsFile,
    /// Bytes that blocks may take which stay in memory from pass to pass.
    pub resident_bytes: u64,
    /// Where the state file goes.
    pub state_path: &'a Path,
    /// Where to go on from; `None` for the beginning.
    pub resumed: Option<BoosterCheckpoint<'static>>,
    /// Keeps what was reached; `None` for a run that cannot go on.
    pub checkpoints: Option<&'a mut CheckpointWriter<'a>>,
}

/// What trees of a task minimise; `regression` is the loss where the target is a number.
pub fn loss_of(task: Task, classes: usize, regression: Loss) -> Loss {
    match task {
        Task::Binary => Loss::BinaryLogLoss,
        Task::Multiclass => Loss::Softmax {
            classes: classes as u16,
        },
        Task::Regression => regression,
    }
}

/// Grows the ensemble.
///
/// Memory: the booster's plan, the resident blocks, and a block of codes, rows and state a thread.
///
/// # Errors
/// When labels cannot be learned from or a scratch file fails.
pub fn boost(context: &Context<'_>, mut spec: BoostSpec<'_>) -> Result<BoostResult> {
    let threads = spec.plan.threads_used;
    let state = StateFile::create(spec.state_path, spec.rows.rows(), spec.loss.outputs())?;
    let mut booster = Booster::new(
        spec.options.clone(),
        spec.loss,
        FeatureCodes::of(spec.bins),
        spec.bins.layout.clone(),
        spec.plan,
    )?;
    if let Some(checkpoint) = spec.resumed.take() {
        booster = booster.resume(checkpoint).map_err(|flaw| {
            Error::Usage(format!("--resume: the checkpoint cannot be used: {flaw}"))
        })?;
    }
    let task_threads = TaskThreads::new(threads)?;
    let mut lent: Vec<BlockMemory> = (0..threads).map(|_| BlockMemory::default()).collect();
    let files = BlockFiles {
        codes: spec.codes,
        rows: spec.rows,
        state: &state,
    };
    let residents = ResidentBlocks::new(
        spec.resident_bytes,
        &spec.bins.layout,
        spec.loss.outputs(),
        spec.rows.blocks(),
    );
    let work = u64::from(spec.options.n_estimators) * spec.rows.rows();
    let mut rounds = booster.rounds();
    let mut checkpoints = spec.checkpoints.take();
    let grown = context.announced("trees", work, || {
        let mut bytes_read = 0;
        context
            .progress
            .advanced(u64::from(rounds) * spec.rows.rows(), 0);
        let mut sweep = Sweep::new(spec.codes);
        while let Some(request) = booster.next_pass() {
            let workers = lent
                .drain(..)
                .map(|lent| (booster.worker(), lent))
                .collect();
            let workers = block_pass(
                context,
                "trees",
                spec.rows.blocks(),
                workers,
                |(worker, lent), index| {
                    let block = sweep.block(index);
                    if residents.holds(block) {
                        return residents.pass(worker, &request, files, block);
                    }
                    sweep.read_ahead(spec.codes, index + threads);
                    lent.pass(worker, &request, files, block)
                },
            )?;
            let mut parts = Vec::with_capacity(threads);
            for (worker, memory) in workers {
                parts.push(worker.finish());
                lent.push(memory);
            }
            let tasks = Tasks {
                context,
                name: "trees",
                threads: &task_threads,
            };
            booster.finish_pass(parts, &tasks)?;
            if let Some(checkpoints) = &mut checkpoints {
                checkpoints.after_pass(&booster);
            }
            sweep.turn();
            bytes_read += spec.rows.rows() * request_bytes(&request, spec.rows.is_weighted());
            // Early stopping takes rounds back.
            let grown = booster.rounds().saturating_sub(rounds);
            rounds += grown;
            context
                .progress
                .advanced(u64::from(grown) * spec.rows.rows(), 0);
        }
        residents.write_margins(&state)?;
        Ok(bytes_read)
    });
    // Also where it failed or was stopped.
    if let Some(checkpoints) = &mut checkpoints {
        checkpoints.last(&booster);
    }
    let report = grown?;
    Ok(BoostResult {
        curve: booster.curve().to_vec(),
        ensemble: booster.into_ensemble(),
        state,
        report,
    })
}

/// The order in which the passes take the blocks: to and fro, so that a pass begins with the blocks
/// that the one before has left in the page cache. No sum depends on the order.
struct Sweep {
    blocks: usize,
    is_backward: bool,
    /// Whether the page cache may not hold the codes, so that they are asked for in time.
    is_ahead: bool,
}

impl Sweep {
    fn new(codes: &BlockFile) -> Self {
        let bytes = codes.blocks() as u64 * codes.block_bytes();
        Self {
            blocks: codes.blocks(),
            is_backward: false,
            is_ahead: free_memory_bytes().is_none_or(|free| free / 2 < bytes),
        }
    }

    /// The block that comes `index`-th in this pass.
    fn block(&self, index: usize) -> usize {
        if self.is_backward {
            self.blocks - 1 - index
        } else {
            index
        }
    }

    /// Asks for the codes of the block that comes `index`-th, if there is one.
    fn read_ahead(&self, codes: &BlockFile, index: usize) {
        if self.is_ahead && index < self.blocks {
            codes.read_ahead(self.block(index));
        }
    }

    /// Ends a pass.
    fn turn(&mut self) {
        self.is_backward = !self.is_backward;
    }
}

/// Bytes that a pass reads of each row.
fn request_bytes(request: &PassRequest, weighted: bool) -> u64 {
    let label_bytes = if weighted { 8 } else { 4 };
    let state = 4 * u64::from(request.margin.reads)
        + 4 * u64::from(request.gradient.reads)
        + 2 * u64::from(request.node.reads);
    request.byte_columns.len() as u64 + 1 + label_bytes * u64::from(request.labels) + state
}
