//! A model's input columns.

use crate::{
    data::{Absent, ValueType},
    model::binning::Binning,
};

/// One feature of a model; the index in the model's list is what trees and columns refer to.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FeatureSpec {
    /// The column's name.
    pub name: String,
    /// The column's type in training; a wider or narrower float may be given when predicting.
    pub value_type: ValueType,
    /// The column's value in a file that does not have it.
    pub absent: Absent,
    /// The codes of its values. Linear models use it for text only; there, numbers have no cuts.
    pub binning: Binning,
    /// True if any training row had the value missing. If not, missing values follow the node's
    /// `missing_left`, which the trainer set to the heavier child.
    pub missing_in_training: bool,
}

impl FeatureSpec {
    /// True for a feature of text.
    pub fn is_text(&self) -> bool {
        self.value_type == ValueType::Text
    }

    /// The number of codes, with the one for missing values.
    pub fn codes_with_missing(&self) -> u16 {
        self.binning.codes_without_missing() + 1
    }

    /// Checks a feature from an untrusted file: its binning is sound and of the column's type.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let binning_is_text = matches!(self.binning, Binning::Categorical { .. });
        if binning_is_text != self.is_text() {
            return Err("the codes are not of the column's type".to_owned());
        }
        self.binning.check()
    }
}

/// The missing code of each feature, as [`crate::model::predict::ByteTrees`] wants them.
pub(crate) fn missing_codes(features: &[FeatureSpec]) -> Vec<u8> {
    let missing_code = |feature: &FeatureSpec| feature.binning.missing_code();
    features.iter().map(missing_code).collect()
}

/// The meaning of a text that training never met, when predicting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unseen {
    /// A missing value.
    #[default]
    Missing,
    /// An error that names column, row and text.
    Error,
}
