//! The booster: which pass comes next, and what follows from it.
//!
//! ```text
//!  labels [-> base] -> root -> level -> level ... [-> leaves] -> root ... -> scores [-> replay]
//!            |       one a level, or one a tile of byte columns
//!            applies the trees of the round before, computes losses and gradients, and accumulates
//!            the roots, all in one read
//! ```
//!
//! The engine asks for a pass, lends every block once to one of its workers, and hands the workers'
//! parts back. The booster knows neither files nor threads. Models are the same bytes for every
//! number of workers, order of blocks and histogram budget.

mod quantiles;

use std::sync::{Mutex, PoisonError};

use crate::{
    Error, Result,
    data::CodeLayout,
    learner::gbdt::{
        BoosterOptions, Loss, Parallel,
        checkpoint::Boundary,
        curve::{Curve, RoundLoss},
        features::{FeatureCodes, FeatureDraw, assert_layout},
        gain::Regularisation,
        grower::{Ground, Grower},
        histogram::{NodeHistogram, WideHistograms},
        loss::{Bounds, Reach, objective},
        metric::{EvalSpec, EvalSums},
        pass::{OutputWork, PassKind, PassRequest, PassWork},
        plan::BoosterPlan,
        quantise::Scale,
        renew::{Quantiles, Tally, WeightUnits},
        replay::CompiledTree,
        sample::{SampleFound, Sampler, Sampling},
        summary::LabelSummary,
        worker::{Constants, Worker, WorkerBuffers, WorkerPart},
    },
    model::{Ensemble, Tree},
    stats::ExactSum,
};

/// Histogram gradient boosting grown from passes over blocks that are lent to it.
#[derive(Debug)]
pub struct Booster {
    pub(super) options: BoosterOptions,
    pub(super) features: Vec<FeatureCodes>,
    pub(super) layout: CodeLayout,
    plan: BoosterPlan,
    pub(super) constants: Constants,
    pub(super) labels: LabelSummary,
    pub(super) reach: Reach,
    scale: Scale,
    pub(super) curve: Curve,
    pub(super) trees: Vec<Tree>,
    pub(super) boundary: Boundary,
    /// Trees grown but not yet applied to the margins.
    grown: Option<Grower>,
    /// Trees that grow.
    grower: Option<Grower>,
    /// What is kept for trees from samples; `None` where every row grows every tree.
    pub(super) sampler: Option<Sampler>,
    /// Quantiles that are looked for: of the labels, or of the residuals in the grown trees' leaves.
    quantiles: Option<Quantiles>,
    /// The kind of the next pass; `None` when there is none.
    pub(super) next: Option<PassKind>,
    pub(super) work: Option<PassWork>,
    /// Memory of workers between passes.
    idle: Mutex<Vec<WorkerBuffers>>,
}

