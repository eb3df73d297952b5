//! What the survey costs beyond decoding: a survey pass against a pure decode of the same columns by
//! the same reader, in turns in one process.
//!
//! ```text
//! cargo bench --bench survey -- DATASET [--threads 2] [--repeats 5]
//! ```
//!
//! Prints the medians of wall and CPU seconds, and their ratios. Seven rows of ten are training rows,
//! in runs of a hundred. Without a dataset it makes a small one.

#![allow(clippy::print_stdout)]

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use rowmill::{
    Result, Silent, Stop, Values,
    internals::{
        engine::Context,
        limits::BLOCK_ROWS,
        pipeline::{RowSample, RowsFile, SurveySpec, TrainingData, survey, takes},
        source::LaneReader,
        stats::sample_threshold,
    },
    records::Split,
};

// The survey needs the options alone.
#[allow(dead_code)]
#[path = "shared/end_to_end.rs"]
mod end_to_end;

const SEED: u64 = 42;

fn main() -> Result<()> {
    let (mut data, mut threads, mut repeats) = (None, 2, 5);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok());
        match argument.as_str() {
            "--threads" => threads = number().expect("--threads N"),
            "--repeats" => repeats = number().expect("--repeats N"),
            "--bench" => {}
            path => data = Some(PathBuf::from(path)),
        }
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let data = match data {
        Some(data) => data,
        None => {
            let made = directory.path().join("data");
            end_to_end::make_data(&made, 20_000, 16)?;
            made
        }
    };
    let options = end_to_end::options(&data, directory.path(), "gbdt")?;
    let data = TrainingData::open(&options.data, &options.columns, &options.resources.limits)?;
    let rows = RowsFile::create(&directory.path().join("rows"), data.dataset.rows(), false)?;
    let sample = assign(&rows, options.resources.limits.cut_sample_rows)?;
    let stop = Stop::default();
    let context = Context {
        threads,
        batch_rows_max: options.resources.limits.batch_rows_max,
        channel_batches_max: options.resources.limits.channel_batches_max,
        stop: &stop,
        progress: &Silent,
    };
    let mut measured: [Vec<[f64; 2]>; 2] = Default::default();
    for repeat in 0..repeats {
        measured[0].push(timed(|| decode(&data, threads))?);
        let path = directory.path().join(format!("sample-{repeat}"));
        measured[1].push(timed(|| look(&context, &data, &rows, &sample, &path))?);
    }
    let [decode, survey] = measured.map(medians);
    println!(
        "rows {}  features {}  threads {threads}  decode {:.3} s ({:.2} s CPU)  survey {:.3} s \
         ({:.2} s CPU)  ratio {:.3} (CPU {:.3})",
        data.dataset.rows(),
        data.roles.features.len(),
        decode[0],
        decode[1],
        survey[0],
        survey[1],
        survey[0] / decode[0],
        survey[1] / decode[1],
    );
    Ok(())
}

/// Writes the splits, and counts the sample.
fn assign(rows: &RowsFile, sample_rows: u64) -> Result<RowSample> {
    let threshold = sample_threshold(sample_rows, rows.rows() * 7 / 10);
    let mut counts = Vec::new();
    for block in 0..rows.blocks() {
        let first_row = (block * BLOCK_ROWS) as u64;
        let numbers = first_row..first_row + rows.block_rows(block) as u64;
        let split = |row: u64| match row / 100 % 10 {
            0..7 => Split::Train as u8,
            7 => Split::Valid as u8,
            _ => Split::Test as u8,
        };
        let splits: Vec<u8> = numbers.clone().map(split).collect();
        rows.write_splits(first_row, &splits)?;
        let sampled = numbers
            .zip(&splits)
            .filter(|(row, split)| **split == Split::Train as u8 && takes(SEED, threshold, *row));
        counts.push(sampled.count() as u32);
    }
    Ok(RowSample::new(SEED, threshold, counts))
}

fn look(
    context: &Context<'_>,
    data: &TrainingData,
    rows: &RowsFile,
    sample: &RowSample,
    path: &Path,
) -> Result<()> {
    let spec = SurveySpec {
        data,
        rows,
        sample,
        sample_path: path,
        categories_max: 65_536,
    };
    survey(context, &spec).map(|_| ())
}

/// Decodes the features of all row groups, which lanes take in turn.
fn decode(data: &TrainingData, lanes: usize) -> Result<()> {
    let next = AtomicUsize::new(0);
    let lane = || -> Result<()> {
        let mut reader = LaneReader::new(&data.dataset);
        let mut values = Values::F32(Vec::new());
        loop {
            let row_group = next.fetch_add(1, Ordering::Relaxed);
            if row_group >= data.dataset.row_groups().len() {
                return Ok(());
            }
            reader.open(row_group)?;
            for &column in &data.roles.features {
                reader.start_column(column)?;
                while reader.next_slice(BLOCK_ROWS, &mut values)? > 0 {
                    std::hint::black_box(&values);
                }
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let mut joined = threads.into_iter().map(|thread| thread.join());
        joined.try_for_each(|part| part.expect("no panic"))
    })
}

/// Wall and CPU seconds.
fn timed(run: impl FnOnce() -> Result<()>) -> Result<[f64; 2]> {
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    run()?;
    Ok([wall.elapsed().as_secs_f64(), cpu_seconds() - cpu])
}

/// User and system time of the process in the kernel's ticks of 10 ms; 0 where there is no `/proc`.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|text| text.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn medians(measured: Vec<[f64; 2]>) -> [f64; 2] {
    [0, 1].map(|figure| {
        let mut of: Vec<f64> = measured.iter().map(|pair| pair[figure]).collect();
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    })
}
