//! Logistic regression by streamed Newton passes.
//!
//! ```text
//!   sample in memory          all training rows, a pass at a time
//!   IRLS to the end   ---->   loss, gradient, Hessian  ---->  Newton step  ----> enough? model
//!                                     ^------------------------------'  else
//! ```
//!
//! The passes get rows of a standardised design matrix (`transform::standardize`), without files or
//! threads. Everything a pass accumulates is a sum, so parts merge; parts are row groups
//! and are merged in their order, so that the model has the same bytes for any number of lanes and
//! any batch size. Kernels for wider registers do the same operations in the same order.

pub(crate) mod accumulate;
pub(in crate::learner) mod cholesky;
mod descent;
pub(crate) mod evaluate;
pub(crate) mod gram;
pub(crate) mod kernel;
pub(crate) mod link;
pub(crate) mod options;
mod proximal;
mod secants;
pub(crate) mod solver;
mod start;
pub(crate) mod sums;

pub(crate) use accumulate::{Accumulator, NewtonPass};
pub(crate) use evaluate::{Evaluator, LabeledTile};
pub use options::{LogisticOptions, Solver};
pub use solver::Logistic;
pub(crate) use solver::LogisticFit;
pub(crate) use sums::{NewtonSums, Shape};

#[cfg(test)]
mod tests;
