//! See `shared/checkpoint_file.rs`, which ordinary tests run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../shared/checkpoint_file.rs"]
mod checkpoint_file;

fuzz_target!(|input: &[u8]| checkpoint_file::run(input));
