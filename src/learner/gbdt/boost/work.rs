//! The work of each pass.

use crate::learner::gbdt::{
    boost::booster::Booster,
    histogram::WideHistograms,
    pass::{OutputWork, PassKind, PassWork},
};

impl Booster {
    /// Everything the workers of the next pass need.
    pub(super) fn prepare(&self, kind: PassKind) -> PassWork {
        let outputs = self.builder.outputs();
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
                    work.partition_rules = tree.partition_rules().to_vec();
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
                    work.partition_rules = tree.partition_rules().to_vec();
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
        let trees = self.builder.trees.iter();
        work.replay = trees.map(|tree| self.builder.compile(tree)).collect();
    }

    /// The trees of the round before are applied.
    fn prepare_apply(&self, work: &mut PassWork) {
        let grown = self.grown.as_ref().expect("trees wait to be applied");
        for (work, tree) in work.outputs.iter_mut().zip(grown.trees()) {
            work.partition_rules = tree.partition_rules().to_vec();
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
        work.tile = grower.tile(&self.builder.plan).to_vec();
        work.wide = WideHistograms::new(grower.slots(), work.tile.len());
    }
}
