//! The learner of trees as its callers see it.

use std::borrow::Cow;

use ndarray::Array2;

use crate::{
    data::{CodeBlock, RowBlock, Split, ValueType},
    error::{Error, Result},
    learner::{
        gbdt::stream::STREAM_BLOCK_ROWS,
        incremental::{
            batch::{Batch, Table},
            learner::Learner,
            schema::BatchSchema,
            trees::{
                bins,
                coding::Coding,
                file::{self, About, Content},
                first_rows::FirstRows,
                options::TreesOptions,
                trainer::TreeTrainer,
            },
        },
    },
    model::{Bins, ByteTrees, Ensemble, features::missing_codes},
    platform::parallel::{Parallel, Serial},
};

/// Rows that are predicted at a time.
const PREDICTED_ROWS: usize = 1 << 13;

/// Gradient boosting that learns from batches it sees once.
///
/// Numbers are binned; NaN is missing, infinite values are values. A feature has a code for missing values
/// even if the first rows have none: where no tree has met one, it follows the heavier child.
///
/// Memory: the reservoir and a part of a batch, a byte a byte column each, and the trees.
///
/// ```
/// use ndarray::array;
/// use rowmill::learner::incremental::{Batch, BatchSchema, Learner, OnlineTrees, TreesOptions};
///
/// let schema = BatchSchema::new(&["length"], &["neither", "donor"])?;
/// let mut options = TreesOptions::new(80);
/// // Rows that fix the bins, and the least rows of a leaf: there are few here.
/// (options.bins_rows, options.booster.min_child_samples) = (8, 1);
/// let mut learner = OnlineTrees::new(schema, options)?;
/// let features = array![[1.0], [2.0], [f64::NAN], [3.0], [7.0], [8.0], [9.0], [9.5]];
/// let labels = array![0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
/// for _ in 0..10 {
///     learner.partial_fit(&Batch::new(features.view(), labels.view()))?;
/// }
/// let probabilities = learner.predict(features.view().into())?;
/// assert!(probabilities[[0, 1]] < 0.2 && probabilities[[7, 1]] > 0.8);
///
/// // All trees are grown; the learner is as it was.
/// let error = learner.partial_fit(&Batch::new(features.view(), labels.view())).unwrap_err();
/// assert!(error.to_string().contains("all 120 rounds of trees are grown"));
/// # Ok::<(), rowmill::Error>(())
/// ```
#[derive(Debug)]
pub struct OnlineTrees {
    pub(crate) schema: BatchSchema,
    pub(crate) options: TreesOptions,
    /// Rows and rounds of budgets that were spent before this one.
    pub(crate) spent: (u64, u32),
    pub(crate) rows: u64,
    pub(crate) stage: Stage,
}

/// The state of a learner before and after its bins are fixed.
#[derive(Debug)]
pub(crate) enum Stage {
    /// The rows of all batches, until there are enough to fix the bins.
    FirstRows(FirstRows),
    /// The trees that learn from each batch.
    Trees(Box<TreeTrainer>),
}

/// A function that takes one block of a batch.
pub type LearnBlock<'a> = dyn FnMut(&CodeBlock<'_>, &RowBlock<'_>) -> Result<()> + 'a;

impl OnlineTrees {
    /// A learner that has seen nothing and whose first rows fix the bins.
    ///
    /// # Errors
    /// [`Error::Usage`] for options that a learner of batches cannot offer.
    pub fn new(schema: BatchSchema, options: TreesOptions) -> Result<Self> {
        options.check(schema.classes().len())?;
        let first_rows = FirstRows {
            columns: vec![Vec::new(); schema.features().len()],
            ..FirstRows::default()
        };
        Ok(Self {
            schema,
            options,
            spent: (0, 0),
            rows: 0,
            stage: Stage::FirstRows(first_rows),
        })
    }

    /// A learner that has seen nothing, with bins that a survey fixed.
    ///
    /// # Errors
    /// [`Error::Usage`] as [`Self::new`], and for bins that are not the declared features'.
    pub fn with_bins(schema: BatchSchema, options: TreesOptions, bins: Bins) -> Result<Self> {
        let mut learner = Self::new(schema, options)?;
        bins::check(&bins, &learner.schema).map_err(Error::Usage)?;
        let trainer = learner.new_trainer(bins)?;
        learner.stage = Stage::Trees(Box::new(trainer));
        Ok(learner)
    }

    /// The options it was made with.
    pub fn options(&self) -> &TreesOptions {
        &self.options
    }

    /// The bins, once they are fixed.
    pub fn bins(&self) -> Option<&Bins> {
        match &self.stage {
            Stage::FirstRows(_) => None,
            Stage::Trees(trainer) => Some(&trainer.bins),
        }
    }

