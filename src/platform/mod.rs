//! The parts that differ by operating system: positioned reads, free memory, peak RSS, free disk, signals.
//!
//! Linux is complete. Elsewhere a figure that the system does not give is `None`, and advice to
//! the page cache is skipped; nothing else in the crate asks which system it runs on.

pub mod atomic;
pub mod disk;
pub mod file;
pub mod memory;
pub mod panics;
pub mod parallel;
pub mod stop;

pub use file::{FileIdentity, PositionedFile};
