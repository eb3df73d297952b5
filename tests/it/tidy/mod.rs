//! House rules that a machine can check, as tests over the source tree.

mod cargo;
mod docs;
mod layering;
mod text;
mod tree;
