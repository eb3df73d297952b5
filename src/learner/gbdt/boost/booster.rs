//! The booster of passes: the order of its passes, and the result of each.
//!
//! ```text
//!  labels [-> base] -> root -> level -> level ... [-> leaves] -> root ... -> scores [-> replay]
//!            |       one a level, or one a tile of byte columns
//!            applies the trees of the round before, computes losses and gradients, and accumulates
//!            the roots, all in one read
//! ```
//!
//! The engine asks for a pass, gives every block once to one of its workers, and returns the workers'
//! parts. The booster depends neither on files nor on threads. Models are the same bytes for every
//! number of workers, order of blocks and histogram budget.

use crate::{
    data::CodeLayout,
    error::{Error, Result},
    learner::gbdt::{
        BoosterOptions, Loss,
        checkpoint::CheckpointState,
        curve::{Curve, RoundLoss},
        ensemble_builder::EnsembleBuilder,
        features::FeatureCodes,
        grower::Grower,
        loss::DerivativeBounds,
        pass::{PassKind, PassRequest, PassWork},
        plan::BoosterPlan,
        quantise::Scale,
        renew::{Quantiles, WeightUnits},
        sample::{Sampler, Sampling},
        summary::LabelSummary,
        worker::Worker,
        worker_buffers::BufferPool,
        worker_part::WorkerPart,
    },
    model::Ensemble,
    platform::parallel::Parallel,
};

/// Histogram gradient boosting in passes over borrowed blocks.
#[derive(Debug)]
pub(crate) struct Booster {
    pub(super) builder: EnsembleBuilder,
    pub(super) labels: LabelSummary,
    pub(super) bounds: DerivativeBounds,
    pub(super) scale: Scale,
    pub(super) curve: Curve,
    pub(super) checkpoint_state: CheckpointState,
    /// Trees grown but not yet applied to the margins.
    pub(super) grown: Option<Grower>,
    /// Trees that grow.
    pub(super) grower: Option<Grower>,
    /// The state of samples; `None` where every row grows every tree.
    pub(super) sampler: Option<Sampler>,
    /// Quantiles that are looked for: of the labels, or of the residuals in the grown trees' leaves.
    pub(super) quantiles: Option<Quantiles>,
    /// The kind of the next pass; `None` when there is none.
    pub(super) next: Option<PassKind>,
    pub(super) work: Option<PassWork>,
    pool: BufferPool,
}

impl Booster {
    /// A booster of no trees.
    ///
    /// `features` are the codes of the model's features, in the model's order; those that `layout`
    /// leaves out are never split on.
    ///
    /// # Errors
    /// [`Error::Dataset`] if no feature is laid out.
    pub(crate) fn new(
        options: BoosterOptions,
        loss: Loss,
        features: Vec<FeatureCodes>,
        layout: CodeLayout,
        plan: BoosterPlan,
    ) -> Result<Self> {
        let builder = EnsembleBuilder::new(options, loss, features, layout, plan);
        if builder.layout.is_empty() {
            return Err(Error::Dataset(
                "no feature is left to split on: every column is excluded or constant; \
                 use --include or other data"
                    .to_owned(),
            ));
        }
        let is_sampled = builder.options.sampling != Sampling::Exact;
        Ok(Self {
            labels: LabelSummary::new(builder.constants.objective.classes()),
            sampler: is_sampled.then(Sampler::default),
            builder,
            bounds: DerivativeBounds {
                weight_max: 0.0,
                gradient_max: 0.0,
                hessian_max: 0.0,
                step_max: 0.0,
            },
            scale: Scale {
                gradient: 1.0,
                hessian: 1.0,
            },
            curve: Curve::default(),
            checkpoint_state: CheckpointState::default(),
            grown: None,
            grower: None,
            quantiles: None,
            next: Some(PassKind::Labels),
            work: None,
            pool: BufferPool::default(),
        })
    }

