//! `--model`: the learner and its options.
//!
//! A name, or a JSON object of options under the names that XGBoost, LightGBM and scikit-learn use.
//! Nothing is ignored: an option is taken, refused by name, or unknown and answered with the nearest.

mod choice;
mod constraints;
mod linear;
mod metrics;
mod model_spec;
mod not_offered;
mod objective;
mod preset;
mod reader;
mod sampling;
mod trees;

#[cfg(test)]
mod tests;

pub use choice::ModelChoice;
pub use model_spec::ModelSpec;
