//! The screen: which pairs could reach the threshold, judged by a sample of the rows.
//!
//! Two filters. A coarse one computes the sample's coefficients of all pairs and keeps those within
//! [`COARSE`] of the threshold. A fine one cuts the sample into [`PARTS`] parts and keeps the pairs
//! within a margin that follows from the data: six jackknife standard
//! deviations (Efron & Stein 1981), at least [`MARGIN_MIN`].
//!
//! A sample cannot judge columns whose variance comes from a few rows that it may have missed: rare
//! counts, heavy tails. Such columns are not screened; each pair of them is a candidate. With a
//! screened column they cannot reach a high threshold: the rows that make up most of the variance of
//! the one make up little of the other's.

use crate::stats::{
    CoMoments, CoMomentsPlan, Moments, PairMoments,
    comoments::{Panel, Shift},
};

/// The coarse net's margin.
pub(crate) const COARSE: f64 = 0.2;

/// The fine net's smallest margin.
pub(crate) const MARGIN_MIN: f64 = 0.02;

/// The fine net's margin in standard deviations.
const MARGIN_DEVIATIONS: f64 = 6.0;

/// Parts of the sample.
pub(crate) const PARTS: usize = 16;

/// A pair with fewer common rows in the sample is not judged.
const COMMON_ROWS_MIN: u64 = 50;

/// A column with fewer sampled rows off its most frequent value is not judged.
const VARIED_ROWS_MIN: u64 = 50;

/// The most that one part may have of a column's squares for it to be judged.
const PART_SHARE_MAX: f64 = 0.5;

/// The largest ratio of the sample's variance to the true one at which a column is judged.
const VARIANCE_RATIO_MAX: f64 = 1.5;

/// A pair that the coarse net let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NearPair {
    /// The columns, the later one first.
    pub columns: [u32; 2],
    /// True if the sample cannot judge it, so that it is a candidate at once.
    pub unjudged: bool,
}

/// True if the sample can judge a column, whose sampled values and true moments are given.
/// O(rows).
pub(crate) fn is_judged(sampled: &[f64], moments: &Moments) -> bool {
    let of_sample = Moments::of(sampled);
    if varied_rows(sampled, majority(sampled)) < VARIED_ROWS_MIN {
        return false;
    }
    let (Some(true_variance), Some(variance)) = (moments.variance(), of_sample.variance()) else {
        return false;
    };
    let ratio = variance / true_variance;
    let near = 1.0 / VARIANCE_RATIO_MAX..=VARIANCE_RATIO_MAX;
    let part = |values: &[f64]| {
        let finite = values.iter().filter(|value| value.is_finite());
        finite
            .map(|value| (value - of_sample.mean).powi(2))
            .sum::<f64>()
    };
    let part_max = parts(sampled).map(part).fold(0.0, f64::max);
    near.contains(&ratio) && part_max <= of_sample.m2 * PART_SHARE_MAX
}

/// The value that more than half of the finite values have; NaN if none has. O(rows).
pub(crate) fn majority(values: &[f64]) -> f64 {
    // The majority vote (Boyer & Moore 1981): a value of more than half of the rows survives it.
    let (mut candidate, mut lead) = (f64::NAN, 0usize);
    for &value in values.iter().filter(|value| value.is_finite()) {
        if lead == 0 {
            candidate = value;
        }
        if value == candidate {
            lead += 1;
        } else {
            lead -= 1;
        }
    }
    let finite = values.iter().filter(|value| value.is_finite()).count() as u64;
    if varied_rows(values, candidate) < finite.div_ceil(2) {
        candidate
    } else {
        f64::NAN
    }
}

/// Finite values that differ from one; all finite values if that is NaN. O(rows).
pub(crate) fn varied_rows(values: &[f64], from: f64) -> u64 {
    let differs = |value: &f64| u64::from(value.is_finite() & (*value != from));
    values.iter().map(differs).sum()
}

/// The sample in [`PARTS`] parts of about the same length.
fn parts<T>(values: &[T]) -> impl Iterator<Item = &[T]> {
    let rows = values.len();
    (0..PARTS).map(move |part| &values[rows * part / PARTS..rows * (part + 1) / PARTS])
}

/// The coarse filter over the pairs of the plan's strip: `read` gives a column's sampled values from a
/// row on, `judged` says of each column what [`is_judged`] does. O(rows * columns^2).
///
/// A column that cannot be judged may not vary in the sample at all. A pair of it without a
/// coefficient is none of this net's: with a judged column it does not correlate, and with
/// another one like itself it is under suspicion anyway.
///
/// # Panics
/// If the plan is not of these rows.
pub(crate) fn near_pairs(
    plan: &CoMomentsPlan,
    judged: &[bool],
    rows: usize,
    threshold: f64,
    read: impl FnMut(usize, usize, &mut [f64]),
) -> Vec<NearPair> {
    let mut sums = CoMoments::new(plan);
    let added = sums.add(plan, &mut Panel::new(plan), rows, read);
    added.expect("the plan's masks are of these rows");
    let mut near = Vec::new();
    for column in plan.strip() {
        for earlier in 0..column {
            let found = sums.coefficient(plan, column, earlier);
            let is_poor = found.doubtful || found.r.is_nan() || found.count < COMMON_ROWS_MIN;
            let unjudged = is_poor && judged[column] && judged[earlier];
            if unjudged || found.r.abs() >= threshold - COARSE {
                near.push(NearPair {
                    columns: [column as u32, earlier as u32],
                    unjudged,
                });
            }
        }
    }
    near
}

