//! From raw values to what learners read: cut points and packed codes for trees, a standardised
//! design matrix for linear learners; which columns add nothing.

pub mod cuts;
pub mod pack;
pub mod prune;
pub mod standardize;