impl Booster {
    /// A booster of no trees.
    ///
    /// `features` are the codes of the model's features, in the model's order; those that `layout`
    /// leaves out are never split on.
    ///
    /// # Errors
    /// [`Error::Dataset`] if no feature is laid out.
    pub fn new(
        options: BoosterOptions,
        loss: Loss,
        features: Vec<FeatureCodes>,
        layout: CodeLayout,
        plan: BoosterPlan,
    ) -> Result<Self> {
        assert_layout(&features, &layout);
        if layout.is_empty() {
            return Err(Error::Dataset(
                "no feature is left to split on: every column is excluded or constant; \
                 use --include or other data"
                    .to_owned(),
            ));
        }
        let objective = objective(loss);
        let classes = objective.classes();
        let class_weights = options.class_factors(classes);
        Ok(Self {
            features,
            layout,
            plan,
            constants: Constants {
                objective,
                class_weights,
                base_margins: Vec::new(),
                seed: options.seed,
                eval: EvalSpec {
                    metrics: options.eval_metric.clone(),
                    loss,
                    units: WeightUnits::new(0.0, 0),
                },
            },
            sampler: (options.sampling != Sampling::Exact).then(Sampler::default),
            options,
            labels: LabelSummary::new(classes),
            reach: Reach {
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
            trees: Vec::new(),
            boundary: Boundary::default(),
            grown: None,
            grower: None,
            quantiles: None,
            next: Some(PassKind::Labels),
            work: None,
            idle: Mutex::default(),
        })
    }

    /// The next pass, `None` when the ensemble is ready.
    ///
    /// # Panics
    /// If the pass before was not finished.
    pub fn next_pass(&mut self) -> Option<PassRequest> {
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
    pub fn worker(&self) -> Worker<'_> {
        let work = self.work.as_ref().expect("a pass is under way");
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let buffers = idle.pop();
        drop(idle);
        let outputs = self.constants.objective.outputs();
        let buffers = buffers.unwrap_or_else(|| WorkerBuffers::new(outputs));
        Worker::new(&self.constants, work, buffers)
    }

    /// Ends the pass under way with the parts of all its workers, in any order.
    ///
    /// # Errors
    /// [`Error::Dataset`] if the labels or weights cannot be learned from; what `parallel` answers.
    ///
    /// # Panics
    /// If no pass is under way.
    pub fn finish_pass(&mut self, parts: Vec<WorkerPart>, parallel: &dyn Parallel) -> Result<()> {
        let work = self.work.take().expect("a pass is under way");
        let found = self.merge(&work, parts);
        if let Some(sample) = work.sample {
            return self.finish_sample(sample, &found.sample, parallel);
        }
        let histograms = work.wide.into_slots();
        match work.kind {
            PassKind::Labels => {
                self.labels = found.labels;
                self.labels.check()?;
                self.constants.objective.check_labels(&self.labels)?;
                let rows = self.labels.train_rows + self.labels.valid_rows;
                self.constants.eval.units = WeightUnits::new(self.labels.own_weight_max, rows);
                self.find_base();
            }
            PassKind::Base | PassKind::Renew { .. } => {
                if work.kind == (PassKind::Renew { is_first: true }) {
                    self.settle_routes(&found.counts);
                }
                let tally = found.tally.expect("the pass looked for quantiles");
                self.narrow(&tally);
            }
            PassKind::Root { is_first } => {
                self.add_losses(&found.losses, true, found.eval.as_ref());
                self.check_replayed()?;
                if !is_first {
                    self.finish_trees(&found.counts);
                }
                self.boundary.reached(self.reach);
                self.reach.gradient_max = found.largest.gradient;
                self.reach.hessian_max = found.largest.hessian;
                if self.stops_early() {
                    self.end();
                } else {
                    self.grow(histograms, parallel)?;
                }
            }
            PassKind::Level => {
                let grower = self.grower.as_mut().expect("trees grow");
                for (tree, counts) in grower.trees_mut().iter_mut().zip(&found.counts) {
                    tree.set_rows(counts);
                    tree.clear_routes();
                }
                self.grow(histograms, parallel)?;
            }
            PassKind::Tile => self.grow(histograms, parallel)?,
            PassKind::Scores => {
                self.add_losses(&found.losses, true, found.eval.as_ref());
                self.finish_trees(&found.counts);
                self.boundary.reached(self.reach);
                self.end();
            }
            PassKind::Replay => self.next = None,
            PassKind::Sample { .. } | PassKind::SampleScores => {
                panic!("a sample pass has its work")
            }
        }
        Ok(())
    }

    /// Rounds in the ensemble so far.
    pub fn rounds(&self) -> u32 {
        (self.trees.len() / self.constants.objective.outputs()) as u32
    }

    /// Mean losses after each round so far.
    pub fn curve(&self) -> &[RoundLoss] {
        self.curve.points()
    }

    /// What the labels pass found.
    pub fn labels(&self) -> &LabelSummary {
        &self.labels
    }

    /// The plan it works by.
    pub fn plan(&self) -> &BoosterPlan {
        &self.plan
    }

    /// Bytes held by trees and worker buffers between passes, by capacity.
    pub fn heap_bytes(&self) -> usize {
        let trees: usize = self.trees.iter().map(Tree::heap_bytes).sum();
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let buffers: usize = idle.iter().map(WorkerBuffers::heap_bytes).sum();
        trees + buffers + self.sampler.as_ref().map_or(0, Sampler::heap_bytes)
    }

    /// The ensemble, once there is no next pass. With early stopping it ends at the best round; the
    /// margins of train and valid rows are its scores.
    ///
    /// # Panics
    /// If there is a next pass.
    pub fn into_ensemble(self) -> Ensemble {
        assert!(self.next.is_none() && self.work.is_none());
        Ensemble {
            outputs: self.constants.objective.outputs(),
            base_margin: self.constants.base_margins,
            link: self.constants.objective.link(),
            trees: self.trees,
        }
    }

    pub(super) fn ground(&self) -> Ground<'_> {
        Ground {
            options: &self.options,
            features: &self.features,
            layout: &self.layout,
            plan: &self.plan,
        }
    }

