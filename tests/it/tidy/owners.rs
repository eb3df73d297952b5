//! What only some rooms may name. Everywhere else its absence is a law of the architecture.

use super::imports::{Source, source, source_of};

/// A thing, by the paths that name it, and the rooms or files that may.
struct Law {
    thing: &'static str,
    is_named: fn(&[&str]) -> bool,
    allowed: &'static [&'static str],
}

const LAWS: [Law; 5] = [
    Law {
        thing: "Parquet and Arrow",
        is_named: |path| path[0] == "parquet" || path[0].starts_with("arrow"),
        allowed: &["source/"],
    },
    Law {
        thing: "threads",
        is_named: starts_threads,
        // One thread waits for signals; it is cut off when the process ends, and no run depends on it.
        allowed: &["engine/", "synth/", "cli/signals.rs"],
    },
    Law {
        thing: "passes over data",
        is_named: |path| {
            let passes = ["parquet_pass", "block_pass", "ParquetPass"];
            path.starts_with(&["crate", "engine"]) && path.iter().any(|name| passes.contains(name))
        },
        allowed: &["engine/", "pipeline/"],
    },
    Law {
        thing: "the terminal",
        is_named: |path| {
            let crates = [
                "clap",
                "clap_complete",
                "clap_mangen",
                "indicatif",
                "tracing_subscriber",
                "signal_hook",
            ];
            crates.contains(&path[0])
        },
        allowed: &["cli/"],
    },
    Law {
        thing: "maps of files",
        is_named: |path| {
            path.iter()
                .any(|name| name.contains("mmap") || *name == "memmap2")
        },
        allowed: &[],
    },
];

/// What of `std::thread` starts none.
const HARMLESS: [&str; 2] = ["available_parallelism", "Result"];

fn starts_threads(path: &[&str]) -> bool {
    match path {
        ["std", "thread"] => false,
        ["std", "thread", name, ..] => !HARMLESS.contains(name),
        [first, ..] => {
            first.starts_with("rayon")
                || (first.starts_with("crossbeam") && *first != "crossbeam_channel")
        }
        [] => false,
    }
}

/// Places that name a thing and must not.
fn faults(source: &Source, law: &Law) -> Vec<String> {
    let mut faults = Vec::new();
    for file in &source.files {
        let is_allowed = law
            .allowed
            .iter()
            .any(|place| file.name.starts_with(&format!("src/{place}")));
        for (path, line) in &file.paths {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            if !is_allowed && (law.is_named)(&path) {
                faults.push(format!("{}:{line}: {}", file.name, path.join("::")));
            }
        }
    }
    faults
}

#[test]
fn everybody_keeps_to_what_is_theirs() {
    for law in &LAWS {
        let faults = faults(source(), law);
        assert!(
            faults.is_empty(),
            "{} belong to {:?} alone:\n{}",
            law.thing,
            law.allowed,
            faults.join("\n")
        );
    }
}

#[test]
fn exceptions_are_there() {
    for place in LAWS.iter().flat_map(|law| law.allowed) {
        let mut files = source().files.iter();
        let is_there = files.any(|file| file.name.starts_with(&format!("src/{place}")));
        assert!(is_there, "there is no src/{place}");
    }
}

#[test]
fn things_are_found_in_every_spelling() {
    let check = |thing: &str, text: &str, count: usize| {
        let law = LAWS.iter().find(|law| law.thing == thing).expect("a law");
        let source = source_of(&[
            ("src/data/a.rs", text),
            ("src/engine/mod.rs", "mod parquet;"),
            ("src/engine/parquet.rs", "pub fn parquet_pass() {}"),
        ]);
        let faults = faults(&source, law);
        assert_eq!(faults.len(), count, "{text}: {faults:?}");
    };
    check("threads", "fn f() { std::thread::spawn(g) }", 1);
    check(
        "threads",
        "use std::thread; fn f() { thread::scope(g); thread::Builder::new() }",
        2,
    );
    check("threads", "use std::thread as t; fn f() { t::spawn(g) }", 1);
    check(
        "threads",
        "use std::thread::{Scope, available_parallelism};",
        1,
    );
    check("threads", "use std::thread::*;", 0);
    check("threads", "use rayon::prelude::*;", 1);
    check("threads", "use rayon_core::ThreadPool;", 1);
    check(
        "threads",
        "use std::thread; fn f() { thread::available_parallelism() }",
        0,
    );
    check(
        "threads",
        "use crossbeam_channel::Sender; // thread::spawn",
        0,
    );
    check(
        "Parquet and Arrow",
        "use parquet::file; fn f(x: arrow_array::Array) {}",
        2,
    );
    check("Parquet and Arrow", "use crate::engine::parquet;", 0);
    check(
        "passes over data",
        "use crate::engine::parquet::parquet_pass;",
        1,
    );
    check("the terminal", "#[derive(clap::Args)] struct A;", 1);
    check(
        "maps of files",
        "use rustix::mm::mmap; fn f() { memmap2::Mmap::map() }",
        2,
    );
}
