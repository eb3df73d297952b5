//! Warnings about a split.

use std::fmt;

use crate::data::Split;

/// A property of an assignment that the user should know.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Warning {
    /// One bucket (mostly: one group) alone is larger than a split should be.
    BucketExceedsSplit {
        /// The bucket.
        bucket: usize,
        /// Its part of all rows.
        part: f64,
        /// The smallest split that was asked for.
        split: Split,
        /// The part it should have.
        share: f64,
    },
    /// A split that was asked for has no rows: there are too few groups.
    EmptySplit {
        /// The split.
        split: Split,
        /// The part it should have.
        share: f64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BucketExceedsSplit {
                part, split, share, ..
            } => write!(
                f,
                "one group holds {:.1} % of the rows, more than the {:.1} % that {} should have; the \
                 splits will be uneven, so consider a finer --group-col",
                part * 100.0,
                share * 100.0,
                split.name()
            ),
            Self::EmptySplit { split, share } => write!(
                f,
                "the {} split should have {:.1} % of the rows and has none: there are too few groups; \
                 consider a finer --group-col",
                split.name(),
                share * 100.0
            ),
        }
    }
}
