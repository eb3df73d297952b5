//! The step of a training that prunes: between the survey and the cut points.
//!
//! The columns under suspicion are read once more, and they alone, before anything is binned: a
//! dropped column has no cut points and no codes, and nothing reads it again.

use crate::{
    data::roles::Excluded,
    engine::{Context, PassReport},
    error::Result,
    limits::Limits,
    train::{
        job::Job,
        prune::{Findings, Pruning, findings::Finding},
        rows::RowsFile,
        survey::{FeatureSurvey, Survey},
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
    /// Looks at the training rows. The job's features and the survey are reduced to what is kept.
    ///
    /// # Errors
    /// When data or sample cannot be read, or nothing would be left.
    pub fn find(
        context: &Context<'_>,
        job: &mut Job,
        rows: &RowsFile,
        survey: &mut Survey,
        (pruning, limits, memory_bytes): (&Pruning, &Limits, u64),
    ) -> Result<(Self, Vec<PassReport>)> {
        let finding = Finding {
            job,
            rows,
            survey,
            pruning,
            limits,
            memory_bytes,
        };
        let (findings, reports) = finding.run(context)?;
        let this = Self {
            columns: job.roles.features.clone(),
            dropped: survey.leave_out(|feature| findings.verdicts[feature].is_kept()),
            findings,
        };
        this.apply(job);
        Ok((this, reports))
    }

    /// Takes the dropped columns from a job's features.
    pub fn apply(&self, job: &mut Job) {
        let roles = &mut job.roles;
        assert_eq!(
            roles.features, self.columns,
            "the features that were looked at"
        );
        roles.features.clear();
        for (column, verdict) in self.columns.iter().zip(&self.findings.verdicts) {
            if verdict.is_kept() {
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

    /// The place of a column among those that were looked at.
    pub fn feature_of(&self, column: usize) -> Option<usize> {
        self.columns.binary_search(&column).ok()
    }
}
