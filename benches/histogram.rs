//! Nanoseconds per listed row and byte column of the histogram kernel, one thread.
//!
//! `cargo bench --bench histogram`. Half of a 65,536-row block's rows are listed, as for smaller
//! children; the least of many repeats counts, since other programs can only add time. The floor of
//! plain C on an EPYC Milan core is 0.4 for one node, 1.0 for 4, 1.4 to 2.7 for 32.

use std::{hint::black_box, time::Instant};

use rowmill::{
    data::Split,
    learner::gbdt::{
        histogram::{PackedHistograms, WideHistograms},
        kernel::pack,
        lists::{RowLists, count},
    },
    limits::BLOCK_ROWS,
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

fn uniform(random: u64) -> u8 {
    (random >> 20) as u8
}

/// Mostly 0, like counts of a k-mer.
fn kmer_like(random: u64) -> u8 {
    if random >> 20 & 255 < 180 {
        0
    } else {
        (random >> 30 & 3) as u8
    }
}

fn seconds(mut work: impl FnMut()) -> f64 {
    let mut least = f64::MAX;
    for _ in 0..REPEATS {
        let start = Instant::now();
        work();
        least = least.min(start.elapsed().as_secs_f64());
    }
    least
}

fn measure(name: &str, code: fn(u64) -> u8, nodes: u16) {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let codes: Vec<u8> = (0..COLUMNS * BLOCK_ROWS)
        .map(|_| code(numbers.next()))
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
        .map(|leaf| if leaf % 2 == 0 { leaf / 2 } else { u16::MAX })
        .collect();
    let split = vec![Split::Train as u8; BLOCK_ROWS];
    let byte_columns: Vec<u32> = (0..COLUMNS as u32).collect();
    let slots = usize::from(nodes);

    let mut lists = RowLists::default();
    let mut list_rows = || {
        let mut counts = vec![0; slot_of.len() + 1];
        count(&node, &split, &mut counts);
        lists.build(&node, &split, &gradients, &slot_of, &counts, slots);
    };
    let listing = seconds(&mut list_rows) * 1e9 / BLOCK_ROWS as f64;
    let rows: usize = (0..lists.len()).map(|list| lists.rows(list).len()).sum();

    let wide = WideHistograms::new(slots, COLUMNS);
    let mut packed = PackedHistograms::default();
    packed.reset(COLUMNS, slots);
    let accumulating =
        seconds(|| packed.accumulate(black_box(&codes), &byte_columns, &lists, 0, &wide));
    let update = accumulating * 1e9 / (rows * COLUMNS) as f64;
    report(name, nodes, update, listing);
}

#[allow(clippy::print_stdout)]
fn report(name: &str, nodes: u16, update: f64, listing: f64) {
    println!(
        "{name:<12} {nodes:>3} nodes   {update:.3} ns a row and column   {listing:.2} ns a row to list"
    );
}

fn main() {
    for nodes in [1, 4, 16, 32] {
        measure("uniform", uniform, nodes);
        measure("k-mer-like", kmer_like, nodes);
    }
}
