//! The input of the comparison.

use crate::{baseline::Baseline, stats::metrics::ClassCounts};

/// The baseline and the classes to compare.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeltaInput<'a> {
    /// The baseline.
    pub baseline: &'a Baseline,
    /// The class names in class order; class 0 is no site.
    pub classes: &'a [String],
    /// True if groups carry the base scores' counts.
    pub has_base_scores: bool,
}

/// The counts of the model, and of the base scores, on the rows of one held-out group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupOutcome {
    /// The group's name, as the baseline spells it.
    pub name: String,
    /// The model: each class against the rest, in class order.
    pub model: Vec<ClassCounts>,
    /// The base scores' most likely class on the same rows.
    pub base: Option<Vec<ClassCounts>>,
}

impl<'a> DeltaInput<'a> {
    /// The comparisons of a group: (kind of site in the baseline, class of the model). With two
    /// classes one, of all kinds together.
    pub(super) fn sites(&self) -> Vec<(Option<&'a str>, usize)> {
        if self.classes.len() == 2 {
            return vec![(None, 1)];
        }
        let sites = self.baseline.sites();
        (0..self.classes.len())
            .filter_map(|class| {
                let site = sites.iter().find(|site| **site == self.classes[class])?;
                Some((Some(*site), class))
            })
            .collect()
    }
}
