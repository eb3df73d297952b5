//! The start of the learner: the problem solved on a sample in memory.

use crate::{
    data::Tile,
    error::{Error, Result},
    learner::logistic::{
        accumulate::NewtonPass,
        cholesky::Cholesky,
        descent::{self, Descent, Verdict},
        solver::Logistic,
        sums::NewtonSums,
    },
};

/// Evaluations of the sample before its result is taken as it is.
const SAMPLE_EVALUATIONS_MAX: u32 = 100;

/// The remaining gain, as a share of the loss, at which the sample is solved. Its own error against
/// all rows is far above.
const SAMPLE_TOLERANCE: f64 = 1e-8;

/// The share of the sample on which the descent begins, if that leaves rows enough.
const SAMPLE_THINNING: usize = 8;

impl Logistic {
    /// Solves the problem on a sample of the training rows, first on every eighth row of it, and starts
    /// the passes from there. Call it once, before the first pass. With at most
    /// [`EXACT_PARAMETERS_MAX`](super::solver::EXACT_PARAMETERS_MAX) parameters it may be left out; then the passes start from 0, which
    /// costs three or four more. They do so too if the sample lacks a class, since nothing would bound
    /// that class's intercept.
    ///
    /// A sample smaller than the data is solved with an L2 penalty of at least 1 / rows (a normal prior
    /// of variance 1), so that with few rows for each column it does not start the passes far off.
    ///
    /// # Errors
    /// [`Error::Dataset`] when more than [`EXACT_PARAMETERS_MAX`](super::solver::EXACT_PARAMETERS_MAX) parameters need the sample's Hessian
    /// and the sample cannot give one.
    pub fn start_from_sample(
        &mut self,
        sample: &Tile,
        labels: &[f32],
        weights: &[f32],
    ) -> Result<()> {
        assert_eq!(
            sample.features(),
            self.shape.columns - 1,
            "features of the sample"
        );
        assert_eq!(sample.rows(), labels.len(), "labels of the sample");
        assert_eq!(sample.rows(), weights.len(), "weights of the sample");
        assert_eq!(self.passes, 0, "the sample comes before the passes");
        let rows = sample.rows();
        if !self.has_every_class(labels, weights) {
            if !Self::exact_hessian(self.shape) {
                self.preconditioner = Some(self.factors_at_start(sample, labels, weights)?);
            }
            return Ok(());
        }
        if rows / SAMPLE_THINNING >= 20 * self.shape.parameters() {
            self.solve_sample(sample, labels, weights, SAMPLE_THINNING);
        }
        self.preconditioner = self.solve_sample(sample, labels, weights, 1);
        Ok(())
    }

    /// The factors of the sample's Hessian at the start, where every class is as likely: no curvature
    /// of two classes is larger anywhere.
    fn factors_at_start(&self, sample: &Tile, labels: &[f32], weights: &[f32]) -> Result<Cholesky> {
        let pass = self.pass_at(self.descent.candidate(), true);
        let sums = sample_sums(&pass, sample, labels, weights, 1);
        if sums.weight <= 0.0 {
            return Err(Error::Dataset(
                "the sample of training rows has no row with a weight above 0; check the weight \
                 column and the split"
                    .to_owned(),
            ));
        }
        let l2 = self.sample_l2(sample.rows());
        Ok(descent::factors(sums.hessian(), self.shape, l2))
    }

    fn sample_l2(&self, rows: usize) -> f64 {
        self.options.l2.max(1.0 / rows as f64)
    }

    fn has_every_class(&self, labels: &[f32], weights: &[f32]) -> bool {
        (0..self.shape.outputs.max(2)).all(|class| {
            labels
                .iter()
                .zip(weights)
                .any(|(label, weight)| *label == class as f32 && *weight > 0.0)
        })
    }

    /// Descends on every `step`-th row, and leaves the passes' descent at the result. Answers the
    /// factors of the Hessian there, if the passes will need them.
    fn solve_sample(
        &mut self,
        sample: &Tile,
        labels: &[f32],
        weights: &[f32],
        step: usize,
    ) -> Option<Cholesky> {
        let rows = sample.rows().div_ceil(step);
        let l2 = self.sample_l2(rows);
        let mut descent = Descent::new(self.shape, l2, self.descent.candidate().to_vec());
        let mut factors = None;
        for _ in 0..SAMPLE_EVALUATIONS_MAX {
            let pass = self.pass_at(descent.candidate(), true);
            let sums = sample_sums(&pass, sample, labels, weights, step);
            if sums.weight <= 0.0 {
                break;
            }
            let exact = Self::exact_hessian(self.shape);
            let own = (!exact).then(|| descent::factors(sums.hessian(), self.shape, l2));
            match descent.offer(&sums, own.as_ref()) {
                Verdict::Rose => {}
                Verdict::Stuck => break,
                Verdict::Accepted(taken) => {
                    factors = own;
                    if taken.remaining <= SAMPLE_TOLERANCE * taken.objective {
                        break;
                    }
                }
            }
        }
        let start = descent.candidate().to_vec();
        self.descent = Descent::new(self.shape, self.options.l2, start);
        factors
    }
}

/// The sums of a pass over every `step`-th row of a sample in memory.
fn sample_sums(
    pass: &NewtonPass,
    sample: &Tile,
    labels: &[f32],
    weights: &[f32],
    step: usize,
) -> NewtonSums {
    let rows: Vec<u32> = (0..sample.rows() as u32).step_by(step).collect();
    let mut accumulator = pass.accumulator();
    accumulator.update(&rows, labels, weights, |rows, tile| {
        tile.copy_rows(sample, rows[0] as usize, step);
    });
    let mut sums = pass.sums();
    accumulator.finish_row_group_into(&mut sums);
    sums
}
