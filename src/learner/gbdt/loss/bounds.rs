//! Bounds of derivatives, from which the units of quantised gradients are chosen before a round.

/// The facts that bound the derivatives of a round before any is computed.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DerivativeBounds {
    /// The largest weight of a training row, class weights included.
    pub weight_max: f64,
    /// The largest magnitude of a training row's gradient at the margins of the round before.
    pub gradient_max: f64,
    /// The largest hessian of a training row at those margins.
    pub hessian_max: f64,
    /// The largest change of a margin since then.
    pub step_max: f64,
}

/// The largest magnitudes of gradients and hessians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Magnitudes {
    /// Of gradients.
    pub gradient: f64,
    /// Of hessians.
    pub hessian: f64,
}
