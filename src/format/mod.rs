//! Stored files: sections with checksums, bounded readers, whole files under their names.

pub(crate) mod container;
pub(crate) mod file;
pub(crate) mod reader;
