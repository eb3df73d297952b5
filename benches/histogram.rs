//! Nanoseconds of what a pass over blocks does to a row, one thread.
//!
//! `cargo bench --bench histogram`. Of a 65,536-row block half of the rows are listed, as for smaller
//! children; the least of many repeats counts, since other programs can only add time. The floor of
//! plain C on an EPYC Milan core is 0.4 a row and byte column for one node, 1.0 for 4, 1.4 to 2.7
//! for 32. Figures and what they mean: `docs/notes/kernels.md`.

use std::{hint::black_box, time::Instant};

use rowmill::{
    internals::{
        data::{CodeBlock, CodeLayout},
        learner::gbdt::{
            CHUNK_ROWS, CompiledTree, Derivatives, FeatureCodes, Magnitudes, NO_SLOT,
            PackedHistograms, PartitionRule, RoundingKey, RowLists, Rows, Scale, WideHistograms,
            lanes, objective, pack, partition_rows, quantise_into, unpack,
        },
        limits::{BLOCK_ROWS, CODES_MAX},
        model::{Leaf, Node, NodeSplit, Rule, Tree},
    },
    options::Loss,
    records::Split,
};

const COLUMNS: usize = 56;
const REPEATS: usize = 30;

/// xorshift64: numbers for a benchmark need no more.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// What the bytes of a column look like.
struct Kind {
    name: &'static str,
    code: fn(&mut Numbers) -> u8,
    /// Input columns that share a byte.
    members: usize,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "uniform",
        code: |numbers| (numbers.next() >> 20) as u8,
        members: 1,
    },
    Kind {
        name: "k-mer",
        code: kmer_code,
        members: 1,
    },
    Kind {
        name: "k-mers x 4",
        code: |numbers| (0..4).fold(0, |byte, _| byte << 2 | kmer_code(numbers)),
        members: 4,
    },
];

/// Mostly 0, like counts of a k-mer.
fn kmer_code(numbers: &mut Numbers) -> u8 {
    let random = numbers.next();
    if random >> 20 & 255 < 180 {
        0
    } else {
        (random >> 30 & 3) as u8
    }
}

/// The least seconds of many repeats.
fn seconds(mut work: impl FnMut()) -> f64 {
    let mut least = f64::MAX;
    for _ in 0..REPEATS {
        let start = Instant::now();
        work();
        least = least.min(start.elapsed().as_secs_f64());
    }
    least
}

/// The naive twin: a row and a column at a time into pairs of wide integers.
fn accumulate_naive(codes: &[u8], gradients: &[u32], slots: &[Option<usize>], sums: &mut [Pair]) {
    for (row, (&gradient, slot)) in gradients.iter().zip(slots).enumerate() {
        let Some(slot) = slot else { continue };
        let (gradient, hessian) = unpack(lanes(gradient));
        for column in 0..COLUMNS {
            let code = usize::from(codes[column * BLOCK_ROWS + row]);
            let bin = &mut sums[(slot * COLUMNS + column) * CODES_MAX + code];
            bin.0 += gradient;
            bin.1 += hessian;
        }
    }
}

type Pair = (i64, i64);

fn measure_histograms(kind: &Kind, nodes: u16) {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let codes: Vec<u8> = (0..COLUMNS * BLOCK_ROWS)
        .map(|_| (kind.code)(&mut numbers))
        .collect();
    let gradients: Vec<u32> = (0..BLOCK_ROWS)
        .map(|_| {
            pack(
                (numbers.next() & 0x3fff) as i32 - 8_000,
                (numbers.next() >> 50) as i32,
            )
        })
        .collect();
    // The odd leaves are the larger siblings, which are not accumulated.
    let node: Vec<u16> = (0..BLOCK_ROWS)
        .map(|_| (numbers.next() >> 33) as u16 % (2 * nodes))
        .collect();
    let slot_of: Vec<u16> = (0..2 * nodes)
        .map(|leaf| if leaf % 2 == 0 { leaf / 2 } else { NO_SLOT })
        .collect();
    let split = vec![Split::Train as u8; BLOCK_ROWS];
    let byte_columns: Vec<u32> = (0..COLUMNS as u32).collect();
    let slots = usize::from(nodes);

    let mut lists = RowLists::default();
    let listing = seconds(|| lists.build(black_box(&node), &split, &gradients, &slot_of, slots));
    let rows: usize = (0..lists.len()).map(|list| lists.rows(list).len()).sum();

    let wide = WideHistograms::new(slots, COLUMNS);
    let mut packed = PackedHistograms::default();
    packed.reset(COLUMNS, slots);
    let fast = seconds(|| packed.accumulate(black_box(&codes), &byte_columns, &lists, 0, &wide));

    let slot = |&node: &u16| (node % 2 == 0).then_some(usize::from(node / 2));
    let slots_of_rows: Vec<Option<usize>> = node.iter().map(slot).collect();
    let mut sums = vec![(0, 0); slots * COLUMNS * CODES_MAX];
    let naive = seconds(|| accumulate_naive(&codes, &gradients, &slots_of_rows, &mut sums));

    let of_update = |seconds: f64| seconds * 1e9 / (rows * COLUMNS) as f64;
    report(&format!(
        "{:<11} {nodes:>2} nodes   {:.3} ns a row and byte column ({:.3} an input column), naive {:.3}; \
         {:.2} ns a row to list",
        kind.name,
        of_update(fast),
        of_update(fast) / kind.members as f64,
        of_update(naive),
        listing * 1e9 / BLOCK_ROWS as f64,
    ));
}

