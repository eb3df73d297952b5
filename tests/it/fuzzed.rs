//! The fuzz targets' functions over their kept corpora, as they are and changed at random: what a
//! fuzzer does, a little of it at every test run.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
};

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use crate::corpus::corpus;

#[path = "../../fuzz/shared/baseline_tsv.rs"]
mod baseline_tsv;
#[path = "../../fuzz/shared/checkpoint_file.rs"]
mod checkpoint_file;
#[path = "../../fuzz/shared/model_file.rs"]
mod model_file;
#[path = "../../fuzz/shared/model_json.rs"]
mod model_json;
#[path = "../../fuzz/shared/options_toml.rs"]
mod options_toml;
#[path = "../../fuzz/shared/parquet_source.rs"]
mod parquet_source;

const SEED: u64 = 20;

/// Bytes that lengths, counts and quoting stumble over.
const AWKWARD: [u8; 12] = [
    0, 1, 0x7f, 0x80, 0xff, b'"', b'\\', b'{', b'[', b'\n', b'-', b'9',
];

/// Tries every file of a corpus, and `changed` changed ones.
fn check(target: &str, run: fn(&[u8]), changed: usize) {
    let seeds: Vec<Vec<u8>> = corpus(target)
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect();
    for (index, seed) in seeds.iter().enumerate() {
        attempt(target, run, seed, &format!("file {index} of the corpus"));
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    for number in 0..changed {
        let mut input = seeds[below(&mut random, seeds.len())].clone();
        for _ in 0..1 + below(&mut random, 4) {
            let other = &seeds[below(&mut random, seeds.len())];
            change(&mut input, other, &mut random);
        }
        attempt(target, run, &input, &format!("change {number}"));
    }
}

fn attempt(target: &str, run: fn(&[u8]), input: &[u8], what: &str) {
    let result = catch_unwind(AssertUnwindSafe(|| run(input)));
    assert!(
        result.is_ok(),
        "{target}: {what} with seed {SEED} panics: {}",
        input.escape_ascii()
    );
}

/// One change of the kinds that fuzzers make.
fn change(input: &mut Vec<u8>, other: &[u8], random: &mut Xoshiro256PlusPlus) {
    let at = below(random, input.len() + 1);
    let length = below(random, 1 + (input.len() - at).min(16));
    match below(random, 7) {
        0 if at < input.len() => input[at] ^= 1 << below(random, 8),
        1 if at < input.len() => input[at] = AWKWARD[below(random, AWKWARD.len())],
        2 => input.insert(at, AWKWARD[below(random, AWKWARD.len())]),
        3 => drop(input.drain(at..at + length)),
        4 => {
            let twice = input[at..at + length].to_vec();
            input.splice(at..at, twice);
        }
        5 => {
            let from = below(random, other.len() + 1);
            let length = below(random, 1 + (other.len() - from).min(64));
            input.splice(at..at, other[from..from + length].iter().copied());
        }
        // Rarely: what is behind the cut is never looked at again.
        _ if below(random, 8) == 0 => input.truncate(at),
        _ if at < input.len() => input[at] = random.next_u64() as u8,
        _ => {}
    }
}

fn below(random: &mut Xoshiro256PlusPlus, bound: usize) -> usize {
    (random.next_u64() % bound.max(1) as u64) as usize
}

#[test]
fn parquet_source() {
    check("parquet_source", parquet_source::run, 3_000);
}

#[test]
fn checkpoint_files() {
    check("checkpoint_file", checkpoint_file::run, 4_000);
}

#[test]
fn model_files() {
    check("model_file", model_file::run, 4_000);
}

#[test]
fn model_json() {
    check("model_json", model_json::run, 5_000);
}

#[test]
fn options_toml() {
    check("options_toml", options_toml::run, 2_000);
}

#[test]
fn baseline_tsv() {
    check("baseline_tsv", baseline_tsv::run, 5_000);
}
