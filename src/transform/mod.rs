//! From raw values to what learners read: a standardised design matrix for linear learners; which
//! columns add nothing.

pub mod prune;
pub mod standardize;