    /// The next pass, `None` when the ensemble is ready.
    ///
    /// # Panics
    /// If the pass before was not finished.
    pub(crate) fn next_pass(&mut self) -> Option<PassRequest> {
        assert!(self.work.is_none(), "a pass is under way");
        let kind = self.next?;
        let mut work = self.prepare(kind);
        work.sample = self.prepare_sample(kind);
        let request = work.request();
        self.work = Some(work);
        Some(request)
    }

    /// A worker for the pass under way, one a thread.
    ///
    /// # Panics
    /// If no pass is under way.
    pub(crate) fn worker(&self) -> Worker<'_> {
        let work = self.work.as_ref().expect("a pass is under way");
        Worker::new(&self.builder.constants, work, &self.pool)
    }

    /// Ends the pass under way with the parts of all its workers, in any order.
    ///
    /// # Errors
    /// [`Error::Dataset`] if the labels or weights cannot be trained on; the error of a task of `parallel`.
    ///
    /// # Panics
    /// If no pass is under way.
    pub(crate) fn finish_pass(
        &mut self,
        parts: Vec<WorkerPart>,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        let work = self.work.take().expect("a pass is under way");
        let mut result = WorkerPart::new(&self.builder.constants, &work);
        for part in parts {
            result.merge(part);
        }
        if let Some(sample) = work.sample {
            return self.finish_sample(sample, &result.sample, parallel);
        }
        let histograms = work.wide.into_slots();
        match work.kind {
            PassKind::Labels => self.finish_labels(result.labels)?,
            PassKind::Base | PassKind::Renew { .. } => {
                if work.kind == (PassKind::Renew { is_first: true }) {
                    self.set_leaf_rows(&result.counts);
                }
                let quantile_histogram = result
                    .quantile_histogram
                    .expect("the pass looked for quantiles");
                self.narrow(&quantile_histogram);
            }
            PassKind::Root { is_first } => {
                self.add_losses(&result.losses, true, result.eval.as_ref());
                self.check_replayed()?;
                if !is_first {
                    self.finish_trees(&result.counts);
                }
                self.checkpoint_state.set_bounds(self.bounds);
                self.bounds.gradient_max = result.largest.gradient;
                self.bounds.hessian_max = result.largest.hessian;
                if self.stops_early() {
                    self.end();
                } else {
                    self.grow(histograms, parallel)?;
                }
            }
            PassKind::Level => {
                let grower = self.grower.as_mut().expect("trees grow");
                for (tree, counts) in grower.trees_mut().iter_mut().zip(&result.counts) {
                    tree.set_rows(counts);
                    tree.clear_partition_rules();
                }
                self.grow(histograms, parallel)?;
            }
            PassKind::Tile => self.grow(histograms, parallel)?,
            PassKind::Scores => {
                self.add_losses(&result.losses, true, result.eval.as_ref());
                self.finish_trees(&result.counts);
                self.checkpoint_state.set_bounds(self.bounds);
                self.end();
            }
            PassKind::Replay => self.next = None,
            PassKind::Sample { .. } | PassKind::SampleScores => {
                panic!("a sample pass has its work")
            }
        }
        Ok(())
    }

    /// Takes the totals of the labels over, and sets the base score.
    fn finish_labels(&mut self, labels: LabelSummary) -> Result<()> {
        labels.check()?;
        self.builder.constants.objective.check_labels(&labels)?;
        let rows = labels.train_rows + labels.valid_rows;
        self.builder.constants.eval.units = WeightUnits::new(labels.own_weight_max, rows);
        self.labels = labels;
        self.find_base();
        Ok(())
    }

    /// Rounds in the ensemble so far.
    pub(crate) fn rounds(&self) -> u32 {
        self.builder.rounds()
    }

    /// Mean losses after each round so far.
    pub(crate) fn curve(&self) -> &[RoundLoss] {
        self.curve.points()
    }

    /// The ensemble, once there is no next pass. With early stopping it ends at the best round; the
    /// margins of train and valid rows are its scores.
    ///
    /// # Panics
    /// If there is a next pass.
    pub(crate) fn into_ensemble(self) -> Ensemble {
        assert!(self.next.is_none() && self.work.is_none());
        self.builder.into_ensemble()
    }
}
