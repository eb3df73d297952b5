//! Terms of a row that the metrics of splits and those of rounds share.

/// The squared error.
#[inline]
pub(crate) fn squared_error(error: f64) -> f64 {
    error * error
}

/// The absolute error.
#[inline]
pub(crate) fn absolute_error(error: f64) -> f64 {
    error.abs()
}

/// The pinball loss (Koenker & Bassett 1978) of a prediction less its label.
#[inline]
pub(crate) fn pinball(error: f64, alpha: f64) -> f64 {
    let slope = if error >= 0.0 { 1.0 - alpha } else { -alpha };
    slope * error
}

/// 2 (y ln(y / p) - y + p), with 0 ln 0 = 0 (McCullagh & Nelder 1989, section 2.3); the margin is
/// the logarithm of the prediction p.
#[inline]
pub(crate) fn poisson_deviance(margin: f64, prediction: f64, label: f64) -> f64 {
    let gained = if label > 0.0 {
        label * (label.ln() - margin)
    } else {
        0.0
    };
    2.0 * (gained - label + prediction)
}
