//! One decision tree over codes.
//!
//! Nodes lie in one list, the root first and children after their parent, so that a walk always
//! ends. Values are margins; the learning rate is already applied.

/// The codes of a feature that go left; the missing code apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Codes up to this one: for numbers `x <= cuts[code]`.
    AtMost(u8),
    /// Code `c` goes left if bit `c % 64` of word `c / 64` is set.
    Subset([u64; 4]),
}

impl Rule {
    /// A subset from the codes that go left.
    pub fn subset(codes: impl IntoIterator<Item = u8>) -> Self {
        let mut words = [0; 4];
        for code in codes {
            words[usize::from(code / 64)] |= 1 << (code % 64);
        }
        Self::Subset(words)
    }

    /// True if a code that is not missing goes left.
    pub fn is_left(&self, code: u8) -> bool {
        match self {
            Self::AtMost(last) => code <= *last,
            Self::Subset(words) => words[usize::from(code / 64)] >> (code % 64) & 1 == 1,
        }
    }
}

/// A node with two children.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NodeSplit {
    /// Index into the model's features.
    pub feature: u32,
    /// The codes that go left.
    pub rule: Rule,
    /// True if missing values go left.
    pub missing_left: bool,
    /// Index of the left child, above this node's own.
    pub left: u32,
    /// Index of the right child, above this node's own.
    pub right: u32,
    /// Loss removed by the split.
    pub gain: f64,
    /// Sum of the training rows' hessians.
    pub cover: f64,
    /// Training rows.
    pub count: u64,
}

impl NodeSplit {
    /// True if a code goes left, given the code that means missing.
    pub fn is_left(&self, code: u8, missing_code: u8) -> bool {
        if code == missing_code {
            self.missing_left
        } else {
            self.rule.is_left(code)
        }
    }
}

/// A node without children.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Leaf {
    /// The summand of the margin, shrinkage applied.
    pub value: f32,
    /// Sum of the training rows' hessians.
    pub cover: f64,
    /// Training rows.
    pub count: u64,
}

/// A node of either kind.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// Two children.
    Split(NodeSplit),
    /// None.
    Leaf(Leaf),
}

/// Nodes, the root first.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Tree {
    /// At least one node; each but the root is the child of exactly one before it.
    pub nodes: Vec<Node>,
}

impl Tree {
    /// A tree that is one leaf.
    pub fn leaf(leaf: Leaf) -> Self {
        Self {
            nodes: vec![Node::Leaf(leaf)],
        }
    }

    /// The leaves, in node order.
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Leaf(leaf) => Some(leaf),
            Node::Split(_) => None,
        })
    }

    /// The nodes with children, in node order.
    pub fn splits(&self) -> impl Iterator<Item = &NodeSplit> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Split(split) => Some(split),
            Node::Leaf(_) => None,
        })
    }

    /// The depth of each node: edges from the root. O(nodes), since children follow parents.
    pub fn depths(&self) -> Vec<u32> {
        let mut depths = vec![0; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            if let Node::Split(split) = node {
                depths[split.left as usize] = depths[index] + 1;
                depths[split.right as usize] = depths[index] + 1;
            }
        }
        depths
    }

    /// Edges from the root to the deepest leaf.
    pub fn depth(&self) -> u32 {
        self.depths().into_iter().max().unwrap_or(0)
    }

    /// The leaf value of a row, a node at a time: the naive twin of
    /// [`crate::model::predict::ByteTrees`].
    pub fn value(&self, code_of: impl Fn(u32) -> u8, missing_codes: &[u8]) -> f32 {
        let mut index = 0;
        loop {
            match &self.nodes[index] {
                Node::Leaf(leaf) => return leaf.value,
                Node::Split(split) => {
                    let missing_code = missing_codes[split.feature as usize];
                    let is_left = split.is_left(code_of(split.feature), missing_code);
                    index = if is_left { split.left } else { split.right } as usize;
                }
            }
        }
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
    }
}
