//! The best node split of a node, out of its histograms.
//!
//! Ties are broken by (gain, feature, missing to the right before left, bin), so that the answer
//! does not depend on the order of the columns.

use crate::{
    data::PackMember,
    learner::gbdt::{
        constraints::FeatureConstraints,
        features::FeatureCodes,
        gain::{NodeTotals, Regularisation},
        histogram::{Sums, marginalise},
        value_range::ValueRange,
    },
    limits::CODES_MAX,
    model::Rule,
};

/// Added to the hessian when categories are ordered, so that rare ones lie in the middle
/// (LightGBM's `cat_smooth`).
const CATEGORY_SMOOTHING: f64 = 10.0;
/// Added to the L2 penalty where there are more categories than [`CATEGORIES_FEW`] (LightGBM's
/// `cat_l2`): choosing among many subsets finds gains in noise.
const CATEGORY_L2: f64 = 10.0;
/// Up to this many categories in a node, subsets are no freer than thresholds.
const CATEGORIES_FEW: usize = 4;

/// A node split and what it would bring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    /// Loss removed, above the smallest gain allowed.
    pub gain: f64,
    /// Index into the booster's features.
    pub feature: u32,
    /// The rule for codes that go left, the missing code apart.
    pub rule: Rule,
    /// True if missing values go left.
    pub missing_left: bool,
    /// The left child's sums.
    pub left: Sums,
}

impl Candidate {
    /// True if this beats the other, or there is no other.
    pub(crate) fn is_better(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| {
            self.gain > other.gain || (self.gain == other.gain && self.feature < other.feature)
        })
    }
}

/// A node as the search sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeView<'a> {
    /// Its rows.
    pub totals: NodeTotals,
    /// The range of its leaves' values.
    pub range: ValueRange,
    /// By feature, whether the node may be split on it.
    pub used: &'a [bool],
}

/// Looks at the members of one byte column, given the node's joint histogram of it.
///
/// Cost O(256 * members).
pub(crate) fn search_column(
    joint: &[Sums],
    members: &[PackMember],
    features: &[FeatureCodes],
    constraints: &FeatureConstraints,
    node: NodeView<'_>,
    rules: &Regularisation,
    best: &mut Option<Candidate>,
) {
    let mut sums = [Sums::default(); CODES_MAX];
    for member in members {
        if !node.used[member.feature as usize] {
            continue;
        }
        let (stride, radix) = (usize::from(member.stride), usize::from(member.radix));
        marginalise(joint, stride, radix, &mut sums);
        let codes = &features[member.feature as usize];
        let search = FeatureSearch {
            feature: member.feature,
            values: &sums[..usize::from(codes.values)],
            missing: codes.missing.then(|| sums[usize::from(codes.values)]),
            node: node.totals,
            range: node.range,
            direction: constraints.direction(member.feature),
            rules,
        };
        let found = if codes.ordered {
            search.thresholds()
        } else {
            search.subsets()
        };
        if let Some(found) = found
            && found.is_better(best.as_ref())
        {
            *best = Some(found);
        }
    }
}

/// One feature of one node.
struct FeatureSearch<'a> {
    feature: u32,
    /// Sums by code, the missing code apart.
    values: &'a [Sums],
    /// Sums of missing values, if the feature has a code for them.
    missing: Option<Sums>,
    node: NodeTotals,
    range: ValueRange,
    direction: i8,
    rules: &'a Regularisation,
}

/// The best place in one scan: after how many steps, its gain, and what lies on the left.
#[derive(Clone, Copy)]
struct SplitPoint {
    step: usize,
    gain: f64,
    left: Sums,
}

