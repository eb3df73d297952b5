//! Stored files: sections with checksums, bounded readers, whole files under their names.

pub mod container;
pub mod file;
pub mod reader;
