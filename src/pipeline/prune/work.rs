//! The plan of the exact sums: features by pass, so that each pass fits in memory.

use crate::{
    pipeline::{
        prepare::survey::{FeatureSurvey, SurveyedValues},
        prune::screening::ScreenResult,
    },
    stats::{CoMomentsPlan, Moments, comoments::Shift},
};

/// Columns of a component that are compared. Column 0 is the target's label, column `i` the feature
/// `features[i - 1]`.
#[derive(Debug, Clone)]
pub(crate) struct Component {
    /// The features, ascending.
    pub features: Vec<usize>,
    /// All pairs of them, and of each with the label.
    pub plan: CoMomentsPlan,
    /// The value that most rows of each feature have; NaN where there is none.
    pub majorities: Vec<f64>,
}

/// A strip of a component's triangle.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The component.
    pub component: usize,
    /// The strip of its plan.
    pub plan: CoMomentsPlan,
}

/// A pair that is taken around its own means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClosePair {
    /// The features.
    pub features: [usize; 2],
    /// The shift and scale of their values.
    pub shifts: [Shift; 2],
}

/// The sums of one pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    /// Sums of products.
    pub items: Vec<Item>,
    /// Pairs taken around their own means.
    pub pairs: Vec<ClosePair>,
    /// Features whose values are hashed.
    pub hashed: Vec<usize>,
}

/// All of it: the components and the passes over them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    /// The components.
    pub components: Vec<Component>,
    /// One a pass.
    pub steps: Vec<Step>,
}

impl Component {
    /// The columns of a component with their moments. `majorities` are of all features.
    pub(crate) fn new(
        features: &[usize],
        survey: &[FeatureSurvey],
        label: &Moments,
        majorities: &[f64],
    ) -> Self {
        let moments = features.iter().map(|feature| moments_of(&survey[*feature]));
        Self {
            features: features.to_vec(),
            plan: CoMomentsPlan::new(std::iter::once(label).chain(moments)),
            majorities: features
                .iter()
                .map(|feature| majorities[*feature])
                .collect(),
        }
    }
}

/// The moments of a numeric feature.
///
/// # Panics
/// If it is a text.
pub(crate) fn moments_of(survey: &FeatureSurvey) -> &Moments {
    match &survey.values {
        SurveyedValues::Numeric(moments) => moments,
        SurveyedValues::Text(_) => unreachable!("only numbers are correlated"),
    }
}

impl Work {
    /// Plans the passes over the columns that the screen left. The sums of one pass take about `sums_bytes` where they
    /// can be cut so small.
    pub(crate) fn new(
        screen: &ScreenResult,
        survey: &[FeatureSurvey],
        label: &Moments,
        majorities: &[f64],
        sums_bytes: u64,
    ) -> Self {
        let components: Vec<Component> = screen
            .components
            .iter()
            .map(|features| Component::new(features, survey, label, majorities))
            .collect();
        let mut steps = vec![Step {
            hashed: screen.hashed.clone(),
            ..Step::default()
        }];
        let mut used = 0;
        for (component, of) in components.iter().enumerate() {
            for strip in of.plan.strips(sums_bytes) {
                let plan = of.plan.for_strip(strip);
                let bytes = plan.sums_bytes();
                if used > 0 && used + bytes > sums_bytes {
                    steps.push(Step::default());
                    used = 0;
                }
                used += bytes;
                let step = steps.last_mut().expect("there is a step");
                step.items.push(Item { component, plan });
            }
        }
        steps.retain(|step| !step.is_empty());
        Self { components, steps }
    }
}

impl Step {
    /// True without any work.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.pairs.is_empty() && self.hashed.is_empty()
    }

    /// The features that are read, ascending.
    pub(crate) fn features(&self, components: &[Component]) -> Vec<usize> {
        let of_items = self.items.iter().flat_map(|item| {
            let features = &components[item.component].features;
            // A strip reads the columns up to its end; the first one is the label.
            &features[..item.plan.columns_read().saturating_sub(1)]
        });
        let of_pairs = self.pairs.iter().flat_map(|pair| &pair.features);
        let mut features: Vec<usize> = of_items
            .chain(of_pairs)
            .chain(&self.hashed)
            .copied()
            .collect();
        features.sort_unstable();
        features.dedup();
        features
    }
}
