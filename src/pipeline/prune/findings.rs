//! The search for redundant columns, and its findings: a verdict on each column, and the reported pairs.

use crate::{
    data::Split,
    engine::{Context, PassReport, Progress},
    error::{Error, Result},
    limits::{BLOCK_ROWS, Limits},
    pipeline::{
        open::training_data::TrainingData,
        prepare::survey::{FeatureSurvey, Survey, SurveyedValues},
        prune::{
            correlate::{
                CorrelateSpec, Correlations, StepSums, SumsSpec, correlate, slice_rows_of,
            },
            options::Pruning,
            plan::budget,
            screening::{self, ScreenResult, ScreenSpec},
            work::Work,
        },
        storage::rows::RowsFile,
    },
    stats::{Moments, MomentsStream},
    transform::prune::{ColumnFacts, Pair, Verdict, decide, screen},
};

/// The verdicts on all features, and the evidence.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Findings {
    /// One a feature.
    pub verdicts: Vec<Verdict>,
    /// Reported pairs, by the indices of their features.
    pub pairs: Vec<Pair>,
    /// Pairs that were compared on all rows.
    pub verified: u64,
    /// The result of the screen; empty in exact mode.
    pub screen: ScreenResult,
    /// True if every pair of varying numbers was compared on all rows.
    pub exact: bool,
    /// Pairs of protected columns that reach the threshold.
    pub protected_pairs: usize,
    /// The options.
    pub pruning: Pruning,
}

/// The inputs of the search, which follows the survey.
pub(crate) struct RedundancySearch<'a> {
    /// The data; all its features are candidates.
    pub data: &'a TrainingData,
    /// Labels and splits; training rows count.
    pub rows: &'a RowsFile,
    /// Statistics and sample of the features.
    pub survey: &'a Survey,
    /// The options.
    pub pruning: &'a Pruning,
    /// True for each feature that is kept in any case.
    pub protected: Vec<bool>,
    /// Bounds.
    pub limits: &'a Limits,
    /// The memory limit.
    pub memory_bytes: u64,
}

/// The candidates of the screen, and the plan of the sums that decide on them.
pub(crate) struct Comparison {
    screen: ScreenResult,
    work: Work,
    slice_bytes: u64,
}

impl Comparison {
    /// True for a candidate.
    pub(crate) fn compares(&self, feature: usize) -> bool {
        let mut components = self.work.components.iter();
        components.any(|component| component.features.binary_search(&feature).is_ok())
            || self.screen.hashed.binary_search(&feature).is_ok()
    }
}

impl<'a> RedundancySearch<'a> {
    /// Screens, compares and decides.
    ///
    /// # Errors
    /// When data or sample cannot be read, or nothing would be left.
    pub(crate) fn run(&self, context: &Context<'_>) -> Result<(Findings, Vec<PassReport>)> {
        let comparison = self.screen(context)?;
        self.compare(context, comparison, None)
    }

