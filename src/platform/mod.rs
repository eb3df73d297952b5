//! What differs by operating system, behind names that do not.

pub mod atomic;