    /// Merges parts exactly, and takes their buffers back.
    fn merge(&mut self, work: &PassWork, parts: Vec<WorkerPart>) -> Found {
        let counts = work.outputs.iter().map(|output| vec![0; output.leaves]);
        let mut found = Found {
            labels: LabelSummary::new(self.constants.objective.classes()),
            counts: counts.collect(),
            losses: Default::default(),
            eval: None,
            largest: Bounds {
                gradient: 0.0,
                hessian: 0.0,
            },
            tally: None,
            sample: SampleFound::default(),
        };
        for part in parts {
            found.sample.merge(part.sample);
            found.labels.merge(&part.labels);
            let totals = found.counts.iter_mut().flatten();
            for (total, count) in totals.zip(part.counts.iter().flatten()) {
                *total += count;
            }
            for (total, loss) in found.losses.iter_mut().zip(&part.losses) {
                total.merge(loss);
            }
            let Bounds { gradient, hessian } = &mut found.largest;
            *gradient = gradient.max(part.largest.gradient);
            *hessian = hessian.max(part.largest.hessian);
            match (&mut found.eval, part.eval) {
                (Some(eval), Some(part)) => eval.merge(&part),
                (eval, part) => *eval = eval.take().or(part),
            }
            match (&mut found.tally, part.tally) {
                (Some(tally), Some(part)) => tally.merge(&part),
                (tally, part) => *tally = tally.take().or(part),
            }
            let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
            idle.push(part.buffers);
        }
        found
    }

    /// Plants the trees of a round; its gradients come with the next root pass, or its rows with the
    /// next sample.
    pub(super) fn begin_round(&mut self, round: u32) {
        self.next = Some(self.round_pass(self.grown.is_none()));
        if self.sampler.is_none() {
            self.scale = Scale::new(self.constants.objective.bounds(&self.reach));
            self.grower = Some(self.plant(round, self.scale));
        }
    }

    /// The trees of a round, one root each.
    pub(super) fn plant(&self, round: u32, scale: Scale) -> Grower {
        let draw = FeatureDraw::new(&self.layout, self.features.len(), &self.options, round);
        let rules = Regularisation::new(&self.options, scale);
        let outputs = self.constants.objective.outputs();
        Grower::new(self.ground(), outputs, draw, rules)
    }

    /// Takes a pass's histograms; splits nodes when their level is complete, and ends the round when
    /// there is nothing more to split.
    fn grow(&mut self, histograms: Vec<NodeHistogram>, parallel: &dyn Parallel) -> Result<()> {
        let mut grower = self.grower.take().expect("trees grow");
        let train_rows = self.labels.train_rows;
        let is_complete = grower.absorb(self.ground(), histograms, train_rows, parallel)?;
        if !is_complete || grower.advance(self.ground()) {
            self.next = Some(if is_complete {
                PassKind::Level
            } else {
                PassKind::Tile
            });
            self.grower = Some(grower);
            return Ok(());
        }
        let leaves = grower.trees()[0].leaves();
        self.grown = Some(grower);
        match self.constants.objective.renewal() {
            Some(alpha) => {
                self.quantiles = Some(self.quantiles_of(alpha, leaves));
                self.next = Some(PassKind::Renew { is_first: true });
            }
            None => self.end_round(),
        }
        Ok(())
    }

    /// The grown trees have their values; they are applied in the next round's first pass.
    fn end_round(&mut self) {
        let grown = self.grown.as_ref().expect("trees are grown");
        let values = grown
            .trees()
            .iter()
            .map(|tree| tree.leaf_values(grown.rules()));
        let steps = values.flatten().map(|value| f64::from(value.abs()));
        self.reach.step_max = steps.fold(0.0, f64::max);
        let round = self.rounds() + 1;
        if round < self.options.n_estimators {
            self.begin_round(round);
        } else {
            self.next = Some(PassKind::Scores);
        }
    }

    /// Adds the trees that the pass has applied to the ensemble.
    fn finish_trees(&mut self, counts: &[Vec<u64>]) {
        let mut grown = self.grown.take().expect("trees were applied");
        for (tree, counts) in grown.trees_mut().iter_mut().zip(counts) {
            tree.set_rows(counts);
        }
        let rules = grown.rules();
        let trees = grown.trees().iter().map(|tree| tree.finish(rules));
        self.trees.extend(trees);
    }

    /// Adds finished trees to the ensemble, round by round.
    pub(super) fn extend(&mut self, trees: Vec<Tree>) {
        self.trees.extend(trees);
    }

    /// Adds a point to the learning curve; `train` is whether training rows were summed up.
    pub(super) fn add_losses(
        &mut self,
        losses: &[ExactSum; 2],
        train: bool,
        eval: Option<&EvalSums>,
    ) {
        let metrics = eval.map(|sums| sums.finish(&self.constants.eval));
        let mean = |sum: &ExactSum, weight: f64| sum.rounded_by_bin() / weight;
        let valid_weight = self.labels.valid_weight();
        self.curve.push(RoundLoss {
            rounds: self.curve.points().len() as u32,
            train: train.then(|| mean(&losses[0], self.labels.train_weight())),
            valid: (valid_weight > 0.0).then(|| mean(&losses[1], valid_weight)),
            metrics: metrics.unwrap_or_default(),
        });
    }

