//! Memory plans of runs, computed before any work.

mod linear;
mod plan;
mod predictions;
mod trees;

pub use plan::{PlanSpec, plan_run, pruning_plan};
