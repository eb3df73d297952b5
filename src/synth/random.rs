//! Random streams keyed by seed, gene and kind.

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

/// The use of a stream of random numbers. The discriminants are part of the format of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamKind {
    /// The number of rows of a gene.
    GeneRows = 1,
    /// Attributes of a gene.
    GeneFacts = 2,
    /// Labels and base scores of a gene's rows.
    Signal = 3,
    /// The other features of a gene's rows.
    Features = 4,
    /// Counts of the k-mers that carry no signal.
    Kmers = 5,
    /// Rates and stretches of k-mers, columns of shards.
    Columns = 6,
}

/// A sequence of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    generator: Xoshiro256PlusPlus,
    /// The second half of the last pair of normal deviates.
    spare: Option<f64>,
}

impl Stream {
    /// The stream of one gene (or column, or shard) of one kind.
    pub(super) fn new(seed: u64, item: u64, kind: StreamKind) -> Self {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&item.to_le_bytes());
        key[8..].copy_from_slice(&(kind as u64).to_le_bytes());
        let state = twox_hash::XxHash3_64::oneshot_with_seed(seed, &key);
        Self {
            generator: Xoshiro256PlusPlus::seed_from_u64(state),
            spare: None,
        }
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A number in [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// True with a given probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// An integer in `0..bound`, by multiplication.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A standard normal deviate (Box and Muller 1958), pairs drawn together.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(value) = self.spare.take() {
            return value;
        }
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }
}

/// Counts by a random byte: the inverse of a Poisson distribution at 256 equal steps.
#[derive(Debug, Clone)]
pub(super) struct CountTable([u8; 256]);

impl CountTable {
    /// The table of a rate.
    pub(super) fn poisson(rate: f64) -> Self {
        let mut counts = [0; 256];
        let mut probability = (-rate).exp();
        let mut below = probability;
        let mut count = 0u8;
        for (step, slot) in counts.iter_mut().enumerate() {
            let share = (step as f64 + 0.5) / 256.0;
            while share > below && count < 40 {
                count += 1;
                probability *= rate / f64::from(count);
                below += probability;
            }
            *slot = count;
        }
        Self(counts)
    }

    /// The count of a random byte.
    pub(super) fn count(&self, byte: u8) -> u8 {
        self.0[usize::from(byte)]
    }
}
