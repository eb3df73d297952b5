//! The cache of codes: what runs on the same data share in a scratch directory.

mod code_cache;
mod contents;
mod groups;
mod key;
mod lookup;
mod plan;

pub(crate) use code_cache::{CachedRows, CodeCache};
#[cfg(test)]
pub(crate) use key::ingredients;
pub(crate) use lookup::{CacheLookup, cached_target, find, open_or_create, seal};
pub(crate) use plan::add_seal;
