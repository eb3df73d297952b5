//! Group key -> stable hash -> bucket -> split: rows that belong together stay together.
//!
//! A group's key (a gene, a patient, a chromosome) becomes a 64-bit hash that is the same on every
//! machine and in every version; the hash falls into one of 65,536 buckets; whole buckets are given
//! to train, valid and test. What memory this takes does not depend on the number of groups: the
//! counts are per bucket, and the table of groups spills beyond its bound.

pub(crate) mod assign;
pub(crate) mod buckets;
pub(crate) mod hash;
pub(crate) mod table;

pub(crate) use table::{GroupRow, GroupTable, SplitProof};
