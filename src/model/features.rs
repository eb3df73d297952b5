//! What a model knows of each input column.

use crate::{
    data::{Absent, ValueType},
    model::binning::Binning,
};

/// One feature of a model; the index in the model's list is what trees and columns refer to.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FeatureSpec {
    /// The column's name.
    pub name: String,
    /// How training read the column; a wider or narrower float may be given when predicting.
    pub value_type: ValueType,
    /// What the column means in a file that does not have it.
    pub absent: Absent,
    /// How values become codes. Linear models use it for text only; there, numbers have no cuts.
    pub binning: Binning,
    /// Whether any training row had the value missing. If not, missing values follow the node's
    /// `missing_left`, which the trainer set to the heavier child.
    pub missing_in_training: bool,
}

impl FeatureSpec {
    /// Whether the feature's values are text.
    pub fn is_text(&self) -> bool {
        self.value_type == ValueType::Text
    }

    /// How many codes the feature has, counting the one for missing values.
    pub fn codes_with_missing(&self) -> u16 {
        self.binning.codes_without_missing() + 1
    }

    /// Whether the feature can be one: its binning is sound and of the column's type.
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
pub fn missing_codes(features: &[FeatureSpec]) -> Vec<u8> {
    let missing_code = |feature: &FeatureSpec| feature.binning.missing_code();
    features.iter().map(missing_code).collect()
}

/// What a text that training never met means when predicting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unseen {
    /// A missing value.
    #[default]
    Missing,
    /// An error that names column, row and text.
    Error,
}
