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

use std::sync::{Mutex, PoisonError};

use crate::{
    Error, Result,
    data::CodeLayout,
    learner::gbdt::{
        BoosterOptions, Loss,
        checkpoint::Boundary,
        curve::{Curve, RoundLoss},
        exact::ExactSum,
        features::{FeatureCodes, assert_layout, sample_features},
        gain::Regularisation,
        grower::{Ground, Grower},
        histogram::{NodeHistogram, WideHistograms},
        loss::{Bounds, Reach, objective},
        pass::{OutputWork, PassKind, PassRequest, PassWork},
        plan::BoosterPlan,
        quantise::Scale,
        renew::{Quantiles, Tally, WeightUnits},
        replay::CompiledTree,
        summary::LabelSummary,
        worker::{Constants, Worker, WorkerBuffers, WorkerPart},
    },
    model::{Ensemble, Tree},
};

/// Histogram gradient boosting grown depth-wise from passes over blocks that are lent to it.
#[derive(Debug)]
pub struct Booster {
    pub(super) options: BoosterOptions,
    pub(super) features: Vec<FeatureCodes>,
    pub(super) layout: CodeLayout,
    plan: BoosterPlan,
    pub(super) constants: Constants,
    labels: LabelSummary,
    pub(super) reach: Reach,
    scale: Scale,
    pub(super) curve: Curve,
    pub(super) trees: Vec<Tree>,
    pub(super) boundary: Boundary,
    /// Trees grown but not yet applied to the margins.
    grown: Option<Grower>,
    /// Trees that grow.
    grower: Option<Grower>,
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
        let mut class_weights = vec![1.0; classes];
        for (weight, factor) in class_weights.iter_mut().zip(&options.class_weights) {
            *weight *= factor;
        }
        if let [_, positive] = &mut class_weights[..] {
            *positive *= options.positive_weight;
        }
        Ok(Self {
            features,
            layout,
            plan,
            constants: Constants {
                objective,
                class_weights,
                base_margins: Vec::new(),
                seed: options.seed,
            },
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
        let work = self.prepare(self.next?);
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
    /// [`Error::Dataset`] if the labels or weights cannot be learned from.
    ///
    /// # Panics
    /// If no pass is under way.
    pub fn finish_pass(&mut self, parts: Vec<WorkerPart>) -> Result<()> {
        let work = self.work.take().expect("a pass is under way");
        let found = self.merge(&work, parts);
        let histograms = work.wide.into_slots();
        match work.kind {
            PassKind::Labels => {
                self.labels = found.labels;
                self.labels.check()?;
                self.constants.objective.check_labels(&self.labels)?;
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
                self.add_losses(&found.losses);
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
                    self.grow(histograms);
                }
            }
            PassKind::Level => {
                let grower = self.grower.as_mut().expect("trees grow");
                for (tree, counts) in grower.trees_mut().iter_mut().zip(&found.counts) {
                    tree.set_rows(counts);
                    tree.clear_routes();
                }
                self.grow(histograms);
            }
            PassKind::Tile => self.grow(histograms),
            PassKind::Scores => {
                self.add_losses(&found.losses);
                self.finish_trees(&found.counts);
                self.boundary.reached(self.reach);
                self.end();
            }
            PassKind::Replay => self.next = None,
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
        trees + buffers
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

    fn ground(&self) -> Ground<'_> {
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
            largest: Bounds {
                gradient: 0.0,
                hessian: 0.0,
            },
            tally: None,
        };
        for part in parts {
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
            match (&mut found.tally, part.tally) {
                (Some(tally), Some(part)) => tally.merge(&part),
                (tally, part) => *tally = tally.take().or(part),
            }
            let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
            idle.push(part.buffers);
        }
        found
    }

    /// Looks for what margins start from.
    fn find_base(&mut self) {
        let objective = &self.constants.objective;
        match objective.renewal() {
            Some(alpha) => {
                self.quantiles = Some(self.quantiles_of(alpha, 1));
                self.next = Some(PassKind::Base);
            }
            None => {
                let base = objective.base_margins(&self.labels);
                self.set_base(base);
            }
        }
    }

    /// Sets what margins start from, and how far derivatives reach there; the rounds begin.
    fn set_base(&mut self, base: Vec<f32>) {
        let objective = &self.constants.objective;
        let reach = objective.bounds_at_base(&self.labels, &base);
        self.reach = Reach {
            weight_max: self.labels.weight_max,
            gradient_max: reach.gradient,
            hessian_max: reach.hessian,
            step_max: 0.0,
        };
        self.constants.base_margins = base;
        self.begin();
    }

    /// Quantiles of so many leaves, of which nothing is known yet.
    fn quantiles_of(&self, alpha: f64, leaves: usize) -> Quantiles {
        let units = WeightUnits::new(self.labels.weight_max, self.labels.train_rows);
        Quantiles::new(alpha, leaves, units)
    }

    /// Learns a digit of the quantiles, and goes on when all are known.
    fn narrow(&mut self, tally: &Tally) {
        let mut quantiles = self.quantiles.take().expect("quantiles are looked for");
        quantiles.narrow(tally);
        let of_leaves = self.grown.is_some();
        if !quantiles.is_done() {
            self.quantiles = Some(quantiles);
            self.next = Some(if of_leaves {
                PassKind::Renew { is_first: false }
            } else {
                PassKind::Base
            });
            return;
        }
        if !of_leaves {
            self.set_base(quantiles.values());
            return;
        }
        let shrinkage = self.options.shrinkage;
        let step = |value: f32| (f64::from(value) * shrinkage) as f32;
        let values = quantiles.values().into_iter().map(step).collect();
        let grown = self.grown.as_mut().expect("trees are grown");
        grown.trees_mut()[0].renew(values);
        self.end_round();
    }

    /// Rows are in the leaves of the grown trees.
    fn settle_routes(&mut self, counts: &[Vec<u64>]) {
        let grown = self.grown.as_mut().expect("trees are grown");
        for (tree, counts) in grown.trees_mut().iter_mut().zip(counts) {
            tree.set_rows(counts);
            tree.clear_routes();
        }
    }

    /// Plants the trees of a round; its gradients come with the next root pass.
    pub(super) fn begin_round(&mut self, round: u32) {
        let BoosterOptions {
            feature_fraction,
            seed,
            ..
        } = self.options;
        self.scale = Scale::new(self.constants.objective.bounds(&self.reach));
        let features = self.features.len();
        let used = sample_features(&self.layout, features, feature_fraction, seed, round);
        let rules = Regularisation::new(&self.options, self.scale);
        let outputs = self.constants.objective.outputs();
        self.grower = Some(Grower::new(self.ground(), outputs, used, rules));
        self.next = Some(PassKind::Root {
            is_first: self.grown.is_none(),
        });
    }

    /// Takes a pass's histograms; splits nodes when their level is complete, and ends the round when
    /// there is nothing more to split.
    fn grow(&mut self, histograms: Vec<NodeHistogram>) {
        let mut grower = self.grower.take().expect("trees grow");
        let is_complete = grower.absorb(self.ground(), histograms, self.labels.train_rows);
        if !is_complete || grower.advance(self.ground()) {
            self.next = Some(if is_complete {
                PassKind::Level
            } else {
                PassKind::Tile
            });
            self.grower = Some(grower);
            return;
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
        if round < self.options.trees {
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

    fn add_losses(&mut self, losses: &[ExactSum; 2]) {
        let mean = |sum: &ExactSum, weight: f64| sum.value() / weight;
        let valid_weight = self.labels.valid_weight();
        self.curve.push(RoundLoss {
            rounds: self.curve.points().len() as u32,
            train: mean(&losses[0], self.labels.train_weight()),
            valid: (valid_weight > 0.0).then(|| mean(&losses[1], valid_weight)),
        });
    }

    fn stops_early(&self) -> bool {
        let patience = self.options.early_stopping_rounds;
        patience.is_some_and(|patience| self.curve.is_stalled(patience))
    }

    /// Ends training; takes back the trees past the best round if early stopping is on.
    pub(super) fn end(&mut self) {
        self.grower = None;
        self.next = None;
        let outputs = self.constants.objective.outputs();
        let stopping = self.options.early_stopping_rounds.is_some();
        if let Some(best) = self.curve.best_rounds()
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
        };
        match kind {
            PassKind::Labels | PassKind::Base | PassKind::Renew { is_first: false } => {}
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
    largest: Bounds,
    tally: Option<Tally>,
}
