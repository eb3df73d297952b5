//! The parts that differ by operating system: positioned reads, free memory, peak RSS, free disk, signals.
//!
//! Linux is complete. Elsewhere a figure that the system does not give is `None`, and advice to
//! the page cache is skipped; nothing else in the crate asks which system it runs on.

pub(crate) mod atomic;
pub(crate) mod disk;
pub(crate) mod file;
pub(crate) mod memory;
pub(crate) mod panics;
pub(crate) mod parallel;
pub(crate) mod stop;

pub(crate) use file::{FileIdentity, PositionedFile};
