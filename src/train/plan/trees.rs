//! What trees take: codes, samples, histograms, blocks.

use super::*;

impl Planner<'_> {
    pub(super) fn trees(&mut self, options: &BoosterOptions) -> Result<(u64, u64)> {
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
            let (job, limits) = (self.job, self.spec.limits);
            prune::plan::add_sums(&mut self.memory, "binning", job, limits, threads);
        }
        self.seal(&features);
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
        let trees =
            u64::from(options.trees) * outputs as u64 * u64::from(options.leaves_max) * 2 * 96;
        self.memory.add(
            "trees",
            "trees",
            trees,
            format!("{} rounds of {} leaves", options.trees, options.leaves_max),
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
            .rows_max(self.job.dataset.rows(), self.sample_rows)
            == 0
        {
            self.resident_blocks(&layout);
        }
        let rows = self.job.dataset.rows();
        let codes = BlockFile::disk_bytes(rows, features.len());
        let state = BlockFile::disk_bytes(rows, outputs * state::ROW_OUTPUT_BYTES);
        Ok((budget, codes + state))
    }

    /// Blocks that stay in memory, in what is left over of the memory allowed. Only where every tree
    /// takes several passes: with one pass a tree they were measured to gain nothing.
    fn resident_blocks(&mut self, layout: &CodeLayout) {
        let allowed = self.spec.memory_bytes;
        let left_over = allowed.saturating_sub(self.memory.phase_bytes("trees"));
        let blocks = self.job.dataset.rows().div_ceil(BLOCK_ROWS as u64);
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
    fn sample(&mut self, options: &BoosterOptions, layout: &CodeLayout) {
        let (columns, outputs) = (layout.len(), self.spec.outputs());
        let share = self.spec.memory_bytes / SAMPLE_SHARE_OF_MEMORY;
        let planned = gbdt::sample::rows_that_fit(share, columns, outputs);
        self.sample_rows = planned.min(SAMPLE_ROWS_DEFAULT);
        let rows = self.job.dataset.rows();
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
    fn seal(&mut self, features: &[usize]) {
        let fields = &self.job.schema().fields;
        let is_text = |column: &&usize| fields[**column].value_type == Some(ValueType::Text);
        let texts = features.iter().filter(is_text).count() as u64;
        let categories = CategoryCounts::heap_bytes_max(self.spec.limits.categories_tracked_max);
        let found = Known::bytes_max(features.len()) + texts * categories as u64;
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
            let pairs = prune::plan::pairs_bytes(features.len(), self.spec.limits);
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
