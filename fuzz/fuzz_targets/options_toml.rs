//! See `shared/options_toml.rs`, which ordinary tests run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../shared/options_toml.rs"]
mod options_toml;

fuzz_target!(|input: &[u8]| options_toml::run(input));
