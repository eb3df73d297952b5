//! See `shared/model_json.rs`, which ordinary tests run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../shared/model_json.rs"]
mod model_json;

fuzz_target!(|input: &[u8]| model_json::run(input));