fn measure_routing(splits: u16) {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let codes: Vec<u8> = (0..COLUMNS * BLOCK_ROWS)
        .map(|_| (numbers.next() >> 20) as u8)
        .collect();
    let block = block_of(&codes);
    let mut rules: Vec<PartitionRule> = (0..2 * splits).map(PartitionRule::stay).collect();
    for leaf in 0..splits {
        rules[usize::from(leaf)] = PartitionRule {
            byte_column: u32::from(leaf) * 7 % COLUMNS as u32,
            right: leaf + splits,
            left: std::array::from_fn(|_| numbers.next()),
        };
    }
    let before: Vec<u16> = (0..BLOCK_ROWS)
        .map(|_| (numbers.next() >> 33) as u16 % splits)
        .collect();
    let mut nodes = before.clone();
    let time = seconds(|| {
        nodes.copy_from_slice(&before);
        partition_rows(&block, black_box(&rules), &mut nodes);
    });
    report(&format!(
        "routing     {splits:>2} splits  {:.2} ns a row",
        time * 1e9 / BLOCK_ROWS as f64
    ));
}

fn measure_tree(leaves: u32) {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let codes: Vec<u8> = (0..COLUMNS * BLOCK_ROWS)
        .map(|_| (numbers.next() >> 20) as u8)
        .collect();
    let leaf = |value: u64| {
        Node::Leaf(Leaf {
            value: value as f32 * 1e-20,
            cover: 1.0,
            count: 1,
        })
    };
    let mut nodes = vec![leaf(0)];
    for index in 0..leaves as usize - 1 {
        let left = nodes.len() as u32;
        nodes[index] = Node::Split(NodeSplit {
            feature: (numbers.next() % COLUMNS as u64) as u32,
            rule: Rule::AtMost((numbers.next() >> 20) as u8),
            missing_left: false,
            left,
            right: left + 1,
            gain: 1.0,
            cover: 1.0,
            count: 1,
        });
        nodes.extend([leaf(numbers.next()), leaf(numbers.next())]);
    }
    let features = vec![FeatureCodes::number(CODES_MAX as u16, false); COLUMNS];
    let tree = CompiledTree::new(&Tree { nodes }, &features, &CodeLayout::identity(COLUMNS));
    let mut margins = vec![0.0; BLOCK_ROWS];
    let time = seconds(|| tree.add(&block_of(&codes), 0, black_box(&mut margins)));
    report(&format!(
        "a tree of {leaves:>3} leaves   {:.2} ns a row",
        time * 1e9 / BLOCK_ROWS as f64
    ));
}

fn measure_derivatives() {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let margin: Vec<f32> = (0..CHUNK_ROWS)
        .map(|_| (numbers.next() >> 40) as f32 * 1e-6 - 8.0)
        .collect();
    let label: Vec<f32> = (0..CHUNK_ROWS)
        .map(|_| (numbers.next() >> 40 & 1) as f32)
        .collect();
    let rows = Rows {
        margin: &margin,
        stride: CHUNK_ROWS,
        label: &label,
        weight: &vec![1.0; CHUNK_ROWS],
    };
    let log_loss = objective(Loss::BinaryLogLoss);
    let mut derivatives = Derivatives::new(1);
    let evaluating = seconds(|| log_loss.evaluate(black_box(&rows), &mut derivatives));
    let scale = Scale::new(Magnitudes {
        gradient: 1.0,
        hessian: 0.25,
    });
    let key = RoundingKey {
        seed: 1,
        tree: 2,
        first_row: 3,
    };
    let mut packed = vec![0; CHUNK_ROWS];
    let Derivatives {
        gradient, hessian, ..
    } = &derivatives;
    let quantising =
        seconds(|| quantise_into(black_box(gradient), hessian, scale, key, &mut packed));
    report(&format!(
        "log-loss    {:.2} ns a row, quantising {:.2} ns a row",
        evaluating * 1e9 / CHUNK_ROWS as f64,
        quantising * 1e9 / CHUNK_ROWS as f64
    ));
}

fn block_of(codes: &[u8]) -> CodeBlock<'_> {
    CodeBlock {
        first_row: 0,
        rows: BLOCK_ROWS,
        codes,
    }
}

#[allow(clippy::print_stdout)]
fn report(line: &str) {
    println!("{line}");
}

fn main() {
    for kind in &KINDS {
        for nodes in [1, 4, 16, 32] {
            measure_histograms(kind, nodes);
        }
    }
    for splits in [1, 4, 16, 32] {
        measure_routing(splits);
    }
    for leaves in [16, 64, 255, 300] {
        measure_tree(leaves);
    }
    measure_derivatives();
}
