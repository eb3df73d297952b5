//! The state file: what the booster keeps of each row between passes.

use std::path::Path;

use crate::{data::StateBlock, error::Result, limits::BLOCK_ROWS, scratch::BlockFile};

/// Bytes on disk of one row and output.
pub(crate) const ROW_OUTPUT_BYTES: usize = 4 + 4 + 2;

/// Margin, packed gradient and node of every row and output, on disk.
#[derive(Debug, Clone)]
pub(crate) struct StateFile {
    file: BlockFile,
    outputs: usize,
}

/// The arrays of a block that a pass reads or writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StateArrays {
    /// Scores before the link.
    pub margin: bool,
    /// Packed gradients.
    pub gradient: bool,
    /// Nodes of the tree that grows.
    pub node: bool,
}

impl StateFile {
    /// Creates the file.
    ///
    /// # Errors
    /// As [`BlockFile::create`].
    pub(crate) fn create(path: &Path, rows: u64, outputs: usize) -> Result<Self> {
        let element_bytes: Vec<usize> = [4, 4, 2]
            .into_iter()
            .flat_map(|bytes| std::iter::repeat_n(bytes, outputs))
            .collect();
        let file = BlockFile::create(path, rows, &element_bytes)?;
        Ok(Self { file, outputs })
    }

    /// Reads a block's margins, output `k` of row `i` at `k * rows + i`.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub(crate) fn read_margins(&self, block: usize, margins: &mut Vec<f32>) -> Result<()> {
        let rows = self.file.block_rows(block);
        margins.resize(rows * self.outputs, 0.0);
        for (output, margins) in margins.chunks_exact_mut(rows).enumerate() {
            self.file
                .read(output, (block * BLOCK_ROWS) as u64, margins)?;
        }
        Ok(())
    }
}

/// The memory into which one worker reads the state of a block, and from which it is written back.
#[derive(Debug, Default)]
pub(crate) struct StateBuffer {
    margin: Vec<f32>,
    gradient: Vec<u32>,
    node: Vec<u16>,
}

impl StateBuffer {
    /// Bytes held for so many outputs.
    pub(crate) fn bytes(outputs: usize) -> u64 {
        (outputs * BLOCK_ROWS * ROW_OUTPUT_BYTES) as u64
    }

    /// Lends a block's state; arrays that are not read hold whatever was there.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub(crate) fn read(
        &mut self,
        file: &StateFile,
        block: usize,
        arrays: StateArrays,
    ) -> Result<()> {
        let rows = file.file.block_rows(block);
        let first_row = (block * BLOCK_ROWS) as u64;
        let outputs = file.outputs;
        self.margin.resize(rows * outputs, 0.0);
        self.gradient.resize(rows * outputs, 0);
        self.node.resize(rows * outputs, 0);
        for output in 0..outputs {
            let part = output * rows..(output + 1) * rows;
            if arrays.margin {
                file.file
                    .read(output, first_row, &mut self.margin[part.clone()])?;
            }
            if arrays.gradient {
                file.file.read(
                    outputs + output,
                    first_row,
                    &mut self.gradient[part.clone()],
                )?;
            }
            if arrays.node {
                file.file
                    .read(2 * outputs + output, first_row, &mut self.node[part])?;
            }
        }
        Ok(())
    }

    /// The block that was read last.
    pub(crate) fn block(&mut self) -> StateBlock<'_> {
        StateBlock {
            margin: &mut self.margin,
            gradient: &mut self.gradient,
            node: &mut self.node,
        }
    }

    /// Writes arrays of the block back.
    ///
    /// # Errors
    /// As [`BlockFile::write`].
    pub(crate) fn write(&self, file: &StateFile, block: usize, arrays: StateArrays) -> Result<()> {
        let rows = file.file.block_rows(block);
        let first_row = (block * BLOCK_ROWS) as u64;
        let outputs = file.outputs;
        for output in 0..outputs {
            let part = output * rows..(output + 1) * rows;
            if arrays.margin {
                file.file
                    .write(output, first_row, &self.margin[part.clone()])?;
            }
            if arrays.gradient {
                file.file
                    .write(outputs + output, first_row, &self.gradient[part.clone()])?;
            }
            if arrays.node {
                file.file
                    .write(2 * outputs + output, first_row, &self.node[part])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arrays_asked_for_are_read_and_written() {
        let directory = tempfile::tempdir().unwrap();
        let rows = BLOCK_ROWS as u64 + 10;
        let file = StateFile::create(&directory.path().join("state"), rows, 2).unwrap();
        let mut buffer = StateBuffer::default();
        let margins = StateArrays {
            margin: true,
            ..StateArrays::default()
        };
        buffer.read(&file, 1, StateArrays::default()).unwrap();
        let block = buffer.block();
        assert_eq!((block.margin.len(), block.node.len()), (20, 20));
        block.margin.copy_from_slice(&[1.5; 20]);
        block.node.copy_from_slice(&[7; 20]);
        buffer.write(&file, 1, margins).unwrap();
        let mut other = StateBuffer::default();
        let all = StateArrays {
            margin: true,
            gradient: true,
            node: true,
        };
        other.read(&file, 1, all).unwrap();
        let block = other.block();
        assert_eq!(
            (&*block.margin, &*block.node),
            (&[1.5; 20][..], &[0; 20][..])
        );
        let mut back = Vec::new();
        file.read_margins(1, &mut back).unwrap();
        assert_eq!(back, [1.5; 20]);
    }
}
