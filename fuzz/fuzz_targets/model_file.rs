//! See `shared/model_file.rs`, which ordinary tests run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../shared/model_file.rs"]
mod model_file;

fuzz_target!(|input: &[u8]| model_file::run(input));
