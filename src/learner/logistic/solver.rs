//! The learner: the order of the evaluations, and the test of convergence.

use std::sync::Arc;

use crate::{
    data::Tile,
    error::{Error, Result},
    learner::logistic::{
        LogisticOptions,
        accumulate::{Accumulator, NewtonPass},
        descent::{Descent, Preconditioner, Step, Verdict},
        kernel::triangle_len,
        sums::{NewtonSums, Shape},
    },
};

/// Most parameters for which every pass accumulates the exact Hessian.
pub(crate) const EXACT_PARAMETERS_MAX: usize = 512;

/// Most parameters at all: the factors of the sample's Hessian are 256 MiB here.
pub(crate) const PARAMETERS_MAX: usize = 8_192;

/// The largest promise, as a share of the objective, that a last step is trusted with although no
/// pass will evaluate it.
const TRUSTED_DECREMENT: f64 = 0.1;

/// The results of one streamed pass.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PassReport {
    /// The mean loss at the point evaluated.
    pub loss: f64,
    /// The Newton decrement there; `None` when the loss had risen and the step was halved.
    pub decrement: Option<f64>,
    /// True if no further pass is needed.
    pub converged: bool,
}

/// A trained logistic regression, on the scale of the design matrix.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LogisticFit {
    /// One an output: the margin of the second class of two, or of each class.
    pub intercepts: Vec<f64>,
    /// By output, then by column of the design matrix.
    pub coefficients: Vec<Vec<f64>>,
    /// Passes over the training rows.
    pub passes: u32,
    /// The Newton decrement at the last accepted point.
    pub decrement: f64,
    /// The mean loss at the last accepted point; the model is one step further and better by about
    /// the decrement.
    pub loss: f64,
    /// True if the decrement fell below the tolerance (else the passes were spent).
    pub converged: bool,
    /// The covariance of all parameters, by output and column with the intercept last: a lower
    /// triangle row after row. From the inverse of the last pass's Hessian, the L2 penalty included;
    /// weights count as rows. Of a softmax for coefficients centred over the classes. `None` with more
    /// than [`EXACT_PARAMETERS_MAX`] parameters, with an L1 penalty, and where collinear columns without
    /// penalty have none.
    pub covariance: Option<Vec<f64>>,
}

/// Binary and softmax logistic regression by *sample Newton*: iteratively reweighted least squares
/// on a sample in memory, then exact Newton passes over all rows.
///
/// ```text
/// let mut learner = Logistic::new(&options, features, classes)?;
/// learner.start_from_sample(&sample, &labels, &weights)?;
/// while let Some(pass) = learner.next_pass() {
///     // each lane: pass.accumulator(), update(..) per batch, finish_row_group_into(..) per row group
///     // the parts are merged into pass.sums() in row-group order
///     learner.finish_pass(sums)?;
/// }
/// let fitted = learner.into_fit();
/// ```
///
/// Up to `EXACT_PARAMETERS_MAX` parameters each pass accumulates its exact Hessian; beyond, the
/// Hessian of the sample's optimum serves all passes as preconditioner: the gradient stays exact, each
/// pass divides the error by about (rows of the sample / parameters) instead of squaring it, and the
/// gradients of earlier passes correct what the sample got wrong (L-BFGS).
#[derive(Debug)]
pub struct Logistic {
    pub(super) options: LogisticOptions,
    pub(super) shape: Shape,
    pub(super) descent: Descent,
    pub(super) preconditioner: Option<Preconditioner>,
    pub(super) passes: u32,
    last_step: Option<Step>,
    finished: Option<bool>,
}

impl Logistic {
    /// A learner for a design matrix of `features` columns and classes `0..classes`.
    ///
    /// # Errors
    /// [`Error::Usage`] for options out of range or with other classes, [`Error::Dataset`] for fewer
    /// than two classes (a regression target has none) and for more parameters than
    /// [`PARAMETERS_MAX`].
    pub fn new(options: &LogisticOptions, features: usize, classes: usize) -> Result<Self> {
        options.check(classes)?;
        let outputs = if classes == 2 { 1 } else { classes };
        let shape = Shape {
            columns: features + 1,
            outputs,
        };
        let parameters = features.saturating_add(1).saturating_mul(outputs);
        if parameters > PARAMETERS_MAX {
            return Err(Error::Dataset(format!(
                "logistic regression would have {parameters} coefficients ({features} columns, {outputs} \
                 outputs), above the limit of {PARAMETERS_MAX}; leave out columns with --exclude, or use \
                 --model gbdt"
            )));
        }
        let descent = Descent::new(shape, options.penalty(), vec![0.0; shape.parameters()]);
        Ok(Self {
            options: options.clone(),
            shape,
            descent,
            preconditioner: None,
            passes: 0,
            last_step: None,
            finished: None,
        })
    }

