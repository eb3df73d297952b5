//! Co-moments of many columns at once: the correlation of every pair over the rows in which neither
//! value is missing or infinite, as `pandas.DataFrame.corr` has it.
//!
//! ```text
//! values --centre, scale, mask--> panel (a chunk of rows) --blocked products--> sums of the triangle
//! ```
//!
//! A column is shifted by a mean that is known beforehand, so that sums do not cancel, and scaled
//! by a power of two, so that squares do not overflow. Sums around a common shift are merged by
//! adding them. A column that has missing or infinite values takes part with a mask of ones and
//! zeros beside its values (which are zero there): products with the mask give the sums over the
//! other column's present rows. Columns without missing values cost nothing of that.
//!
//! If both columns are present in a few rows only, their means there may be far from the shift.
//! Such a coefficient is marked [`doubtful`](coefficient::Coefficient::doubtful); [`PairMoments`] takes the pair again
//! around its own means.

mod coefficient;
mod column;
mod kernel;
mod pair;
mod panel;
mod plan;
mod sums;
mod triangle;

#[cfg(test)]
mod tests;

pub(crate) use column::Shift;
pub(crate) use pair::PairMoments;
pub(crate) use panel::Panel;
pub(crate) use plan::CoMomentsPlan;
pub(crate) use sums::CoMoments;
