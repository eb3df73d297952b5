//! See `shared/parquet_source.rs`, which ordinary tests run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../shared/parquet_source.rs"]
mod parquet_source;

fuzz_target!(|input: &[u8]| parquet_source::run(input));
