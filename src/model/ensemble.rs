//! Trees that add up to margins.

use crate::model::{link::Link, tree::Tree};

/// Base margins and the trees that are added to them, in order.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Ensemble {
    /// Margins a row has: 1, or one a class for softmax.
    pub outputs: usize,
    /// The margin of a row before the first tree, one per output.
    pub base_margin: Vec<f32>,
    /// The link function, which follows from the loss of the training.
    pub link: Link,
    /// Round by round; tree `i` adds to output `i % outputs`.
    pub trees: Vec<Tree>,
}

/// The importance of one feature.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Importance {
    /// Loss removed by the feature's node splits.
    pub gain: f64,
    /// Sum of the hessians of the nodes that it splits.
    pub cover: f64,
    /// The number of nodes that it splits.
    pub count: u64,
}

impl Ensemble {
    /// Rounds of trees.
    pub fn rounds(&self) -> usize {
        self.trees.len() / self.outputs
    }

    /// Gain, cover and count of each feature, added up in tree and node order.
    pub fn importance(&self, features: usize) -> Vec<Importance> {
        let mut importance = vec![Importance::default(); features];
        for split in self.trees.iter().flat_map(Tree::splits) {
            let feature = &mut importance[split.feature as usize];
            feature.gain += split.gain;
            feature.cover += split.cover;
            feature.count += 1;
        }
        importance
    }

    /// One row's margins, a node at a time: the naive twin of
    /// [`crate::model::predict::ByteTrees`].
    pub fn margins(&self, code_of: impl Fn(u32) -> u8, missing_codes: &[u8]) -> Vec<f32> {
        let mut margins = self.base_margin.clone();
        for (index, tree) in self.trees.iter().enumerate() {
            margins[index % self.outputs] += tree.value(&code_of, missing_codes);
        }
        margins
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        let trees: usize = self.trees.iter().map(Tree::heap_bytes).sum();
        trees
            + self.trees.capacity() * size_of::<Tree>()
            + self.base_margin.capacity() * size_of::<f32>()
    }
}
