//! The final scores of trees, from scratch: margins that training left behind for train and valid
//! rows, where it did, and the codes of the other rows.

use crate::{
    data::{CodeLayout, RowBlock, Split},
    engine::{Context, block_pass},
    error::Result,
    limits::BLOCK_ROWS,
    model::{Body, Model, features::missing_codes, predict::ByteTrees},
    pipeline::{
        evaluate::evaluation::{BySplit, Evaluation, EvaluationSpec},
        storage::{
            rows::{RowsBuffer, RowsFile},
            state::StateFile,
        },
    },
    scratch::BlockFile,
};

/// Held-out rows that a worker predicts at a time.
const HELD_OUT_ROWS: usize = 8192;

/// Bytes of one worker beside its evaluation.
pub(crate) fn worker_bytes(layout: &CodeLayout, outputs: usize) -> u64 {
    let block = BLOCK_ROWS * (RowsBuffer::ROW_BYTES + 4 + 4 * outputs + 1);
    let held_out = HELD_OUT_ROWS * (4 + 8 + 4 + 4 * outputs + layout.len());
    (block + held_out) as u64
}

/// The scratch files that trees were grown from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files<'a> {
    /// The packed codes of all rows.
    pub codes: &'a BlockFile,
    /// Labels, groups and splits.
    pub rows: &'a RowsFile,
    /// The final margins of train and valid rows; without them these rows are predicted too.
    pub state: Option<&'a StateFile>,
}

/// Evaluates trees on all splits of these files.
///
/// # Errors
/// When a scratch file cannot be read.
///
/// # Panics
/// If the model has no trees.
pub(crate) fn evaluate_from_scratch(
    context: &Context<'_>,
    model: &Model,
    layout: &CodeLayout,
    files: Files<'_>,
    spec: &EvaluationSpec,
) -> Result<Evaluation> {
    let Body::Trees(ensemble) = &model.body else {
        panic!("scratch has codes for trees alone");
    };
    let trees = ByteTrees::compile(ensemble, layout, &missing_codes(&model.features));
    let workers = (0..context.threads)
        .map(|_| Worker {
            trees: trees.clone(),
            evaluation: Evaluation::new(spec),
            rows: RowsBuffer::default(),
            by_split: BySplit::default(),
            margins: Vec::new(),
            held_out: HeldOut::default(),
        })
        .collect();
    let workers = block_pass(
        context,
        "evaluation",
        files.rows.blocks(),
        workers,
        |worker, block| worker.block(block, files),
    )?;
    let mut evaluation = Evaluation::new(spec);
    for worker in workers {
        evaluation.merge(worker.evaluation)?;
    }
    Ok(evaluation)
}

struct Worker {
    trees: ByteTrees,
    evaluation: Evaluation,
    rows: RowsBuffer,
    by_split: BySplit,
    margins: Vec<f32>,
    held_out: HeldOut,
}

/// Some rows of a block that have no margins yet, compacted so that only they are predicted.
#[derive(Default)]
struct HeldOut {
    codes: Vec<u8>,
    /// A stretch of one byte column.
    stretch: Vec<u8>,
    label: Vec<f32>,
    group: Vec<u64>,
    margins: Vec<f32>,
    all: Vec<u32>,
}

impl Worker {
    fn block(&mut self, block: usize, files: Files<'_>) -> Result<()> {
        let lent = self.rows.read(files.rows, block)?;
        self.by_split.fill(lent.split);
        let mut splits = &Split::ALL[..];
        if let Some(state) = files.state {
            state.read_margins(block, &mut self.margins)?;
            for split in [Split::Train, Split::Valid] {
                self.evaluation.update_at(
                    split,
                    &lent,
                    &self.margins,
                    self.by_split.rows(split),
                )?;
            }
            splits = &[Split::Test];
        }
        let held_out = &mut self.held_out;
        let pieces = splits.iter().flat_map(|split| {
            let at = self.by_split.rows(*split).chunks(HELD_OUT_ROWS);
            at.map(|at| (*split, at))
        });
        for (split, at) in pieces {
            held_out.gather(&lent, at);
            held_out.gather_codes(files.codes, block, at, self.trees.byte_columns())?;
            let rows = at.len();
            held_out.margins.resize(rows * self.trees.outputs(), 0.0);
            self.trees
                .margins_of_columns_into(&held_out.codes, rows, rows, &mut held_out.margins);
            let compact = RowBlock {
                label: &held_out.label,
                weight: &[],
                group: &held_out.group,
                split: &[],
            };
            self.evaluation
                .update_at(split, &compact, &held_out.margins, &held_out.all)?;
        }
        Ok(())
    }
}

impl HeldOut {
    /// Gathers rows' labels and groups.
    fn gather(&mut self, rows: &RowBlock<'_>, at: &[u32]) {
        self.label.clear();
        self.label
            .extend(at.iter().map(|row| rows.label[*row as usize]));
        self.group.clear();
        self.group
            .extend(at.iter().map(|row| rows.group[*row as usize]));
        self.all.clear();
        self.all.extend(0..at.len() as u32);
    }

    /// Gathers rows' codes in the byte columns that trees read; the others keep their place and mean
    /// nothing. Of each column only the stretch from the first row to the last is read.
    fn gather_codes(
        &mut self,
        file: &BlockFile,
        block: usize,
        at: &[u32],
        byte_columns: &[usize],
    ) -> Result<()> {
        let columns = byte_columns.last().map_or(0, |last| last + 1);
        self.codes.resize(columns * at.len(), 0);
        let (Some(first), Some(last)) = (at.first(), at.last()) else {
            return Ok(());
        };
        self.stretch.resize((last - first + 1) as usize, 0);
        let first_row = (block * BLOCK_ROWS) as u64 + u64::from(*first);
        for byte_column in byte_columns {
            file.read(*byte_column, first_row, &mut self.stretch)?;
            let into = &mut self.codes[byte_column * at.len()..][..at.len()];
            for (code, row) in into.iter_mut().zip(at) {
                *code = self.stretch[(row - first) as usize];
            }
        }
        Ok(())
    }
}
