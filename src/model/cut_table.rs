//! Numbers to codes: how many cut points lie below each.
//!
//! ```text
//!   value --> its bits, read as an integer --> bucket --> cut points below the bucket
//!                                                         + a search among those within it
//! ```
//!
//! A float's bits, read as an integer, ascend with the float, so their upper part picks one of
//! `BUCKETS` stretches of the number line, fine where numbers are small. The search has no
//! branches and several values in flight. 1.4 to 2.6 ns a value at 254 cut points on a loaded
//! two-core machine, against 4.6 for a search among all of them.
//!
//! Singles are compared with cut points rounded *down* to singles: with `c'` the largest single not
//! above `c`, every single `x` has `x <= c` exactly if `x <= c'`, since no single lies between.

use std::hint;

use crate::limits::CODES_MAX;

/// Values searched side by side, so that their loads overlap.
const FLIGHT: usize = 8;

/// Stretches of the number line; their table lies in the innermost cache.
const BUCKETS: usize = 2048;

/// The largest single that is not above a cut point.
pub(crate) fn round_down(cut: f64) -> f32 {
    let nearest = cut as f32;
    if f64::from(nearest) > cut {
        nearest.next_down()
    } else {
        nearest
    }
}

/// A float whose bits can be read in order.
pub(crate) trait Float: PartialOrd + Copy {
    const INFINITY: Self;

    /// An integer that ascends with the number; -0.0 is below 0.0. Anything for NaN.
    fn order(self) -> i64;

    /// The number with -0.0 as 0.0, so that equal cut points have equal orders.
    fn without_negative_zero(self) -> Self;

    /// True if it is finite and not the largest number, which represents infinite values.
    fn is_ordinary(self) -> bool;
}

impl Float for f32 {
    const INFINITY: Self = Self::INFINITY;

    fn order(self) -> i64 {
        let bits = self.to_bits() as i32;
        i64::from(bits ^ ((bits >> 31) & i32::MAX))
    }

    fn without_negative_zero(self) -> Self {
        self + 0.0
    }

    fn is_ordinary(self) -> bool {
        self.abs() < Self::MAX
    }
}

impl Float for f64 {
    const INFINITY: Self = Self::INFINITY;

    fn order(self) -> i64 {
        let bits = self.to_bits() as i64;
        bits ^ ((bits >> 63) & i64::MAX)
    }

    fn without_negative_zero(self) -> Self {
        self + 0.0
    }

    fn is_ordinary(self) -> bool {
        self.abs() < Self::MAX
    }
}

/// Cut points of one precision, ready to be searched.
#[derive(Debug, Clone)]
pub(crate) struct CutTable<T> {
    /// Ascending, padded with infinity.
    cuts: [T; CODES_MAX],
    buckets: Buckets,
    /// Of each bucket the first of the 2^steps cut points that are searched.
    starts: [u8; BUCKETS],
    /// Comparisons a value needs.
    steps: u32,
}

/// Stretches of equal width in order, between two cut points; values outside go to the ends.
#[derive(Debug, Clone, Copy)]
struct Buckets {
    low: i64,
    high: i64,
    shift: u32,
}

impl Buckets {
    fn new<T: Float>(cuts: &[T]) -> Self {
        let mut ordinary = cuts
            .iter()
            .filter(|cut| cut.is_ordinary())
            .map(|cut| cut.order());
        let low = ordinary.next().unwrap_or(0);
        let high = ordinary.next_back().unwrap_or(low);
        let width_bits = u64::BITS - (high.wrapping_sub(low) as u64).leading_zeros();
        Self {
            low,
            high,
            shift: width_bits.saturating_sub(BUCKETS.trailing_zeros()),
        }
    }

    /// Ascends with the value. The mask spares a bounds check and changes nothing.
    #[inline(always)]
    fn of<T: Float>(&self, value: T) -> usize {
        let above = value
            .order()
            .clamp(self.low, self.high)
            .wrapping_sub(self.low);
        ((above as u64) >> self.shift) as usize & (BUCKETS - 1)
    }
}

impl<T: Float> CutTable<T> {
    /// Cut points ascend; equal ones are allowed.
    pub(crate) fn new(cuts: &[T]) -> Self {
        assert!(cuts.len() < CODES_MAX - 1, "more cut points than codes");
        let mut padded = [T::INFINITY; CODES_MAX];
        for (padded, cut) in padded.iter_mut().zip(cuts) {
            *padded = cut.without_negative_zero();
        }
        let cuts = &padded[..cuts.len()];
        let buckets = Buckets::new(cuts);
        let mut counts = vec![0_usize; BUCKETS];
        for cut in cuts {
            counts[buckets.of(*cut)] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let steps = usize::BITS - most.leading_zeros();
        // A window that would leave the table starts earlier: what it gains is below the value.
        let last_start = CODES_MAX - (1 << steps);
        let mut starts = [0; BUCKETS];
        let mut below = 0;
        for (start, count) in starts.iter_mut().zip(counts) {
            *start = below.min(last_start) as u8;
            below += count;
        }
        Self {
            cuts: padded,
            buckets,
            starts,
            steps,
        }
    }

    /// The number of cut points below each value, or the missing code for NaN.
    pub(crate) fn code(&self, missing_code: u8, values: &[T], codes: &mut [u8]) {
        assert_eq!(values.len(), codes.len(), "a code a row");
        match self.steps {
            0 => self.search::<0>(missing_code, values, codes),
            1 => self.search::<1>(missing_code, values, codes),
            2 => self.search::<2>(missing_code, values, codes),
            3 => self.search::<3>(missing_code, values, codes),
            4 => self.search::<4>(missing_code, values, codes),
            5 => self.search::<5>(missing_code, values, codes),
            6 => self.search::<6>(missing_code, values, codes),
            7 => self.search::<7>(missing_code, values, codes),
            _ => self.search::<8>(missing_code, values, codes),
        }
    }

    /// The search among 2^STEPS cut points: unrolled, without branches or bounds checks.
    fn search<const STEPS: u32>(&self, missing_code: u8, values: &[T], codes: &mut [u8]) {
        let (flights, rest) = values.as_chunks::<FLIGHT>();
        let (code_flights, code_rest) = codes.as_chunks_mut::<FLIGHT>();
        for (flight, out) in flights.iter().zip(code_flights) {
            *out = self.search_flight::<FLIGHT, STEPS>(missing_code, flight);
        }
        for (value, out) in rest.iter().zip(code_rest) {
            [*out] = self.search_flight::<1, STEPS>(missing_code, &[*value]);
        }
    }

    #[inline(always)]
    fn search_flight<const N: usize, const STEPS: u32>(
        &self,
        missing_code: u8,
        values: &[T; N],
    ) -> [u8; N] {
        let starts = values.map(|value| self.buckets.of(value));
        let mut codes = [0; N];
        for ((code, value), bucket) in codes.iter_mut().zip(values).zip(starts) {
            let mut below = usize::from(self.starts[bucket]);
            for step in (0..STEPS).rev() {
                let above = below + (1 << step);
                // The mask changes nothing (`above` is at most 256) but spares a bounds check.
                let is_above = self.cuts[(above - 1) & (CODES_MAX - 1)] < *value;
                below = hint::select_unpredictable(is_above, above, below);
            }
            // Only NaN differs from itself.
            let is_missing = value.partial_cmp(value).is_none();
            *code = if is_missing {
                missing_code
            } else {
                below as u8
            };
        }
        codes
    }
}