/// The fine net: whether a pair of sampled columns could reach the threshold. O(rows).
pub(crate) fn is_candidate(x: &[f64], y: &[f64], shifts: [Shift; 2], threshold: f64) -> bool {
    let blocks: Vec<PairMoments> = parts(x)
        .zip(parts(y))
        .map(|(x, y)| PairMoments::of(x, y, shifts))
        .collect();
    let merged = |skipped: Option<usize>| {
        let mut sum = PairMoments::default();
        let taken = blocks.iter().enumerate();
        taken
            .filter(|(block, _)| Some(*block) != skipped)
            .for_each(|(_, block)| sum.merge(block));
        sum.coefficient().r
    };
    let r = merged(None);
    let without: Vec<f64> = (0..PARTS).map(|block| merged(Some(block))).collect();
    let mean = without.iter().sum::<f64>() / PARTS as f64;
    let squares: f64 = without.iter().map(|r| (r - mean).powi(2)).sum();
    let deviation = (squares * (PARTS - 1) as f64 / PARTS as f64).sqrt();
    let margin = (MARGIN_DEVIATIONS * deviation).max(MARGIN_MIN);
    // An undefined coefficient judges nothing.
    r.is_nan() || margin.is_nan() || r.abs() > threshold - margin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(rows: usize, step: f64) -> Vec<f64> {
        (0..rows).map(|row| (row as f64 * step).sin()).collect()
    }

    #[test]
    fn rare_and_heavy_columns_are_not_judged() {
        let common = wave(4_096, 0.7);
        assert!(is_judged(&common, &Moments::of(&common)));
        let mut rare = vec![0.0; 4_096];
        rare.iter_mut().step_by(100).for_each(|value| *value = 1.0);
        assert!(!is_judged(&rare, &Moments::of(&rare)));
        let mut heavy = common.clone();
        heavy[17] = 1e3;
        assert!(!is_judged(&heavy, &Moments::of(&heavy)));
        // The one large value is among the rows that the sample missed.
        assert!(!is_judged(&common, &Moments::of(&heavy)));
    }

    #[test]
    fn a_majority_is_more_than_half_of_the_finite_values() {
        let check = |values: &[f64], expected: f64, varied: u64| {
            let found = majority(values);
            assert_eq!(found.to_bits(), expected.to_bits(), "{values:?}");
            assert_eq!(varied_rows(values, found), varied, "{values:?}");
        };
        check(&[], f64::NAN, 0);
        check(&[2.0], 2.0, 0);
        check(&[1.0, 2.0], f64::NAN, 2);
        check(&[1.0, 2.0, 1.0], 1.0, 1);
        check(&[3.0, 3.0, 1.0, 2.0], f64::NAN, 4);
        check(&[f64::NAN, 3.0, f64::INFINITY, 1.0, 3.0, f64::NAN], 3.0, 1);
    }

    #[test]
    fn the_fine_net_follows_the_data() {
        let x = wave(8_192, 0.7);
        let y: Vec<f64> = x
            .iter()
            .zip(wave(8_192, 1.9))
            .map(|(x, noise)| x + 0.25 * noise)
            .collect();
        let shifts = [&x, &y].map(|column| Shift::of(&Moments::of(column)));
        // r is 1 / sqrt(1 + 1/16) = 0.970.
        assert!(is_candidate(&x, &y, shifts, 0.98));
        assert!(!is_candidate(&x, &y, shifts, 0.995));
        // One part in which they differ makes the margin wide.
        let mut torn = x.clone();
        torn[..512].iter_mut().for_each(|value| *value = -*value);
        assert!(is_candidate(&x, &torn, shifts, 0.995));
    }

    #[test]
    fn pairs_without_common_rows_are_let_through() {
        let mut x = wave(1_000, 0.7);
        let mut y = wave(1_000, 1.3);
        x[..500].fill(f64::NAN);
        y[500..].fill(f64::NAN);
        let table = [x, y, wave(1_000, 2.1)];
        let moments: Vec<Moments> = table.iter().map(|column| Moments::of(column)).collect();
        let plan = CoMomentsPlan::new(&moments);
        let near = |judged: [bool; 3]| {
            near_pairs(&plan, &judged, 1_000, 0.99, |column, row, out| {
                out.copy_from_slice(&table[column][row..][..out.len()]);
            })
        };
        let expected = NearPair {
            columns: [1, 0],
            unjudged: true,
        };
        assert_eq!(near([true; 3]), [expected]);
        assert!(near([false, true, true]).is_empty());
    }
}
