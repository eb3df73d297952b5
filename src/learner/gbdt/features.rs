//! What the booster knows of a feature: its codes, not its values.

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use crate::{
    data::CodeLayout,
    group::hash::{Purpose, row_hash},
    limits::CODES_MAX,
};

/// The codes of one feature: `0..values` for values, then one for missing if it has a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureCodes {
    /// Codes of values that are not missing, at least 1.
    pub values: u16,
    /// Whether the code `values` means missing.
    pub missing: bool,
    /// Whether the codes are in the order of the values (numbers), or are categories.
    pub ordered: bool,
}

impl FeatureCodes {
    /// A number with this many bins.
    pub fn number(values: u16, missing: bool) -> Self {
        Self {
            values,
            missing,
            ordered: true,
        }
    }

    /// A text with this many categories, the one for `other` included.
    pub fn categories(values: u16, missing: bool) -> Self {
        Self {
            values,
            missing,
            ordered: false,
        }
    }

    /// How many codes there are in all.
    pub fn radix(&self) -> u16 {
        self.values + u16::from(self.missing)
    }
}

/// Asserts that features and layout belong together.
pub(super) fn assert_layout(features: &[FeatureCodes], layout: &CodeLayout) {
    for members in &layout.byte_columns {
        let mut product = 1;
        for member in members {
            let feature = &features[member.feature as usize];
            assert_eq!(usize::from(member.stride), product);
            assert!(member.radix >= feature.radix());
            product *= usize::from(member.radix);
        }
        assert!(product <= CODES_MAX);
    }
}

/// Which features a round may split on: a share of those laid out, drawn without replacement.
///
/// The draw depends on seed and round alone.
pub(super) fn sample_features(
    layout: &CodeLayout,
    features: usize,
    fraction: f64,
    seed: u64,
    round: u32,
) -> Vec<bool> {
    let members = layout.byte_columns.iter().flatten();
    let mut laid_out: Vec<usize> = members.map(|member| member.feature as usize).collect();
    laid_out.sort_unstable();
    let wanted = (laid_out.len() as f64 * fraction).round() as usize;
    let wanted = wanted.clamp(1.min(laid_out.len()), laid_out.len());
    let mut state = Xoshiro256PlusPlus::seed_from_u64(row_hash(
        seed,
        u64::from(round),
        u32::MAX,
        Purpose::TreeSample,
    ));
    let mut used = vec![false; features];
    for drawn in 0..wanted {
        let left = (laid_out.len() - drawn) as u64;
        // A 64-bit product keeps the bias below 2^-32.
        let step = ((state.next_u64() >> 32) * left) >> 32;
        laid_out.swap(drawn, drawn + step as usize);
        used[laid_out[drawn]] = true;
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(fraction: f64, seed: u64, round: u32) -> usize {
        let used = sample_features(&CodeLayout::identity(100), 100, fraction, seed, round);
        used.into_iter().filter(|&used| used).count()
    }

    #[test]
    fn draws_the_share_asked_for_and_at_least_one() {
        assert_eq!(drawn(1.0, 1, 0), 100);
        assert_eq!(drawn(0.3, 1, 0), 30);
        assert_eq!(drawn(1e-9, 1, 0), 1);
        assert!(sample_features(&CodeLayout::default(), 3, 1.0, 1, 0) == [false; 3]);
    }

    #[test]
    fn seed_and_round_decide() {
        let layout = CodeLayout::identity(50);
        let draw = |seed, round| sample_features(&layout, 50, 0.5, seed, round);
        assert_eq!(draw(7, 3), draw(7, 3));
        assert_ne!(draw(7, 3), draw(7, 4));
        assert_ne!(draw(7, 3), draw(8, 3));
    }
}
