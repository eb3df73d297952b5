//! A running command as the steps see it: passes, scratch, output directory, plan, identity.

pub(crate) mod output;

mod earlier_names;
mod identity;
mod plan;
mod running;
#[cfg(test)]
mod tests;

pub(crate) use identity::RunIdentity;
#[cfg(all(test, feature = "cli"))]
pub(crate) use identity::command_line_name;
pub(crate) use plan::RunPlan;
pub(crate) use running::Session;
