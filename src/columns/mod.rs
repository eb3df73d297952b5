//! The part that every column plays: target, group, split, weight, feature; and the profiles that say so.

pub mod profile;
mod resolver;
pub mod roles;
