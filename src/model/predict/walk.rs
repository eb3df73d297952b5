//! A tree walked from the root, several rows side by side so that their loads overlap.
//!
//! A leaf is a node whose empty set leads back to itself, so no row needs a branch.

use crate::{
    limits::CODES_MAX,
    model::{
        predict::tile::{TILE_ROWS, TileColumn},
        tree::{Node, NodeSplit, Tree},
    },
};

/// Rows that walk side by side.
const FLIGHT: usize = 16;

/// The cost of a row's step, in the unit of [`crate::model::predict::blend`].
const STEP_COST: usize = 24;

const _: () = assert!(TILE_ROWS.is_multiple_of(FLIGHT));

/// One tree, breadth-first: siblings lie side by side, so that one index and one bit lead on.
#[derive(Debug)]
pub(crate) struct WalkTree {
    nodes: Vec<WalkNode>,
    /// Leaf values, 0 for other nodes.
    values: Vec<f32>,
    /// Edges to the nearest leaf: the number of levels that every row takes.
    depth_min: u32,
    /// Edges to the farthest leaf.
    depth_max: u32,
}

#[derive(Debug, Clone, Copy)]
struct WalkNode {
    /// Bit `c % 32` of word `c / 32`: whether code `c` goes right.
    goes_right: [u32; 8],
    /// The column of the tile.
    slot: u32,
    /// The left child; the right one follows. A leaf's is itself.
    left: u32,
}

impl WalkTree {
    pub(crate) fn compile(
        tree: &Tree,
        slot_of: impl Fn(u32) -> usize,
        missing_codes: &[u8],
    ) -> Self {
        let depths = tree.depths();
        let mut compiled = Self {
            nodes: Vec::with_capacity(tree.nodes.len()),
            values: Vec::with_capacity(tree.nodes.len()),
            depth_min: u32::MAX,
            depth_max: 0,
        };
        let mut order = vec![0_usize];
        while let Some(index) = order.get(compiled.nodes.len()).copied() {
            assert!(order.len() <= tree.nodes.len(), "a node has one parent");
            match &tree.nodes[index] {
                Node::Leaf(leaf) => {
                    compiled.depth_min = compiled.depth_min.min(depths[index]);
                    compiled.depth_max = compiled.depth_max.max(depths[index]);
                    compiled.values.push(leaf.value);
                    compiled.nodes.push(WalkNode {
                        goes_right: [0; 8],
                        slot: 0,
                        left: compiled.nodes.len() as u32,
                    });
                }
                Node::Split(split) => {
                    compiled.values.push(0.0);
                    compiled.nodes.push(WalkNode {
                        goes_right: right_set(split, missing_codes[split.feature as usize]),
                        slot: slot_of(split.feature) as u32,
                        left: order.len() as u32,
                    });
                    order.extend([split.left as usize, split.right as usize]);
                }
            }
        }
        compiled
    }

    /// The cost of the tree for so many rows.
    pub(crate) fn cost(&self, rows: usize) -> usize {
        rows * self.depth_max as usize * STEP_COST
    }

    /// Adds the tree's values to the margins of the tile's rows.
    pub(crate) fn add(&self, tile: &[TileColumn], margins: &mut [f32]) {
        for (flight, margins) in margins.chunks_mut(FLIGHT).enumerate() {
            // A flight that is not full walks with codes of earlier rows, whose leaves are dropped.
            let mut at = [0_u32; FLIGHT];
            for _ in 0..self.depth_min {
                self.step(tile, flight * FLIGHT, &mut at);
            }
            for _ in self.depth_min..self.depth_max {
                let before = at;
                self.step(tile, flight * FLIGHT, &mut at);
                if at == before {
                    break;
                }
            }
            for (margin, node) in margins.iter_mut().zip(at) {
                *margin += self.values[node as usize];
            }
        }
    }

    /// Moves each row of a flight one level down; rows at leaves stay.
    #[inline(always)]
    fn step(&self, tile: &[TileColumn], first_row: usize, at: &mut [u32; FLIGHT]) {
        for (lane, at) in at.iter_mut().enumerate() {
            let node = &self.nodes[*at as usize];
            let code = tile[node.slot as usize][first_row + lane];
            let word = node.goes_right[usize::from(code / 32)];
            *at = node.left + (word >> (code % 32) & 1);
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<WalkNode>() + self.values.capacity() * size_of::<f32>()
    }
}

fn right_set(split: &NodeSplit, missing_code: u8) -> [u32; 8] {
    let mut goes_right = [0; 8];
    for code in 0..CODES_MAX {
        if !split.is_left(code as u8, missing_code) {
            goes_right[code / 32] |= 1 << (code % 32);
        }
    }
    goes_right
}
