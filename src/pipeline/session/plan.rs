//! The plan of a run, as far as its steps need it.

use crate::{engine::Context, memory_plan::MemoryPlan};

/// The memory of a run by phase, and the shares of it that steps may use.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// Memory by phase.
    pub memory: MemoryPlan,
    /// Bytes for the histograms of trees.
    pub histogram_budget_bytes: u64,
    /// Bytes for blocks that stay in memory from pass to pass.
    pub resident_bytes: u64,
    /// Rows of the reservoir of trees that grow from batches, and rows that join it at once.
    pub stream_rows: (usize, usize),
    /// Training rows that fix the bins in a one-pass run.
    pub first_rows: usize,
    /// Lanes of a pass that feeds one sequential learner.
    pub lanes: usize,
    /// Rows of a sample that fit in memory, where trees grow from samples.
    pub sample_rows: u64,
    /// The largest sum of all scratch files.
    pub scratch_bytes: u64,
    /// Messages about the plan, for the user.
    pub notes: Vec<String>,
}

impl RunPlan {
    /// The context of a pass that feeds one sequential learner: it has no more lanes than memory allows.
    pub(crate) fn learner_context<'a>(&self, context: &Context<'a>) -> Context<'a> {
        Context {
            threads: self.lanes,
            ..*context
        }
    }
}
