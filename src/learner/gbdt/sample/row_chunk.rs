//! Rows copied out of a block into contiguous memory.

use crate::{data::RowBlock, learner::gbdt::loss::CHUNK_ROWS};

/// Some rows of a block, at most a chunk.
#[derive(Debug)]
pub(crate) struct RowChunk {
    pub(crate) margin: Vec<f32>,
    pub(crate) label: Vec<f32>,
    pub(crate) weight: Vec<f32>,
}

impl RowChunk {
    pub(crate) fn new(outputs: usize) -> Self {
        Self {
            margin: vec![0.0; outputs * CHUNK_ROWS],
            label: vec![0.0; CHUNK_ROWS],
            weight: vec![0.0; CHUNK_ROWS],
        }
    }

    /// Copies the rows at some places, at most [`CHUNK_ROWS`]; margins are [`CHUNK_ROWS`] apart.
    pub(crate) fn take(&mut self, places: &[u16], rows: &RowBlock<'_>, margin: &[f32]) {
        let block_rows = rows.split.len();
        for (index, &place) in places.iter().enumerate() {
            let place = usize::from(place);
            self.label[index] = rows.label[place];
            self.weight[index] = rows.weight[place];
            let margins = margin.chunks_exact(block_rows);
            for (into, margin) in self.margin.chunks_exact_mut(CHUNK_ROWS).zip(margins) {
                into[index] = margin[place];
            }
        }
    }
}
