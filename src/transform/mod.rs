//! Transformations of raw values: the standardised design matrix of linear learners, and the search
//! for redundant columns.

pub(crate) mod prune;
pub(crate) mod standardize;
