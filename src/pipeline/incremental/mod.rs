//! incremental

pub mod declared;
pub mod learner_file;
pub mod linear;
pub mod linear_learner;
pub mod progressive;
pub mod row_feeder;
pub mod saver;
pub mod started;
pub mod tree_feeder;
pub mod trees;
