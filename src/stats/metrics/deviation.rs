//! The loss that numbers were learned with, as far as metrics depend on it.

/// The metric of the loss beside the usual errors, and the scale of margins.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Deviation {
    /// Nothing; margins are predictions.
    #[default]
    None,
    /// The pinball loss of a quantile; margins are predictions.
    Pinball {
        /// The quantile, in (0, 1).
        alpha: f64,
    },
    /// The Poisson deviance; margins are the logarithms of predictions.
    Poisson,
}
