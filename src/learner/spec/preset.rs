//! The names of learners, and of the libraries whose defaults they stand for.

use crate::{
    error::{Error, Result},
    text::nearest,
};

/// The names that `--model` knows: our own, and presets with a library's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    Gbdt,
    Xgboost,
    Lightgbm,
    Logistic,
    LogReg,
    SgdLogistic,
}

impl Preset {
    pub(super) const ALL: [Self; 6] = [
        Self::Gbdt,
        Self::Logistic,
        Self::Xgboost,
        Self::Lightgbm,
        Self::SgdLogistic,
        Self::LogReg,
    ];

    /// The learner of a JSON object without `name`.
    pub(super) const DEFAULT: Self = Self::Gbdt;

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gbdt => "gbdt",
            Self::Xgboost => "xgboost",
            Self::Lightgbm => "lightgbm",
            Self::Logistic => "logistic",
            Self::LogReg => "log_reg",
            Self::SgdLogistic => "sgd_logistic",
        }
    }

    pub(super) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            Error::Usage(format!(
                "--model: `{name}` is no learner of rowmill{}; choose {}, or give options as JSON",
                nearest::hint(name, names),
                names.join(", ")
            ))
        })
    }
}
