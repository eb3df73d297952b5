//! The result of pruning inside a training run: the dropped columns and their statistics.

use crate::{
    columns::roles::Excluded,
    pipeline::{
        open::training_data::TrainingData,
        prepare::survey::{FeatureSurvey, Survey},
        prune::findings::Findings,
    },
};

/// The verdicts of pruning on the training rows of a run.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct PrunedInTraining {
    /// The columns that were features before, as indexes into the schema.
    pub columns: Vec<usize>,
    /// The statistics of the dropped columns.
    pub dropped: Vec<Option<FeatureSurvey>>,
    /// The verdict on each of them.
    pub findings: Findings,
}

impl PrunedInTraining {
    /// Reduces the data's features and their survey to what is kept.
    pub(crate) fn new(findings: Findings, data: &mut TrainingData, survey: &mut Survey) -> Self {
        let this = Self {
            columns: data.roles.features.clone(),
            dropped: survey.leave_out(|feature| findings.verdicts[feature].is_kept()),
            findings,
        };
        this.apply(data);
        this
    }

    /// Takes the dropped columns from a data's features.
    pub(crate) fn apply(&self, data: &mut TrainingData) {
        let roles = &mut data.roles;
        assert_eq!(roles.features, self.columns, "the features before pruning");
        roles.features.clear();
        for (column, kept) in self.columns.iter().zip(self.kept()) {
            if kept {
                roles.features.push(*column);
            } else {
                roles.excluded.push(Excluded {
                    column: *column,
                    reason: "pruned".to_owned(),
                });
            }
        }
        roles.excluded.sort_by_key(|excluded| excluded.column);
    }

    /// True for each column that is kept.
    pub(crate) fn kept(&self) -> Vec<bool> {
        let verdicts = self.findings.verdicts.iter();
        verdicts.map(|verdict| verdict.is_kept()).collect()
    }

    /// The index of a column among the features before pruning.
    pub(crate) fn feature_of(&self, column: usize) -> Option<usize> {
        self.columns.binary_search(&column).ok()
    }
}
