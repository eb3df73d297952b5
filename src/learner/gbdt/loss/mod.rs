//! The losses that trees minimise: gradients, hessians and losses of rows.
//!
//! A loss is a file here with an [`Objective`], a variant of [`Loss`](crate::learner::gbdt::Loss), and
//! a line in [`mod@objective`]; its names on the command line are a line of
//! `learner/spec/objective.rs`.

mod absolute_error;
mod bounds;
mod choice;
mod log_loss;
mod objective;
mod poisson;
mod quantile;
mod rows;
mod softmax;
mod squared_error;

pub(crate) use bounds::DerivativeBounds;
pub use bounds::Magnitudes;
pub use choice::objective;
pub(crate) use objective::Objective;
pub(crate) use rows::add_by_split;
pub use rows::{CHUNK_ROWS, Derivatives, Rows};

#[cfg(test)]
mod tests;
