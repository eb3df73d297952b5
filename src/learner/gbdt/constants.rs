//! The constants of a booster that its workers read.

use crate::learner::gbdt::{
    BoosterOptions, Loss,
    loss::{Objective, objective},
    metric::EvalSpec,
    renew::WeightUnits,
};

/// Facts of a booster that are the same in every pass.
#[derive(Debug)]
pub(crate) struct Constants {
    pub(crate) objective: Box<dyn Objective>,
    /// A factor on the weight of each class; empty where labels are numbers.
    pub(crate) class_weights: Vec<f64>,
    pub(crate) base_margins: Vec<f32>,
    pub(crate) seed: u64,
    pub(crate) eval: EvalSpec,
}

impl Constants {
    /// The constants of a loss, before labels are known: no base margins, no units of weights.
    pub(crate) fn new(options: &BoosterOptions, loss: Loss) -> Self {
        let objective = objective(loss);
        let class_weights = options.class_factors(objective.classes());
        Self {
            objective,
            class_weights,
            base_margins: Vec::new(),
            seed: options.seed,
            eval: EvalSpec {
                metrics: options.eval_metric.clone(),
                loss,
                units: WeightUnits::new(0.0, 0),
            },
        }
    }

    /// Writes the weights of some rows, class weights included.
    pub(crate) fn weigh(&self, label: &[f32], weight: &[f32], weights: &mut [f64]) {
        let classes = &self.class_weights;
        for ((weight, &own), &label) in weights.iter_mut().zip(weight).zip(label) {
            let of_class = classes.get(label as usize).map_or(1.0, |&factor| factor);
            *weight = f64::from(own) * of_class;
        }
    }
}
