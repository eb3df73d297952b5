//! prepare

pub mod assign;
pub mod bins;
pub mod scan;
pub mod survey;
