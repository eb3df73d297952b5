//! Text for people: sizes and counts, the nearest name, the natural order of names, patterns.

pub mod column_pattern;
pub mod glob;
pub mod natural;
pub mod nearest;
pub mod pattern;
pub mod size;
