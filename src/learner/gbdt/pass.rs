//! The kinds of passes over the blocks, and the work of each.

use crate::learner::gbdt::{
    histogram::WideHistograms, partition::PartitionRule, quantise::Scale, renew::Quantiles,
    replay::CompiledTree, sample::SampleWork,
};

/// The use that a pass makes of a state array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Access {
    /// The pass reads the array.
    pub reads: bool,
    /// The pass changes it.
    pub writes: bool,
}

impl Access {
    const NONE: Self = Self::new(false, false);
    const READ: Self = Self::new(true, false);
    const WRITE: Self = Self::new(false, true);
    const CHANGE: Self = Self::new(true, true);

    const fn new(reads: bool, writes: bool) -> Self {
        Self { reads, writes }
    }

    /// True if the array is needed at all; if not, an empty slice will do.
    pub(crate) fn is_used(self) -> bool {
        self.reads || self.writes
    }
}

/// The arrays that the workers of a pass borrow for every block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PassRequest {
    /// For people: `labels`, `base`, `root`, `level`, `tile`, `leaves`, `scores`, `replay`.
    pub name: &'static str,
    /// The round the pass belongs to, from 0.
    pub round: u32,
    /// The byte columns that are read, ascending; the codes may be empty if there are none.
    pub byte_columns: Vec<u32>,
    /// True if labels and weights are read. Splits always are; groups never.
    pub labels: bool,
    /// The margins.
    pub margin: Access,
    /// The packed gradients.
    pub gradient: Access,
    /// The nodes.
    pub node: Access,
}

/// The kinds of passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassKind {
    /// Labels, weights and splits are summed up.
    Labels,
    /// A digit of the labels' quantile is found, where margins start from one.
    Base,
    /// The last round's trees are applied (or margins are set for the first time), the new round's
    /// gradients computed, the roots accumulated.
    Root {
        /// No tree waits to be applied: margins are the base's and those of a checkpoint's trees.
        is_first: bool,
    },
    /// Rows follow the last node splits; the next nodes are accumulated.
    Level,
    /// Further byte columns of the same nodes.
    Tile,
    /// A digit of each leaf's quantile of residuals is found, where leaves are quantiles.
    Renew {
        /// Rows follow the last node splits first.
        is_first: bool,
    },
    /// The last round's trees are applied.
    Scores,
    /// The trees grown since the last pass are applied, and a sample is drawn for the next.
    Sample {
        /// No trees yet.
        is_first: bool,
    },
    /// The last trees grown from a sample are applied.
    SampleScores,
    /// Margins are recomputed from the trees that are kept.
    Replay,
}

impl PassKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Base => "base",
            Self::Root { .. } => "root",
            Self::Level => "level",
            Self::Tile => "tile",
            Self::Renew { .. } => "leaves",
            Self::Sample { .. } => "sample",
            Self::Scores | Self::SampleScores => "scores",
            Self::Replay => "replay",
        }
    }

    pub(crate) fn labels(self) -> bool {
        !matches!(self, Self::Level | Self::Tile | Self::Replay)
    }

    pub(crate) fn margin(self) -> Access {
        match self {
            Self::Root { is_first: true } | Self::Sample { is_first: true } | Self::Replay => {
                Access::WRITE
            }
            Self::Root { is_first: false }
            | Self::Scores
            | Self::Sample { is_first: false }
            | Self::SampleScores => Access::CHANGE,
            Self::Renew { .. } => Access::READ,
            Self::Labels | Self::Base | Self::Level | Self::Tile => Access::NONE,
        }
    }

    pub(crate) fn gradient(self) -> Access {
        match self {
            Self::Root { .. } => Access::WRITE,
            Self::Level | Self::Tile => Access::READ,
            Self::Labels
            | Self::Base
            | Self::Renew { .. }
            | Self::Scores
            | Self::Sample { .. }
            | Self::SampleScores
            | Self::Replay => Access::NONE,
        }
    }

    pub(crate) fn node(self) -> Access {
        match self {
            Self::Root { is_first: true } => Access::WRITE,
            Self::Root { is_first: false }
            | Self::Level
            | Self::Renew { is_first: true }
            | Self::Scores => Access::CHANGE,
            Self::Tile | Self::Renew { is_first: false } => Access::READ,
            Self::Labels | Self::Base | Self::Sample { .. } | Self::SampleScores | Self::Replay => {
                Access::NONE
            }
        }
    }
}

/// The work of a pass for one output.
#[derive(Debug, Default)]
pub(crate) struct OutputWork {
    /// The splits that rows follow first, one rule a leaf; empty if no leaf was split.
    pub(crate) partition_rules: Vec<PartitionRule>,
    /// Leaves after routing.
    pub(crate) leaves: usize,
    /// The value of each leaf, when trees are applied to the margins.
    pub(crate) values: Vec<f32>,
    /// The slot of each leaf that is accumulated, counted from `first_slot`.
    pub(crate) slot_of: Vec<u16>,
    pub(crate) first_slot: usize,
    pub(crate) slots: usize,
}

/// A pass as its workers see it.
#[derive(Debug)]
pub(crate) struct PassWork {
    pub(crate) kind: PassKind,
    pub(crate) round: u32,
    pub(crate) outputs: Vec<OutputWork>,
    /// The byte columns that are accumulated.
    pub(crate) tile: Vec<u32>,
    /// The round's units, where gradients are computed.
    pub(crate) scale: Scale,
    pub(crate) wide: WideHistograms,
    /// The trees of a replay, round-major.
    pub(crate) replay: Vec<CompiledTree>,
    /// The quantiles that the pass narrows down, of all labels or by leaf.
    pub(crate) quantiles: Option<Quantiles>,
    /// The work of a sample pass.
    pub(crate) sample: Option<SampleWork>,
}

impl PassWork {
    /// Slots of all outputs.
    pub(crate) fn slots(&self) -> usize {
        self.outputs.iter().map(|output| output.slots).sum()
    }

    /// The index in the ensemble of the tree that this round grows for an output.
    pub(crate) fn tree(&self, output: usize) -> u32 {
        self.round * self.outputs.len() as u32 + output as u32
    }

    /// The arrays that the workers borrow.
    pub(crate) fn request(&self) -> PassRequest {
        let rules = self
            .outputs
            .iter()
            .flat_map(|output| &output.partition_rules);
        let partitioned = rules.map(|rule| rule.byte_column);
        let replayed = self.replay.iter().flat_map(CompiledTree::byte_columns);
        let mut byte_columns: Vec<u32> = partitioned.chain(replayed).collect();
        byte_columns.extend(&self.tile);
        byte_columns.extend(self.sample.iter().flat_map(SampleWork::byte_columns));
        byte_columns.sort_unstable();
        byte_columns.dedup();
        PassRequest {
            name: self.kind.name(),
            round: self.round,
            byte_columns,
            labels: self.kind.labels(),
            margin: self.kind.margin(),
            gradient: self.kind.gradient(),
            node: self.kind.node(),
        }
    }
}
