//! Cut points of numeric features, from a sample.
//!
//! A cut point is the inclusive upper border of a bin: `x <= cut` goes left. Cut points lie halfway
//! between neighbouring sample values, so that values the sample missed fall to the nearer side.

/// The exact facts of a feature beside its sample, from the survey.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Extent {
    /// Some training row is +inf.
    pub positive_infinity: bool,
    /// Some training row is -inf.
    pub negative_infinity: bool,
    /// The smallest and the largest finite value; `None` if there is no finite value.
    pub finite: Option<(f64, f64)>,
}

/// The cut points of a feature: strictly increasing, finite, but for a first one that may be -inf.
///
/// * Up to `bins_max` distinct values: each has a bin of its own.
/// * More: bins of about equal counts; a value that alone has a bin's worth of rows ends a bin, and
///   begins one unless the bin before it is less than half full (LightGBM's `GreedyFindBin`).
/// * -inf and +inf each have a bin of their own, within `bins_max`.
///
/// `sample` holds some training rows' values in any order, missing ones (NaN) included; it is sorted
/// in place. The result depends on the values only, not on their order. Cost O(n log n).
pub(crate) fn numeric_cuts(sample: &mut [f64], extent: Extent, bins_max: usize) -> Vec<f64> {
    assert!(bins_max >= 2);
    sample.sort_unstable_by(f64::total_cmp);
    let finite = |value: &&mut f64| value.is_finite();
    let negative_infinity = extent.negative_infinity || sample.contains(&f64::NEG_INFINITY);
    let positive_infinity = extent.positive_infinity || sample.contains(&f64::INFINITY);
    let mut counted: Vec<(f64, usize)> = Vec::new();
    for value in sample.iter_mut().filter(finite) {
        // -0 is 0: they must not be told apart by a bin.
        let value = *value + 0.0;
        match counted.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => counted.push((value, 1)),
        }
    }
    add_extremes(&mut counted, extent);
    let infinities = usize::from(negative_infinity) + usize::from(positive_infinity);
    let has_finite = !counted.is_empty();
    let finite_bins = bins_max.saturating_sub(infinities).max(1);
    let mut cuts = Vec::with_capacity(bins_max);
    if negative_infinity && (has_finite || positive_infinity) {
        cuts.push(f64::NEG_INFINITY);
    }
    if counted.len() <= finite_bins {
        let pairs = counted.windows(2);
        cuts.extend(pairs.map(|pair| midpoint(pair[0].0, pair[1].0)));
    } else {
        greedy_cuts(&counted, finite_bins, &mut cuts);
    }
    if positive_infinity && has_finite {
        cuts.push(f64::MAX);
    }
    cuts.dedup();
    assert!(cuts.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(cuts.len() < bins_max.max(infinities + 1));
    cuts
}

/// Counts the exact extremes once if the sample does not have them, so that two distinct values
/// anywhere in the data are never one bin for lack of a sample row.
fn add_extremes(counted: &mut Vec<(f64, usize)>, extent: Extent) {
    let Some((smallest, largest)) = extent.finite else {
        return;
    };
    let (smallest, largest) = (smallest + 0.0, largest + 0.0);
    if counted.first().is_none_or(|&(value, _)| smallest < value) {
        counted.insert(0, (smallest, 1));
    }
    if counted.last().is_none_or(|&(value, _)| value < largest) {
        counted.push((largest, 1));
    }
}

/// Bins of about equal counts over distinct values in ascending order.
///
/// A value with at least an even share of the rows is heavy; the others share the bins that the heavy
/// ones leave, the size of a bin being set anew after each (LightGBM, `GreedyFindBin` in `bin.cpp`).
fn greedy_cuts(counted: &[(f64, usize)], bins: usize, cuts: &mut Vec<f64>) {
    let rows: usize = counted.iter().map(|&(_, count)| count).sum();
    let even_share = rows as f64 / bins as f64;
    let is_heavy = |count: usize| count as f64 >= even_share;
    let heavy = counted.iter().filter(|&&(_, count)| is_heavy(count));
    let (heavy_bins, heavy_rows) =
        heavy.fold((0, 0), |(bins, rows), &(_, count)| (bins + 1, rows + count));
    let mut light_bins = bins.saturating_sub(heavy_bins);
    let mut light_rows = rows - heavy_rows;
    let mut bin_size = light_rows as f64 / light_bins.max(1) as f64;
    let mut made = 0;
    let mut in_bin = 0;
    for pair in counted.windows(2) {
        let [(value, count), (next, next_count)] = [pair[0], pair[1]];
        in_bin += count;
        if !is_heavy(count) {
            light_rows -= count;
        }
        // A heavy value must not take in a bin that is already half full.
        let before_heavy = is_heavy(next_count) && in_bin as f64 >= (bin_size * 0.5).max(1.0);
        if !(is_heavy(count) || in_bin as f64 >= bin_size || before_heavy) {
            continue;
        }
        cuts.push(midpoint(value, next));
        made += 1;
        in_bin = 0;
        if made + 1 >= bins {
            return;
        }
        if !is_heavy(count) {
            light_bins = light_bins.saturating_sub(1);
            bin_size = light_rows as f64 / light_bins.max(1) as f64;
        }
    }
}

