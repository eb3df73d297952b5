//! The base scores' own performance, a gene at a time: the table that a trained model is compared
//! with, and a gene manifest, as real directories have one.

use crate::synth::{
    genes::Gene,
    signal::{CLASS_NAMES, Class, Signal},
};

/// Header of the baseline table.
pub(super) const BASELINE_HEADER: &str = "gene_id\tchrom\tsplice_type\tTP\tTN\tFP\tFN\t\
    n_splice_sites\tprecision\trecall\tspecificity\tf1_score\tfpr\tfnr\n";

/// Header of the gene manifest.
pub(super) const MANIFEST_HEADER: &str = "gene_id,gene_name,gene_type,chrom,strand,rows\n";

/// Confusion counts of one site type in one gene.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    true_positives: u64,
    true_negatives: u64,
    false_positives: u64,
    false_negatives: u64,
}

/// Counts what the arg-max of the base scores gets right in one gene.
#[derive(Debug, Clone, Default)]
pub(super) struct GeneCounts {
    donor: Counts,
    acceptor: Counts,
}

impl GeneCounts {
    /// Counts a row.
    pub(super) fn add(&mut self, signal: &Signal) {
        let (label, choice) = (signal.class, signal.base_class());
        self.donor
            .add(label == Class::Donor, choice == Class::Donor);
        self.acceptor
            .add(label == Class::Acceptor, choice == Class::Acceptor);
    }

    /// Appends the gene's two lines.
    pub(super) fn write_lines(&self, gene: &Gene, lines: &mut String) {
        for (class, counts) in [(Class::Donor, self.donor), (Class::Acceptor, self.acceptor)] {
            let site = CLASS_NAMES[class as usize];
            lines.push_str(&format!("{}\t{}\t{site}\t", gene.id, gene.chrom));
            counts.write_fields(lines);
        }
    }
}

impl Counts {
    fn add(&mut self, is_site: bool, is_chosen: bool) {
        *match (is_site, is_chosen) {
            (true, true) => &mut self.true_positives,
            (true, false) => &mut self.false_negatives,
            (false, true) => &mut self.false_positives,
            (false, false) => &mut self.true_negatives,
        } += 1;
    }

    /// Counts, then metrics. A gene without sites of the type has no metrics at all.
    fn write_fields(&self, lines: &mut String) {
        let Self {
            true_positives,
            true_negatives,
            false_positives,
            false_negatives,
        } = *self;
        let sites = true_positives + false_negatives;
        let negatives = true_negatives + false_positives;
        lines.push_str(&format!(
            "{true_positives}\t{true_negatives}\t{false_positives}\t{false_negatives}\t{sites}"
        ));
        let ratio = |part: u64, whole: u64| (sites > 0).then(|| ratio_or_zero(part, whole));
        let metrics = [
            ratio(true_positives, true_positives + false_positives),
            ratio(true_positives, sites),
            ratio(true_negatives, negatives),
            ratio(
                2 * true_positives,
                2 * true_positives + false_positives + false_negatives,
            ),
            ratio(false_positives, negatives),
            ratio(false_negatives, sites),
        ];
        for metric in metrics {
            lines.push('\t');
            if let Some(value) = metric {
                lines.push_str(&format!("{value:.6}"));
            }
        }
        lines.push('\n');
    }
}

/// Appends the gene's line of the manifest.
pub(super) fn write_manifest_line(gene: &Gene, lines: &mut String) {
    lines.push_str(&format!(
        "{},{},{},{},{},{}\n",
        gene.id,
        gene.name,
        gene.kind,
        gene.chrom,
        gene.strand(),
        gene.span.rows
    ));
}

/// A share, 0 of nothing.
fn ratio_or_zero(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
