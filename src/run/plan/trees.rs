//! What trees take: codes, samples, histograms, blocks, batches.

use crate::{
    data::{CodeLayout, ValueType},
    error::Result,
    learner::{
        gbdt::{
            self, BoosterOptions, BoosterPlan,
            sample::SAMPLE_ROWS_DEFAULT,
            stream::{
                RESERVOIR_ROWS_DEFAULT, STREAM_BATCH_ROWS_DEFAULT, STREAM_BLOCK_ROWS,
                StreamOptions, stream_bytes,
            },
        },
        incremental::online_histogram_bytes,
    },
    limits::BLOCK_ROWS,
    pipeline::{
        coding::binning,
        evaluate::{code_pass, evaluation::Table},
        incremental::row_feeder::slice_rows,
        one_pass::first_rows::HELD_A_ROW,
        options::IncrementalOptions,
        storage::{
            block_memory::block_memory_bytes,
            rows::{self, RowsBuffer},
            state,
        },
    },
    run::cache::PassResults,
    scratch::{BlockFile, CHECKED_BYTES},
    stats::CategoryCounts,
    text::size::grouped,
};

use crate::run::plan::plan::{
    CODER_BYTES, FIRST_ROWS, FIRST_ROWS_MIN, FIRST_ROWS_SHARE_OF_MEMORY, Planner,
    RESIDENT_SHARE_OF_MEMORY, SAMPLE_SHARE_OF_MEMORY, STREAM_ROWS_MIN, TREE_NODE_BYTES,
    TREE_THREAD_BYTES,
};

