//! The causes of the labels, and the errors of the base scores.
//!
//! ```text
//! motif counts k, contexts z --> label --> base scores (fooled by the repeat motif)
//! ```
//!
//! The label depends on the motifs and contexts mostly through products and exclusive ors, which
//! trees can follow and a linear model cannot; a smaller linear part lifts the linear model above
//! the base scores. The base scores are worse where the repeat motif occurs, so that a model which
//! knows the motif can correct them.

use crate::synth::{
    kmers::{SIGNAL_KMERS, SIGNAL_RATES},
    random::{CountTable, Stream, StreamKind},
};

/// Base scores are whole millionths: small ones are exactly 0, as rounded probabilities are.
pub(super) const SCORE_UNITS: u32 = 1_000_000;

/// Contexts a row has.
pub(super) const CONTEXTS: usize = 6;

/// Makes 9 % of the rows sites.
const BIAS: f64 = -3.28;

/// The sharpness of the base scores: most lie near 0 or 1.
const SHARPNESS: f64 = 2.0;

/// A row's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Class {
    Neither = 0,
    Donor = 1,
    Acceptor = 2,
}

/// The names in the data, in class order.
pub(super) const CLASS_NAMES: [&str; 3] = ["neither", "donor", "acceptor"];

/// The hidden state of a row, before it is turned into features.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signal {
    pub(super) class: Class,
    /// Base probabilities of (neither, donor, acceptor) in units of [`SCORE_UNITS`].
    pub(super) scores: [u32; 3],
    pub(super) contexts: [f64; CONTEXTS],
    pub(super) motifs: [u8; SIGNAL_KMERS],
    /// True if the row repeats the one before it.
    pub(super) duplicate: bool,
}

impl Signal {
    /// The class with the highest base score; the lower class wins a tie.
    pub(super) fn base_class(&self) -> Class {
        let [neither, donor, acceptor] = self.scores;
        if neither >= donor && neither >= acceptor {
            Class::Neither
        } else if donor >= acceptor {
            Class::Donor
        } else {
            Class::Acceptor
        }
    }
}

/// Draws the rows of one gene in order.
#[derive(Debug, Clone)]
pub(super) struct Signals<'a> {
    stream: Stream,
    tables: &'a [CountTable; SIGNAL_KMERS],
    gene_effect: f64,
    last: Option<Signal>,
}

/// Share of the rows that repeat the one before.
const DUPLICATE_SHARE: f64 = 0.02;

/// Count tables of the motifs.
pub(super) fn motif_tables() -> [CountTable; SIGNAL_KMERS] {
    SIGNAL_RATES.map(CountTable::poisson)
}

impl<'a> Signals<'a> {
    /// Starts at the gene's first row.
    pub(super) fn new(seed: u64, gene: u64, tables: &'a [CountTable; SIGNAL_KMERS]) -> Self {
        let mut stream = Stream::new(seed, gene, StreamKind::Signal);
        let gene_effect = 0.3 * stream.normal();
        Self {
            stream,
            tables,
            gene_effect,
            last: None,
        }
    }

    /// The next row.
    pub(super) fn draw(&mut self) -> Signal {
        if let Some(last) = &self.last
            && self.stream.chance(DUPLICATE_SHARE)
        {
            return Signal {
                duplicate: true,
                ..*last
            };
        }
        let motif_bytes = self.stream.bits().to_le_bytes();
        let motifs = std::array::from_fn(|i| self.tables[i].count(motif_bytes[i]));
        let contexts = std::array::from_fn(|_| self.stream.normal());
        let class = self.draw_class(&motifs, &contexts);
        let scores = self.draw_scores(class, motifs[5] > 0);
        let signal = Signal {
            class,
            scores,
            contexts,
            motifs,
            duplicate: false,
        };
        self.last = Some(signal);
        signal
    }

    fn draw_class(&mut self, k: &[u8; SIGNAL_KMERS], z: &[f64; CONTEXTS]) -> Class {
        let sign = |condition: bool| if condition { 1.0 } else { -1.0 };
        let interactions =
            1.0 * sign((k[0] > 0) != (k[1] > 0)) + 1.1 * z[0] * z[1] + 1.0 * z[2] * sign(k[2] > 0)
                - 1.0 * f64::from(z[3].abs() > 1.0);
        let linear = 0.6 * z[4]
            + 0.45 * (f64::from(k[3]) - SIGNAL_RATES[3])
            + 0.5 * (f64::from(k[4]) - SIGNAL_RATES[4]);
        let site = logistic(BIAS + interactions + linear + self.gene_effect);
        let donor = logistic(1.2 * z[5] + sign(k[6] > 0));
        match (self.stream.chance(site), self.stream.chance(donor)) {
            (false, _) => Class::Neither,
            (true, true) => Class::Donor,
            (true, false) => Class::Acceptor,
        }
    }

    fn draw_scores(&mut self, class: Class, repeat: bool) -> [u32; 3] {
        let separation = if repeat { 0.8 } else { 2.0 };
        let mut margins: [f64; 3] = std::array::from_fn(|_| self.stream.normal());
        margins[class as usize] += separation;
        margins[0] += if repeat { 1.0 } else { 1.6 };
        let powers = margins.map(|margin| (SHARPNESS * margin).exp());
        let unit = f64::from(SCORE_UNITS) / powers.iter().sum::<f64>();
        let donor = (powers[1] * unit) as u32;
        let acceptor = (powers[2] * unit) as u32;
        [SCORE_UNITS - donor - acceptor, donor, acceptor]
    }
}

/// The logistic function.
fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}
