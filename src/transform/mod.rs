//! From raw columns to what learners see.

pub mod standardize;
