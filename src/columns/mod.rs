//! The roles of columns (target, group, split, weight, feature), and the profiles that define them.

pub mod profile;
mod resolver;
pub mod roles;
