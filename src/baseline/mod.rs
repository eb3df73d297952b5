//! Baseline tables: the metrics of an earlier system by group and kind of site.
//!
//! One or two rows a group, a TSV or CSV whatever its name says, with counts of right and wrong
//! predictions and metrics that may be null. It is small and is held whole, its cells as text, so
//! that a report can repeat the table's own columns word for word:
//!
//! ```text
//!   gene_id   TP  FP  FN  precision  f1_score  splice_type
//!   gene-1    12   1   3  0.923      0.857     donor
//!   gene-1     9   0   2  1.0        0.9       acceptor
//!   gene-2     0   0   0                       donor          <- null metrics
//! ```

mod columns;
mod discover;
mod guard;
mod read;
mod row;
mod shown;
mod table;

#[cfg(test)]
mod tests;

pub use columns::BaselineColumns;
pub(crate) use discover::discover;
pub use table::Baseline;
pub(crate) use table::BaselineRow;
