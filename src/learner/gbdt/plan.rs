//! The memory plan of a booster, and the passes that follow from it.
//!
//! Levels are widest at the bottom. If the wide histograms of all their nodes fit the budget beside
//! the workers' packed ones, parents are kept and only the smaller child of each node split is
//! accumulated. If not, byte columns are tiled: a pass accumulates *all* children over the columns
//! of one tile, and a level takes as many passes as there are tiles. Trees are the same either way.

use crate::{
    data::CodeLayout,
    error::{Error, Result},
    learner::gbdt::{
        BoosterOptions, Loss,
        histogram::{PACKED_COLUMN_BYTES, WIDE_COLUMN_BYTES},
        kernel::{GROUP, Quad},
        loss::{CHUNK_ROWS, objective},
        metric::EvalSpec,
        partition::RowLists,
        renew::Quantiles,
    },
    limits::BLOCK_ROWS,
};

/// The tiles and threads that fit the budget, and the bytes they take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoosterPlan {
    /// Bytes of all histograms at their peak: of nodes, and of the workers that add to them.
    pub histogram_bytes: u64,
    /// Bytes of the workers' row lists and derivatives.
    pub worker_bytes: u64,
    /// Passes that the widest level takes.
    pub tiles: usize,
    /// Workers that fit, at most those asked for.
    pub threads_used: usize,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// True if parents are kept, so that only smaller children are accumulated.
    pub(super) parents_kept: bool,
    /// The budget given for histograms.
    pub(super) budget_bytes: u64,
}

impl BoosterPlan {
    /// Plans for a budget of histogram bytes; [`BoosterPlan::worker_bytes`] come on top.
    ///
    /// # Errors
    /// [`Error::Memory`] if one worker's histograms of four byte columns do not fit.
    pub(crate) fn new(
        options: &BoosterOptions,
        loss: Loss,
        layout: &CodeLayout,
        threads: usize,
        budget_bytes: u64,
    ) -> Result<Self> {
        let threads = threads.max(1);
        let columns = layout.len().max(1);
        let nodes = nodes_max(options, loss);
        let slots = (nodes / 2).max(loss.outputs());
        let kept_bytes = nodes * columns * WIDE_COLUMN_BYTES
            + threads * slots * columns.next_multiple_of(GROUP) * PACKED_COLUMN_BYTES;
        let worker_bytes = |threads: usize| (threads * worker_bytes(options, loss)) as u64;
        if kept_bytes as u64 <= budget_bytes {
            return Ok(Self {
                histogram_bytes: kept_bytes as u64,
                worker_bytes: worker_bytes(threads),
                tiles: 1,
                threads_used: threads,
                notes: Vec::new(),
                parents_kept: true,
                budget_bytes,
            });
        }
        let mut threads_used = threads;
        while threads_used > 1 && tile_columns(nodes, threads_used, budget_bytes) == 0 {
            threads_used -= 1;
        }
        let tile = tile_columns(nodes, threads_used, budget_bytes);
        if tile == 0 {
            return Err(Error::Memory {
                what: format!("the histograms of four byte columns and {nodes} nodes"),
                needed_bytes: tile_bytes(nodes, GROUP, 1) as u64,
                available_bytes: budget_bytes,
                of: "left for them",
                next_step: "use a larger --memory, or a smaller max_depth or num_leaves".to_owned(),
            });
        }
        let tile = tile.min(columns.next_multiple_of(GROUP));
        let tiles = columns.div_ceil(tile);
        let mut notes = vec![format!(
            "histograms of all {columns} byte columns would need {kept_bytes} bytes: {tiles} passes per level \
             at the bottom of each tree, {tile} columns each"
        )];
        if threads_used < threads {
            notes.push(format!(
                "the histograms of {threads} threads do not fit in memory; trees use {threads_used}"
            ));
        }
        Ok(Self {
            histogram_bytes: tile_bytes(nodes, tile, threads_used) as u64,
            worker_bytes: worker_bytes(threads_used),
            tiles,
            threads_used,
            notes,
            parents_kept: false,
            budget_bytes,
        })
    }

    /// The least budget that [`BoosterPlan::new`] accepts.
    pub(crate) fn budget_bytes_min(options: &BoosterOptions, loss: Loss) -> u64 {
        tile_bytes(nodes_max(options, loss), GROUP, 1) as u64
    }

