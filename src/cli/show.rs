//! `rowmill show`.

use super::{arguments::ShowArguments, terminal};
use crate::{
    error::Result,
    model::{Model, show},
};

/// Prints a model file for a person.
pub(super) fn run(arguments: &ShowArguments) -> Result<()> {
    let model = Model::load(&arguments.model)?;
    terminal::print(&show::text(&model, None))
}
