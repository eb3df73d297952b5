//! Results of the passes over the source, stored beside rows and codes for other runs.

use std::borrow::Cow;

use crate::{
    data::CodeLayout,
    group::{GroupTable, SplitProof, assign::Assignment},
    limits::CODES_MAX,
    model::{Bins, FeatureSpec},
    pipeline::{
        open::target::{DistinctValues, Target},
        prepare::{assign::Assigned, survey::FeatureSurvey},
        prune::in_training::PrunedInTraining,
        storage::selection::RowSample,
    },
};

/// Bytes of a feature's name, moments and place, as a rule.
const FEATURE_BYTES: usize = 256;

/// Results of scan, assignment, survey, pruning and cut points.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct PassResults<'a> {
    /// The target's values, where they define its classes.
    pub values: Option<DistinctValues>,
    /// Statistics of each feature.
    pub survey: Cow<'a, [FeatureSurvey]>,
    /// The result of pruning, where columns are pruned.
    pub pruned: Option<Cow<'a, PrunedInTraining>>,
    features: Cow<'a, [FeatureSpec]>,
    radices: Vec<u16>,
    layout: CodeLayout,
    /// Of each byte column of the file, whether it is in the layout.
    pub in_layout: Vec<bool>,
    assignment: Option<Assignment>,
    warnings: Vec<String>,
    class_rows: [Vec<u64>; 3],
    unlabelled_rows: u64,
    label_center: f64,
    train_weight: f64,
    proof: Option<SplitProof>,
    content_hash: u64,
    seed: u64,
}

impl<'a> PassResults<'a> {
    /// The results of these passes. `warnings` are those about the data alone.
    pub(crate) fn new(
        target: &Target,
        assigned: &Assigned,
        warnings: Vec<String>,
        survey: &'a [FeatureSurvey],
        bins: &'a Bins,
    ) -> Self {
        Self {
            values: target.values(),
            survey: Cow::Borrowed(survey),
            pruned: None,
            features: Cow::Borrowed(&bins.features),
            radices: bins.radices.clone(),
            layout: bins.layout.clone(),
            in_layout: bins.in_layout.clone(),
            assignment: assigned.assignment.clone(),
            warnings,
            class_rows: assigned.class_rows.clone(),
            unlabelled_rows: assigned.unlabelled_rows,
            label_center: assigned.label_center,
            train_weight: assigned.train_weight,
            proof: assigned.proof,
            content_hash: assigned.content_hash,
            seed: assigned.sample.seed(),
        }
    }

    /// The same with the results of pruning.
    #[must_use]
    pub(crate) fn with_pruned(self, pruned: Option<&'a PrunedInTraining>) -> Self {
        Self {
            pruned: pruned.map(Cow::Borrowed),
            ..self
        }
    }

    /// Assignment, survey and bins of these results. The sample is empty.
    pub(crate) fn open(self, groups: Option<GroupTable>) -> (Assigned, Vec<FeatureSurvey>, Bins) {
        let bins = Bins {
            features: self.features.into_owned(),
            radices: self.radices,
            layout: self.layout,
            in_layout: self.in_layout,
        };
        let assigned = Assigned {
            assignment: self.assignment,
            warnings: self.warnings,
            class_rows: self.class_rows,
            unlabelled_rows: self.unlabelled_rows,
            label_center: self.label_center,
            train_weight: self.train_weight,
            proof: self.proof,
            groups,
            sample: RowSample::new(self.seed, 0, []),
            content_hash: self.content_hash,
        };
        (assigned, self.survey.into_owned(), bins)
    }

    /// Bytes of its serialised form for so many features, texts' categories apart.
    pub(crate) fn bytes_max(features: usize) -> u64 {
        (features * (CODES_MAX * size_of::<f64>() + FEATURE_BYTES)) as u64
    }
}
