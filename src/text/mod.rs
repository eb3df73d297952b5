//! Text for people: sizes and counts, the nearest name, the natural order of names, patterns.

pub(crate) mod column_pattern;
pub(crate) mod glob;
pub(crate) mod natural;
pub(crate) mod nearest;
pub(crate) mod pattern;
pub(crate) mod size;
