//! Trees over packed byte columns.
//!
//! However features are packed, a node asks one thing of one byte column: is this byte in the set
//! that goes right? So numeric cuts, category subsets and missing directions are one look-up, and a
//! leaf is a node whose empty set leads back to itself.
//!
//! ```text
//!   block of 65,536 rows          tile of TILE_ROWS rows         FLIGHT rows side by side
//!   columns 64 KiB apart   copy   used columns, next to   walk   down one tree, level by level;
//!   (they share cache sets) --->  each other, in cache    --->   loads of the rows overlap
//! ```
//!
//! Leaf values are added in tree order to the base margin in f32, as the trainer does: same bits.
//! O(rows * trees * depth); about 6 ns a row and tree of depth 6.

use std::sync::Arc;

use crate::{
    data::{CodeBlock, CodeLayout, PackMember},
    limits::{BLOCK_ROWS, CODES_MAX},
    model::{
        ensemble::Ensemble,
        tree::{Node, NodeSplit, Tree},
    },
};

/// Rows that go through all trees together.
const TILE_ROWS: usize = 512;

/// Rows that walk down a tree side by side.
const FLIGHT: usize = 16;

const _: () = assert!(TILE_ROWS.is_multiple_of(FLIGHT));

/// An ensemble compiled for one layout of byte columns.
#[derive(Debug, Clone)]
pub struct ByteTrees {
    forest: Arc<Forest>,
    /// The used byte columns of the tile's rows: slot `s` at `s * TILE_ROWS`.
    tile: Vec<u8>,
}

#[derive(Debug)]
struct Forest {
    base_margin: Vec<f32>,
    /// The byte columns that any node reads, ascending: the tile's slots.
    byte_columns: Vec<usize>,
    /// All trees' nodes, tree after tree.
    nodes: Vec<ByteNode>,
    /// Leaf values, 0 for other nodes; as long as `nodes`.
    values: Vec<f32>,
    trees: Vec<Span>,
}

/// One tree's part of the forest.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: usize,
    end: usize,
    /// Edges to the nearest leaf: so many levels every row takes.
    depth_min: u32,
    /// Edges to the farthest leaf.
    depth_max: u32,
}

/// Children lie side by side, so one index and one bit lead on.
#[derive(Debug, Clone, Copy)]
struct ByteNode {
    /// Bit `b % 32` of word `b / 32`: whether byte `b` goes right.
    goes_right: [u32; 8],
    /// Where the byte column starts in the tile.
    tile_offset: u32,
    /// The left child, counted in this tree; the right one follows. A leaf's is itself.
    left: u32,
}

impl ByteTrees {
    /// Compiles an ensemble for a layout. `missing_codes` has the missing code of every feature.
    ///
    /// # Panics
    /// If a feature that splits a node is not laid out, or the trees are not sound (a loaded model
    /// is checked before).
    pub fn compile(ensemble: &Ensemble, layout: &CodeLayout, missing_codes: &[u8]) -> Self {
        assert_eq!(
            ensemble.base_margin.len(),
            ensemble.outputs,
            "a base an output"
        );
        assert!(ensemble.outputs > 0, "an output");
        assert!(
            ensemble.trees.len().is_multiple_of(ensemble.outputs),
            "whole rounds"
        );
        let places = Places::new(layout, missing_codes.len());
        let byte_columns = used_byte_columns(ensemble, &places);
        let mut forest = Forest {
            base_margin: ensemble.base_margin.clone(),
            nodes: Vec::with_capacity(ensemble.trees.iter().map(|tree| tree.nodes.len()).sum()),
            values: Vec::new(),
            trees: Vec::with_capacity(ensemble.trees.len()),
            byte_columns,
        };
        for tree in &ensemble.trees {
            forest.push(tree, &places, missing_codes);
        }
        let slots = forest.byte_columns.len().max(1);
        Self {
            forest: Arc::new(forest),
            tile: vec![0; slots * TILE_ROWS],
        }
    }

    /// How many margins a row has.
    pub fn outputs(&self) -> usize {
        self.forest.base_margin.len()
    }

    /// The byte columns that predictions read, ascending.
    pub fn byte_columns(&self) -> &[usize] {
        &self.forest.byte_columns
    }

    /// The margins of a block's rows, output-major.
    ///
    /// # Panics
    /// If `margins` is not `outputs * rows` long.
    pub fn margins_into(&mut self, block: &CodeBlock<'_>, margins: &mut [f32]) {
        self.margins_of_columns_into(block.codes, BLOCK_ROWS, block.rows, margins);
    }

    /// The same over byte columns that lie `stride` bytes apart.
    ///
    /// # Panics
    /// If `margins` is not `outputs * rows` long, or a column lies outside `codes`.
    pub fn margins_of_columns_into(
        &mut self,
        codes: &[u8],
        stride: usize,
        rows: usize,
        margins: &mut [f32],
    ) {
        assert!(rows <= stride, "columns do not overlap");
        assert_eq!(
            margins.len(),
            rows * self.outputs(),
            "a margin a row and output"
        );
        let forest = &*self.forest;
        for (output, base) in forest.base_margin.iter().enumerate() {
            margins[output * rows..][..rows].fill(*base);
        }
        for first in (0..rows).step_by(TILE_ROWS) {
            let tile_rows = TILE_ROWS.min(rows - first);
            for (slot, byte_column) in forest.byte_columns.iter().enumerate() {
                self.tile[slot * TILE_ROWS..][..tile_rows]
                    .copy_from_slice(&codes[byte_column * stride + first..][..tile_rows]);
            }
            for (index, span) in forest.trees.iter().enumerate() {
                let output = index % forest.base_margin.len();
                let tile_margins = &mut margins[output * rows + first..][..tile_rows];
                forest.add_tree(*span, &self.tile, tile_margins);
            }
        }
    }

