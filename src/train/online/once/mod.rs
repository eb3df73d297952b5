//! Learning from data that are read once: no scan, no survey, no second look.
//!
//! ```text
//!   Parquet or Arrow stream --> slices --> label, group, split by hash
//!                                            |
//!      first training rows fix the design ---+--> training rows: batches, scored and learned
//!                                            +--> held-out rows: kept, scored at the end
//! ```
//!
//! The rows that fix the design are held until it is there and then learned like all others.

mod first;
mod held_out;
mod rows;
mod source;

use std::time::Duration;

use crate::{
    data::{Split, Tile, Values},
    engine::Slice,
    error::{Error, Result},
    group::{
        assign::{self, Assignment, Shares},
        table::GroupTable,
    },
    learner::{ModelSpec, logistic::LogisticOptions},
    model::{FeatureSpec, Model},
    stats::MomentsStream,
    train::{
        assign::Assigned,
        checkpoint::CheckpointAbout,
        design_rows::DesignRows,
        evaluate::{Evaluation, EvaluationSpec},
        fit::{self, Fitted},
        online::{
            OnlineOptions, Started,
            feeder::Feeder,
            file::{self, Position},
            learner::OnlineLearner,
            saver::Saver,
        },
        output,
        recipe::Run,
        selection::RowSample,
        survey::{FeatureSurvey, SurveyedValues, empty_survey},
    },
    transform::standardize::Design,
};
use first::FirstRows;
use held_out::HeldOut;
use rows::{Counts, Places, SliceRows};

pub(in crate::train) use source::{MESSAGE_SHARE_OF_MEMORY, Source, open_job, slice_rows};

/// What was learned, and what is known of the rows.
pub(in crate::train) struct Once {
    pub(in crate::train) fitted: Fitted,
    pub(in crate::train) assigned: Assigned,
    pub(in crate::train) survey: Vec<FeatureSurvey>,
    pub(in crate::train) model: ModelSpec,
    pub(in crate::train) rows: u64,
}

/// A slice of all columns.
struct Columns {
    slice: Slice,
    values: Vec<(usize, Values)>,
    rows: SliceRows,
}

/// What a design and a learner are before the first batch.
struct Setup {
    features: Vec<FeatureSpec>,
    options: LogisticOptions,
    design: Design,
    learner: OnlineLearner,
    from: Position,
}

/// Reads all rows once and learns from them.
///
/// # Errors
/// When data cannot be read or are not fit to be learned, or a file cannot be written.
pub(in crate::train) fn learn_once(
    run: &Run<'_>,
    options: &LogisticOptions,
    online: &OnlineOptions,
    started: Option<Started>,
    source: Source,
    evaluation: &EvaluationSpec,
) -> Result<Once> {
    let mut learning = Learning::new(run, options, online, evaluation)?;
    let setup = started
        .map(|started| learning.setup_of(started))
        .transpose()?;
    let mut fed = None;
    if let Some(setup) = setup {
        fed = Some(learning.begin(setup)?);
    }
    let columns = learning.columns.clone();
    let report = source::read(run, &columns, source, |slice, values| {
        let slice = learning.look(slice, values)?;
        match &mut fed {
            Some(fed) => fed.take(&slice),
            None => {
                learning.first.push(slice);
                if learning.first.is_full() {
                    fed = Some(learning.begin_with_first()?);
                }
                Ok(())
            }
        }
    })?;
    let mut fed = match fed {
        Some(fed) => fed,
        None => learning.begin_with_first()?,
    };
    fed.feeder.finish()?;
    learning.check_learned()?;
    let rows = learning.counts.rows;
    let assigned = learning.assigned()?;
    let survey = learning.survey();
    let model = ModelSpec::Logistic(fed.options.clone());
    let mut fitted = fed.finish(run, &assigned, evaluation)?;
    fitted.passes.insert(0, report);
    Ok(Once {
        fitted,
        assigned,
        survey,
        model,
        rows,
    })
}

/// What runs along with the rows.
struct Learning<'a, 'r> {
    run: &'a Run<'r>,
    options: &'a LogisticOptions,
    online: &'a OnlineOptions,
    evaluation: &'a EvaluationSpec,
    columns: Vec<usize>,
    places: Places,
    assignment: Option<Assignment>,
    counts: Counts,
    survey: Vec<(FeatureSurvey, MomentsStream)>,
    first: FirstRows,
}