impl FeatureSearch<'_> {
    /// The missing rows of this node; none if the feature has no code for them.
    fn missing_rows(&self) -> Sums {
        self.missing.unwrap_or_default()
    }

    /// Adds `steps` to the left child one by one and returns the best place to stop; the rest of the
    /// node lies on the right. The first of equal places wins.
    fn scan(
        &self,
        start: Sums,
        steps: impl Iterator<Item = Sums>,
        rules: &Regularisation,
    ) -> Option<SplitPoint> {
        let child_min = rules.child_hessian_units_min(self.node);
        let node_score = rules.score_within(self.node.sums, self.range);
        let is_free = self.direction == 0 && self.range.is_free();
        let mut best: Option<SplitPoint> = None;
        let mut left = start;
        for (step, sums) in steps.enumerate() {
            if sums.hessian == 0 {
                continue;
            }
            left += sums;
            let right = self.node.sums - left;
            if right.hessian < child_min {
                break;
            }
            if left.hessian < child_min {
                continue;
            }
            let gain = if is_free {
                rules.gain(node_score, left, right)
            } else {
                rules.gain_within(node_score, [left, right], self.range, self.direction)
            };
            if let Some(gain) = gain
                && best.is_none_or(|best| gain > best.gain)
            {
                best = Some(SplitPoint { step, gain, left });
            }
        }
        best
    }

    /// The best threshold. Both directions for missing values are tried if the node has any;
    /// otherwise they go to the child with the larger hessian.
    fn thresholds(&self) -> Option<Candidate> {
        let missing = self.missing_rows();
        let values = || self.values.iter().copied();
        let mut best = self
            .scan(Sums::default(), values(), self.rules)
            .map(|place| self.threshold(place, false));
        if missing.hessian > 0 {
            let left = self
                .scan(missing, values(), self.rules)
                .map(|place| self.threshold(place, true));
            if left.is_some_and(|left| best.is_none_or(|best| left.gain > best.gain)) {
                best = left;
            }
        } else if let Some(best) = &mut best {
            best.missing_left = self.left_is_heavier(best.left);
        }
        best
    }

    fn threshold(&self, place: SplitPoint, missing_left: bool) -> Candidate {
        Candidate {
            gain: place.gain,
            feature: self.feature,
            rule: Rule::AtMost(place.step as u8),
            missing_left,
            left: place.left,
        }
    }

    /// The best subset of categories: for a sum of squares it is contiguous in the order of the
    /// slopes (Fisher 1958). Missing is a category like the others while there are missing rows;
    /// categories the node does not have go to the child with the larger hessian.
    fn subsets(&self) -> Option<Candidate> {
        let missing_code = self.values.len();
        let with_missing = self.values.iter().copied().chain([self.missing_rows()]);
        let mut present: Vec<(usize, Sums)> = with_missing
            .enumerate()
            .filter(|(_, sums)| sums.hessian > 0)
            .collect();
        let slope = |sums: Sums| self.rules.slope(sums, CATEGORY_SMOOTHING);
        present.sort_by(|a, b| slope(a.1).total_cmp(&slope(b.1)).then(a.0.cmp(&b.0)));
        let mut rules = *self.rules;
        if present.len() > CATEGORIES_FEW {
            rules = rules.with_more_l2(CATEGORY_L2);
        }
        let steps = present.iter().map(|&(_, sums)| sums);
        let place = self.scan(Sums::default(), steps, &rules)?;
        let mut left_codes = [false; CODES_MAX + 1];
        let absent_left = self.left_is_heavier(place.left);
        left_codes[..=missing_code].fill(absent_left);
        for (index, &(code, _)) in present.iter().enumerate() {
            left_codes[code] = index <= place.step;
        }
        let codes = (0..missing_code).filter(|&code| left_codes[code]);
        Some(Candidate {
            gain: place.gain,
            feature: self.feature,
            rule: Rule::subset(codes.map(|code| code as u8)),
            missing_left: left_codes[missing_code],
            left: place.left,
        })
    }

    fn left_is_heavier(&self, left: Sums) -> bool {
        left.hessian > (self.node.sums - left).hessian
    }
}

#[cfg(test)]
mod tests;
