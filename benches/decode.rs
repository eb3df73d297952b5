//! Pure decode: every numeric column of a dataset, lanes taking row groups in turn.
//!
//! ```text
//! cargo bench --bench decode -- DATASET [--lanes 2] [--repeats 3] [--text]
//! ```
//!
//! `--text` reads the text columns instead. Prints a JSON line a repeat: wall and CPU seconds, rows, megabytes, and the sum of all finite
//! values, which keeps the compiler honest and tells two readers apart. Without a dataset (as in
//! `cargo test --benches`) it writes and reads a small one.

#![allow(clippy::print_stdout)]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use rowmill::{
    Result, Values,
    internals::{
        data::ValueType,
        limits::BLOCK_ROWS,
        source::{
            ColumnData, ColumnKind, ColumnSpec, Dataset, LaneReader, OpenOptions, TableWriter,
            WriteOptions,
        },
    },
    options::Limits,
};

struct Options {
    dataset: Option<String>,
    lanes: usize,
    repeats: usize,
    text: bool,
}

fn options() -> Options {
    let mut options = Options {
        dataset: std::env::var("ROWMILL_BENCH_DATA").ok(),
        lanes: 2,
        repeats: 3,
        text: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok());
        match argument.as_str() {
            "--lanes" => options.lanes = number().expect("--lanes N"),
            "--repeats" => options.repeats = number().expect("--repeats N"),
            "--text" => options.text = true,
            "--bench" => {}
            path => options.dataset = Some(path.to_owned()),
        }
    }
    options
}

fn main() -> Result<()> {
    let options = options();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = match &options.dataset {
        Some(path) => path.clone(),
        None => small_dataset(directory.path())?,
    };
    let limits = Limits::default();
    let dataset = Dataset::open(&path, &OpenOptions::new(&limits))?;
    let columns = chosen_columns(&dataset, options.text);
    for _ in 0..options.repeats {
        let (wall, cpu) = (Instant::now(), cpu_time());
        let sum = decode(&dataset, &columns, options.lanes)?;
        let (wall, cpu) = (wall.elapsed(), cpu_time().saturating_sub(cpu));
        let bytes = dataset.column_bytes(&columns);
        println!(
            "{{\"rows\": {}, \"columns\": {}, \"lanes\": {}, \"wall_s\": {:.3}, \"cpu_s\": {:.3}, \
             \"compressed_mb\": {:.1}, \"sum\": {sum}}}",
            dataset.rows(),
            columns.len(),
            options.lanes,
            wall.as_secs_f64(),
            cpu.as_secs_f64(),
            bytes as f64 / 1e6,
        );
    }
    Ok(())
}

/// The numeric columns, metadata by their usual names apart; with `text` the text columns.
fn chosen_columns(dataset: &Dataset, text: bool) -> Vec<usize> {
    let fields = dataset.schema().fields.iter().enumerate();
    let chosen = fields.filter(|(_, field)| match field.value_type {
        Some(ValueType::Text) => text,
        Some(_) => !text && !["position", "is_test", "label"].contains(&field.name.as_str()),
        None => false,
    });
    chosen.map(|(column, _)| column).collect()
}

/// Decodes the columns; lanes take the next row group when they are done with one. The sum is
/// added up in row-group order.
fn decode(dataset: &Dataset, columns: &[usize], lanes: usize) -> Result<f64> {
    let next = AtomicUsize::new(0);
    let lane = || -> Result<Vec<(usize, f64)>> {
        let mut reader = LaneReader::new(dataset);
        let mut values = Values::F32(Vec::new());
        let mut sums = Vec::new();
        loop {
            let row_group = next.fetch_add(1, Ordering::Relaxed);
            if row_group >= dataset.row_groups().len() {
                return Ok(sums);
            }
            reader.open(row_group)?;
            let mut sum = 0.0;
            for &column in columns {
                reader.start_column(column)?;
                while reader.next_slice(BLOCK_ROWS, &mut values)? > 0 {
                    sum += probe(&values);
                }
            }
            sums.push((row_group, sum));
        }
    };
    let mut sums: Vec<(usize, f64)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        let parts: Result<Vec<_>> = joined.map(|part| part.expect("no panic")).collect();
        parts.map(|parts| parts.concat())
    })?;
    sums.sort_by_key(|(row_group, _)| *row_group);
    Ok(sums.iter().map(|(_, sum)| sum).sum())
}

/// A number that depends on every thousandth value: cheap beside the decode.
fn probe(values: &Values) -> f64 {
    let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
    match values {
        Values::F32(values) => values.iter().step_by(1000).map(|&v| finite(v.into())).sum(),
        Values::F64(values) => values.iter().step_by(1000).map(|&v| finite(v)).sum(),
        Values::Text(text) => text.ids.iter().step_by(1000).map(|&id| f64::from(id)).sum(),
    }
}

/// CPU time of the process in the kernel's ticks of 10 ms; 0 where there is no `/proc`.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    Duration::from_millis(
        ticks
            .filter_map(|text| text.parse::<u64>().ok())
            .sum::<u64>()
            * 10,
    )
}

fn small_dataset(directory: &std::path::Path) -> Result<String> {
    let path = directory.join("small.parquet");
    let columns = [
        ColumnSpec::nullable("x", ColumnKind::F32),
        ColumnSpec::required("y", ColumnKind::I32),
    ];
    let mut writer = TableWriter::create(&path, &columns, &WriteOptions::default())?;
    for group in 0..4 {
        let x: Vec<f32> = (0..10_000)
            .map(|i| (i * 37 % 1000 + group) as f32)
            .collect();
        let y: Vec<i32> = (0..10_000).map(|i| i % 7).collect();
        writer.write_row_group(&[ColumnData::F32(&x), ColumnData::I32(&y)])?;
    }
    writer.finish()?;
    Ok(path.to_string_lossy().into_owned())
}
