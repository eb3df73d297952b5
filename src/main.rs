//! The `rowmill` binary: hands the command line to [`rowmill::cli`] and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    rowmill::cli::run(std::env::args_os())
}