    /// Rounds of trees grown so far.
    pub fn rounds(&self) -> u32 {
        match &self.stage {
            Stage::FirstRows(_) => 0,
            Stage::Trees(trainer) => trainer.booster.rounds(),
        }
    }

    /// The trees so far; `None` before the bins are fixed.
    pub fn ensemble(&self) -> Option<Ensemble> {
        match &self.stage {
            Stage::FirstRows(_) => None,
            Stage::Trees(trainer) => Some(trainer.booster.ensemble()),
        }
    }

    /// [`Learner::partial_fit`] with threads to grow trees by; the same bytes for any number.
    ///
    /// # Errors
    /// As [`Learner::partial_fit`]; the error of a task of `parallel`, such as a request to stop, after which
    /// the learner is to be read again from its file.
    pub fn partial_fit_with(&mut self, batch: &Batch<'_>, parallel: &dyn Parallel) -> Result<()> {
        self.schema.check_batch(batch)?;
        self.check_budget()?;
        let rows = batch.features.rows();
        let bins_rows = self.bins_rows();
        match &mut self.stage {
            Stage::FirstRows(first_rows) => {
                if first_rows.labels.len() + rows < bins_rows {
                    first_rows.append(batch);
                } else {
                    self.fix_bins(Some(batch), parallel)?;
                    self.trainer().learn(batch, parallel)?;
                }
            }
            Stage::Trees(trainer) => {
                Coding::check(&trainer.bins, &batch.features)?;
                trainer.learn(batch, parallel)?;
            }
        }
        self.rows += rows as u64;
        Ok(())
    }

    /// Learns from rows whose codes are known, as they are written to scratch: `blocks` calls what it is
    /// given with one block after the other, each of at most [`Self::block_rows_max`] rows, and together
    /// they are one batch. Rows outside the training split are counted, but not trained on.
    ///
    /// # Errors
    /// As [`Self::partial_fit_with`]; [`Error::Usage`] where no bins were given; the error of `blocks`,
    /// after which the learner is to be read again from its file.
    ///
    /// # Panics
    /// If arrays differ in length, or labels are no classes.
    pub fn partial_fit_codes(
        &mut self,
        parallel: &dyn Parallel,
        blocks: impl FnOnce(&mut LearnBlock<'_>) -> Result<()>,
    ) -> Result<()> {
        self.check_budget()?;
        let Stage::Trees(trainer) = &mut self.stage else {
            return Err(Error::Usage(
                "codes need bins, which are not fixed yet; give the bins".to_owned(),
            ));
        };
        let booster = &mut trainer.booster;
        let learned = &mut self.rows;
        blocks(&mut |codes, rows| {
            booster.block(codes, rows, parallel)?;
            let is_trained = |split: &&u8| **split == Split::Train as u8;
            *learned += rows.split.iter().filter(is_trained).count() as u64;
            Ok(())
        })?;
        booster.end_batch(parallel)
    }

    /// The most rows of a block of [`Self::partial_fit_codes`].
    pub fn block_rows_max(&self) -> usize {
        STREAM_BLOCK_ROWS.min(self.options.batch_rows)
    }

    /// A trainer with these bins that has seen no row.
    pub(crate) fn new_trainer(&self, bins: Bins) -> Result<TreeTrainer> {
        let stream = self.options.stream(self.spent);
        TreeTrainer::new(&self.schema, &self.options.booster, stream, bins)
    }

    fn bins_rows(&self) -> usize {
        let expected = usize::try_from(self.options.rows_expected).unwrap_or(usize::MAX);
        self.options.bins_rows.min(expected)
    }

    pub(crate) fn trainer(&mut self) -> &mut TreeTrainer {
        match &mut self.stage {
            Stage::Trees(trainer) => trainer,
            Stage::FirstRows(_) => panic!("the bins are fixed"),
        }
    }

    /// Fixes the bins by the first rows and the batch, and learns from the first rows.
    pub(crate) fn fix_bins(
        &mut self,
        batch: Option<&Batch<'_>>,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        let Stage::FirstRows(first_rows) = &mut self.stage else {
            panic!("bins are fixed once");
        };
        let rows = first_rows.labels.len() + batch.map_or(0, |batch| batch.features.rows());
        let stride = bins::stride_of(rows);
        let value_type = batch.map_or(ValueType::F64, |batch| bins::value_type(&batch.features));
        let bins_max = self.options.booster.max_bin;
        let bins = bins::bins_of(&self.schema, value_type, bins_max, |feature, values| {
            values.extend(first_rows.columns[feature].iter().step_by(stride));
            if let Some(batch) = batch {
                batch.features.append_column(feature, stride, values);
            }
        });
        bins::check(&bins, &self.schema).map_err(Error::Dataset)?;
        let first_rows = std::mem::take(first_rows);
        let mut trainer = self.new_trainer(bins)?;
        if !first_rows.labels.is_empty() {
            trainer.learn_first_rows(first_rows, parallel)?;
        }
        self.stage = Stage::Trees(Box::new(trainer));
        Ok(())
    }
}