    /// Bytes held, by capacity; the shared part is counted in every clone.
    pub fn heap_bytes(&self) -> usize {
        let forest = &*self.forest;
        self.tile.capacity()
            + forest.nodes.capacity() * size_of::<ByteNode>()
            + forest.values.capacity() * size_of::<f32>()
            + forest.trees.capacity() * size_of::<Span>()
            + forest.byte_columns.capacity() * size_of::<usize>()
    }
}

impl Forest {
    /// Adds one tree's values to the margins of a tile's rows.
    fn add_tree(&self, span: Span, tile: &[u8], margins: &mut [f32]) {
        let nodes = &self.nodes[span.first..span.end];
        let values = &self.values[span.first..span.end];
        for (flight, margins) in margins.chunks_mut(FLIGHT).enumerate() {
            // A flight that is not full walks with rows of an earlier tile, whose leaves are dropped.
            let mut at = [0_u32; FLIGHT];
            for _ in 0..span.depth_min {
                step(nodes, tile, flight * FLIGHT, &mut at);
            }
            for _ in span.depth_min..span.depth_max {
                let before = at;
                step(nodes, tile, flight * FLIGHT, &mut at);
                if at == before {
                    break;
                }
            }
            for (margin, node) in margins.iter_mut().zip(at) {
                *margin += values[node as usize];
            }
        }
    }

    /// Compiles a tree: breadth-first, so that siblings lie side by side.
    fn push(&mut self, tree: &Tree, places: &Places, missing_codes: &[u8]) {
        let first = self.nodes.len();
        let depths = tree.depths();
        let mut order = vec![0_usize];
        let mut next = 0;
        let mut depth_min = u32::MAX;
        let mut depth_max = 0;
        while next < order.len() {
            let index = order[next];
            let node = match &tree.nodes[index] {
                Node::Leaf(leaf) => {
                    depth_min = depth_min.min(depths[index]);
                    depth_max = depth_max.max(depths[index]);
                    self.values.push(leaf.value);
                    ByteNode {
                        goes_right: [0; 8],
                        tile_offset: 0,
                        left: next as u32,
                    }
                }
                Node::Split(split) => {
                    let left = order.len() as u32;
                    order.extend([split.left as usize, split.right as usize]);
                    self.values.push(0.0);
                    self.split_node(split, left, places, missing_codes)
                }
            };
            self.nodes.push(node);
            next += 1;
            assert!(order.len() <= tree.nodes.len(), "a node has two parents");
        }
        self.trees.push(Span {
            first,
            end: self.nodes.len(),
            depth_min,
            depth_max,
        });
    }

    fn split_node(
        &self,
        split: &NodeSplit,
        left: u32,
        places: &Places,
        missing_codes: &[u8],
    ) -> ByteNode {
        let (byte_column, member) = places.find(split.feature);
        let slot = self.byte_columns.binary_search(&byte_column);
        let slot = slot.expect("every column that a node reads has a slot");
        let missing_code = missing_codes[split.feature as usize];
        let mut goes_right = [0_u32; 8];
        for byte in 0..CODES_MAX {
            if !split.is_left(member.code(byte as u8), missing_code) {
                goes_right[byte / 32] |= 1 << (byte % 32);
            }
        }
        ByteNode {
            goes_right,
            tile_offset: u32::try_from(slot * TILE_ROWS).expect("columns_max bounds the tile"),
            left,
        }
    }
}

/// Moves each row of a flight one level down; rows at leaves stay.
#[inline(always)]
fn step(nodes: &[ByteNode], tile: &[u8], first_row: usize, at: &mut [u32; FLIGHT]) {
    for (lane, at) in at.iter_mut().enumerate() {
        let node = &nodes[*at as usize];
        let byte = tile[node.tile_offset as usize + first_row + lane];
        let word = node.goes_right[usize::from(byte / 32)];
        *at = node.left + (word >> (byte % 32) & 1);
    }
}

/// Where each feature lies.
struct Places(Vec<Option<(usize, PackMember)>>);

impl Places {
    fn new(layout: &CodeLayout, features: usize) -> Self {
        let mut places = vec![None; features];
        for (byte_column, members) in layout.byte_columns.iter().enumerate() {
            for member in members {
                places[member.feature as usize] = Some((byte_column, *member));
            }
        }
        Self(places)
    }

    fn find(&self, feature: u32) -> (usize, PackMember) {
        self.0[feature as usize].expect("a feature that splits nodes is laid out")
    }
}

fn used_byte_columns(ensemble: &Ensemble, places: &Places) -> Vec<usize> {
    let mut byte_columns: Vec<usize> = ensemble
        .trees
        .iter()
        .flat_map(Tree::splits)
        .map(|split| places.find(split.feature).0)
        .collect();
    byte_columns.sort_unstable();
    byte_columns.dedup();
    byte_columns
}
