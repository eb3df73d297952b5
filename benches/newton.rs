//! One block of rows through a Newton pass: standardising, margins, gradient, Hessian.
//!
//! `cargo bench --bench newton`. Throughput is in rows; the decode of such a block takes about 0.4
//! microseconds a row at 100 columns.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rowmill::{
    Values,
    internals::{
        data::Tile,
        learner::logistic::{
            GramScratch, Logistic, add_gradient, add_gram, margins_into, triangle_len,
        },
        transform::{Design, FeatureSummary, Input},
    },
    options::LogisticOptions,
};

const ROWS: usize = 16_384;
const TILE_ROWS: usize = 512;

/// Repeatable numbers in [-1, 1).
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn columns(count: usize) -> Vec<(usize, Values)> {
    (0..count)
        .map(|column| (column, Values::F64(numbers(ROWS, column as u64))))
        .collect()
}

fn design(columns: usize) -> Design {
    let summary = || FeatureSummary::Numeric {
        mean: 0.0,
        sd: 0.577,
        min: -1.0,
        max: 1.0,
    };
    let input = |i: usize| Input {
        feature: i as u32,
        schema_column: i,
        summary: summary(),
        missing_indicator: false,
    };
    let inputs: Vec<Input> = (0..columns).map(input).collect();
    Design::new(&inputs, 64).expect("every column varies")
}

fn pass(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("newton_pass");
    group
        .throughput(Throughput::Elements(ROWS as u64))
        .sample_size(10);
    let all: Vec<u32> = (0..ROWS as u32).collect();
    let some: Vec<u32> = all.iter().copied().filter(|row| row % 10 < 7).collect();
    for (features, classes) in [(100, 2), (100, 3), (500, 2)] {
        let (columns, design) = (columns(features), design(features));
        let labels: Vec<f32> = (0..ROWS).map(|row| (row % classes) as f32).collect();
        let weights = vec![1.0; ROWS];
        let options = LogisticOptions::default();
        let learner = Logistic::new(&options, features, classes).expect("options are sound");
        let pass = learner.next_pass().expect("a first pass");
        for (rows, share) in [(&all, "all rows"), (&some, "70 % of rows")] {
            let id = BenchmarkId::new(format!("{features} columns, {classes} classes"), share);
            group.bench_with_input(id, rows, |bencher, rows| {
                let (mut accumulator, mut part) = (pass.accumulator(), pass.sums());
                bencher.iter(|| {
                    let view = design.view(&columns);
                    accumulator.update(rows, &labels, &weights, |rows, tile| view.fill(rows, tile));
                    accumulator.finish_row_group_into(&mut part);
                    black_box(part.loss)
                });
            });
        }
    }
    group.finish();
}

fn kernels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("newton_kernels");
    group.throughput(Throughput::Elements(TILE_ROWS as u64));
    let features = 100;
    let (columns, design) = (columns(features), design(features));
    let rows: Vec<u32> = (0..TILE_ROWS as u32).collect();
    let mut tile = Tile::new(features, TILE_ROWS);
    let view = design.view(&columns);
    group.bench_function("standardise", |bencher| {
        bencher.iter(|| {
            tile.clear();
            view.fill(&rows, &mut tile.append(TILE_ROWS));
        });
    });
    let coefficients = numbers(features + 1, 1);
    let mut margins = vec![0.0; TILE_ROWS];
    group.bench_function("margins", |bencher| {
        bencher.iter(|| margins_into(&tile, black_box(&coefficients), &mut margins));
    });
    let mut gradient = vec![0.0; features + 1];
    group.bench_function("gradient", |bencher| {
        bencher.iter(|| add_gradient(&tile, black_box(&margins), &mut gradient));
    });
    let curvature = vec![0.2; TILE_ROWS];
    let mut scratch = GramScratch::new(TILE_ROWS);
    let mut gram = vec![0.0; triangle_len(features + 1)];
    group.bench_function("gram", |bencher| {
        bencher.iter(|| add_gram(&tile, black_box(&curvature), &mut scratch, &mut gram));
    });
    group.finish();
}

criterion_group!(benches, pass, kernels);
criterion_main!(benches);
