//! The shares of train, valid and test.

use crate::{
    data::Split,
    error::{Error, Result},
};

/// The wanted part of the rows of each split; the three sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Shares {
    /// Learned from; above 0.
    pub train: f64,
    /// For early stopping; may be 0.
    pub valid: f64,
    /// Held out; may be 0.
    pub test: f64,
}

impl Shares {
    /// The shares that `--valid-size` and `--test-size` leave.
    ///
    /// # Errors
    /// [`Error::Usage`] unless both are at least 0 and leave something to train on.
    pub(crate) fn new(valid: f64, test: f64) -> Result<Self> {
        for (option, share) in [("--valid-size", valid), ("--test-size", test)] {
            if !(0.0..1.0).contains(&share) {
                return Err(Error::Usage(format!(
                    "{option} {share} is out of range; give a number from 0 to less than 1"
                )));
            }
        }
        let train = 1.0 - valid - test;
        if train < 1e-6 {
            return Err(Error::Usage(format!(
                "--valid-size {valid} and --test-size {test} leave no training rows; their sum must be below 1"
            )));
        }
        Ok(Self { train, valid, test })
    }

    /// The share of a split; none has 0.
    pub(crate) fn of(&self, split: Split) -> f64 {
        match split {
            Split::Train => self.train,
            Split::Valid => self.valid,
            Split::Test => self.test,
            Split::None => 0.0,
        }
    }
}
