//! The run over rows that are read once: what is counted along, and who learns.

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
            assign::{Assigned, check_train_weight, row_warnings},
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

/// Reads all rows once and learns from them.
///
/// # Errors
/// When data cannot be read or are not fit to be learned, or a file cannot be written.
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
    let mut learning = OnePassState::new(*fit, spec)?;
    let mut learner = match earlier {
        Some(earlier) => Some(learning.begin_with(earlier)?),
        None => None,
    };
    let columns = learning.columns.clone();
    let report = source::read(fit, &columns, source, |slice, values| {
        let slice = learning.look(slice, values)?;
        if let Some(learner) = &mut learner {
            learner.take(&slice)?;
            return Ok(slice.into_values());
        }
        learning.first.push(slice)?;
        if learning.first.is_full() {
            learner = Some(learning.begin_with_first()?);
        }
        Ok(Vec::new())
    })?;
    let mut learner = match learner {
        Some(learner) => learner,
        None => learning.begin_with_first()?,
    };
    // What is refused is refused before the learner counts as finished.
    learning.check_learned()?;
    let all = learning.counts.mark();
    let assigned = learning.assigned()?;
    learning.check_again(!learner.is_behind())?;
    learner.learn_rest(all)?;
    let rows = all.rows;
    let survey = learning.survey();
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

/// What runs along with the rows.
struct OnePassState<'a> {
    fit: FitContext<'a>,
    spec: OnePassSpec<'a>,
    columns: Vec<usize>,
    places: Places,
    assignment: Option<Assignment>,
    counts: Counts,
    survey: Vec<(FeatureSurvey, MomentsStream)>,
    first: FirstRows,
    /// Rows that have to come again, where the run goes on.
    again: Mark,
    /// Whether all of them were learned, so that there are to be no others.
    is_learned: bool,
}

impl<'a> OnePassState<'a> {
    fn new(fit: FitContext<'a>, spec: OnePassSpec<'a>) -> Result<Self> {
        let roles = &fit.data.roles;
        let mut columns = roles.features.clone();
        let mut place = |column: usize| {
            let known = columns.iter().position(|other| *other == column);
            known.unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            })
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
        let groups = roles
            .group
            .map(|_| {
                GroupTable::new(
                    classes,
                    limits.groups_in_memory_max,
                    fit.session.scratch.path(),
                )
            })
            .map(|groups| groups.with_validation(fit.data.validation_source()));
        let empty = |column: &usize| {
            let survey = empty_survey(fit.data.schema(), *column, limits.categories_tracked_max);
            (survey, MomentsStream::default())
        };
        Ok(Self {
            survey: roles.features.iter().map(empty).collect(),
            assignment: roles.split.is_none().then(by_hash),
            counts: Counts::new(classes, groups),
            again: Mark::default(),
            is_learned: false,
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

    /// Reads what a slice says of its rows, and counts.
    fn look(&mut self, slice: Slice, values: Vec<Values>) -> Result<OnePassSlice> {
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
        self.check_again(self.counts.agrees(&rows, self.again))?;
        let before = self.counts.mark();
        self.counts.add(&rows)?;
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

    /// Goes on with an earlier learner.
    fn begin_with(&mut self, started: EarlierLearner) -> Result<OnePassLearner<'a>> {
        let fit = self.fit;
        let from = started.position_of(None)?;
        (self.again, self.is_learned) = (from.mark, from.is_done);
        if let ModelSpec::Logistic(_) = self.spec.model {
            return self.linear(Setup::of(&fit, started)?);
        }
        self.trees(started.into_trees()?, from)
    }

    /// Fixes design or bins by the first rows, and learns them.
    fn begin_with_first(&mut self) -> Result<OnePassLearner<'a>> {
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
        for slice in slices {
            learner.take(&slice)?;
        }
        Ok(learner)
    }

    fn linear(&self, setup: Setup) -> Result<OnePassLearner<'a>> {
        let learner = OnePassLinear::new(&self.fit, setup, self.spec.incremental, |features| {
            self.saver(features)
        });
        learner.map(Box::new).map(OnePassLearner::Linear)
    }

    fn trees(&self, learner: OnlineTrees, from: Position) -> Result<OnePassLearner<'a>> {
        let learner = (learner, from);
        let learner = OnePassTrees::new(&self.fit, learner, self.spec.incremental, |features| {
            self.saver(features)
        });
        learner.map(Box::new).map(OnePassLearner::Trees)
    }

    fn saver(&self, features: &[FeatureSpec]) -> Saver<'a> {
        let fit = self.fit;
        let about = finished_model::about_of(&fit, 0, 0);
        Saver::new(fit.session, fit.session.identity.clone(), about, features)
    }

    /// Refuses rows that are not those that were learned before a stop.
    fn check_again(&self, agrees: bool) -> Result<()> {
        if agrees {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "--resume: the rows are not the {} that were learned before: fewer, further ones, or others by \
             label, group, split or weight; give the same rows again, start anew with --overwrite, or learn \
             further rows with --init-model",
            grouped(self.again.rows)
        )))
    }

    /// Refuses data from which nothing was learned.
    fn check_learned(&self) -> Result<()> {
        let is_same_end = !self.is_learned || self.counts.rows == self.again.rows;
        self.check_again(self.counts.rows >= self.again.rows && is_same_end)?;
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

    /// What the user should know of splits that were asked for and have no rows.
    fn empty_splits(&self) -> impl Iterator<Item = String> {
        let options = self.spec.split;
        let shares = [
            (Split::Valid, options.valid_size),
            (Split::Test, options.test_size),
        ];
        let is_empty = |split: Split| {
            self.counts.class_rows[split as usize]
                .iter()
                .all(|rows| *rows == 0)
        };
        let by_hash = self.assignment.is_some();
        shares
            .into_iter()
            .filter(move |(split, share)| by_hash && *share > 0.0 && is_empty(*split))
            .map(|(split, share)| Warning::EmptySplit { split, share }.to_string())
    }

    /// Splits and groups, proven.
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

    /// What the training rows say of each feature.
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