/// A number `c` with `low <= c < high`, halfway between if floats allow.
fn midpoint(low: f64, high: f64) -> f64 {
    // Halves first: the sum may overflow.
    let middle = 0.5 * low + 0.5 * high;
    if low <= middle && middle < high {
        middle
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(sample: &[f64], bins_max: usize) -> Vec<f64> {
        numeric_cuts(&mut sample.to_vec(), Extent::default(), bins_max)
    }

    #[test]
    fn few_values_have_a_bin_each() {
        let check = |sample: &[f64], expected: &[f64]| assert_eq!(cuts(sample, 4), expected);
        check(&[], &[]);
        check(&[f64::NAN, f64::NAN], &[]);
        check(&[5.0, 5.0], &[]);
        check(&[3.0, 1.0, f64::NAN, 1.0], &[2.0]);
        check(&[0.0, -0.0], &[]);
        check(&[4.0, 1.0, 2.0, 8.0], &[1.5, 3.0, 6.0]);
        check(&[f64::MAX, f64::MIN], &[0.0]);
        check(&[1.0, 1.0 + f64::EPSILON], &[1.0]);
        check(&[f64::from_bits(1), 0.0], &[0.0]);
    }

    #[test]
    fn infinities_have_bins_of_their_own() {
        let inf = f64::INFINITY;
        let check = |sample: &[f64], expected: &[f64]| assert_eq!(cuts(sample, 5), expected);
        check(&[inf, 1.0, 2.0], &[1.5, f64::MAX]);
        check(&[-inf, 1.0, 2.0], &[-inf, 1.5]);
        check(&[-inf, inf, 7.0], &[-inf, f64::MAX]);
        check(&[-inf, inf], &[-inf]);
        check(&[inf, inf], &[]);
        let sample: Vec<f64> = (0..100).map(f64::from).chain([inf, -inf]).collect();
        let five = cuts(&sample, 5);
        assert_eq!(five.len(), 4);
        assert_eq!((five[0], five[3]), (-inf, f64::MAX));
        assert_eq!(cuts(&sample, 2), [-inf, f64::MAX]);
    }

    #[test]
    fn what_the_sample_missed_is_known_from_the_extent() {
        let extent = Extent {
            positive_infinity: true,
            negative_infinity: false,
            finite: Some((-1.0, 4.0)),
        };
        assert_eq!(
            numeric_cuts(&mut [0.0, 0.0], extent, 9),
            [-0.5, 2.0, f64::MAX]
        );
        assert_eq!(numeric_cuts(&mut [], extent, 9), [1.5, f64::MAX]);
    }

    #[test]
    fn many_values_share_bins_evenly() {
        let sample: Vec<f64> = (0..10_000).rev().map(f64::from).collect();
        let cuts = cuts(&sample, 100);
        assert_eq!(cuts.len(), 99);
        for pair in cuts.windows(2) {
            assert!((99.0..=101.0).contains(&(pair[1] - pair[0])));
        }
    }

    #[test]
    fn heavy_values_stand_alone() {
        let heavy = std::iter::repeat_n(50.0, 5_000);
        let light = (0..1_000).map(|i| f64::from(i) * 0.125);
        let sample: Vec<f64> = light.chain(heavy).collect();
        let cuts = cuts(&sample, 32);
        let position = cuts.partition_point(|&cut| cut < 50.0);
        assert_eq!(cuts[position], 50.0625);
        // A bin that is not half full before a heavy value is joined to it.
        assert!((48.0..50.0).contains(&cuts[position - 1]), "{cuts:?}");
        assert!((20..32).contains(&cuts.len()), "{}", cuts.len());
    }

    #[test]
    fn order_changes_nothing_and_the_bound_holds() {
        for bins_max in [2, 3, 16, 255] {
            for spread in [3u64, 40, 1_000, 100_000] {
                let sample: Vec<f64> = (0..3_000u64)
                    .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % spread)
                    .map(|value| (value as f64).powi(2))
                    .collect();
                let forwards = cuts(&sample, bins_max);
                let backwards: Vec<f64> = sample.iter().rev().copied().collect();
                assert_eq!(forwards, cuts(&backwards, bins_max));
                assert!(forwards.len() < bins_max);
                assert!(!forwards.is_empty());
            }
        }
    }
}
