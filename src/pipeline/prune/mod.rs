//! Pruning: drops columns that are constant, duplicate, or highly correlated with another.
//!
//! ```text
//! survey --candidates--> components of columns --correlate, a pass over Parquet--> coefficients
//!        --decision--> kept and dropped columns
//! ```
//!
//! [`screening`] finds candidates from the survey and a sample. [`correlate`] has the passes, [`gather`] collects
//! a slice's values, and [`work`] holds the sums and decides how many fit into memory. [`findings`] has the verdict
//! on each column. [`in_training`] is the step of a training; [`trimmed`] writes the copy.

pub(crate) mod correlate;
pub(crate) mod findings;
pub(crate) mod gather;
pub(crate) mod in_training;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod screening;
pub(crate) mod trimmed;
pub(crate) mod work;
