//! The search for the best splits of many nodes at once, a few byte columns of a node a task.

use std::sync::{Mutex, PoisonError};

use crate::{
    error::Result,
    learner::gbdt::{
        features::FeatureDraw,
        gain::Regularisation,
        growth_context::GrowthContext,
        histogram::NodeHistogram,
        split::{Candidate, NodeView, search_column},
        tree::GrowingTree,
    },
    limits::CODES_MAX,
    platform::parallel::Parallel,
};

/// Byte columns of a node that one task searches: some tens of microseconds.
const SEARCHED_COLUMNS: usize = 12;

/// A node with its histogram over the byte columns of a tile.
#[derive(Debug)]
pub(crate) struct ResolvedNode {
    pub(crate) output: usize,
    pub(crate) node: u32,
    pub(crate) histogram: NodeHistogram,
}

/// A search over the byte columns of one tile.
#[derive(Clone, Copy)]
pub(crate) struct SplitSearch<'a> {
    pub(crate) context: GrowthContext<'a>,
    pub(crate) trees: &'a [GrowingTree],
    pub(crate) draw: &'a FeatureDraw,
    pub(crate) rules: &'a Regularisation,
    pub(crate) tile: &'a [u32],
}

impl SplitSearch<'_> {
    /// The best split of each node; `None` where no split gains enough.
    ///
    /// Cost O(nodes * columns * 256) for each member of a pack.
    ///
    /// # Errors
    /// As [`Parallel::for_each`].
    pub(crate) fn run(
        self,
        nodes: &[ResolvedNode],
        parallel: &dyn Parallel,
    ) -> Result<Vec<Option<Candidate>>> {
        let best: Vec<Mutex<Option<Candidate>>> = nodes.iter().map(|_| Mutex::default()).collect();
        let parts = self.tile.len().div_ceil(SEARCHED_COLUMNS);
        parallel.for_each(nodes.len() * parts, &|task| {
            let (index, part) = (task / parts, task % parts);
            let found = self.search_part(&nodes[index], part);
            // Ties are broken by the candidates themselves, so it does not matter which task is first.
            let mut best = best[index].lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = found
                && found.is_better(best.as_ref())
            {
                *best = Some(found);
            }
        })?;
        let best = best.into_iter();
        Ok(best
            .map(|best| best.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect())
    }

    /// The best split of a node over one part of the tile.
    fn search_part(self, resolved: &ResolvedNode, part: usize) -> Option<Candidate> {
        let ResolvedNode {
            output,
            node,
            ref histogram,
        } = *resolved;
        let tree = &self.trees[output];
        let constraints = &self.context.options.feature_constraints;
        let mut used = self.draw.of_node(tree.depth(node), tree.key(node), output);
        constraints.forbid(tree.path(node), &mut used);
        let view = NodeView {
            totals: tree.totals(node),
            range: tree.range(node),
            used: &used,
        };
        let mut best = None;
        let columns = self.tile.iter().zip(histogram.chunks_exact(CODES_MAX));
        let columns = columns.skip(part * SEARCHED_COLUMNS).take(SEARCHED_COLUMNS);
        for (&byte_column, joint) in columns {
            search_column(
                joint,
                &self.context.layout.byte_columns[byte_column as usize],
                self.context.features,
                constraints,
                view,
                self.rules,
                &mut best,
            );
        }
        best
    }
}
