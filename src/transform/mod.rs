//! From raw values to what linear learners read: a standardised design matrix.

pub mod standardize;
