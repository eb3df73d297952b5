//! Genes: their numbers of rows and their attributes.

use crate::synth::{
    plan::{GENE_ROWS_MAX, GENE_ROWS_MIN, Plan},
    random::{Stream, StreamKind},
};

/// Rows above [`GENE_ROWS_MIN`] at most; one less than the difference, for the rounding.
const EXTRA_ROWS_MAX: f64 = (GENE_ROWS_MAX - GENE_ROWS_MIN - 1) as f64;

/// Standard deviation of the logarithm of a gene's rows: a few genes hold a large share of them.
const LOG_ROWS_SD: f64 = 1.3;

/// Rounds of fitting the scale of the gene sizes at most.
const SCALE_ROUNDS_MAX: usize = 40;

/// The rows of each gene in order, from one running sum: the sizes add up to the plan's rows
/// exactly, and nothing is stored.
#[derive(Debug, Clone)]
pub(super) struct GeneSpans {
    seed: u64,
    genes: u64,
    rows: u64,
    scale: f64,
    gene: u64,
    extra_sum: f64,
    first_row: u64,
}

/// The rows of one gene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GeneSpan {
    /// The gene's number.
    pub(super) gene: u64,
    /// The dataset-wide number of its first row.
    pub(super) first_row: u64,
    /// The number of rows.
    pub(super) rows: u64,
}

impl GeneSpans {
    /// Fits the scale of the sizes to the plan. O(genes) a round, a few rounds.
    pub(super) fn new(plan: &Plan) -> Self {
        let wanted = (plan.rows - GENE_ROWS_MIN * plan.genes) as f64;
        let mut scale = 1.0;
        for _ in 0..SCALE_ROUNDS_MAX {
            let sum: f64 = (0..plan.genes)
                .map(|gene| extra_rows(plan.seed, gene, scale))
                .sum();
            if (sum - wanted).abs() <= wanted * 1e-12 {
                break;
            }
            scale *= wanted / sum;
        }
        Self {
            seed: plan.seed,
            genes: plan.genes,
            rows: plan.rows,
            scale,
            gene: 0,
            extra_sum: 0.0,
            first_row: 0,
        }
    }
}

impl Iterator for GeneSpans {
    type Item = GeneSpan;

    fn next(&mut self) -> Option<GeneSpan> {
        if self.gene == self.genes {
            return None;
        }
        self.extra_sum += extra_rows(self.seed, self.gene, self.scale);
        let end = if self.gene + 1 == self.genes {
            self.rows
        } else {
            (GENE_ROWS_MIN * (self.gene + 1) + self.extra_sum as u64).min(self.rows)
        };
        let span = GeneSpan {
            gene: self.gene,
            first_row: self.first_row,
            rows: end - self.first_row,
        };
        self.gene += 1;
        self.first_row = end;
        Some(span)
    }
}

/// Rows of a gene above the smallest, before rounding.
fn extra_rows(seed: u64, gene: u64, scale: f64) -> f64 {
    let deviate = Stream::new(seed, gene, StreamKind::GeneRows).normal();
    (scale * (LOG_ROWS_SD * deviate).exp()).min(EXTRA_ROWS_MAX)
}

/// The attributes of a gene.
#[derive(Debug, Clone)]
pub(super) struct Gene {
    pub(super) span: GeneSpan,
    pub(super) id: String,
    pub(super) transcript_id: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) chrom: &'static str,
    pub(super) forward: bool,
    /// Position of the first base on the chromosome.
    pub(super) start: i64,
    /// Bases.
    pub(super) length: i64,
    pub(super) transcripts: i64,
    /// None where nothing is known of the gene's transcripts.
    pub(super) exons: Option<i64>,
    pub(super) exon_length_mean: f64,
    pub(super) overlaps: i64,
    pub(super) annotated_sites: i64,
}

const CHROMOSOMES: [&str; 24] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "20", "21", "22", "X", "Y",
];

const KINDS: [&str; 3] = ["protein_coding", "lncRNA", "processed_pseudogene"];

impl Gene {
    /// Draws the gene's facts.
    pub(super) fn new(seed: u64, span: GeneSpan) -> Self {
        let stream = &mut Stream::new(seed, span.gene, StreamKind::GeneFacts);
        let spacing = 20 + stream.below(200) as i64;
        let exons = 1 + (span.rows as f64).sqrt() as i64 / 3 + stream.below(8) as i64;
        Self {
            span,
            id: format!("ENSG{:011}", span.gene + 1),
            transcript_id: format!("ENST{:011}", 3 * span.gene + 1),
            name: format!("SYN{}", span.gene + 1),
            kind: KINDS[[0, 0, 0, 0, 0, 0, 0, 1, 1, 2][stream.below(10) as usize]],
            chrom: CHROMOSOMES[stream.below(24) as usize],
            forward: stream.chance(0.5),
            start: 10_000 + stream.below(200_000_000) as i64,
            length: span.rows as i64 * spacing + 500,
            transcripts: 1 + stream.below(9) as i64,
            exons: (!stream.chance(0.03)).then_some(exons),
            exon_length_mean: (150.0 * (0.4 * stream.normal()).exp()).round(),
            overlaps: stream.below(4) as i64,
            annotated_sites: (span.rows as f64 * 0.09 * (0.5 + stream.uniform())).round() as i64,
        }
    }

    /// Bases between rows.
    pub(super) fn spacing(&self) -> i64 {
        (self.length - 500) / self.span.rows as i64
    }

    /// `+` or `-`.
    pub(super) fn strand(&self) -> &'static str {
        if self.forward { "+" } else { "-" }
    }
}
