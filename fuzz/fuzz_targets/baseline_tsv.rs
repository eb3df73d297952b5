//! See `shared/baseline_tsv.rs`, which ordinary tests run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../shared/baseline_tsv.rs"]
mod baseline_tsv;

fuzz_target!(|input: &[u8]| baseline_tsv::run(input));
