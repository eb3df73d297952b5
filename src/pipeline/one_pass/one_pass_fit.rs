//! The fit over rows that are read once: every slice is counted, then goes to the learner.

use crate::{
    data::{Split, Values},
    engine::Slice,
    error::{Error, Result},
    group::{
        assign::{self, Assignment, Shares, Warning},
        table::GroupTable,
    },
    learner::{ModelSpec, incremental::OnlineTrees},
    model::FeatureSpec,
    pipeline::{
        fit::{
            context::{FitContext, Fitted},
            finished_model,
        },
        incremental::{
            earlier_learner::EarlierLearner,
            learner_file::{Mark, Position},
            saver::Saver,
            trees::new_learner,
        },
        one_pass::{
            first_rows::{DESIGN_ROWS, FirstRows},
            learner::OnePassLearner,
            linear::{OnePassLinear, Setup},
            rows::{Counts, Places, SliceRows},
            slice::{OnePassSlice, row_indices},
            source::{self, Source},
            trees::OnePassTrees,
        },
        options::{IncrementalOptions, SplitOptions},
        prepare::{
            assign::Assigned,
            split_checks::{check_train_weight, row_warnings},
            survey::{FeatureSurvey, SurveyedValues, empty_survey},
        },
        storage::selection::RowSample,
    },
    stats::MomentsStream,
    text::size::grouped,
};

/// Options of a one-pass run.
#[derive(Clone, Copy)]
pub(crate) struct OnePassSpec<'a> {
    /// The learner where no earlier one continues.
    pub(crate) model: &'a ModelSpec,
    pub(crate) incremental: &'a IncrementalOptions,
    pub(crate) split: &'a SplitOptions,
}

/// The fitted model of a one-pass run, and the counts of its rows.
pub(crate) struct OnePassFit {
    pub(crate) fitted: Fitted,
    pub(crate) assigned: Assigned,
    pub(crate) survey: Vec<FeatureSurvey>,
    pub(crate) model: ModelSpec,
    pub(crate) rows: u64,
}

/// Reads all rows once and trains on them.
///
/// # Errors
/// When data cannot be read or do not suit the model, or a file cannot be written.
pub(crate) fn fit_in_one_pass(
    fit: &FitContext<'_>,
    spec: OnePassSpec<'_>,
    earlier: Option<EarlierLearner>,
    source: Source,
) -> Result<OnePassFit> {
    let model = match &earlier {
        Some(earlier) => earlier.spec(),
        None => spec.model.clone(),
    };
    let spec = OnePassSpec {
        model: &model,
        ..spec
    };
    let mut state = OnePassState::new(*fit, spec)?;
    let mut learner = match earlier {
        Some(earlier) => Some(state.continue_earlier(earlier)?),
        None => None,
    };
    let columns = state.columns.clone();
    let report = source::read(fit, &columns, source, |slice, values| {
        let slice = state.count_slice(slice, values)?;
        if let Some(learner) = &mut learner {
            learner.take(&slice)?;
            return Ok(slice.into_values());
        }
        state.first.push(slice)?;
        if state.first.is_full() {
            learner = Some(state.start_from_first_rows()?);
        }
        // A held slice keeps its buffer, and the lane allocates another.
        Ok(Vec::new())
    })?;
    let mut learner = match learner {
        Some(learner) => learner,
        None => state.start_from_first_rows()?,
    };
    // Every refusal comes before the learner is saved as finished: a finished learner cannot be resumed with
    // corrected data.
    state.check_counts()?;
    let all = state.counts.mark();
    let assigned = state.assigned()?;
    state.check_same_rows(!learner.is_behind())?;
    learner.finish_batches(all)?;
    let rows = all.rows;
    let survey = state.survey();
    let mut fitted = learner.finish(fit, &assigned)?;
    fitted.passes.insert(0, report);
    Ok(OnePassFit {
        fitted,
        assigned,
        survey,
        model,
        rows,
    })
}

/// The counts and statistics that accumulate with the rows.
struct OnePassState<'a> {
    fit: FitContext<'a>,
    spec: OnePassSpec<'a>,
    columns: Vec<usize>,
    places: Places,
    assignment: Option<Assignment>,
    counts: Counts,
    survey: Vec<(FeatureSurvey, MomentsStream)>,
    first: FirstRows,
    /// The mark of the rows of before a stop, which a resumed run has to read again.
    resumed: Mark,
    /// True if that run had finished: then no further rows may follow.
    is_resumed_finished: bool,
}

