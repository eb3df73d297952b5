//! The results of one worker in a pass: plain data, which could be sent to another process.
//!
//! Every field merges exactly, so the result of a pass depends neither on the number of workers nor on
//! the order of their parts. Working memory stays behind, in the pool of
//! [`crate::learner::gbdt::worker_buffers`].

use crate::{
    learner::gbdt::{
        constants::Constants, loss::Magnitudes, metric::EvalSums, pass::PassWork,
        renew::QuantileHistogram, sample::SampleSums, summary::LabelSummary,
    },
    stats::ExactSum,
};

/// The results of one worker in a pass.
#[derive(Debug, Clone)]
pub(crate) struct WorkerPart {
    pub(crate) labels: LabelSummary,
    /// Training rows of each leaf, one list an output.
    pub(crate) counts: Vec<Vec<u64>>,
    /// Loss times weight of train and valid.
    pub(crate) losses: [ExactSum; 2],
    /// Metrics, in passes that compute losses.
    pub(crate) eval: Option<EvalSums>,
    /// The largest magnitudes of a training row's derivatives, where the loss asks for them.
    pub(crate) largest: Magnitudes,
    /// The bins of the next digit, in passes that search for quantiles.
    pub(crate) quantile_histogram: Option<QuantileHistogram>,
    pub(crate) sample: SampleSums,
}

impl WorkerPart {
    /// The results of no rows, without room for metrics and quantiles.
    pub(crate) fn new(constants: &Constants, work: &PassWork) -> Self {
        let counts = work.outputs.iter().map(|output| vec![0; output.leaves]);
        Self {
            labels: LabelSummary::new(constants.objective.classes()),
            counts: counts.collect(),
            losses: Default::default(),
            eval: None,
            largest: Magnitudes {
                gradient: 0.0,
                hessian: 0.0,
            },
            quantile_histogram: None,
            sample: SampleSums::default(),
        }
    }

    /// Adds another worker's results. Exact in any order.
    pub(crate) fn merge(&mut self, other: Self) {
        self.sample.merge(other.sample);
        self.labels.merge(&other.labels);
        let totals = self.counts.iter_mut().flatten();
        for (total, count) in totals.zip(other.counts.iter().flatten()) {
            *total += count;
        }
        for (total, loss) in self.losses.iter_mut().zip(&other.losses) {
            total.merge(loss);
        }
        let Magnitudes { gradient, hessian } = &mut self.largest;
        *gradient = gradient.max(other.largest.gradient);
        *hessian = hessian.max(other.largest.hessian);
        match (&mut self.eval, other.eval) {
            (Some(eval), Some(other)) => eval.merge(&other),
            (eval, other) => *eval = eval.take().or(other),
        }
        match (&mut self.quantile_histogram, other.quantile_histogram) {
            (Some(histogram), Some(other)) => histogram.merge(&other),
            (histogram, other) => *histogram = histogram.take().or(other),
        }
    }
}
