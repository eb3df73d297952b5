//! Kernels of the model room: codes of columns, margins of trees.
//!
//! `cargo bench --bench model`. Throughput is values, and rows times trees.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rowmill::internals::{
    data::{CodeBlock, CodeLayout},
    limits::BLOCK_ROWS,
    model::{Binning, ByteTrees, Ensemble, Leaf, Link, Node, NodeSplit, Rule, Tree},
};

const FEATURES: usize = 100;
const TREES: usize = 100;
const DEPTH: u32 = 6;

/// A sequence that is the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

fn codes(criterion: &mut Criterion) {
    let mut draws = Draws(88_172_645_463_325_252);
    let singles: Vec<f32> = (0..BLOCK_ROWS)
        .map(|_| draws.below(1 << 20) as f32)
        .collect();
    let doubles: Vec<f64> = singles.iter().copied().map(f64::from).collect();
    let mut out = vec![0; BLOCK_ROWS];
    let mut group = criterion.benchmark_group("codes");
    group.throughput(Throughput::Elements(BLOCK_ROWS as u64));
    for cuts in [254_u32, 63, 3] {
        let width = f64::from(1 << 20) / f64::from(cuts);
        let cut_points = (0..cuts).map(|cut| f64::from(cut) * width + 0.1).collect();
        let coder = Binning::Numeric { cuts: cut_points }.coder();
        group.bench_function(format!("f32, {cuts} cuts"), |bencher| {
            bencher.iter(|| coder.code_f32(&singles, &mut out));
        });
        group.bench_function(format!("f64, {cuts} cuts"), |bencher| {
            bencher.iter(|| coder.code_f64(&doubles, &mut out));
        });
    }
    group.finish();
}

/// A tree with all its leaves at one depth.
fn full_tree(draws: &mut Draws) -> Tree {
    let splits = (1 << DEPTH) - 1;
    let node = |index: u32| {
        if index < splits {
            Node::Split(NodeSplit {
                feature: draws.below(FEATURES as u64) as u32,
                rule: Rule::AtMost(draws.below(254) as u8),
                missing_left: draws.below(2) == 0,
                left: 2 * index + 1,
                right: 2 * index + 2,
                gain: 1.0,
                cover: 1.0,
                count: 1,
            })
        } else {
            Node::Leaf(Leaf {
                value: draws.below(1000) as f32 / 1000.0,
                cover: 1.0,
                count: 1,
            })
        }
    };
    Tree {
        nodes: (0..2 * splits + 1).map(node).collect(),
    }
}

fn margins(criterion: &mut Criterion) {
    let mut draws = Draws(88_172_645_463_325_252);
    let ensemble = Ensemble {
        outputs: 1,
        base_margin: vec![0.0],
        link: Link::Sigmoid,
        trees: (0..TREES).map(|_| full_tree(&mut draws)).collect(),
    };
    let layout = CodeLayout::identity(FEATURES);
    let mut trees = ByteTrees::compile(&ensemble, &layout, &[255; FEATURES]);
    let codes: Vec<u8> = (0..FEATURES * BLOCK_ROWS)
        .map(|_| draws.below(256) as u8)
        .collect();
    let mut out = vec![0.0; BLOCK_ROWS];
    let mut group = criterion.benchmark_group("margins");
    for rows in [BLOCK_ROWS, 64] {
        let block = CodeBlock {
            first_row: 0,
            rows,
            codes: &codes,
        };
        group.throughput(Throughput::Elements((rows * TREES) as u64));
        group.bench_function(
            format!("{TREES} trees of depth {DEPTH}, {rows} rows"),
            |bencher| {
                bencher.iter(|| trees.margins_into(&block, &mut out[..rows]));
            },
        );
    }
    group.finish();
}

criterion_group!(kernels, codes, margins);
criterion_main!(kernels);
