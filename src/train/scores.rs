//! The final scores of trees, from scratch: margins that training left behind for train and valid
//! rows, and the codes of the test rows.

use crate::{
    data::{CodeLayout, RowBlock, Split},
    engine::{Context, block_pass},
    error::Result,
    limits::BLOCK_ROWS,
    model::{Ensemble, FeatureSpec, features::missing_codes, predict::ByteTrees},
    scratch::BlockFile,
    train::{
        evaluate::{BySplit, Evaluation, EvaluationSpec},
        rows::{RowsBuffer, RowsFile},
        state::{StateBuffer, StateFile},
    },
};

/// Bytes of one worker beside its evaluation.
pub fn worker_bytes(layout: &CodeLayout, outputs: usize) -> u64 {
    let rows = RowsBuffer::ROW_BYTES + 8 + outputs * 8 + 2 * layout.len();
    (BLOCK_ROWS * rows) as u64 + StateBuffer::bytes(outputs)
}

/// The scratch files that trees were grown from.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// The packed codes of all rows.
    pub codes: &'a BlockFile,
    /// Labels, groups and splits.
    pub rows: &'a RowsFile,
    /// The final margins of train and valid rows.
    pub state: &'a StateFile,
}

/// Evaluates the ensemble that was grown from these files on all splits.
///
/// # Errors
/// When a scratch file cannot be read.
pub fn evaluate_from_scratch(
    context: &Context<'_>,
    ensemble: &Ensemble,
    features: &[FeatureSpec],
    layout: &CodeLayout,
    files: Files<'_>,
    spec: &EvaluationSpec,
) -> Result<Evaluation> {
    let trees = ByteTrees::compile(ensemble, layout, &missing_codes(features));
    let workers = (0..context.threads)
        .map(|_| Worker {
            trees: trees.clone(),
            evaluation: Evaluation::new(spec),
            rows: RowsBuffer::default(),
            by_split: BySplit::default(),
            margins: Vec::new(),
            codes: Vec::new(),
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
    codes: Vec<u8>,
    held_out: HeldOut,
}

/// The test rows of a block, compacted so that only they are predicted.
#[derive(Default)]
struct HeldOut {
    codes: Vec<u8>,
    label: Vec<f32>,
    group: Vec<u64>,
    margins: Vec<f32>,
    all: Vec<u32>,
}

impl Worker {
    fn block(&mut self, block: usize, files: Files<'_>) -> Result<()> {
        let lent = self.rows.read(files.rows, block)?;
        self.by_split.fill(lent.split);
        files.state.read_margins(block, &mut self.margins)?;
        for split in [Split::Train, Split::Valid] {
            self.evaluation
                .update_at(split, &lent, &self.margins, self.by_split.rows(split))?;
        }
        let at = self.by_split.rows(Split::Test);
        if at.is_empty() {
            return Ok(());
        }
        let byte_columns = self.trees.byte_columns();
        files
            .codes
            .read_block_into(block, byte_columns.iter().copied(), &mut self.codes)?;
        let held_out = &mut self.held_out;
        held_out.gather(&lent, at, &self.codes, byte_columns);
        held_out
            .margins
            .resize(at.len() * self.trees.outputs(), 0.0);
        self.trees.margins_of_columns_into(
            &held_out.codes,
            at.len(),
            at.len(),
            &mut held_out.margins,
        );
        let compact = RowBlock {
            label: &held_out.label,
            weight: &[],
            group: &held_out.group,
            split: &[],
        };
        self.evaluation
            .update_at(Split::Test, &compact, &held_out.margins, &held_out.all)
    }
}

impl HeldOut {
    /// Gathers rows' labels and groups, and their codes in the byte columns that trees read (the
    /// others keep their place and mean nothing).
    fn gather(&mut self, rows: &RowBlock<'_>, at: &[u32], codes: &[u8], byte_columns: &[usize]) {
        self.label.clear();
        self.label
            .extend(at.iter().map(|row| rows.label[*row as usize]));
        self.group.clear();
        self.group
            .extend(at.iter().map(|row| rows.group[*row as usize]));
        self.all.clear();
        self.all.extend(0..at.len() as u32);
        let columns = byte_columns.last().map_or(0, |last| last + 1);
        self.codes.resize(columns * at.len(), 0);
        for byte_column in byte_columns {
            let from = &codes[byte_column * BLOCK_ROWS..][..BLOCK_ROWS];
            let into = &mut self.codes[byte_column * at.len()..][..at.len()];
            for (code, row) in into.iter_mut().zip(at) {
                *code = from[*row as usize];
            }
        }
    }
}
