//! Options of an online learner of trees.

use crate::{
    error::{Error, Result},
    learner::{
        ClassWeight,
        gbdt::{
            BoosterOptions,
            stream::{RESERVOIR_ROWS_DEFAULT, STREAM_BATCH_ROWS_DEFAULT, StreamOptions},
        },
    },
    limits::{CODES_MAX, Limits},
};

/// Rows that fix the bins unless they are said or given.
const BINS_ROWS_DEFAULT: usize = 1 << 16;

/// The least and the most rows of a reservoir, and of what joins it at once.
const RESERVOIR_ROWS: std::ops::RangeInclusive<usize> = 1..=1 << 24;

/// Options of [`crate::learner::incremental::trees::OnlineTrees`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TreesOptions {
    /// The trees: how many in all, and how each grows.
    pub booster: BoosterOptions,
    /// The rows that are expected in all; when so many have come, all trees are grown.
    pub rows_expected: u64,
    /// Rows that are kept of those that came before.
    pub reservoir_rows: usize,
    /// The most rows that join them at once; longer batches are taken in parts.
    pub batch_rows: usize,
    /// Rows that fix the bins, where none are given: batches are kept until they are so many.
    pub bins_rows: usize,
}

impl TreesOptions {
    /// The trees of `rowmill train`, for so many rows.
    pub fn new(rows_expected: u64) -> Self {
        Self {
            booster: BoosterOptions::default(),
            rows_expected,
            reservoir_rows: RESERVOIR_ROWS_DEFAULT,
            batch_rows: STREAM_BATCH_ROWS_DEFAULT,
            bins_rows: BINS_ROWS_DEFAULT,
        }
    }

    /// Checks what a learner of batches cannot offer.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the option, its value and what would do.
    pub(crate) fn check(&self, classes: usize) -> Result<()> {
        let refuse = |message: String| Err(Error::Usage(message));
        if self.rows_expected == 0 {
            return refuse(
                "the rows expected are 0; say about how many rows will come, so that the trees are \
                 spread over them"
                    .to_owned(),
            );
        }
        let parts = [
            ("a reservoir", self.reservoir_rows),
            ("batches", self.batch_rows),
        ];
        for (what, rows) in parts {
            if !RESERVOIR_ROWS.contains(&rows) {
                return refuse(format!(
                    "{what} of {rows} rows; it is to be {} to {}",
                    RESERVOIR_ROWS.start(),
                    RESERVOIR_ROWS.end()
                ));
            }
        }
        if classes > Limits::DEFAULT.classes_max {
            return refuse(format!(
                "{classes} classes are declared; at most {} can be learned",
                Limits::DEFAULT.classes_max
            ));
        }
        self.check_ranges()?;
        let booster = &self.booster;
        if booster.early_stopping_rounds.is_some() {
            return refuse(
                "early stopping needs valid rows that stay the same, which a learner of batches does \
                 not have; leave it out"
                    .to_owned(),
            );
        }
        let weights = booster.class_weights.len();
        let is_named = booster.class_weight != ClassWeight::Equal;
        if is_named && weights == 0 || weights != 0 && weights != classes {
            return refuse(format!(
                "class weights are to be {classes} numbers in the order of the declared classes; how \
                 many rows each class will have is not known beforehand"
            ));
        }
        Ok(())
    }

    /// Options of trees may come from a file, or from a caller who did not go by `--model`.
    fn check_ranges(&self) -> Result<()> {
        let limits = Limits::DEFAULT;
        let booster = &self.booster;
        let at_most = |max: usize| (1.0, max as f64);
        let share = (f64::MIN_POSITIVE, 1.0);
        let penalty = (0.0, f64::MAX);
        let ranges = [
            (
                "rounds",
                f64::from(booster.n_estimators),
                at_most(limits.trees_max),
            ),
            (
                "depth",
                f64::from(booster.max_depth),
                at_most(limits.depth_max),
            ),
            (
                "leaves",
                f64::from(booster.num_leaves),
                (2.0, limits.leaves_max as f64),
            ),
            (
                "bins",
                f64::from(booster.max_bin),
                (2.0, (CODES_MAX - 1) as f64),
            ),
            ("learning rate", booster.learning_rate, share),
            ("feature share", booster.colsample_bytree, share),
            ("level share", booster.colsample_bylevel, share),
            ("node share", booster.colsample_bynode, share),
            ("L2 penalty", booster.reg_lambda, penalty),
            ("L1 penalty", booster.reg_alpha, penalty),
            ("least gain", booster.min_split_gain, penalty),
            ("least hessian", booster.min_child_weight, penalty),
            ("largest value", booster.max_delta_step, penalty),
            (
                "positive weight",
                booster.scale_pos_weight,
                (f64::MIN_POSITIVE, f64::MAX),
            ),
        ];
        let is_outside =
            |(_, value, (least, most)): &&(&str, f64, (f64, f64))| !(least..=most).contains(&value);
        match ranges.iter().find(is_outside) {
            Some((name, value, (least, most))) => Err(Error::Usage(format!(
                "the trees' {name}: {value} is not from {least} to {most}"
            ))),
            None => Ok(()),
        }
    }

    /// The options of the booster; `spent` are rows and rounds of earlier budgets.
    pub(crate) fn stream(&self, spent: (u64, u32)) -> StreamOptions {
        StreamOptions {
            rows_expected: self.rows_expected,
            reservoir_rows: self.reservoir_rows,
            batch_rows: self.batch_rows,
            spent,
        }
    }
}