    pub(super) fn stops_early(&self) -> bool {
        let patience = self.options.early_stopping_rounds;
        patience.is_some_and(|patience| {
            self.curve
                .is_stalled(self.options.early_stopping_metric, patience)
        })
    }

    /// Ends training; takes back the trees past the best round if early stopping is on.
    pub(super) fn end(&mut self) {
        self.grower = None;
        self.next = None;
        let outputs = self.constants.objective.outputs();
        let stopping = self.options.early_stopping_rounds.is_some();
        if let Some(best) = self.curve.best_rounds(self.options.early_stopping_metric)
            && stopping
            && best < self.rounds()
        {
            let cut_off = self.trees.split_off(best as usize * outputs);
            self.boundary.cut_off(cut_off);
            self.next = Some(PassKind::Replay);
        }
    }

    /// Everything the workers of the next pass need.
    fn prepare(&self, kind: PassKind) -> PassWork {
        let outputs = self.constants.objective.outputs();
        let mut work = PassWork {
            kind,
            round: self.rounds(),
            outputs: (0..outputs).map(|_| OutputWork::default()).collect(),
            tile: Vec::new(),
            scale: self.scale,
            wide: WideHistograms::default(),
            replay: Vec::new(),
            quantiles: self.quantiles.clone(),
            sample: None,
        };
        match kind {
            PassKind::Labels
            | PassKind::Base
            | PassKind::Renew { is_first: false }
            | PassKind::Sample { is_first: false }
            | PassKind::SampleScores => {}
            PassKind::Sample { is_first: true } => self.prepare_replay(&mut work),
            PassKind::Renew { is_first: true } => {
                let grown = self.grown.as_ref().expect("trees are grown");
                for (work, tree) in work.outputs.iter_mut().zip(grown.trees()) {
                    work.routes = tree.routes().to_vec();
                    work.leaves = tree.leaves();
                }
            }
            PassKind::Root { is_first } => {
                if is_first {
                    self.prepare_replay(&mut work);
                } else {
                    self.prepare_apply(&mut work);
                }
                self.prepare_slots(&mut work);
            }
            PassKind::Level => {
                let grower = self.grower.as_ref().expect("trees grow");
                for (work, tree) in work.outputs.iter_mut().zip(grower.trees()) {
                    work.routes = tree.routes().to_vec();
                    work.leaves = tree.leaves();
                }
                self.prepare_slots(&mut work);
            }
            PassKind::Tile => self.prepare_slots(&mut work),
            PassKind::Scores => self.prepare_apply(&mut work),
            PassKind::Replay => self.prepare_replay(&mut work),
        }
        work
    }

    /// Margins are computed from the trees of the ensemble: none, unless a checkpoint had some.
    fn prepare_replay(&self, work: &mut PassWork) {
        let compile = |tree| CompiledTree::new(tree, &self.features, &self.layout);
        work.replay = self.trees.iter().map(compile).collect();
    }

    /// The trees of the round before are applied.
    fn prepare_apply(&self, work: &mut PassWork) {
        let grown = self.grown.as_ref().expect("trees wait to be applied");
        for (work, tree) in work.outputs.iter_mut().zip(grown.trees()) {
            work.routes = tree.routes().to_vec();
            work.leaves = tree.leaves();
            work.values = tree.leaf_values(grown.rules());
        }
        // The round of a root pass is that of the trees it plants.
        work.round = self.rounds() + u32::from(work.kind != PassKind::Scores);
    }

    /// The nodes of a level are accumulated.
    fn prepare_slots(&self, work: &mut PassWork) {
        let grower = self.grower.as_ref().expect("trees grow");
        for (output, work) in work.outputs.iter_mut().enumerate() {
            (work.first_slot, work.slots, work.slot_of) = grower.slots_of(output);
        }
        work.tile = grower.tile(&self.plan).to_vec();
        work.wide = WideHistograms::new(grower.slots(), work.tile.len());
    }
}

/// What all workers of a pass found together.
#[derive(Debug)]
struct Found {
    labels: LabelSummary,
    counts: Vec<Vec<u64>>,
    losses: [ExactSum; 2],
    eval: Option<EvalSums>,
    largest: Bounds,
    tally: Option<Tally>,
    sample: SampleFound,
}
