//! From margins to loss, residuals and curvatures: the logistic function and the softmax.
//!
//! With margins `m` and probabilities `p`, a row of weight `w` and class `y` adds
//! `-w ln p_y` to the loss, `w (p_k - [y = k])` to the residual of output `k` and, for a pair of
//! outputs `j < k`, `w p_j p_k` to their curvature (McCullagh & Nelder 1989, section 5).

/// Pairs of outputs whose curvature is kept: one for the logistic function, else each `j < k`.
pub fn pairs(outputs: usize) -> usize {
    if outputs == 1 {
        1
    } else {
        outputs * (outputs - 1) / 2
    }
}

/// The place of the pair `j < k` in the order (0,1), (0,2), (1,2), (0,3), ...
pub fn pair_index(j: usize, k: usize) -> usize {
    debug_assert!(j < k, "a pair is ordered");
    k * (k - 1) / 2 + j
}

/// `e^x` for `x <= 0`, within 2 units in the last place; below -708 it answers `e^-708`.
///
/// Without branches or calls, so that loops over it are vectorised, and made of IEEE additions and
/// multiplications alone, so that it has the same bits everywhere. Cody & Waite (1980) reduction by
/// ln 2, then the Taylor series to the 13th power, exact to 1e-17 on |r| <= ln 2 / 2.
#[inline]
pub fn exp_nonpositive(x: f64) -> f64 {
    // Adding it leaves the nearest integer in the low bits of the significand.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = x.max(-708.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let power = shifted - ROUND;
    let r = (x - power * LN2_HIGH) - power * LN2_LOW;
    let mut series = 1.0 / 6_227_020_800.0;
    for inverse_factorial in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        series = series * r + inverse_factorial;
    }
    // The low bits of `shifted` are the power in two's complement; 1023 is the exponent's bias.
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    series * scale
}

/// One row's probabilities of the classes from its margins: one for two classes, else one a class.
pub fn probabilities(margins: impl Iterator<Item = f64> + Clone, out: &mut [f64]) {
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

/// Turns the margins of a binary model into residuals, fills the curvatures and answers the loss.
/// `margins` holds one value a row; classes are 0 or 1.
pub fn binary(
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
    for ((margin, class), weight) in margins.iter().zip(classes).zip(weights) {
        let towards = if *class == 1 { -margin } else { *margin };
        loss += weight * (towards.max(0.0) + exp_nonpositive(-margin.abs()).ln_1p());
    }
    let rows = margins.iter_mut().zip(classes).zip(weights).zip(curvatures);
    for (((margin, class), weight), curvature) in rows {
        let e = exp_nonpositive(-margin.abs());
        let likelier = 1.0 / (1.0 + e);
        let probability = if *margin >= 0.0 {
            likelier
        } else {
            e * likelier
        };
        *margin = weight * (probability - f64::from(*class));
        *curvature = (weight * (e * likelier * likelier)) as f32;
    }
    loss
}

/// Turns the margins of a softmax model into residuals, fills the curvatures and answers the loss.
/// Output `k` of row `i` is `margins[k * rows + i]`, pair `q` of row `i` is `curvatures[q * rows + i]`.
pub fn softmax(
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
