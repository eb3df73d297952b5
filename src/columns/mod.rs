//! The roles of columns (target, group, split, weight, feature), and the profiles that define them.

pub(crate) mod profile;
mod resolver;
pub(crate) mod roles;
