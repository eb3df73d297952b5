//! Flags of every command that trains.

use clap::Args;

use crate::cli::arguments::{
    columns::ColumnArguments,
    common::{ResourceArguments, RunArguments, SplitArguments},
    prune::PruneInTraining,
};

/// Flags of a training besides its data and its learner.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct CommonArguments {
    #[command(flatten)]
    pub(in crate::cli) columns: ColumnArguments,
    #[command(flatten)]
    pub(in crate::cli) prune: PruneInTraining,
    #[command(flatten)]
    pub(in crate::cli) split: SplitArguments,
    #[command(flatten)]
    pub(in crate::cli) run: RunArguments,
    #[command(flatten)]
    pub(in crate::cli) resources: ResourceArguments,
}
