//! `rowmill plan`.

use super::{arguments::PlanArguments, log::Log, terminal, train};
use crate::{
    error::{Error, Result},
    limits::MemoryPlan,
    platform::memory,
    train::TrainOptions,
};

/// Prints the plan, and refuses it when it does not fit.
pub(super) fn run(arguments: &PlanArguments, log: &Log) -> Result<()> {
    let (options, choice) = train::options(&arguments.train)?;
    let plan = compute(&options)?;
    if !log.is_quiet() {
        terminal::print(&choice.describe())?;
    }
    terminal::print(&plan.to_string())?;
    plan.check(memory::free_memory_bytes())
}

/// The one call into the library.
fn compute(_options: &TrainOptions) -> Result<MemoryPlan> {
    Err(Error::Usage(
        "training is not part of this build".to_owned(),
    ))
}
