//! What is known of all columns in the end: verdicts, pairs, and how they were found.

use crate::{
    error::{Error, Result},
    train::{
        job::Job,
        prune::{Pruning, correlate::Correlations, suspects::Suspects},
        survey::{FeatureSurvey, SurveyedValues},
    },
    transform::prune::{ColumnFacts, Pair, Verdict, decide, screen},
};

/// The verdicts on all features, and what they rest on.
#[derive(Debug, Clone)]
pub struct Findings {
    /// One a feature.
    pub verdicts: Vec<Verdict>,
    /// Pairs with an |r| of interest, by the numbers of their features.
    pub pairs: Vec<Pair>,
    /// Pairs that were compared on all rows.
    pub verified: u64,
    /// What the screen said; nothing of it in exact mode.
    pub suspects: Suspects,
    /// Whether every pair of varying numbers was compared on all rows.
    pub exact: bool,
    /// Pairs of protected columns that reach the threshold.
    pub protected_pairs: usize,
    /// What was asked.
    pub pruning: Pruning,
}

impl Findings {
    /// Decides what stays.
    ///
    /// # Errors
    /// [`Error::Dataset`] when nothing would.
    pub fn new(
        job: &Job,
        survey: &[FeatureSurvey],
        pruning: &Pruning,
        suspects: Suspects,
        correlations: Correlations,
    ) -> Result<Self> {
        let protected = pruning.protected(job)?;
        let facts: Vec<ColumnFacts> = survey
            .iter()
            .enumerate()
            .map(|(feature, found)| ColumnFacts {
                name: job.schema().fields[job.roles.features[feature]]
                    .name
                    .clone(),
                protected: protected[feature],
                target_correlation: correlations.with_target[feature],
                ..facts_of(found)
            })
            .collect();
        let decision = decide(&facts, &correlations.pairs, &pruning.rules);
        if !decision.verdicts.iter().any(Verdict::is_kept) {
            return Err(Error::Dataset(format!(
                "none of the {} columns would be left after pruning: all are constant or vary too little; lower --var-thr, or check --exclude",
                facts.len()
            )));
        }
        Ok(Self {
            verdicts: decision.verdicts,
            pairs: correlations.pairs,
            verified: correlations.verified,
            exact: pruning.exact || suspects.overflowed,
            suspects,
            protected_pairs: decision.protected_pairs,
            pruning: pruning.clone(),
        })
    }

    /// How many columns have a verdict of some kind.
    pub fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.verdicts.iter().filter(|verdict| is(verdict)).count()
    }

    /// What is promised of the kept columns, in a sentence.
    pub fn promise(&self) -> String {
        let threshold = self.pruning.rules.correlation;
        let mut text = if self.exact {
            format!(
                "no two kept columns have |r| >= {threshold}: all {} pairs were compared on all rows",
                self.verified
            )
        } else {
            format!(
                "no two kept columns have |r| >= {threshold} among the {} pairs compared on all rows; the other pairs are below it on a sample by at least the larger of {} and 6 of their standard deviations",
                self.verified,
                screen::MARGIN_MIN
            )
        };
        if self.protected_pairs > 0 {
            text.push_str(&format!(
                "; {} pair(s) of protected columns that reach it are kept",
                self.protected_pairs
            ));
        }
        text
    }
}

fn facts_of(survey: &FeatureSurvey) -> ColumnFacts {
    match &survey.values {
        SurveyedValues::Numeric(moments) => ColumnFacts {
            missing: moments.rows() - moments.count,
            constant: moments.is_constant(),
            variance: moments.variance(),
            ..ColumnFacts::default()
        },
        SurveyedValues::Text(counts) => {
            let found = counts.finish(0);
            let missing = found.missing_rows > 0;
            ColumnFacts {
                missing: found.missing_rows,
                constant: found.distinct + u64::from(missing) <= 1,
                ..ColumnFacts::default()
            }
        }
    }
}
