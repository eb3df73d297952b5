//! The small dataset that the end-to-end tests share, and tiny tables that go wrong.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use rowmill::internals::{
    source::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
    synth::{SynthOptions, generate},
};

/// Rows of the shared dataset.
pub(crate) const ROWS: u64 = 24_000;

/// Four ragged shards with a baseline beside them, made once a process. Nobody writes there.
pub(crate) fn small() -> &'static Path {
    static DATASET: OnceLock<PathBuf> = OnceLock::new();
    DATASET.get_or_init(|| {
        let dir =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("small-{}", std::process::id()));
        make(&dir, ROWS, 4, true);
        dir
    })
}

/// Makes a dataset of 16 k-mers with genes of 150 rows on average.
pub(crate) fn make(dir: &Path, rows: u64, shards: usize, ragged: bool) {
    remove_older(dir);
    let options = SynthOptions {
        rows,
        kmers: 16,
        genes: Some(rows / 150),
        shards,
        ragged,
        seed: 7,
        out_dir: dir.to_path_buf(),
        overwrite: true,
        threads: 1,
    };
    generate(&options, &mut |_| {}).expect("the options are in range");
}

/// Copies the shared dataset so that a test may damage it.
pub(crate) fn copy_to(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    for entry in fs::read_dir(small()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, dir.join(path.file_name().unwrap())).unwrap();
    }
}

/// Writes a table of 200 rows: `gene_id`, `splice_type` and a feature `x`, each changed by `change`.
pub(crate) fn write_table(path: &Path, change: impl Fn(&mut TinyTable)) {
    let mut table = TinyTable::new();
    change(&mut table);
    let mut specs = vec![ColumnSpec::nullable("gene_id", ColumnKind::Text)];
    let mut data = vec![ColumnData::Text(&table.genes)];
    if let Some(labels) = &table.labels {
        specs.push(ColumnSpec::nullable("splice_type", ColumnKind::Text));
        data.push(ColumnData::Text(labels));
    }
    match &table.x {
        Feature::Number(values) => {
            specs.push(ColumnSpec::nullable("x", ColumnKind::F64));
            data.push(ColumnData::F64(values));
        }
        Feature::Text(values) => {
            specs.push(ColumnSpec::nullable("x", ColumnKind::Text));
            data.push(ColumnData::Text(values));
        }
    }
    let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
    writer.write_row_group(&data).unwrap();
    writer.finish().unwrap();
}

/// A table that is fine until a test changes it.
pub(crate) struct TinyTable {
    pub(crate) genes: Vec<Option<&'static str>>,
    pub(crate) labels: Option<Vec<Option<&'static str>>>,
    pub(crate) x: Feature,
}

/// The values of the one feature.
pub(crate) enum Feature {
    Number(Vec<f64>),
    Text(Vec<Option<&'static str>>),
}

impl TinyTable {
    const ROWS: usize = 200;

    fn new() -> Self {
        let genes = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let label = |row: usize| match row % 3 {
            0 => "donor",
            1 => "acceptor",
            _ => "neither",
        };
        Self {
            genes: (0..Self::ROWS).map(|row| Some(genes[row % 10])).collect(),
            labels: Some((0..Self::ROWS).map(|row| Some(label(row))).collect()),
            x: Feature::Number((0..Self::ROWS).map(|row| (row * 37 % 101) as f64).collect()),
        }
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        Self::ROWS
    }
}

/// Removes what earlier processes left under the same name.
fn remove_older(dir: &Path) {
    let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else {
        return;
    };
    let name = name.to_string_lossy();
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_stale = |entry: &fs::DirEntry| {
        let hours = entry.metadata().and_then(|data| data.modified());
        let age = hours.ok().and_then(|time| time.elapsed().ok());
        age.is_some_and(|age| age.as_secs() > 3_600)
    };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(stem) && is_stale(&entry) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
