//! Logistic regression from rows that are read once: the design, its batches, and the held-out rows.

use crate::{
    data::{Split, Tile},
    error::Result,
    learner::{ClassWeight, ModelSpec, logistic::LogisticOptions},
    model::FeatureSpec,
    pipeline::{
        evaluate::evaluation::Evaluation,
        fit::{
            context::{FitContext, Fitted},
            design_rows::DesignRows,
            finished_model,
        },
        incremental::{
            earlier_learner::EarlierLearner,
            learner_file::{Mark, Position},
            linear::left_out,
            linear_learner::LinearLearner,
            row_feeder::{RowFeeder, part_rows},
            saver::Saver,
        },
        one_pass::{
            held_out::HeldOut,
            slice::{OnePassSlice, row_indices},
        },
        options::IncrementalOptions,
        prepare::assign::Assigned,
    },
    transform::standardize::Design,
};

/// Design and learner before the first batch.
pub(crate) struct Setup {
    features: Vec<FeatureSpec>,
    design: Design,
    learner: LinearLearner,
    from: Position,
}

impl Setup {
    /// A new learner of this design.
    ///
    /// # Errors
    /// [`crate::error::Error::Usage`] for options that need several passes.
    pub(crate) fn new(
        fit: &FitContext<'_>,
        options: &LogisticOptions,
        features: Vec<FeatureSpec>,
        design: Design,
    ) -> Result<Self> {
        let mut options = options.clone();
        let classes: Vec<(&str, u64)> = fit
            .target
            .classes
            .iter()
            .map(|class| (class.as_str(), 0))
            .collect();
        if options.class_weight != ClassWeight::Balanced && options.c.is_none() {
            let mut spec = ModelSpec::Logistic(options);
            spec.resolve(&classes, 1.0)?;
            let ModelSpec::Logistic(resolved) = spec else {
                unreachable!("resolving changes no learner");
            };
            options = LogisticOptions {
                class_weight: ClassWeight::Equal,
                ..resolved
            };
        }
        let (classes, link) = (&fit.target.classes, fit.target.task.link());
        let learner = LinearLearner::new(options, &features, design.columns(), classes, link)?;
        Ok(Self {
            features,
            design,
            learner,
            from: Position::default(),
        })
    }

    /// The learner of an earlier fit, or of this one before a stop.
    ///
    /// # Errors
    /// [`crate::error::Error::Usage`] if it is another kind of learner.
    pub(crate) fn of(fit: &FitContext<'_>, earlier: EarlierLearner) -> Result<Self> {
        let from = earlier.position_of(None)?;
        let (model, linear, learner) = earlier.into_linear()?;
        Ok(Self {
            design: Design::of_model(&linear, &model.features, &fit.data.roles.features),
            features: model.features,
            learner,
            from,
        })
    }
}

/// Logistic regression during the pass, and the held-out rows.
pub(crate) struct OnePassLinear<'a> {
    design: Design,
    feeder: RowFeeder<'a>,
    held_out: HeldOut,
    /// A part of a slice's training rows.
    train: DesignRows,
    /// A part of its held-out rows.
    held: Tile,
}

impl<'a> OnePassLinear<'a> {
    /// Starts before the first row. A resumed run reads all rows again and skips those of before the stop.
    ///
    /// # Errors
    /// When the file of held-out rows cannot be created.
    pub(crate) fn new(
        fit: &FitContext<'a>,
        setup: Setup,
        options: &IncrementalOptions,
        saver: impl FnOnce(&[FeatureSpec]) -> Saver<'a>,
    ) -> Result<Self> {
        let skip = setup.from.rows;
        let columns = setup.design.columns().len();
        Ok(Self {
            held_out: HeldOut::create(&fit.session.scratch.file("held-out"), columns)?,
            feeder: RowFeeder::new(
                setup.learner,
                setup.from,
                skip,
                options.batch_rows,
                fit.evaluation,
                saver(&setup.features),
            ),
            design: setup.design,
            train: DesignRows::new(columns),
            held: Tile::new(columns, 0),
        })
    }

    /// Trains on a slice's training rows, and stores the held-out ones.
    ///
    /// # Errors
    /// As [`RowFeeder::push`] and [`HeldOut::append`].
    pub(crate) fn take(&mut self, columns: &OnePassSlice) -> Result<()> {
        let block = columns.rows.block();
        let is_train =
            |split: u8, row: usize| split == Split::Train as u8 && block.weight[row] > 0.0;
        let train = row_indices(&columns.rows, is_train);
        let held = [Split::Valid as u8, Split::Test as u8];
        let held = row_indices(&columns.rows, |split, _| held.contains(&split));
        let view = self.design.view(&columns.values);
        let rows_max = part_rows(self.held.features());
        let class = |row: &u32| block.label[*row as usize] as u32;
        let weight = |row: &u32| f64::from(block.weight[*row as usize]);
        self.feeder.mark(columns.before);
        self.feeder.start_slice(columns.slice);
        for part in train.chunks(rows_max) {
            self.train.make_room(rows_max);
            view.fill(part, &mut self.train.design.append(part.len()));
            self.train.classes.extend(part.iter().map(class));
            self.train.weights.extend(part.iter().map(weight));
            self.feeder.push(&self.train)?;
        }
        for part in held.chunks(rows_max) {
            self.held.make_room(rows_max);
            view.fill(part, &mut self.held.append(part.len()));
            self.held_out.append(&block, part, &self.held)?;
        }
        Ok(())
    }

    /// True while rows of before a stop are missing from the data.
    pub(crate) fn is_behind(&self) -> bool {
        self.feeder.is_behind()
    }

    /// Takes the last, shorter batch; `all` marks all rows.
    ///
    /// # Errors
    /// As [`RowFeeder::finish`].
    pub(crate) fn finish_batches(&mut self, all: Mark) -> Result<()> {
        self.feeder.mark(all);
        self.feeder.finish()
    }

    /// Saves the model and evaluates it.
    ///
    /// # Errors
    /// When it cannot be saved, or the held-out rows not be read.
    pub(crate) fn finish(self, fit: &FitContext<'_>, assigned: &Assigned) -> Result<Fitted> {
        let (learner, position, saver) = self.feeder.into_parts();
        let mut model = saver.finished_model(&learner);
        model.about = finished_model::about_of(fit, assigned.content_hash, model.about.train_rows);
        model.split = finished_model::split_value(fit, assigned);
        let seconds_to_model = fit.session.save_model(&model)?;
        let evaluation: Evaluation = self.held_out.evaluate(learner.as_dyn(), fit.evaluation)?;
        Ok(Fitted {
            model,
            left_out: left_out(&learner),
            covariance: None,
            curve: Vec::new(),
            progressive: position.curve,
            evaluation,
            seconds_to_model,
            passes: Vec::new(),
        })
    }
}
