//! Growing trees: the booster requests passes, and the scratch files supply their columns.

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

/// The name of the passes, for progress and panics.
const NAME: &str = "trees";

/// The ensemble, its learning curve, and the final margins of train and valid rows.
pub(crate) struct BoostResult {
    pub(crate) ensemble: Ensemble,
    /// Losses after each round.
    pub curve: Vec<RoundLoss>,
    /// The final scores of train and valid rows.
    pub state: StateFile,
    /// All passes together.
    pub report: PassReport,
}

/// Options, codes and rows from which trees grow.
pub(crate) struct BoostSpec<'a> {
    pub(crate) options: &'a BoosterOptions,
    pub(crate) loss: Loss,
    /// Features, radices and layout.
    pub bins: &'a Bins,
    /// The division of histograms between memory and tiles.
    pub plan: BoosterPlan,
    /// The packed codes of all rows.
    pub codes: &'a BlockFile,
    /// Labels and splits.
    pub rows: &'a RowsFile,
    /// Bytes that blocks may take which stay in memory from pass to pass.
    pub resident_bytes: u64,
    pub(crate) state_path: &'a Path,
    /// The checkpoint to continue from.
    pub resumed: Option<BoosterCheckpoint<'static>>,
    /// The writer of checkpoints; `None` for a run that cannot be resumed.
    pub checkpoints: Option<&'a mut CheckpointWriter<'a>>,
}

/// The loss of a task; `regression` is that of a numeric target.
pub(crate) fn loss_of(task: Task, classes: usize, regression: Loss) -> Loss {
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
/// When labels do not suit the loss, or a scratch file fails.
pub(crate) fn boost(context: &Context<'_>, spec: BoostSpec<'_>) -> Result<BoostResult> {
    let BoostSpec { rows, loss, .. } = spec;
    let threads = spec.plan.threads_used;
    let state = StateFile::create(spec.state_path, rows.rows(), loss.outputs())?;
    let booster = Booster::new(
        spec.options.clone(),
        loss,
        FeatureCodes::of(spec.bins),
        spec.bins.layout.clone(),
        spec.plan,
    )?;
    let mut booster = resume(booster, spec.resumed)?;
    let residents = ResidentBlocks::new(
        spec.resident_bytes,
        &spec.bins.layout,
        loss.outputs(),
        rows.blocks(),
    );
    let mut passes = BlockPasses {
        context,
        threads: TaskThreads::new(threads)?,
        files: BlockFiles {
            codes: spec.codes,
            rows,
            state: &state,
        },
        residents,
        sweep: Sweep::new(spec.codes),
        buffers: (0..threads).map(|_| BlockMemory::default()).collect(),
    };
    let work = u64::from(spec.options.n_estimators) * rows.rows();
    let mut checkpoints = spec.checkpoints;
    let grown = context.announced(NAME, work, || {
        passes.grow(&mut booster, checkpoints.as_deref_mut())
    });
    // Also after a failure or a stop, so that the rounds so far can be resumed.
    if let Some(checkpoints) = checkpoints {
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

/// The booster with the trees of a checkpoint, if there is one.
fn resume(booster: Booster, checkpoint: Option<BoosterCheckpoint<'static>>) -> Result<Booster> {
    match checkpoint {
        None => Ok(booster),
        Some(checkpoint) => booster.resume(checkpoint).map_err(|flaw| {
            Error::Usage(format!("--resume: the checkpoint cannot be used: {flaw}"))
        }),
    }
}

/// The passes of a booster over the blocks of its files.
struct BlockPasses<'a> {
    context: &'a Context<'a>,
    threads: TaskThreads,
    files: BlockFiles<'a>,
    residents: ResidentBlocks,
    sweep: Sweep,
    /// One a thread.
    buffers: Vec<BlockMemory>,
}

impl BlockPasses<'_> {
    /// Makes passes until the booster has its trees, and returns the bytes read.
    fn grow(
        &mut self,
        booster: &mut Booster,
        mut checkpoints: Option<&mut CheckpointWriter<'_>>,
    ) -> Result<u64> {
        let (rows, progress) = (self.files.rows, self.context.progress);
        let mut rounds = booster.rounds();
        progress.advanced(u64::from(rounds) * rows.rows(), 0);
        let mut bytes_read = 0;
        while let Some(request) = booster.next_pass() {
            self.pass(booster, &request)?;
            if let Some(checkpoints) = &mut checkpoints {
                checkpoints.after_pass(booster);
            }
            bytes_read += rows.rows() * request_bytes(&request, rows.is_weighted());
            // Early stopping takes rounds back.
            let grown = booster.rounds().saturating_sub(rounds);
            rounds += grown;
            progress.advanced(u64::from(grown) * rows.rows(), 0);
        }
        self.residents.write_margins(self.files.state)?;
        Ok(bytes_read)
    }

    /// Makes one pass.
    fn pass(&mut self, booster: &mut Booster, request: &PassRequest) -> Result<()> {
        let workers = self.buffers.drain(..);
        let workers: Vec<_> = workers.map(|buffer| (booster.worker(), buffer)).collect();
        let threads = workers.len();
        let (files, residents, sweep) = (self.files, &self.residents, &self.sweep);
        let workers = block_pass(
            self.context,
            NAME,
            files.rows.blocks(),
            workers,
            |(worker, buffer), index| {
                let block = sweep.block(index);
                if residents.holds(block) {
                    return residents.pass(worker, request, files, block);
                }
                sweep.read_ahead(files.codes, index + threads);
                buffer.pass(worker, request, files, block)
            },
        )?;
        let mut parts = Vec::with_capacity(threads);
        for (worker, buffer) in workers {
            parts.push(worker.finish());
            self.buffers.push(buffer);
        }
        let tasks = Tasks {
            context: self.context,
            name: NAME,
            threads: &self.threads,
        };
        booster.finish_pass(parts, &tasks)?;
        self.sweep.turn();
        Ok(())
    }
}

/// The order in which the passes take the blocks: to and fro, so that a pass begins with the blocks
/// that the one before has left in the page cache. No sum depends on the order.
struct Sweep {
    blocks: usize,
    is_backward: bool,
    /// Read ahead, because the page cache may be too small for the codes.
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