    /// The sums that the binning pass can accumulate, and the rows of its slices. These are all sums, or only
    /// the first step's if all exceed the memory budget.
    pub(crate) fn sums<'b>(&self, comparison: &'b Comparison) -> Option<(SumsSpec<'b>, usize)>
    where
        'a: 'b,
    {
        let step = comparison.work.steps.first()?;
        let components = &comparison.work.components;
        let columns: Vec<usize> = (step.features(components).iter())
            .map(|feature| self.data.roles.features[*feature])
            .collect();
        let sums = SumsSpec {
            step,
            components,
            features: self.survey.features.len(),
            rows: self.rows,
        };
        Some((
            sums,
            slice_rows_of(self.data, &columns, comparison.slice_bytes),
        ))
    }

    /// Screens all pairs on the sample, unless every pair is to be compared on all rows.
    ///
    /// # Errors
    /// When the sample cannot be read.
    pub(crate) fn screen(&self, context: &Context<'_>) -> Result<Comparison> {
        let features = &self.survey.features;
        let budget = budget(self.memory_bytes, context.threads);
        let screen = ScreenSpec {
            schema: self.data.schema(),
            columns: &self.data.roles.features,
            survey: features,
            sample: &self.survey.sample,
            rows_max: self.limits.start_sample_rows,
            threshold: self.pruning.interest(),
            pairs_max: self.limits.prune_pairs_max,
            sums_bytes: budget.screen_bytes,
        };
        let result = if self.pruning.exact {
            screening::all_pairs(features)
        } else {
            screening::screened(context, &screen)?
        };
        say_screened(&result, context.progress);
        let label = label_moments(self.rows)?;
        let majorities = screening::majorities(context, &screen, &result)?;
        Ok(Comparison {
            work: Work::new(&result, features, &label, &majorities, budget.sums_bytes),
            screen: result,
            slice_bytes: budget.slice_bytes,
        })
    }

    /// Compares on all rows and decides. `taken` are the sums of [`Self::sums`], if a pass accumulated them.
    ///
    /// # Errors
    /// When the data cannot be read, or nothing would be left.
    pub(crate) fn compare(
        &self,
        context: &Context<'_>,
        comparison: Comparison,
        taken: Option<StepSums>,
    ) -> Result<(Findings, Vec<PassReport>)> {
        let spec = CorrelateSpec {
            data: self.data,
            rows: self.rows,
            survey: &self.survey.features,
            interest: self.pruning.interest(),
            pairs_max: self.limits.prune_pairs_max,
            slice_bytes: comparison.slice_bytes,
        };
        let (correlations, reports) = correlate(context, &spec, &comparison.work, taken)?;
        let findings = Findings::new(self, comparison.screen, correlations)?;
        Ok((findings, reports))
    }
}

impl Findings {
    /// Decides which features are kept.
    ///
    /// # Errors
    /// [`Error::Dataset`] when nothing would.
    fn new(
        search: &RedundancySearch<'_>,
        screen: ScreenResult,
        correlations: Correlations,
    ) -> Result<Self> {
        let RedundancySearch { data, pruning, .. } = *search;
        let name = |feature: usize| &data.schema().fields[data.roles.features[feature]].name;
        let surveyed = search.survey.features.iter().enumerate();
        let facts: Vec<ColumnFacts> = surveyed
            .map(|(feature, found)| ColumnFacts {
                name: name(feature).clone(),
                protected: search.protected[feature],
                target_correlation: correlations.with_target[feature],
                varied_rows: correlations.varied_rows[feature],
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
            pairs: match pruning.report {
                Some(_) => correlations.pairs,
                None => Vec::new(),
            },
            verified: correlations.verified,
            exact: pruning.exact || screen.overflowed,
            screen,
            protected_pairs: decision.protected_pairs,
            pruning: pruning.clone(),
        })
    }

    /// The number of columns with a verdict of some kind.
    pub(crate) fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.verdicts.iter().filter(|verdict| is(verdict)).count()
    }

    /// The guarantee on the kept columns, in a sentence.
    pub(crate) fn promise(&self) -> String {
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

/// Shows the result of the screen.
fn say_screened(found: &ScreenResult, progress: &dyn Progress) {
    if found.overflowed {
        progress.message(
            "correlation screen: too many candidate pairs; every pair is compared on all rows, as with \
             --exact-correlation",
        );
    } else if found.screened_pairs > 0 {
        progress.message(&format!(
            "correlation screen: {} of {} pairs are candidates; {} columns need all rows",
            found.candidates, found.screened_pairs, found.unjudged
        ));
    }
}

/// The moments of the counted rows' labels.
///
/// # Errors
/// When the rows file cannot be read.
fn label_moments(rows: &RowsFile) -> Result<Moments> {
    let (mut labels, mut splits) = (Vec::new(), Vec::new());
    let mut stream = MomentsStream::default();
    for block in 0..rows.blocks() {
        let first_row = (block * BLOCK_ROWS) as u64;
        let block_rows = rows.block_rows(block);
        rows.read_labels(first_row, block_rows, &mut labels)?;
        rows.read_splits(first_row, block_rows, &mut splits)?;
        let mut kept = 0;
        for (index, split) in splits.iter().enumerate() {
            if *split == Split::Train as u8 {
                labels[kept] = labels[index];
                kept += 1;
            }
        }
        stream.update_f32(&labels[..kept]);
    }
    Ok(stream.finish())
}
