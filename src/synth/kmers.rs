//! k-mer columns: names, rates, and the stretches of genes with rare ones.

use std::ops::Range;

use crate::synth::{
    plan::{KMERS_MIN, Plan},
    random::{CountTable, Stream, StreamKind},
};

/// k-mers that carry signal; their counts are drawn with the labels.
pub(super) const SIGNAL_KMERS: usize = 8;

// The signal needs its columns in every plan.
const _: () = assert!(SIGNAL_KMERS <= KMERS_MIN);

/// Mean counts of the signal's k-mers.
pub(super) const SIGNAL_RATES: [f64; SIGNAL_KMERS] = [0.6, 0.6, 0.7, 0.9, 0.5, 0.4, 0.7, 0.8];

/// Stretches that the genes are divided into; a rare k-mer occurs in some of them only.
const STRETCHES: u64 = 64;

/// Share of the stretches that a rare k-mer occurs in.
const STRETCH_SHARE: f64 = 0.12;

/// One k-mer count column.
#[derive(Debug, Clone)]
pub(super) struct Kmer {
    /// Its name: `3mer_ACG`, `6mer_ACGTNN`.
    pub(super) name: String,
    /// Counts by random byte.
    pub(super) counts: CountTable,
    /// The stretches where it occurs, a bit each; all of them for one that is not rare.
    stretches: u64,
}

impl Kmer {
    /// True if it occurs in the stretch of a gene.
    pub(super) fn occurs_in(&self, stretch: u64) -> bool {
        self.stretches >> stretch & 1 == 1
    }

    /// True if it can occur in any of these genes.
    pub(super) fn occurs_in_genes(&self, plan: &Plan, genes: &Range<u64>) -> bool {
        let first = stretch_of(plan, genes.start);
        let last = stretch_of(plan, genes.end.saturating_sub(1).max(genes.start));
        (first..=last).any(|stretch| self.occurs_in(stretch))
    }
}

/// The stretch that a gene lies in.
pub(super) fn stretch_of(plan: &Plan, gene: u64) -> u64 {
    (u128::from(gene) * u128::from(STRETCHES) / u128::from(plan.genes)) as u64
}

/// All k-mer columns of a plan; the last quarter are rare.
pub(super) fn columns(plan: &Plan) -> Vec<Kmer> {
    let rare = plan.kmers / 4;
    let common = plan.kmers - rare.min(plan.kmers - SIGNAL_KMERS);
    let kmer = |index: usize| {
        let stream = &mut Stream::new(plan.seed, index as u64, StreamKind::Columns);
        let is_rare = index >= common;
        let rate = match SIGNAL_RATES.get(index) {
            Some(rate) => *rate,
            None if is_rare => 0.04 + 0.1 * stream.uniform(),
            None => 0.05 + 1.2 * stream.uniform().powi(2),
        };
        let stretches = if is_rare {
            (0..STRETCHES).fold(0, |bits, stretch| {
                bits | u64::from(stream.chance(STRETCH_SHARE)) << stretch
            })
        } else {
            u64::MAX
        };
        Kmer {
            name: if is_rare {
                rare_name(index - common)
            } else {
                common_name(index)
            },
            counts: CountTable::poisson(rate),
            stretches,
        }
    };
    (0..plan.kmers).map(kmer).collect()
}

/// 64 3-mers, then 1,024 5-mers, then 6-mers.
fn common_name(index: usize) -> String {
    match index {
        0..64 => format!("3mer_{}", bases(index, 3)),
        64..1_088 => format!("5mer_{}", bases(index - 64, 5)),
        _ => format!("6mer_{}", bases(index - 1_088, 6)),
    }
}

/// 6-mers with unknown bases, as rare ones often are.
fn rare_name(index: usize) -> String {
    match index {
        0..256 => format!("6mer_{}NN", bases(index, 4)),
        _ => format!("6mer_{}N", bases(index - 256, 5)),
    }
}

/// The `index`-th word of a length over the four bases.
fn bases(index: usize, length: usize) -> String {
    (0..length)
        .rev()
        .map(|place| char::from(b"ACGT"[index >> (2 * place) & 3]))
        .collect()
}
