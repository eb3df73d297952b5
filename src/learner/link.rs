//! The logistic function and its loss, shared by trees and logistic regression.
//!
//! Callers compute e^-|m| themselves: trees need about 1e-11 of it and logistic regression two units in
//! the last place ([`elementary`](crate::learner::elementary)). Two neighbours stay apart for their
//! bits: `model::link` takes `exp` from the system's library and divides where this multiplies, and the
//! two softmaxes sum over classes in different orders of their loops.

use crate::learner::elementary::ln;

/// Terms of one row at margin m: the probability of the second class, its derivative, and the loss.
pub(crate) struct LogisticTerms {
    pub(crate) probability: f64,
    pub(crate) curvature: f64,
    pub(crate) loss: f64,
}

/// The terms at `margin` of a row with label 0 or 1, given `tail`, which is e^-|margin|.
#[inline(always)]
pub(crate) fn logistic_terms(margin: f64, label: f64, tail: f64) -> LogisticTerms {
    // With e^-|m| nothing overflows, and both tails keep their relative precision.
    let near_one = 1.0 / (1.0 + tail);
    let near_zero = tail * near_one;
    let wrong_side = (margin * (1.0 - 2.0 * label)).max(0.0);
    LogisticTerms {
        probability: if margin >= 0.0 { near_one } else { near_zero },
        curvature: near_one * near_zero,
        loss: wrong_side + ln(1.0 + tail),
    }
}
