//! The canonical run: Parquet to a verified model and its reports, with the default options.
//!
//! ```text
//! cargo bench --bench end_to_end -- [--rows 500000] [--threads 2] [--model gbdt]
//! cargo bench --bench end_to_end -- --data DIR [--split-col is_test]
//! ```
//!
//! Prints one line: rows, features, rows a second to the model, seconds to the model, peak RSS, test
//! AUC, and the SHA-256 of the model. `--small`, and any start that is not `cargo bench`, runs on
//! little data, to see that it runs.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use rowmill::Result;

#[path = "shared/end_to_end.rs"]
mod end_to_end;

const ROWS: u64 = 500_000;
const ROWS_SMALL: u64 = 20_000;

fn main() -> Result<()> {
    let mut rows = None;
    let mut data = None;
    let mut split_column = None;
    let mut threads = None;
    let mut model = "gbdt".to_owned();
    let mut is_bench = false;
    let mut is_small = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("a value after the flag");
        match argument.as_str() {
            "--rows" => rows = Some(value().replace('_', "").parse().expect("--rows N")),
            "--data" => data = Some(PathBuf::from(value())),
            "--split-col" => split_column = Some(value()),
            "--threads" => threads = Some(value().parse().expect("--threads N")),
            "--model" => model = value(),
            "--bench" => is_bench = true,
            "--small" => is_small = true,
            _ => {}
        }
    }
    is_small |= !is_bench;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let data = match data {
        Some(data) => data,
        None => {
            let made = directory.path().join("data");
            let (default, kmers) = if is_small {
                (ROWS_SMALL, 16)
            } else {
                (ROWS, 64)
            };
            end_to_end::make_data(&made, rows.unwrap_or(default), kmers)?;
            made
        }
    };
    let mut options = end_to_end::options(&data, &directory.path().join("run"), &model)?;
    options.columns.split_column = split_column;
    options.resources.threads = threads.unwrap_or(options.resources.threads);
    println!("{}", end_to_end::run(&options)?);
    Ok(())
}
