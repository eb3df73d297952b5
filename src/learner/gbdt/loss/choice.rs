//! The objective of each loss.

use crate::learner::gbdt::{
    Loss,
    loss::{
        absolute_error::AbsoluteError, log_loss::LogLoss, objective::Objective, poisson::Poisson,
        quantile::Quantile, softmax::Softmax, squared_error::SquaredError,
    },
};

/// The objective of a loss.
pub fn objective(loss: Loss) -> Box<dyn Objective> {
    match loss {
        Loss::BinaryLogLoss => Box::new(LogLoss),
        Loss::Softmax { classes } => Box::new(Softmax::new(classes)),
        Loss::SquaredError => Box::new(SquaredError),
        Loss::AbsoluteError => Box::new(AbsoluteError),
        Loss::Quantile { alpha } => Box::new(Quantile { alpha }),
        Loss::Poisson { delta_step_max } => Box::new(Poisson { delta_step_max }),
    }
}
