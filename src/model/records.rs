//! Trees as records of a fixed size.
//!
//! ```text
//!   a node, 48 bytes: kind u8 (0 leaf, 1 at most, 2 subset), missing left u8, code u8, zero,
//!                     feature u32, left u32, right u32, gain f64, cover f64, count u64,
//!                     value f32, subset u32
//!   a subset, 32 bytes: four u64        a tree, 4 bytes: its number of nodes
//! ```
//!
//! Fields that a kind does not use are zero, so that a model has one file. Counts are checked
//! against lengths before anything is allocated.

use crate::{
    format::reader::Reader,
    model::tree::{Leaf, Node, NodeSplit, Rule, Tree},
};

const NODE_BYTES: usize = 48;
const SUBSET_BYTES: usize = 32;
const TREE_BYTES: usize = 4;

const LEAF: u8 = 0;
const AT_MOST: u8 = 1;
const SUBSET: u8 = 2;

/// The three sections that hold trees.
#[derive(Debug, Default)]
pub(crate) struct Records<B> {
    pub(crate) trees: B,
    pub(crate) nodes: B,
    pub(crate) subsets: B,
}

/// Writes trees.
pub(crate) fn write(trees: &[Tree]) -> Records<Vec<u8>> {
    let mut records: Records<Vec<u8>> = Records::default();
    for tree in trees {
        let nodes = u32::try_from(tree.nodes.len()).expect("leaves_max bounds a tree");
        records.trees.extend(nodes.to_le_bytes());
        for node in &tree.nodes {
            match node {
                Node::Leaf(leaf) => write_leaf(leaf, &mut records.nodes),
                Node::Split(split) => write_split(split, &mut records),
            }
        }
    }
    records
}

/// Reads trees. Checks the form alone; what node refers to what is for the caller to check.
pub(crate) fn read(records: &Records<&[u8]>) -> Result<Vec<Tree>, String> {
    let counts = fixed(records.trees, TREE_BYTES, "tree")?;
    let nodes = fixed(records.nodes, NODE_BYTES, "node")?;
    let subsets = fixed(records.subsets, SUBSET_BYTES, "subset")?;
    let mut claimed: u64 = 0;
    for count in counts.clone() {
        claimed += u64::from(
            Reader {
                bytes: count,
                at: 0,
            }
            .u32()?,
        );
    }
    if claimed != nodes.len() as u64 {
        return Err(format!(
            "the trees claim {claimed} nodes, but the file has {}",
            nodes.len()
        ));
    }
    let mut trees = Vec::with_capacity(counts.len());
    let mut source = Source {
        nodes,
        subsets_left: subsets.len(),
        subsets,
        subsets_read: 0,
    };
    for count in counts {
        let count = Reader {
            bytes: count,
            at: 0,
        }
        .u32()? as usize;
        let mut tree = Tree {
            nodes: Vec::with_capacity(count),
        };
        for _ in 0..count {
            tree.nodes.push(source.node()?);
        }
        trees.push(tree);
    }
    match source.subsets_left {
        0 => Ok(trees),
        left => Err(format!("{left} subsets belong to no node")),
    }
}

fn fixed<'a>(
    bytes: &'a [u8],
    record_bytes: usize,
    name: &str,
) -> Result<std::slice::ChunksExact<'a, u8>, String> {
    if bytes.len().is_multiple_of(record_bytes) {
        Ok(bytes.chunks_exact(record_bytes))
    } else {
        Err(format!(
            "{} bytes are not a whole number of {name} records",
            bytes.len()
        ))
    }
}

fn write_leaf(leaf: &Leaf, nodes: &mut Vec<u8>) {
    nodes.extend([LEAF, 0, 0, 0]);
    nodes.extend([0; 12]);
    nodes.extend(0_f64.to_le_bytes());
    nodes.extend(leaf.cover.to_le_bytes());
    nodes.extend(leaf.count.to_le_bytes());
    nodes.extend(leaf.value.to_le_bytes());
    nodes.extend([0; 4]);
}

fn write_split(split: &NodeSplit, records: &mut Records<Vec<u8>>) {
    let (kind, code, subset) = match split.rule {
        Rule::AtMost(code) => (AT_MOST, code, 0),
        Rule::Subset(words) => {
            let subset = records.subsets.len() / SUBSET_BYTES;
            records
                .subsets
                .extend(words.iter().flat_map(|word| word.to_le_bytes()));
            (
                SUBSET,
                0,
                u32::try_from(subset).expect("fewer subsets than nodes"),
            )
        }
    };
    let nodes = &mut records.nodes;
    nodes.extend([kind, u8::from(split.missing_left), code, 0]);
    nodes.extend(split.feature.to_le_bytes());
    nodes.extend(split.left.to_le_bytes());
    nodes.extend(split.right.to_le_bytes());
    nodes.extend(split.gain.to_le_bytes());
    nodes.extend(split.cover.to_le_bytes());
    nodes.extend(split.count.to_le_bytes());
    nodes.extend(0_f32.to_le_bytes());
    nodes.extend(subset.to_le_bytes());
}

struct Source<'a> {
    nodes: std::slice::ChunksExact<'a, u8>,
    subsets: std::slice::ChunksExact<'a, u8>,
    subsets_read: u32,
    subsets_left: usize,
}

impl Source<'_> {
    fn node(&mut self) -> Result<Node, String> {
        let bytes = self.nodes.next().ok_or("fewer nodes than trees claim")?;
        let mut reader = Reader { bytes, at: 0 };
        let [kind, missing_left, code, zero] = reader.array()?;
        let feature = reader.u32()?;
        let left = reader.u32()?;
        let right = reader.u32()?;
        let gain = reader.f64()?;
        let cover = reader.f64()?;
        let count = reader.u64()?;
        let value = reader.f32()?;
        let subset = reader.u32()?;
        let split = |rule| {
            Node::Split(NodeSplit {
                feature,
                rule,
                missing_left: missing_left == 1,
                left,
                right,
                gain,
                cover,
                count,
            })
        };
        let is_zero_value = value.to_bits() == 0;
        match kind {
            LEAF if bytes[1..24].iter().all(|byte| *byte == 0) && subset == 0 => {
                Ok(Node::Leaf(Leaf {
                    value,
                    cover,
                    count,
                }))
            }
            AT_MOST if missing_left <= 1 && zero == 0 && subset == 0 && is_zero_value => {
                Ok(split(Rule::AtMost(code)))
            }
            SUBSET if missing_left <= 1 && zero == 0 && code == 0 && is_zero_value => {
                Ok(split(self.subset(subset)?))
            }
            LEAF | AT_MOST | SUBSET => Err("a node has a value where its kind has none".to_owned()),
            kind => Err(format!("a node of the unknown kind {kind}")),
        }
    }

    /// Subsets are stored in the order of their nodes.
    fn subset(&mut self, index: u32) -> Result<Rule, String> {
        if index != self.subsets_read {
            return Err(format!("subset {index} is out of order"));
        }
        let bytes = self
            .subsets
            .next()
            .ok_or("fewer subsets than nodes refer to")?;
        self.subsets_read += 1;
        self.subsets_left -= 1;
        let mut reader = Reader { bytes, at: 0 };
        let words = [reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?];
        Ok(Rule::Subset(words))
    }
}
