//! The features of the booster: codes, not values.

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use crate::{
    data::CodeLayout,
    group::hash::{Purpose, row_hash},
    learner::gbdt::BoosterOptions,
    limits::CODES_MAX,
    model::{Bins, FeatureSpec},
};

/// The codes of one feature: `0..values` for values, then one for missing if it has a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureCodes {
    /// Codes of values that are not missing, at least 1.
    pub values: u16,
    /// True if the code `values` means missing.
    pub missing: bool,
    /// True if the codes are in the order of the values (numbers), false for categories.
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

    /// The codes of all features of bins.
    pub fn of(bins: &Bins) -> Vec<Self> {
        let codes = |(feature, radix): (&FeatureSpec, &u16)| {
            let values = feature.binning.codes_without_missing();
            Self {
                values,
                missing: *radix > values,
                ordered: !feature.is_text(),
            }
        };
        bins.features.iter().zip(&bins.radices).map(codes).collect()
    }

    /// The number of codes, the one for missing included.
    pub fn radix(&self) -> u16 {
        self.values + u16::from(self.missing)
    }
}

/// Asserts that features and layout belong together. A byte column may hold codes of features that
/// were left out: strides may have gaps.
pub(super) fn assert_layout(features: &[FeatureCodes], layout: &CodeLayout) {
    for members in &layout.byte_columns {
        let mut product = 1;
        for member in members {
            let feature = &features[member.feature as usize];
            assert!(usize::from(member.stride) >= product);
            assert!(member.radix >= feature.radix());
            product = usize::from(member.stride) * usize::from(member.radix);
        }
        assert!(product <= CODES_MAX);
    }
}

/// The features that trees, levels and nodes may split on: shares drawn without replacement, a node's
/// from its level's and a level's from its tree's (XGBoost's `colsample_by*`).
///
/// The draws depend on seed, round, depth and the node's place in its tree alone.
#[derive(Debug, Clone)]
pub(crate) struct FeatureDraw {
    used: Vec<bool>,
    level_fraction: f64,
    node_fraction: f64,
    seed: u64,
    round: u32,
}

impl FeatureDraw {
    /// Draws a round's features from those laid out.
    pub(crate) fn new(
        layout: &CodeLayout,
        features: usize,
        options: &BoosterOptions,
        round: u32,
    ) -> Self {
        let mut laid_out = vec![false; features];
        for member in layout.byte_columns.iter().flatten() {
            laid_out[member.feature as usize] = true;
        }
        let seed = options.seed;
        let key = row_hash(seed, u64::from(round), u32::MAX, Purpose::TreeSample);
        Self {
            used: draw(&laid_out, options.colsample_bytree, key),
            level_fraction: options.colsample_bylevel,
            node_fraction: options.colsample_bynode,
            seed,
            round,
        }
    }

    /// The features of the round's trees.
    pub(crate) fn used(&self) -> &[bool] {
        &self.used
    }

    /// The features of a node, given its depth, its key and the output of its tree.
    pub(crate) fn of_node(&self, depth: u32, node_key: u64, output: usize) -> Vec<bool> {
        let mut used = self.used.clone();
        if self.level_fraction < 1.0 {
            let round = u64::from(self.round);
            let key = row_hash(self.seed, round, depth, Purpose::TreeSample);
            used = draw(&used, self.level_fraction, key);
        }
        if self.node_fraction < 1.0 {
            let of_round = row_hash(self.seed, node_key, self.round, Purpose::TreeSample);
            let key = row_hash(of_round, output as u64, depth, Purpose::TreeSample);
            used = draw(&used, self.node_fraction, key);
        }
        used
    }
}

/// A share of the features of a set, at least one if it has any.
fn draw(from: &[bool], fraction: f64, key: u64) -> Vec<bool> {
    let mut left: Vec<usize> = (0..from.len()).filter(|&feature| from[feature]).collect();
    let wanted = (left.len() as f64 * fraction).round() as usize;
    let wanted = wanted.clamp(1.min(left.len()), left.len());
    let mut state = Xoshiro256PlusPlus::seed_from_u64(key);
    let mut drawn = vec![false; from.len()];
    for place in 0..wanted {
        let others = (left.len() - place) as u64;
        // A 64-bit product keeps the bias below 2^-32.
        let step = ((state.next_u64() >> 32) * others) >> 32;
        left.swap(place, place + step as usize);
        drawn[left[place]] = true;
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(features: usize, fractions: [f64; 3], seed: u64, round: u32) -> FeatureDraw {
        let options = BoosterOptions {
            colsample_bytree: fractions[0],
            colsample_bylevel: fractions[1],
            colsample_bynode: fractions[2],
            seed,
            ..BoosterOptions::depth_wise()
        };
        FeatureDraw::new(&CodeLayout::identity(features), features, &options, round)
    }

    fn count(used: &[bool]) -> usize {
        used.iter().filter(|&&used| used).count()
    }

    #[test]
    fn draws_the_share_asked_for_and_at_least_one() {
        let drawn = |fraction| count(draws(100, [fraction, 1.0, 1.0], 1, 0).used());
        assert_eq!((drawn(1.0), drawn(0.3), drawn(1e-9)), (100, 30, 1));
        let none = FeatureDraw::new(&CodeLayout::default(), 3, &BoosterOptions::depth_wise(), 0);
        assert_eq!(none.used(), [false; 3]);
    }

    #[test]
    fn seed_and_round_decide() {
        let draw = |seed, round| draws(50, [0.5, 1.0, 1.0], seed, round).used().to_vec();
        assert_eq!(draw(7, 3), draw(7, 3));
        assert_ne!(draw(7, 3), draw(7, 4));
        assert_ne!(draw(7, 3), draw(8, 3));
    }

    #[test]
    fn levels_draw_from_trees_and_nodes_from_levels() {
        let draw = draws(100, [0.8, 0.5, 0.5], 7, 3);
        let by_level = draws(100, [0.8, 0.5, 1.0], 7, 3);
        let level = by_level.of_node(2, 11, 0);
        assert_eq!(level, by_level.of_node(2, 12, 1));
        assert_ne!(level, by_level.of_node(3, 11, 0));
        let node = draw.of_node(2, 11, 0);
        assert_eq!(
            [count(draw.used()), count(&level), count(&node)],
            [80, 40, 20]
        );
        let is_part = |part: &[bool], whole: &[bool]| part.iter().zip(whole).all(|(a, b)| a <= b);
        assert!(is_part(&node, &level) && is_part(&level, draw.used()));
        assert_ne!(node, draw.of_node(2, 12, 0));
        assert_ne!(node, draw.of_node(2, 11, 1));
    }
}