impl<'a> OnePassState<'a> {
    fn new(fit: FitContext<'a>, spec: OnePassSpec<'a>) -> Result<Self> {
        let roles = &fit.data.roles;
        let mut columns = roles.features.clone();
        let mut place = |column: usize| match columns.iter().position(|other| *other == column) {
            Some(place) => place,
            None => {
                columns.push(column);
                columns.len() - 1
            }
        };
        let places = Places {
            target: place(fit.data.target_column()),
            group: roles.group.map(&mut place),
            split: roles.split.map(&mut place),
            weight: roles.weight.map(&mut place),
        };
        let shares = Shares::new(spec.split.valid_size, spec.split.test_size)?;
        let by_hash = || assign::by_hash(fit.seed, shares);
        let classes = fit.target.classes.len();
        let limits = fit.limits;
        let groups = roles.group.map(|_| {
            let spill = fit.session.scratch.path();
            GroupTable::new(classes, limits.groups_in_memory_max, spill)
                .with_validation(fit.data.validation_source())
        });
        let empty = |column: &usize| {
            let survey = empty_survey(fit.data.schema(), *column, limits.categories_tracked_max);
            (survey, MomentsStream::default())
        };
        Ok(Self {
            survey: roles.features.iter().map(empty).collect(),
            assignment: roles.split.is_none().then(by_hash),
            counts: Counts::new(classes, groups),
            resumed: Mark::default(),
            is_resumed_finished: false,
            first: FirstRows::new(match spec.model {
                ModelSpec::Gbdt(_) => fit.plan.first_rows,
                ModelSpec::Logistic(_) => DESIGN_ROWS,
            }),
            fit,
            spec,
            columns,
            places,
        })
    }

    /// Reads labels, groups, splits and weights of a slice, and adds them to counts and statistics.
    fn count_slice(&mut self, slice: Slice, values: Vec<Values>) -> Result<OnePassSlice> {
        let mut rows = SliceRows::default();
        let (data, target) = (self.fit.data, self.fit.target);
        let assignment = self.assignment.as_ref();
        rows.read(
            data,
            target,
            self.places,
            slice.first_row,
            &values,
            assignment,
        )?;
        // Before counting: rows that differ from those of before a stop must not reach the group table.
        self.check_same_rows(self.counts.agrees(&rows, self.resumed))?;
        let before = self.counts.mark();
        self.counts.add(&rows)?;
        // The group table has the names now; a held slice would keep them in memory a second time.
        rows.forget_names();
        let train = row_indices(&rows, |split, _| split == Split::Train as u8);
        for (index, (survey, stream)) in self.survey.iter_mut().enumerate() {
            let name = &data.schema().fields[self.columns[index]].name;
            survey.observe(stream, &values[index], &train, name)?;
        }
        Ok(OnePassSlice {
            slice,
            before,
            values: self.columns.iter().copied().zip(values).collect(),
            rows,
        })
    }