    /// Bytes of one worker's row lists and derivatives, and of its quantiles where leaves are some.
    pub(crate) fn bytes_of_worker(options: &BoosterOptions, loss: Loss) -> u64 {
        worker_bytes(options, loss) as u64
    }

    /// Byte columns of a tile when a level has this many nodes and parents are not kept.
    pub(super) fn tile_columns(&self, nodes: usize) -> usize {
        tile_columns(nodes, self.threads_used, self.budget_bytes).max(GROUP)
    }
}

/// The most nodes of a level whose histograms are needed, over all outputs.
fn nodes_max(options: &BoosterOptions, loss: Loss) -> usize {
    // The deepest level consists of leaves; a level has no more nodes than the tree has leaves.
    let width = 1usize
        .checked_shl(options.max_depth.saturating_sub(1))
        .unwrap_or(usize::MAX);
    loss.outputs() * width.min(options.num_leaves as usize)
}

/// Bytes of the histograms of some columns of `nodes` slots.
fn tile_bytes(nodes: usize, columns: usize, threads: usize) -> usize {
    nodes * columns * (WIDE_COLUMN_BYTES + threads * PACKED_COLUMN_BYTES)
}

/// The most columns, in whole groups, whose histograms fit.
fn tile_columns(nodes: usize, threads: usize, budget_bytes: u64) -> usize {
    let groups = budget_bytes as usize / tile_bytes(nodes, GROUP, threads);
    groups * GROUP
}

/// Bytes of one worker beside its histograms: row lists, derivatives of a chunk, quantiles,
/// metrics.
fn worker_bytes(options: &BoosterOptions, loss: Loss) -> usize {
    let lists = BLOCK_ROWS * (RowLists::ROW_BYTES + size_of::<Quad>());
    let chunk = CHUNK_ROWS * (2 * loss.outputs() + 2) * size_of::<f64>();
    let quantiles = objective(loss)
        .renewal()
        .map_or(0, |_| Quantiles::bytes(options.num_leaves as usize));
    lists + chunk + quantiles + EvalSpec::bytes(&options.eval_metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(
        depth_max: u32,
        columns: usize,
        threads: usize,
        budget_bytes: u64,
    ) -> Result<BoosterPlan> {
        let options = BoosterOptions {
            max_depth: depth_max,
            ..BoosterOptions::depth_wise()
        };
        let layout = CodeLayout::identity(columns);
        BoosterPlan::new(
            &options,
            Loss::BinaryLogLoss,
            &layout,
            threads,
            budget_bytes,
        )
    }

    #[test]
    fn keeps_parents_where_they_fit() {
        let plan = plan(6, 54, 2, 1 << 30).expect("fits");
        assert!(plan.parents_kept);
        assert_eq!((plan.tiles, plan.threads_used), (1, 2));
        // 32 nodes at the bottom, 16 of them accumulated, whole groups of columns.
        assert_eq!(
            plan.histogram_bytes,
            (32 * 54 * 4_096 + 2 * 16 * 56 * 2_048) as u64
        );
        assert!(plan.notes.is_empty());
    }

    #[test]
    fn tiles_columns_then_drops_threads() {
        let tiled = plan(6, 4_000, 2, 64 << 20).expect("fits");
        assert!(!tiled.parents_kept && tiled.tiles > 10 && tiled.threads_used == 2);
        assert!(tiled.histogram_bytes <= 64 << 20);
        assert_eq!(tiled.notes.len(), 1);
        let narrow = plan(6, 4_000, 64, 1 << 20).expect("fits");
        assert!(narrow.threads_used < 64);
        assert!(narrow.histogram_bytes <= 1 << 20);
        assert_eq!(narrow.notes.len(), 2);
    }

    #[test]
    fn refuses_with_the_figure_that_would_do() {
        let needed = match plan(6, 54, 2, 1_000) {
            Err(Error::Memory { needed_bytes, .. }) => needed_bytes,
            other => panic!("{other:?}"),
        };
        let options = BoosterOptions {
            max_depth: 6,
            ..BoosterOptions::depth_wise()
        };
        let least = BoosterPlan::budget_bytes_min(&options, Loss::BinaryLogLoss);
        assert_eq!(needed, least);
        assert!(plan(6, 54, 2, needed).is_ok());
        assert!(plan(6, 54, 2, needed - 1).is_err());
    }
}