impl Planner<'_> {
    pub(crate) fn trees(&mut self, options: &BoosterOptions) -> Result<(u64, u64)> {
        let features = self.features().to_vec();
        self.decode("binning", &features);
        let coders = self.threads * features.len() as u64 * CODER_BYTES;
        let bytes = self.threads * 2 * binning::SLICE_ROWS_MAX as u64;
        self.memory.add(
            "binning",
            "coders and codes",
            coders + bytes,
            "cut points, a byte column of a slice",
        );
        if self.spec.prune.is_some() {
            let threads = self.threads as usize;
            let (data, limits) = (self.data, self.spec.limits);
            crate::pipeline::prune::plan::add_sums(
                &mut self.memory,
                "binning",
                data,
                limits,
                threads,
            );
        }
        self.seal(&features);
        if self.spec.incremental.is_some() {
            self.tree_batches(options)?;
        }
        let layout = CodeLayout::identity(features.len());
        let outputs = self.spec.outputs();
        let blocks = self.threads * block_memory_bytes(&layout, outputs);
        self.memory.add(
            "trees",
            "blocks",
            blocks,
            format!(
                "{} x 65,536 rows of {} features",
                self.threads,
                features.len()
            ),
        );
        let trees = u64::from(options.n_estimators)
            * outputs as u64
            * u64::from(options.num_leaves)
            * 2
            * 96;
        self.memory.add(
            "trees",
            "trees",
            trees,
            format!(
                "{} rounds of {} leaves",
                options.n_estimators, options.num_leaves
            ),
        );
        self.memory.add(
            "trees",
            "checkpoint",
            trees,
            "the trees as bytes, and the file's",
        );
        self.sample(options, &layout);
        let used = self.memory.phase_bytes("trees");
        let loss = self.spec.loss();
        let worker = BoosterPlan::bytes_of_worker(options, loss).max(TREE_THREAD_BYTES);
        // Where even the smallest histograms do not fit they are planned all the same: the sum of
        // the lines is then above the limit, and the refusal names the figure that would do.
        let budget = self
            .spec
            .memory_bytes
            .saturating_sub(used + self.threads * worker)
            .max(BoosterPlan::budget_bytes_min(options, loss));
        let plan = BoosterPlan::new(options, loss, &layout, self.threads as usize, budget)?;
        self.memory.add(
            "trees",
            "histograms",
            plan.histogram_bytes,
            format!("{} tile(s) a level", plan.tiles),
        );
        self.memory.add(
            "trees",
            "row lists",
            plan.worker_bytes,
            "rows of a block by node, gradients of a chunk",
        );
        self.notes.extend(plan.notes);
        if options
            .sampling
            .rows_max(self.data.dataset.rows(), self.sample_rows)
            == 0
        {
            self.resident_blocks(&layout);
        }
        let rows = self.data.dataset.rows();
        let codes = BlockFile::disk_bytes(rows, features.len());
        let state = BlockFile::disk_bytes(rows, outputs * state::ROW_OUTPUT_BYTES);
        Ok((budget, codes + state))
    }

    /// Trees from rows that are read once; answers the bytes of scratch.
    pub(crate) fn trees_once(
        &mut self,
        options: &BoosterOptions,
        online: &IncrementalOptions,
    ) -> Result<u64> {
        let features = self.features().to_vec();
        let columns = self.columns_once();
        // The first rows are gone when the reservoir has grown.
        self.decode_by(self.lanes, "first rows", &columns);
        let row_bytes = self.row_bytes_once(&columns);
        let share =
            self.spec.memory_bytes / FIRST_ROWS_SHARE_OF_MEMORY / (HELD_A_ROW as u64 * row_bytes);
        self.first_rows = share.clamp(FIRST_ROWS_MIN, FIRST_ROWS) as usize;
        let held = (HELD_A_ROW * self.first_rows) as u64;
        self.first_rows("first rows", &columns, held, "bins");
        self.decode_by(self.lanes, "batches", &columns);
        self.slices_once("batches", &columns);
        let coders = features.len() as u64 * CODER_BYTES;
        self.memory.add(
            "batches",
            "coders and codes",
            coders + 2 * slice_rows(self.decoded_bytes(&columns)) as u64,
            "cut points, a byte column of a slice",
        );
        self.tree_batches(options)?;
        let layout = CodeLayout::identity(features.len());
        self.memory.add(
            "evaluation",
            "tables and blocks",
            (self.threads + 1) * self.spec.evaluation.worker_bytes()
                + self.threads * code_pass::worker_bytes(&layout, self.spec.outputs()),
            "65,536 bins a split and class, margins and codes",
        );
        let rows = online.rows_expected(self.data.rows_of_files())?;
        let row = features.len() + rows::ROW_BYTES + rows::WEIGHT_BYTES;
        Ok(BlockFile::disk_bytes(rows, row))
    }

    /// Trees from batches of codes; the reservoir takes what is left over of the memory allowed.
    pub(crate) fn tree_batches(&mut self, options: &BoosterOptions) -> Result<()> {
        let layout = CodeLayout::identity(self.features().len());
        let (columns, outputs) = (layout.len(), self.spec.outputs());
        let block = STREAM_BLOCK_ROWS * (columns + RowsBuffer::ROW_BYTES + 4 * outputs + 5);
        self.memory.add(
            "batches",
            "block",
            block as u64,
            "codes and margins of 8,192 rows",
        );
        let task = self.spec.evaluation.task;
        let table = Table::bytes(task, self.spec.evaluation.classes);
        self.memory
            .add("batches", "table", table, "predictions of a batch");
        let nodes =
            u64::from(options.n_estimators) * outputs as u64 * u64::from(options.num_leaves) * 2;
        self.memory.add(
            "batches",
            "trees",
            nodes * TREE_NODE_BYTES,
            format!(
                "{} rounds of {} leaves",
                options.n_estimators, options.num_leaves
            ),
        );
        let histograms = online_histogram_bytes(options, self.spec.loss(), &layout)?;
        self.memory.add(
            "batches",
            "histograms",
            histograms,
            "of the tree that grows",
        );
        self.reservoir(columns, outputs);
        Ok(())
    }

    /// The reservoir is worth more than the rows that join it at once: these are a fifth of all as long as it
    /// is not whole.
    pub(crate) fn reservoir(&mut self, columns: usize, outputs: usize) {
        let bytes_of = |rows: usize| {
            let stream = StreamOptions {
                rows_expected: 1,
                reservoir_rows: rows,
                batch_rows: 0,
                spent: (0, 0),
            };
            stream_bytes(&stream, columns, outputs)
        };
        let of_row = bytes_of(1) - bytes_of(0);
        // The learner's file is made in memory, twice.
        let of_file = 2 * (columns as u64 + 28 + 4 * outputs as u64);
        let used = self.memory.phase_bytes("batches") + bytes_of(0);
        let left = self.spec.memory_bytes.saturating_sub(used);
        let rows = |bytes: u64, of_row: u64| usize::try_from(bytes / of_row).unwrap_or(usize::MAX);
        let both = rows(4 * left, 5 * of_row + 4 * of_file);
        let reservoir_rows = both.clamp(STREAM_ROWS_MIN, RESERVOIR_ROWS_DEFAULT);
        let of_reservoir = reservoir_rows as u64 * (of_row + of_file);
        let batch_rows = rows(left.saturating_sub(of_reservoir), of_row)
            .clamp(STREAM_ROWS_MIN / 4, STREAM_BATCH_ROWS_DEFAULT);
        let planned = (reservoir_rows, batch_rows);
        let (reservoir_rows, batch_rows) = self.spec.stream_rows.unwrap_or(planned);
        self.stream_rows = (reservoir_rows, batch_rows);
        let shown = |rows: usize| grouped(rows as u64);
        self.memory.add(
            "batches",
            "reservoir",
            bytes_of(reservoir_rows + batch_rows),
            format!(
                "{} rows, and {} of a batch",
                shown(reservoir_rows),
                shown(batch_rows)
            ),
        );
        self.memory.add(
            "batches",
            "the learner's file",
            reservoir_rows as u64 * of_file,
            "the reservoir as bytes, twice",
        );
    }

    /// Blocks that stay in memory, in what is left over of the memory allowed. Only where every tree
    /// takes several passes: with one pass a tree they were measured to gain nothing.
    pub(crate) fn resident_blocks(&mut self, layout: &CodeLayout) {
        let allowed = self.spec.memory_bytes;
        let left_over = allowed.saturating_sub(self.memory.phase_bytes("trees"));
        let blocks = self.data.dataset.rows().div_ceil(BLOCK_ROWS as u64);
        let whole = blocks * block_memory_bytes(layout, self.spec.outputs());
        self.resident_bytes = left_over.min(allowed / RESIDENT_SHARE_OF_MEMORY).min(whole);
        self.memory.add(
            "trees",
            "resident blocks",
            self.resident_bytes,
            format!("the first of {blocks} blocks, read once"),
        );
    }

    /// A sample of rows in memory, where trees grow from one.
    pub(crate) fn sample(&mut self, options: &BoosterOptions, layout: &CodeLayout) {
        let (columns, outputs) = (layout.len(), self.spec.outputs());
        let share = self.spec.memory_bytes / SAMPLE_SHARE_OF_MEMORY;
        let planned = gbdt::sample::rows_that_fit(share, columns, outputs);
        self.sample_rows = planned.min(SAMPLE_ROWS_DEFAULT);
        let rows = self.data.dataset.rows();
        let sample_rows = options.sampling.rows_max(rows, self.sample_rows);
        if sample_rows == 0 {
            return;
        }
        self.memory.add(
            "trees",
            "sample",
            gbdt::sample::sample_bytes(sample_rows, columns, outputs),
            format!(
                "{} rows and candidates: codes, margins, lists",
                grouped(sample_rows)
            ),
        );
        self.memory.add(
            "trees",
            "candidates",
            self.threads * gbdt::sample::sample_worker_bytes(columns, outputs),
            "rows on their way to the sample, lists of a block a thread",
        );
    }

    /// What the passes found, as bytes and as a file's bytes, for other runs.
    pub(crate) fn seal(&mut self, features: &[usize]) {
        let fields = &self.data.schema().fields;
        let is_text = |column: &&usize| fields[**column].value_type == Some(ValueType::Text);
        let texts = features.iter().filter(is_text).count() as u64;
        let categories = CategoryCounts::heap_bytes_max(self.spec.limits.categories_tracked_max);
        let found = PassResults::bytes_max(features.len()) + texts * categories as u64;
        self.memory.add(
            "seal",
            "what was found",
            2 * found,
            "statistics and cut points as bytes, and the file's",
        );
        if self
            .spec
            .prune
            .is_some_and(|pruning| pruning.report.is_some())
        {
            let pairs = crate::pipeline::prune::plan::pairs_bytes(features.len(), self.spec.limits);
            self.memory
                .add("seal", "pairs found", 2 * pairs, "as bytes, twice");
        }
        self.memory.add(
            "seal",
            "checksums",
            self.threads * CHECKED_BYTES as u64,
            "a piece of a block a thread",
        );
    }
}
