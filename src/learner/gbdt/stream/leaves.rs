//! Leaf values that are refreshed from rows after the growth of their trees.
//!
//! A leaf keeps the sums of gradients and hessians that its value follows from. Later rows add theirs,
//! each at its margin of the trees before, and the value is updated. So every row counts once in every
//! tree, before or after the tree was grown.

use crate::{
    data::CodeBlock,
    learner::gbdt::{
        BoosterOptions,
        constants::Constants,
        gain::Regularisation,
        loss::{CHUNK_ROWS, Derivatives, Rows},
        quantise::Scale,
        replay::CompiledTree,
        stream::options::STREAM_BLOCK_ROWS,
        tree::GrowingTree,
        value_range::ValueRange,
    },
    model::{Node, Tree},
};

/// The sums of a node's rows: gradients, hessians.
pub(super) type LeafSums = [f64; 2];

/// Refreshes leaf values, a block of rows at a time.
#[derive(Debug)]
pub(super) struct Refresher {
    rules: Regularisation,
    range: ValueRange,
    /// Leaves stay as they are where constraints bind them to each other.
    is_idle: bool,
    shrinkage: f64,
    /// The node of each row's leaf.
    places: Vec<u32>,
    derivatives: Derivatives,
    /// By output; output `k` of row `i` is at `k * STREAM_BLOCK_ROWS + i`.
    gradients: Vec<f64>,
    hessians: Vec<f64>,
}

/// A finished tree, what its values follow from, and the form that finds leaves.
pub(super) struct TreeLeaves<'a> {
    pub(super) tree: &'a mut Tree,
    pub(super) sums: &'a mut [LeafSums],
    pub(super) compiled: &'a mut CompiledTree,
}

impl Refresher {
    pub(super) fn new(options: &BoosterOptions, outputs: usize) -> Self {
        let unit = Scale {
            gradient: 1.0,
            hessian: 1.0,
        };
        let rules = Regularisation::new(options, unit);
        Self {
            range: rules.root_range(),
            rules,
            is_idle: options.feature_constraints.is_directed(),
            shrinkage: options.learning_rate,
            places: vec![0; STREAM_BLOCK_ROWS],
            derivatives: Derivatives::new(outputs),
            gradients: vec![0.0; outputs * STREAM_BLOCK_ROWS],
            hessians: vec![0.0; outputs * STREAM_BLOCK_ROWS],
        }
    }

    /// Working memory for the derivatives of a chunk.
    pub(super) fn derivatives(&mut self) -> &mut Derivatives {
        &mut self.derivatives
    }

    /// Bytes of a refresher.
    pub(super) fn bytes(outputs: usize) -> usize {
        STREAM_BLOCK_ROWS * (4 + 16 * outputs) + CHUNK_ROWS * (2 * outputs + 1) * 8
    }

    /// Bytes held, by capacity.
    pub(super) fn heap_bytes(&self) -> usize {
        self.places.capacity() * 4
            + self.derivatives.heap_bytes()
            + (self.gradients.capacity() + self.hessians.capacity()) * 8
    }

    /// The sums that a grown tree's values follow from, by node.
    pub(super) fn sums_of(tree: &GrowingTree, rules: &Regularisation) -> Vec<LeafSums> {
        let nodes = 0..tree.nodes() as u32;
        nodes
            .map(|node| rules.in_units_of_loss(tree.totals(node).sums))
            .collect()
    }

    /// Computes the derivatives of a block's rows at their margins; output `k` of row `i` is at
    /// `k * STREAM_BLOCK_ROWS + i`.
    pub(super) fn derive(
        &mut self,
        constants: &Constants,
        label: &[f32],
        weight: &[f64],
        margin: &[f32],
    ) {
        if self.is_idle {
            return;
        }
        for start in (0..label.len()).step_by(CHUNK_ROWS) {
            let end = label.len().min(start + CHUNK_ROWS);
            let seen = Rows {
                margin: &margin[start..],
                stride: STREAM_BLOCK_ROWS,
                label: &label[start..end],
                weight: &weight[start..end],
            };
            constants.objective.evaluate(&seen, &mut self.derivatives);
            for output in 0..constants.objective.outputs() {
                let from = output * CHUNK_ROWS..output * CHUNK_ROWS + end - start;
                let to = output * STREAM_BLOCK_ROWS + start..output * STREAM_BLOCK_ROWS + end;
                let gradients = &self.derivatives.gradient[from.clone()];
                self.gradients[to.clone()].copy_from_slice(gradients);
                self.hessians[to].copy_from_slice(&self.derivatives.hessian[from]);
            }
        }
    }

    /// Adds the derivatives of a block's rows to the leaves they are in, lets the values follow, and
    /// adds these to the margins.
    pub(super) fn refresh(
        &mut self,
        output: usize,
        codes: &CodeBlock<'_>,
        refreshed: TreeLeaves<'_>,
        margin: &mut [f32],
    ) {
        let TreeLeaves {
            tree,
            sums,
            compiled,
        } = refreshed;
        let places = &mut self.places[..codes.rows];
        compiled.find(codes, places);
        if !self.is_idle {
            let gradients = &self.gradients[output * STREAM_BLOCK_ROWS..];
            let pairs = gradients
                .iter()
                .zip(&self.hessians[output * STREAM_BLOCK_ROWS..]);
            for (&place, (gradient, hessian)) in places.iter().zip(pairs) {
                let sums = &mut sums[place as usize];
                sums[0] += gradient;
                sums[1] += hessian;
            }
            for (node, &[gradient, hessian]) in tree.nodes.iter_mut().zip(&*sums) {
                if let Node::Leaf(leaf) = node {
                    let value = self.range.clamp(self.rules.step(gradient, hessian));
                    leaf.value = (self.shrinkage * value) as f32;
                    leaf.cover = hessian;
                }
            }
            compiled.take_values(tree);
        }
        for (margin, &place) in margin.iter_mut().zip(&*places) {
            *margin += compiled.value(place);
        }
    }
}
