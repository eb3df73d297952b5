//! Trees over packed byte columns.
//!
//! ```text
//!   block of 65,536 rows           tile of TILE_ROWS rows         per tree, whichever is cheaper
//!   byte columns 64 KiB apart      the used features' codes,      blend: all nodes, 16 rows at once
//!   (they share cache sets)  --->  unpacked, in cache       --->  walk: one node a level and row
//! ```
//!
//! A node asks one thing: is this code in the set that goes left? That one set stands for numeric
//! cuts, category subsets and missing directions alike.
//!
//! Leaf values are added in tree order to the base margin in f32, as the trainer does: same bits.
//! O(rows * trees * nodes / 16) for blended trees, O(rows * trees * depth) for walked ones.

use std::sync::Arc;

use crate::{
    data::{CodeBlock, CodeLayout, PackMember},
    limits::{BLOCK_ROWS, CODES_MAX},
    model::{
        ensemble::Ensemble,
        predict::{
            blend::{BlendStack, BlendTree},
            tile::{TILE_ROWS, TileColumn},
            walk::WalkTree,
        },
        tree::Tree,
    },
};

/// An ensemble compiled for one layout of byte columns.
#[derive(Debug, Clone)]
pub struct ByteTrees {
    forest: Arc<Forest>,
    /// The codes of the tile's rows, a column a used feature.
    tile: Vec<TileColumn>,
    stack: BlendStack,
}

#[derive(Debug)]
struct Forest {
    base_margin: Vec<f32>,
    /// The byte columns that any node reads, ascending.
    byte_columns: Vec<usize>,
    /// The sources of the tile's columns.
    sources: Vec<Source>,
    trees: Vec<Compiled>,
}

/// A used feature: a column of the tile.
#[derive(Debug)]
struct Source {
    byte_column: usize,
    /// Code of each byte, where the column holds more than this feature.
    unpack: Option<Box<[u8; CODES_MAX]>>,
}

/// A tree in both forms; small batches and trees that are costly to blend are walked.
#[derive(Debug)]
struct Compiled {
    walk: WalkTree,
    blend: Option<BlendTree>,
}

impl ByteTrees {
    /// Compiles an ensemble for a layout. `missing_codes` has the missing code of every feature.
    ///
    /// # Panics
    /// If a feature that splits a node is not laid out, or the trees are not sound (a loaded model
    /// is checked before).
    pub fn compile(ensemble: &Ensemble, layout: &CodeLayout, missing_codes: &[u8]) -> Self {
        let outputs = ensemble.outputs;
        assert_eq!(ensemble.base_margin.len(), outputs, "a base an output");
        assert!(
            outputs > 0 && ensemble.trees.len().is_multiple_of(outputs),
            "whole rounds"
        );
        let used = used_features(ensemble);
        let places = places(layout, missing_codes.len());
        let place = |feature: &u32| {
            places[*feature as usize].expect("a feature that splits nodes is laid out")
        };
        let sources: Vec<Source> = used.iter().map(place).map(source).collect();
        let mut byte_columns: Vec<usize> =
            sources.iter().map(|source| source.byte_column).collect();
        byte_columns.sort_unstable();
        byte_columns.dedup();
        let slot_of = |feature: u32| used.binary_search(&feature).expect("a used feature");
        let compile = |tree: &Tree| Compiled {
            walk: WalkTree::compile(tree, slot_of, missing_codes),
            blend: BlendTree::compile(tree, slot_of, missing_codes),
        };
        let forest = Forest {
            base_margin: ensemble.base_margin.clone(),
            byte_columns,
            trees: ensemble.trees.iter().map(compile).collect(),
            sources,
        };
        let blends = forest.trees.iter().filter_map(|tree| tree.blend.as_ref());
        let stack = BlendStack::new(blends.map(BlendTree::stack_columns).max().unwrap_or(0));
        Self {
            // A tree of one leaf reads the first column.
            tile: vec![[0; TILE_ROWS]; used.len().max(1)],
            forest: Arc::new(forest),
            stack,
        }
    }

    /// The number of margins of a row.
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
            for (source, column) in forest.sources.iter().zip(&mut self.tile) {
                let bytes = &codes[source.byte_column * stride + first..][..tile_rows];
                source.codes_into(bytes, &mut column[..tile_rows]);
            }
            for (index, tree) in forest.trees.iter().enumerate() {
                let output = index % forest.base_margin.len();
                let tile_margins = &mut margins[output * rows + first..][..tile_rows];
                match &tree.blend {
                    Some(blend) if blend.cost() <= tree.walk.cost(tile_rows) => {
                        blend.add(&self.tile, &mut self.stack, tile_margins);
                    }
                    _ => tree.walk.add(&self.tile, tile_margins),
                }
            }
        }
    }

    /// Bytes held, by capacity; the shared part is counted in every clone.
    pub fn heap_bytes(&self) -> usize {
        let forest = &*self.forest;
        let tree_bytes = |tree: &Compiled| {
            let blend = tree.blend.as_ref().map_or(0, BlendTree::heap_bytes);
            size_of::<Compiled>() + tree.walk.heap_bytes() + blend
        };
        let trees: usize = forest.trees.iter().map(tree_bytes).sum();
        let sources = forest.sources.capacity() * (size_of::<Source>() + CODES_MAX);
        trees
            + sources
            + forest.byte_columns.capacity() * size_of::<usize>()
            + self.tile.capacity() * TILE_ROWS
            + self.stack.heap_bytes()
    }
}

impl Source {
    fn codes_into(&self, bytes: &[u8], codes: &mut [u8]) {
        match &self.unpack {
            None => codes.copy_from_slice(bytes),
            Some(unpack) => {
                for (code, byte) in codes.iter_mut().zip(bytes) {
                    *code = unpack[usize::from(*byte)];
                }
            }
        }
    }
}

fn source((byte_column, member): (usize, PackMember)) -> Source {
    let mut table = Box::new([0; CODES_MAX]);
    for (byte, code) in table.iter_mut().enumerate() {
        *code = member.code(byte as u8);
    }
    // A column that is this feature's alone never holds a byte beyond its radix.
    let is_alone = member.stride == 1 && usize::from(member.radix) == CODES_MAX;
    Source {
        byte_column,
        unpack: (!is_alone).then_some(table),
    }
}

/// The place of each feature.
fn places(layout: &CodeLayout, features: usize) -> Vec<Option<(usize, PackMember)>> {
    let mut places = vec![None; features];
    for (byte_column, members) in layout.byte_columns.iter().enumerate() {
        for member in members {
            places[member.feature as usize] = Some((byte_column, *member));
        }
    }
    places
}

/// The features that split any node, ascending.
fn used_features(ensemble: &Ensemble) -> Vec<u32> {
    let splits = ensemble.trees.iter().flat_map(Tree::splits);
    let mut used: Vec<u32> = splits.map(|split| split.feature).collect();
    used.sort_unstable();
    used.dedup();
    used
}