impl<'a, 'r> Learning<'a, 'r> {
    fn new(
        run: &'a Run<'r>,
        options: &'a LogisticOptions,
        online: &'a OnlineOptions,
        evaluation: &'a EvaluationSpec,
    ) -> Result<Self> {
        let roles = &run.job.roles;
        let mut columns = roles.features.clone();
        let mut place = |column: usize| {
            let known = columns.iter().position(|other| *other == column);
            known.unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            })
        };
        let places = Places {
            target: place(run.job.target_column()),
            group: roles.group.map(&mut place),
            split: roles.split.map(&mut place),
            weight: roles.weight.map(&mut place),
        };
        let shares = Shares::new(run.options.valid_size, run.options.test_size)?;
        let by_hash = || assign::by_hash(run.options.seed, shares);
        let classes = run.target.classes.len();
        let limits = &run.options.limits;
        let groups = roles
            .group
            .map(|_| GroupTable::new(classes, limits.groups_in_memory_max, run.scratch.path()));
        let empty = |column: &usize| {
            let survey = empty_survey(run.job.schema(), *column, limits.categories_tracked_max);
            (survey, MomentsStream::default())
        };
        Ok(Self {
            survey: roles.features.iter().map(empty).collect(),
            assignment: roles.split.is_none().then(by_hash),
            counts: Counts::new(classes, groups),
            first: FirstRows::default(),
            run,
            options,
            online,
            evaluation,
            columns,
            places,
        })
    }

    /// Reads what a slice says of its rows, and counts.
    fn look(&mut self, slice: Slice, values: Vec<Values>) -> Result<Columns> {
        let mut rows = SliceRows::default();
        let (job, target) = (&self.run.job, &self.run.target);
        let assignment = self.assignment.as_ref();
        rows.read(
            job,
            target,
            self.places,
            slice.first_row,
            &values,
            assignment,
        )?;
        self.counts.add(&rows)?;
        let train = at(&rows, |split, _| split == Split::Train as u8);
        for (index, (survey, stream)) in self.survey.iter_mut().enumerate() {
            let name = &job.schema().fields[self.columns[index]].name;
            survey.observe(stream, &values[index], &train, name)?;
        }
        Ok(Columns {
            slice,
            values: self.columns.iter().copied().zip(values).collect(),
            rows,
        })
    }

    /// The setup that goes on from an earlier learner.
    fn setup_of(&self, started: Started) -> Result<Setup> {
        let Started { file, is_resumed } = started;
        let columns = &self.run.job.roles.features;
        Ok(Setup {
            design: Design::of_model(file.linear(), &file.model.features, columns),
            options: file.options(),
            features: file.model.features,
            learner: file.learner,
            from: if is_resumed {
                file.position
            } else {
                Position::default()
            },
        })
    }

    /// Fixes the design by the first rows, and learns them.
    fn begin_with_first(&mut self) -> Result<Fed<'a>> {
        let run = self.run;
        let (slices, features, design) = self.first.fix(run, self.options)?;
        let mut options = self.options.clone();
        let classes: Vec<(&str, u64)> = run
            .target
            .classes
            .iter()
            .map(|class| (class.as_str(), 0))
            .collect();
        if !options.balanced && options.inverse_strength.is_none() {
            let mut spec = ModelSpec::Logistic(options);
            spec.resolve(&classes, 1.0)?;
            let ModelSpec::Logistic(resolved) = spec else {
                unreachable!("resolving changes no learner");
            };
            options = LogisticOptions {
                named_class_weights: Vec::new(),
                ..resolved
            };
        }
        let learner =
            OnlineLearner::new(&options, &features, design.columns(), &run.target.classes)?;
        let mut fed = self.begin(Setup {
            features,
            options,
            design,
            learner,
            from: Position::default(),
        })?;
        for slice in slices {
            fed.take(&slice)?;
        }
        Ok(fed)
    }

    fn begin(&self, setup: Setup) -> Result<Fed<'a>> {
        let run = self.run;
        let about = CheckpointAbout::new(run.options, run.job.dataset.files(), 0);
        let columns = setup.design.columns();
        let empty = Model {
            about: fit::about_of(run, 0, 0),
            features: setup.features,
            body: setup.learner.body(columns, run.target.task.link()),
            metrics: serde_json::Value::Null,
            split: serde_json::Value::Null,
            options: file::options_value(&setup.options),
        };
        // All rows come again.
        let skip = setup.from.rows;
        let saver = Saver::new(
            run.options.out_dir.join(output::LEARNER),
            about,
            empty,
            columns,
            Duration::from_secs(run.options.checkpoint_seconds),
            run.context.progress,
        );
        Ok(Fed {
            held_out: HeldOut::create(&run.scratch.file("held-out"), columns.len())?,
            feeder: Feeder::new(
                setup.learner,
                setup.from,
                skip,
                self.online.batch_rows,
                self.evaluation,
                saver,
            ),
            design: setup.design,
            options: setup.options,
        })
    }

    /// Refuses data from which nothing was learned.
    fn check_learned(&self) -> Result<()> {
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
        Ok(())
    }

    /// Splits and groups, proven.
    fn assigned(&mut self) -> Result<Assigned> {
        let counts = &mut self.counts;
        let proof = counts.groups.as_mut().map(GroupTable::prove).transpose()?;
        let mut warnings = Vec::new();
        if counts.unlabelled_rows > 0 {
            warnings.push(format!(
                "{} rows have no value of the target `{}` and are left out",
                counts.unlabelled_rows, self.run.target.name
            ));
        }
        Ok(Assigned {
            assignment: self.assignment.take(),
            warnings,
            class_rows: counts.class_rows.clone(),
            unlabelled_rows: counts.unlabelled_rows,
            label_center: 0.0,
            train_weight: counts.train_weight,
            proof,
            groups: counts.groups.take(),
            sample: RowSample::new(self.run.options.seed, 0, [0]),
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

/// A learner that is being fed, and the held-out rows.
struct Fed<'a> {
    design: Design,
    options: LogisticOptions,
    feeder: Feeder<'a>,
    held_out: HeldOut,
}

impl Fed<'_> {
    /// Learns a slice's training rows, and keeps those that are held out.
    fn take(&mut self, columns: &Columns) -> Result<()> {
        let block = columns.rows.block();
        let is_train =
            |split: u8, row: usize| split == Split::Train as u8 && block.weight[row] > 0.0;
        let train = at(&columns.rows, is_train);
        let held = [Split::Valid as u8, Split::Test as u8];
        let held = at(&columns.rows, |split, _| held.contains(&split));
        let view = self.design.view(&columns.values);
        let design_of = |rows: &[u32]| {
            let mut design = Tile::new(self.design.len(), rows.len());
            view.fill(rows, &mut design.append(rows.len()));
            design
        };
        let rows = DesignRows {
            design: design_of(&train),
            classes: train
                .iter()
                .map(|row| block.label[*row as usize] as u32)
                .collect(),
            weights: train
                .iter()
                .map(|row| f64::from(block.weight[*row as usize]))
                .collect(),
        };
        self.feeder.push(columns.slice, &rows)?;
        self.held_out.append(&block, &held, &design_of(&held))
    }

    /// The model, saved, and how good it is.
    fn finish(
        self,
        run: &Run<'_>,
        assigned: &Assigned,
        evaluation: &EvaluationSpec,
    ) -> Result<Fitted> {
        let Feeder {
            learner,
            position,
            saver,
            ..
        } = self.feeder;
        let mut model = saver.finished_model(&learner);
        model.about = fit::about_of(run, assigned.content_hash, learner.as_dyn().rows());
        model.split = fit::split_value(assigned);
        let seconds_to_model = fit::save(run, &model)?;
        let columns = saver.columns();
        let constant = learner.constant_columns().into_iter();
        let left_out = constant.map(|column| {
            let why = "constant in all rows that were learned";
            (columns[column].feature, why)
        });
        let left_out = left_out.collect();
        let evaluation: Evaluation = self.held_out.evaluate(&learner, evaluation)?;
        Ok(Fitted {
            model,
            left_out,
            covariance: None,
            curve: Vec::new(),
            progressive: position.curve,
            evaluation,
            seconds_to_model,
            passes: Vec::new(),
        })
    }
}

/// The rows of a slice whose split and place are wanted.
fn at(rows: &SliceRows, is_wanted: impl Fn(u8, usize) -> bool) -> Vec<u32> {
    let splits = rows.block().split.iter().enumerate();
    splits
        .filter(|(row, split)| is_wanted(**split, *row))
        .map(|(row, _)| row as u32)
        .collect()
}
