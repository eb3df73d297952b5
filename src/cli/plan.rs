//! `rowmill plan`.

use crate::cli::{arguments::PlanArguments, log::Log, terminal, train as train_command};
use crate::{error::Result, platform::memory, run::planning, text::size::format_bytes};

/// Prints the plan, and refuses it when it does not fit.
pub(super) fn run(arguments: &PlanArguments, log: &Log) -> Result<()> {
    let (options, choice) = train_command::options(&arguments.train)?;
    let progress = log.progress();
    let (data, plan) = planning::plan(&options, progress.as_ref())?;
    if !log.is_quiet() {
        progress.message(&choice.describe());
        plan.notes.iter().for_each(|note| progress.message(note));
    }
    let free = memory::free_memory_bytes();
    let fact = |name: &str, value: String| format!("{name:<45} {value:>12}");
    let mut lines = vec![
        plan.memory.to_string(),
        fact("scratch on disk, at most", format_bytes(plan.scratch_bytes)),
    ];
    if let Some(free) = free {
        lines.push(fact("memory free now", format_bytes(free)));
    }
    lines.push(format!(
        "for {} rows and {} features of {}",
        terminal::grouped(data.dataset.rows()),
        terminal::grouped(data.roles.features.len() as u64),
        options.data.dataset
    ));
    terminal::print(&lines.join("\n"))?;
    plan.memory.check(free)
}
