//! The work of a sample pass.

use std::sync::Mutex;

use crate::learner::gbdt::{
    replay::CompiledTree,
    sample::{selection::Policy, store::Collector},
};

/// The work of a sample pass.
#[derive(Debug)]
pub(crate) struct SampleWork {
    /// The round that the sample is drawn for.
    pub(crate) round: u32,
    /// Trees to be applied, round by round.
    pub(crate) trees: Vec<CompiledTree>,
    /// The draw of the next sample; `None` when no further tree is to grow.
    pub(crate) draw: Option<Draw>,
}

/// Drawing a sample.
#[derive(Debug)]
pub(crate) struct Draw {
    pub(crate) policy: Policy,
    pub(crate) byte_columns: usize,
    pub(crate) collector: Mutex<Collector>,
}

impl SampleWork {
    /// The byte columns that are read.
    pub(crate) fn byte_columns(&self) -> Vec<u32> {
        match &self.draw {
            Some(draw) => (0..draw.byte_columns as u32).collect(),
            None => self
                .trees
                .iter()
                .flat_map(CompiledTree::byte_columns)
                .collect(),
        }
    }
}
