//! What pruning found in a training, and what it leaves of the run's columns.

use crate::{
    columns::roles::Excluded,
    pipeline::{
        open::training_data::TrainingData,
        prepare::survey::{FeatureSurvey, Survey},
        prune::findings::Findings,
    },
};

/// What pruning found in the training rows of a run.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct PrunedInTraining {
    /// The columns that were features before, as indexes into the schema.
    pub columns: Vec<usize>,
    /// What the survey found of those that were dropped.
    pub dropped: Vec<Option<FeatureSurvey>>,
    /// The verdict on each of them.
    pub findings: Findings,
}

impl PrunedInTraining {
    /// Reduces the data's features and their survey to what is kept.
    pub fn new(findings: Findings, data: &mut TrainingData, survey: &mut Survey) -> Self {
        let this = Self {
            columns: data.roles.features.clone(),
            dropped: survey.leave_out(|feature| findings.verdicts[feature].is_kept()),
            findings,
        };
        this.apply(data);
        this
    }

    /// Takes the dropped columns from a data's features.
    pub fn apply(&self, data: &mut TrainingData) {
        let roles = &mut data.roles;
        assert_eq!(
            roles.features, self.columns,
            "the features that were looked at"
        );
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

    /// Whether each of the columns is kept.
    pub fn kept(&self) -> Vec<bool> {
        let verdicts = self.findings.verdicts.iter();
        verdicts.map(|verdict| verdict.is_kept()).collect()
    }

    /// The place of a column among those that were looked at.
    pub fn feature_of(&self, column: usize) -> Option<usize> {
        self.columns.binary_search(&column).ok()
    }
}
