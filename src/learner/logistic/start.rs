//! The start of the learner: the problem solved on a sample in memory.

use crate::{
    data::Tile,
    error::{Error, Result},
    learner::logistic::{
        descent::{Descent, Penalty, Preconditioner, Verdict},
        solver::Logistic,
        sums::NewtonSums,
    },
};

/// Evaluations of the sample before its result is taken as it is.
const EVALUATIONS_MAX: u32 = 100;

/// The remaining gain, as a share of the loss, at which the sample is solved. Its own error against
/// all rows is far above.
const SAMPLE_TOLERANCE: f64 = 1e-8;

/// The share of the sample on which the descent begins, if that leaves rows enough.
const THINNING: usize = 8;

/// Rows a parameter that are enough to begin on.
const THINNED_ROWS_MIN: usize = 20;

/// Every `step`-th row of a sample in memory.
#[derive(Clone, Copy)]
struct Sample<'a> {
    design: &'a Tile,
    labels: &'a [f32],
    weights: &'a [f32],
    step: usize,
}

impl Sample<'_> {
    fn rows(&self) -> usize {
        self.labels.len().div_ceil(self.step)
    }

    /// True if each class has a row with a weight.
    fn has_every_class(&self, classes: usize) -> bool {
        let rows = || self.labels.iter().zip(self.weights).step_by(self.step);
        let is_of = |(label, weight): (&f32, &f32), class| *label == class as f32 && *weight > 0.0;
        (0..classes).all(|class| rows().any(|row| is_of(row, class)))
    }

    /// The sums over all rows.
    fn sums(&self, learner: &Logistic, point: &[f64], with_hessian: bool) -> NewtonSums {
        let pass = learner.pass_at(point, with_hessian);
        let rows: Vec<u32> = (0..self.labels.len() as u32).step_by(self.step).collect();
        let mut accumulator = pass.accumulator();
        accumulator.update(&rows, self.labels, self.weights, |rows, tile| {
            tile.copy_rows(self.design, rows[0] as usize, self.step);
        });
        let mut sums = pass.sums();
        accumulator.finish_row_group_into(&mut sums);
        sums
    }
}

impl Logistic {
    /// Solves the problem on a sample of the training rows, first on every eighth row of it, and starts
    /// the passes from there. Call it once, before the first pass. With at most
    /// [`EXACT_PARAMETERS_MAX`](crate::learner::logistic::solver::EXACT_PARAMETERS_MAX) parameters it
    /// may be left out; then the passes start from 0, which costs three or four more. They do so too if the sample lacks a class, since nothing would bound
    /// that class's intercept.
    ///
    /// A sample is solved with an L2 penalty of at least 1 / rows (a normal prior of variance 1), so
    /// that with few rows for each column it does not start the passes far off.
    ///
    /// # Errors
    /// [`Error::Dataset`] when more parameters than that need the sample's Hessian
    /// and the sample has no rows.
    pub fn start_from_sample(
        &mut self,
        design: &Tile,
        labels: &[f32],
        weights: &[f32],
    ) -> Result<()> {
        assert_eq!(
            design.features(),
            self.shape.columns - 1,
            "features of the sample"
        );
        assert_eq!(design.rows(), labels.len(), "labels of the sample");
        assert_eq!(design.rows(), weights.len(), "weights of the sample");
        assert_eq!(self.passes, 0, "the sample comes before the passes");
        let sample = Sample {
            design,
            labels,
            weights,
            step: 1,
        };
        let thinned = Sample {
            step: THINNING,
            ..sample
        };
        let classes = self.shape.outputs.max(2);
        if !Self::exact_hessian(self.shape) {
            return self.start_preconditioned(sample, sample.has_every_class(classes));
        }
        if sample.has_every_class(classes) {
            let rows_enough = thinned.rows() / THINNED_ROWS_MIN >= self.shape.parameters();
            if rows_enough && thinned.has_every_class(classes) {
                self.solve_sample(thinned, None);
            }
            self.solve_sample(sample, None);
        }
        Ok(())
    }

    /// The start with many parameters, where a Hessian is dear: one at 0, where no class is likelier
    /// and two classes have the largest curvature there is, which takes the descent to the sample's
    /// optimum, and one there, which stays.
    fn start_preconditioned(&mut self, sample: Sample<'_>, has_every_class: bool) -> Result<()> {
        if !sample.weights.iter().any(|weight| *weight > 0.0) {
            return Err(Error::Dataset(
                "the sample of training rows has no row with a weight above 0; check the weight \
                 column and the split"
                    .to_owned(),
            ));
        }
        let mut preconditioner = self.sample_preconditioner(sample);
        if has_every_class {
            self.solve_sample(sample, Some(&preconditioner));
            drop(preconditioner);
            preconditioner = self.sample_preconditioner(sample);
        }
        self.preconditioner = Some(preconditioner);
        Ok(())
    }

    fn sample_penalty(&self, sample: Sample<'_>) -> Penalty {
        Penalty {
            l1: self.options.l1,
            l2: self.options.l2.max(1.0 / sample.rows() as f64),
        }
    }

    /// The sample's Hessian where the passes would start.
    fn sample_preconditioner(&self, sample: Sample<'_>) -> Preconditioner {
        let sums = sample.sums(self, self.descent.candidate(), true);
        Preconditioner::new(sums.hessian(), self.shape, self.sample_penalty(sample))
    }

    /// Descends on the sample, and leaves the passes' descent at the result.
    fn solve_sample(&mut self, sample: Sample<'_>, preconditioner: Option<&Preconditioner>) {
        let penalty = self.sample_penalty(sample);
        let mut descent = Descent::new(self.shape, penalty, self.descent.candidate().to_vec());
        for _ in 0..EVALUATIONS_MAX {
            let sums = sample.sums(self, descent.candidate(), preconditioner.is_none());
            match descent.offer(&sums, preconditioner) {
                Verdict::Rose => {}
                Verdict::Stuck => break,
                Verdict::Accepted(step) if step.remaining <= SAMPLE_TOLERANCE * step.objective => {
                    break;
                }
                Verdict::Accepted(_) => {}
            }
        }
        let start = descent.candidate().to_vec();
        self.descent = Descent::new(self.shape, self.options.penalty(), start);
    }
}
