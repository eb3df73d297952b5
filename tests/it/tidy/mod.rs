//! House rules that a machine can check, as tests over the source tree.

mod tokens;
mod tree;

mod items;

mod imports;

mod cycles;
mod doors;
mod layering;
mod owners;
mod ratchets;

mod cargo;
mod docs;
mod text;
