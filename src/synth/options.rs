//! Options of `rowmill synth`.

use std::path::PathBuf;

/// Options of generated data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SynthOptions {
    /// Rows over all shards.
    pub rows: u64,
    /// k-mer count columns.
    pub kmers: usize,
    /// Genes; `None` for one in 400 rows.
    pub genes: Option<u64>,
    /// Parquet files.
    pub shards: usize,
    /// Shards differ in columns, their order and their integer types.
    pub ragged: bool,
    /// Seed of everything.
    pub seed: u64,
    /// The directory of the files; created if it is missing.
    pub out_dir: PathBuf,
    /// Replace files of an earlier run there.
    pub overwrite: bool,
    /// Threads; changes no byte of the output.
    pub threads: usize,
}

impl Default for SynthOptions {
    fn default() -> Self {
        Self {
            rows: 500_000,
            kmers: 64,
            genes: None,
            shards: 4,
            ragged: true,
            seed: 42,
            out_dir: PathBuf::from("rowmill-synth"),
            overwrite: false,
            threads: 2,
        }
    }
}
