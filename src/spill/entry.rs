//! A key with its counters and its name.

use crate::error::{Error, Result};

/// One key with the sum of its counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Entry {
    /// The key.
    pub key: u64,
    /// The counters.
    pub counters: Vec<u64>,
    /// The name, if one was given.
    pub name: Option<String>,
}

/// Refuses two names of one key.
pub(super) fn check_names(known: &str, name: &str, key: u64) -> Result<()> {
    if known == name {
        return Ok(());
    }
    let (first, second) = if known < name {
        (known, name)
    } else {
        (name, known)
    };
    Err(Error::Dataset(format!(
        "the groups `{first}` and `{second}` have the same 64-bit hash {key:016x}, so they cannot be \
         told apart; rename one of them"
    )))
}
