//! From values to what learners eat: cut points and code packs.

pub mod cuts;
pub mod pack;