impl OnlineTrees {
    /// Makes a learner of the parts of an untrusted file.
    fn from_parts(about: About, content: Content<'static>) -> Result<Self, String> {
        about.schema.check()?;
        let mut learner =
            Self::new(about.schema, about.options).map_err(|error| error.to_string())?;
        let (spent_rows, spent_rounds) = about.spent;
        let options = &learner.options;
        if spent_rows >= options.rows_expected || spent_rounds > options.booster.n_estimators {
            return Err("it has more rows or trees than expected".to_owned());
        }
        (learner.spent, learner.rows) = (about.spent, about.rows);
        learner.stage = match content {
            Content::FirstRows(first_rows) => {
                first_rows.check(&learner.schema)?;
                Stage::FirstRows(first_rows.into_owned())
            }
            Content::Trees { bins, state } => {
                bins::check(&bins, &learner.schema)?;
                let trainer = learner.new_trainer(bins.into_owned());
                let mut trainer = trainer.map_err(|error| error.to_string())?;
                trainer.booster.restore(*state)?;
                Stage::Trees(Box::new(trainer))
            }
        };
        Ok(learner)
    }
}

impl Learner for OnlineTrees {
    fn partial_fit(&mut self, batch: &Batch<'_>) -> Result<()> {
        self.partial_fit_with(batch, &Serial)
    }

    fn predict(&self, features: Table<'_>) -> Result<Array2<f64>> {
        self.schema.check_columns(&features)?;
        let rows = features.rows();
        let classes = self.schema.classes().len();
        let Stage::Trees(trainer) = &self.stage else {
            return Ok(Array2::from_elem((rows, classes), 1.0 / classes as f64));
        };
        let bins = &trainer.bins;
        Coding::check(bins, &features)?;
        let ensemble = trainer.booster.ensemble();
        let mut trees = ByteTrees::compile(&ensemble, &bins.layout, &missing_codes(&bins.features));
        let mut coding = Coding::new(bins, PREDICTED_ROWS);
        let mut codes = vec![0; bins.layout.len() * PREDICTED_ROWS];
        let outputs = ensemble.outputs;
        let mut margins = vec![0.0; outputs * PREDICTED_ROWS];
        let mut predictions = vec![0.0; outputs * PREDICTED_ROWS];
        let mut probabilities = Array2::zeros((rows, classes));
        for first in (0..rows).step_by(PREDICTED_ROWS) {
            let len = PREDICTED_ROWS.min(rows - first);
            coding.code(bins, &features, (first, len), PREDICTED_ROWS, &mut codes);
            let margins = &mut margins[..outputs * len];
            trees.margins_of_columns_into(&codes, PREDICTED_ROWS, len, margins);
            let predictions = &mut predictions[..outputs * len];
            ensemble.link.apply_into(margins, outputs, predictions);
            for row in 0..len {
                for class in 0..classes {
                    probabilities[[first + row, class]] = match (outputs, class) {
                        (1, 0) => 1.0 - predictions[row],
                        (1, _) => predictions[row],
                        _ => predictions[class * len + row],
                    };
                }
            }
        }
        Ok(probabilities)
    }

    fn rows(&self) -> u64 {
        self.rows
    }

    fn schema(&self) -> &BatchSchema {
        &self.schema
    }

    fn to_bytes(&self) -> Vec<u8> {
        let about = About::new(&self.schema, &self.options, self.spent, self.rows);
        let content = match &self.stage {
            Stage::FirstRows(first_rows) => Content::FirstRows(Cow::Borrowed(first_rows)),
            Stage::Trees(trainer) => Content::Trees {
                bins: Cow::Borrowed(&trainer.bins),
                state: Box::new(trainer.booster.state()),
            },
        };
        file::to_bytes(&about, &content)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (about, content) = file::from_bytes(bytes)?;
        Self::from_parts(about, content)
    }

    fn heap_bytes(&self) -> usize {
        match &self.stage {
            Stage::FirstRows(first_rows) => first_rows.heap_bytes(),
            Stage::Trees(trainer) => trainer.heap_bytes(),
        }
    }
}