    /// Continues an earlier learner, which needs no first rows: its design or bins are fixed.
    fn continue_earlier(&mut self, earlier: EarlierLearner) -> Result<OnePassLearner<'a>> {
        let fit = self.fit;
        let from = earlier.position_of(None)?;
        (self.resumed, self.is_resumed_finished) = (from.mark, from.is_done);
        if let ModelSpec::Logistic(_) = self.spec.model {
            return self.linear(Setup::of(&fit, earlier)?);
        }
        self.trees(earlier.into_trees()?, from)
    }

    /// Fixes design or bins by the first rows, and trains on these rows.
    fn start_from_first_rows(&mut self) -> Result<OnePassLearner<'a>> {
        let fit = self.fit;
        let slices = self.first.take();
        let mut learner = match self.spec.model {
            ModelSpec::Logistic(options) => {
                let (features, design) = self.first.design(&fit, &slices, options)?;
                self.linear(Setup::new(&fit, options, features, design)?)?
            }
            ModelSpec::Gbdt(options) => {
                let bins = self.first.bins(&fit, &slices, options)?;
                let rows = self
                    .spec
                    .incremental
                    .rows_expected(fit.data.rows_of_files())?;
                self.trees(new_learner(&fit, options, bins, rows)?, Position::default())?
            }
        };
        // In row order, as if they arrived now, so batches do not depend on the number of held rows.
        for slice in slices {
            learner.take(&slice)?;
        }
        Ok(learner)
    }

    fn linear(&self, setup: Setup) -> Result<OnePassLearner<'a>> {
        let saver = |features: &[FeatureSpec]| self.saver(features);
        let learner = OnePassLinear::new(&self.fit, setup, self.spec.incremental, saver)?;
        Ok(OnePassLearner::Linear(Box::new(learner)))
    }

    fn trees(&self, learner: OnlineTrees, from: Position) -> Result<OnePassLearner<'a>> {
        let saver = |features: &[FeatureSpec]| self.saver(features);
        let learner = OnePassTrees::new(&self.fit, (learner, from), self.spec.incremental, saver)?;
        Ok(OnePassLearner::Trees(Box::new(learner)))
    }

    fn saver(&self, features: &[FeatureSpec]) -> Saver<'a> {
        let fit = self.fit;
        let about = finished_model::about_of(&fit, 0, 0);
        Saver::new(fit.session, fit.session.identity.clone(), about, features)
    }

    /// Refuses other rows than those of before a stop.
    fn check_same_rows(&self, agrees: bool) -> Result<()> {
        if agrees {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "--resume: the first {} rows are not those of the stopped run (their number, labels, groups, splits \
             or weights differ); give the same rows again, start over with --overwrite, or train on further \
             rows with --init-model",
            grouped(self.resumed.rows)
        )))
    }

    /// Refuses data without training rows.
    fn check_counts(&self) -> Result<()> {
        let is_same_end = !self.is_resumed_finished || self.counts.rows == self.resumed.rows;
        self.check_same_rows(self.counts.rows >= self.resumed.rows && is_same_end)?;
        if self.counts.rows == 0 {
            return Err(Error::Dataset(
                "the data have no rows; check what writes them".to_owned(),
            ));
        }
        if self.counts.train_rows() == 0 {
            return Err(Error::Dataset(format!(
                "none of the {} rows is in the train split and has a label; use another --seed, a finer \
                 --group-col, or other --test-size and --valid-size",
                self.counts.rows
            )));
        }
        check_train_weight(self.counts.train_weight)?;
        match &self.fit.data.validation {
            Some(validation) => {
                let rows = self.counts.class_rows[Split::Valid as usize].iter().sum();
                validation.check_labelled(rows, &self.fit.target.name)
            }
            None => Ok(()),
        }
    }

    /// Warnings on splits with a share but without rows.
    fn empty_splits(&self) -> Vec<String> {
        let options = self.spec.split;
        let shares = [
            (Split::Valid, options.valid_size),
            (Split::Test, options.test_size),
        ];
        let mut warnings = Vec::new();
        // A column of splits may leave one out on purpose.
        if self.assignment.is_none() {
            return warnings;
        }
        for (split, share) in shares {
            let rows: u64 = self.counts.class_rows[split as usize].iter().sum();
            if share > 0.0 && rows == 0 {
                warnings.push(Warning::EmptySplit { split, share }.to_string());
            }
        }
        warnings
    }

    /// The splits, with the proof that no group is in two.
    fn assigned(&mut self) -> Result<Assigned> {
        let counts = &mut self.counts;
        let proof = counts.groups.as_mut().map(GroupTable::prove).transpose()?;
        let unlabelled = counts.unlabelled_rows;
        let mut warnings = row_warnings(self.fit.target, &counts.class_rows, unlabelled);
        warnings.extend(self.empty_splits());
        let counts = &mut self.counts;
        Ok(Assigned {
            assignment: self.assignment.take(),
            warnings,
            class_rows: counts.class_rows.clone(),
            unlabelled_rows: counts.unlabelled_rows,
            label_center: 0.0,
            train_weight: counts.train_weight,
            proof,
            groups: counts.groups.take(),
            sample: RowSample::new(self.fit.seed, 0, [0]),
            content_hash: counts.content_hash(),
        })
    }

    /// The statistics of each feature in the training rows.
    fn survey(&mut self) -> Vec<FeatureSurvey> {
        let finish = |(mut survey, stream): (FeatureSurvey, MomentsStream)| {
            if let SurveyedValues::Numeric(moments) = &mut survey.values {
                *moments = stream.finish();
            }
            survey
        };
        std::mem::take(&mut self.survey)
            .into_iter()
            .map(finish)
            .collect()
    }
}