    /// The size of the problem.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// True if passes accumulate the exact Hessian.
    pub fn exact_hessian(shape: Shape) -> bool {
        shape.parameters() <= EXACT_PARAMETERS_MAX
    }

    /// Bytes the learner holds at its peak, while it solves, beside the sample and the lanes: the sums
    /// and three triangles over all parameters (the Hessian, its copy while factored, and the
    /// preconditioner or the last factors).
    pub fn bytes(shape: Shape) -> u64 {
        let parameters = shape.parameters();
        let triangle = triangle_len(parameters) as u64 * 8;
        NewtonSums::bytes(shape, true) + 3 * triangle + Descent::bytes(parameters)
    }

    /// Bytes of one lane: its accumulator and a recycled part.
    pub fn lane_bytes(shape: Shape) -> u64 {
        let with_hessian = Self::exact_hessian(shape);
        Accumulator::bytes(shape, with_hessian) + NewtonSums::bytes(shape, with_hessian)
    }

    /// Bytes in use while [`Self::start_from_sample`] runs on `rows` rows, the sample included.
    pub fn sample_bytes(shape: Shape, rows: usize) -> u64 {
        Tile::bytes(shape.columns - 1, rows) + rows as u64 * 12 + Accumulator::bytes(shape, true)
    }

    pub(super) fn pass_at(&self, point: &[f64], with_hessian: bool) -> NewtonPass {
        NewtonPass {
            shape: self.shape,
            point: Arc::from(point),
            class_weights: Arc::from(self.options.class_weights.as_slice()),
            with_hessian,
        }
    }

    /// The next pass over all training rows, until the end.
    pub fn next_pass(&self) -> Option<NewtonPass> {
        if self.finished.is_some() {
            return None;
        }
        let with_hessian = Self::exact_hessian(self.shape);
        assert!(
            with_hessian || self.preconditioner.is_some(),
            "many parameters start from a sample"
        );
        Some(self.pass_at(self.descent.candidate(), with_hessian))
    }

    /// Takes the merged sums of the pass asked for last.
    ///
    /// # Errors
    /// [`Error::Dataset`] when no training row has a weight above 0.
    pub fn finish_pass(&mut self, sums: &NewtonSums) -> Result<PassReport> {
        assert!(self.finished.is_none(), "a pass was asked for");
        if sums.weight <= 0.0 {
            return Err(Error::Dataset(
                "no training row has a weight above 0; check the weight column and the split"
                    .to_owned(),
            ));
        }
        self.passes += 1;
        let spent = self.passes >= self.options.max_iter;
        let loss = sums.loss / sums.weight;
        let decrement = match self.descent.offer(sums, self.preconditioner.as_ref()) {
            Verdict::Rose => {
                if spent {
                    self.finish_at_accepted(false);
                }
                None
            }
            Verdict::Stuck => {
                self.finish_at_accepted(true);
                None
            }
            Verdict::Accepted(step) => {
                self.last_step = Some(step);
                if step.remaining <= self.options.tol * step.objective {
                    self.finished = Some(true);
                } else if spent && step.decrement > TRUSTED_DECREMENT * step.objective {
                    self.finish_at_accepted(false);
                } else if spent {
                    self.finished = Some(false);
                }
                Some(step.decrement)
            }
        };
        Ok(PassReport {
            loss,
            decrement,
            converged: self.finished == Some(true),
        })
    }

    fn finish_at_accepted(&mut self, converged: bool) {
        self.descent.back_to_accepted();
        self.finished = Some(converged);
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        let factors = self
            .preconditioner
            .as_ref()
            .map_or(0, Preconditioner::heap_bytes);
        factors + 2 * self.shape.parameters() * 8
    }

    /// The model, after the last pass.
    pub fn into_fit(self) -> LogisticFit {
        let converged = self.finished.expect("every pass was finished");
        let features = self.shape.columns - 1;
        let outputs = || self.descent.candidate().chunks_exact(self.shape.columns);
        LogisticFit {
            intercepts: outputs().map(|output| output[features]).collect(),
            coefficients: outputs()
                .map(|output| output[..features].to_vec())
                .collect(),
            passes: self.passes,
            decrement: self.last_step.map_or(f64::NAN, |step| step.decrement),
            loss: self.last_step.map_or(f64::NAN, |step| step.loss),
            converged,
            covariance: self.descent.covariance(),
        }
    }
}
