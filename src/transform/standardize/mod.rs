//! The standardised design matrix of linear models: its columns, and its rows from raw values.
//!
//! A numeric feature gives one column `(x - mean) / sd`; missing and infinite values stand at the mean,
//! which is 0. A text feature gives an indicator for each of its most frequent categories; any other
//! text, and a missing one, is 0 in all of them. A feature may have one more column, which is 1 where
//! it is missing (or infinite). Features that do not vary in training are left out.

mod design;
mod input;
mod view;

#[cfg(test)]
mod tests;

pub use design::Design;
pub use input::{FeatureSummary, Input};
