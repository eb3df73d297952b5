//! From margins to loss, residuals and curvatures: the logistic function and the softmax.
//!
//! With margins `m` and probabilities `p`, a row of weight `w` and class `y` adds
//! `-w ln p_y` to the loss, `w (p_k - [y = k])` to the residual of output `k` and, for a pair of
//! outputs `j < k`, `w p_j p_k` to their curvature (McCullagh & Nelder 1989, section 5).

use crate::learner::{elementary::exp_nonpositive, link::logistic_terms};

/// Rows of a piece whose losses are computed before they are added.
const PIECE_ROWS: usize = 64;

/// Pairs of outputs whose curvature is kept: one for the logistic function, else each `j < k`.
pub(crate) fn pairs(outputs: usize) -> usize {
    if outputs == 1 {
        1
    } else {
        outputs * (outputs - 1) / 2
    }
}

/// The place of the pair `j < k` in the order (0,1), (0,2), (1,2), (0,3), ...
pub(crate) fn pair_index(j: usize, k: usize) -> usize {
    debug_assert!(j < k, "a pair is ordered");
    k * (k - 1) / 2 + j
}

/// One row's probabilities of the classes from its margins: one for two classes, else one a class.
pub(crate) fn probabilities(margins: impl Iterator<Item = f64> + Clone, out: &mut [f64]) {
    let largest = margins.clone().fold(f64::NEG_INFINITY, f64::max);
    let is_single = margins.clone().count() == 1;
    assert!(!is_single || out.len() == 2, "probabilities of two classes");
    // A single margin is that of the second class against 0 of the first.
    let largest = if is_single { largest.max(0.0) } else { largest };
    let first = is_single.then_some(0.0);
    let mut sum = 0.0;
    for (out, margin) in out.iter_mut().zip(first.into_iter().chain(margins)) {
        *out = exp_nonpositive(margin - largest);
        sum += *out;
    }
    out.iter_mut().for_each(|out| *out /= sum);
}

/// Turns the margins of a binary model into residuals, fills the curvatures and returns the loss.
/// `margins` holds one value a row; classes are 0 or 1.
#[inline(always)]
pub(crate) fn binary(
    margins: &mut [f64],
    classes: &[u32],
    weights: &[f64],
    curvatures: &mut [f32],
) -> f64 {
    let rows = margins.len();
    assert_eq!(classes.len(), rows, "classes");
    assert_eq!(weights.len(), rows, "weights");
    assert_eq!(curvatures.len(), rows, "curvatures");
    let mut loss = 0.0;
    let mut losses = [0.0; PIECE_ROWS];
    let pieces = margins
        .chunks_mut(PIECE_ROWS)
        .zip(curvatures.chunks_mut(PIECE_ROWS));
    let given = classes.chunks(PIECE_ROWS).zip(weights.chunks(PIECE_ROWS));
    for ((margins, curvatures), (classes, weights)) in pieces.zip(given) {
        let given = classes.iter().zip(weights);
        let rows = margins.iter_mut().zip(curvatures).zip(&mut losses);
        for (((margin, curvature), loss), (class, weight)) in rows.zip(given) {
            let class = f64::from(*class);
            let terms = logistic_terms(*margin, class, exp_nonpositive(-margin.abs()));
            *loss = weight * terms.loss;
            *margin = weight * (terms.probability - class);
            *curvature = (weight * terms.curvature) as f32;
        }
        loss += losses[..margins.len()].iter().sum::<f64>();
    }
    loss
}

/// Turns the margins of a softmax model into residuals, fills the curvatures and returns the loss.
/// Output `k` of row `i` is `margins[k * rows + i]`, pair `q` of row `i` is `curvatures[q * rows + i]`.
pub(crate) fn softmax(
    margins: &mut [f64],
    classes: &[u32],
    weights: &[f64],
    curvatures: &mut [f32],
) -> f64 {
    let rows = classes.len();
    assert!(rows > 0 && margins.len().is_multiple_of(rows), "margins");
    let outputs = margins.len() / rows;
    assert_eq!(weights.len(), rows, "weights");
    assert_eq!(curvatures.len(), pairs(outputs) * rows, "curvatures");
    let mut loss = 0.0;
    for (row, (class, weight)) in classes.iter().zip(weights).enumerate() {
        let at = |k: usize| k * rows + row;
        let largest = (0..outputs).fold(f64::NEG_INFINITY, |m, k| m.max(margins[at(k)]));
        let own = margins[at(*class as usize)];
        let mut sum = 0.0;
        for k in 0..outputs {
            let e = exp_nonpositive(margins[at(k)] - largest);
            margins[at(k)] = e;
            sum += e;
        }
        loss += weight * (sum.ln() + (largest - own));
        let inverse = 1.0 / sum;
        for k in 0..outputs {
            margins[at(k)] *= inverse;
            for j in 0..k {
                let both = margins[at(j)] * margins[at(k)];
                curvatures[pair_index(j, k) * rows + row] = (weight * both) as f32;
            }
        }
        for k in 0..outputs {
            let target = f64::from(u8::from(k == *class as usize));
            margins[at(k)] = weight * (margins[at(k)] - target);
        }
    }
    loss
}
