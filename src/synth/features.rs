//! One row's columns, computed from its signal and its gene. Each name stands beside its value.

use crate::synth::{
    genes::Gene,
    random::Stream,
    signal::{CLASS_NAMES, Class, SCORE_UNITS, Signal},
};

/// Bases of the `sequence` column.
const SEQUENCE_BASES: usize = 24;

/// Text columns.
pub(super) const TEXTS: usize = 9;

/// Integer columns.
pub(super) const INTEGERS: usize = 23;

/// Float columns, k-mer counts apart.
pub(super) const FLOATS: usize = 50;

/// A named value.
pub(super) type Named<T> = (&'static str, T);

/// A row without its texts and k-mer counts. NaN and `None` are null.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) integers: [Named<Option<i64>>; INTEGERS],
    pub(super) floats: [Named<f64>; FLOATS],
    sequence: [u8; SEQUENCE_BASES],
}

impl Row {
    /// Computes a row; `index` counts from the gene's first row.
    pub(super) fn new(gene: &Gene, index: u64, signal: &Signal, stream: &mut Stream) -> Self {
        let scores = Scores::draw(signal, stream);
        let mut floats = [("", 0.0); FLOATS];
        let parts = scores.base().into_iter().chain(scores.derived());
        let parts = parts.chain(windows(signal, stream)).chain(lengths(gene));
        let mut filled = 0;
        for (slot, value) in floats.iter_mut().zip(parts) {
            *slot = value;
            filled += 1;
        }
        assert_eq!(filled, FLOATS, "every float column has a value");
        let bits = stream.bits();
        Self {
            integers: integers(gene, index, signal, &scores),
            floats,
            sequence: std::array::from_fn(|place| b"ACGT"[(bits >> (2 * place) & 3) as usize]),
        }
    }

    /// The row's texts.
    pub(super) fn texts<'a>(&'a self, gene: &'a Gene, signal: &Signal) -> [Named<&'a str>; TEXTS] {
        [
            ("gene_id", &gene.id),
            ("transcript_id", &gene.transcript_id),
            ("gene_name", &gene.name),
            ("strand", gene.strand()),
            ("gene_type", gene.kind),
            ("chrom", gene.chrom),
            (
                "sequence",
                std::str::from_utf8(&self.sequence).expect("bases are ASCII"),
            ),
            ("splice_type", CLASS_NAMES[signal.class as usize]),
            ("pred_type", outcome(signal)),
        ]
    }
}

/// The comparison of the base scores' choice with the label.
fn outcome(signal: &Signal) -> &'static str {
    match (signal.class, signal.base_class()) {
        (Class::Neither, Class::Neither) => "TN",
        (Class::Neither, _) => "FP",
        (label, choice) if label == choice => "TP",
        _ => "FN",
    }
}

/// Positions, counts and flags: metadata first, leaking ones, then features.
fn integers(
    gene: &Gene,
    index: u64,
    signal: &Signal,
    scores: &Scores,
) -> [Named<Option<i64>>; INTEGERS] {
    let offset = index as i64 * gene.spacing() + 250;
    let position = gene.start + offset;
    let end = gene.start + gene.length;
    let exon_bases = gene.exons.map(|exons| exons * gene.exon_length_mean as i64);
    let is_site = signal.class != Class::Neither;
    let is_predicted = signal.base_class() != Class::Neither;
    [
        ("position", Some(offset)),
        ("absolute_position", Some(position)),
        ("window_start", Some(position - 200)),
        ("window_end", Some(position + 200)),
        ("transcript_count", Some(gene.transcripts)),
        ("true_position", is_site.then_some(offset)),
        ("predicted_position", is_predicted.then_some(offset)),
        ("gene_start", Some(gene.start)),
        ("gene_end", Some(end)),
        ("gene_length", Some(gene.length)),
        ("tx_start", gene.exons.map(|_| gene.start + 100)),
        ("tx_end", gene.exons.map(|_| end - 100)),
        ("transcript_length", exon_bases),
        ("num_exons", gene.exons),
        ("total_exon_length", exon_bases),
        ("num_overlaps", Some(gene.overlaps)),
        ("n_splice_sites", Some(gene.annotated_sites)),
        ("distance_to_start", Some(offset)),
        ("distance_to_end", Some(gene.length - offset)),
        ("has_gene_info", Some(1)),
        (
            "missing_transcript_feats",
            Some(i64::from(gene.exons.is_none())),
        ),
        (
            "donor_is_local_peak",
            Some(i64::from(scores.donor.is_peak())),
        ),
        (
            "acceptor_is_local_peak",
            Some(i64::from(scores.acceptor.is_peak())),
        ),
    ]
}

/// A site type's base score with those of the two positions on each side.
#[derive(Debug, Clone, Copy)]
struct Site {
    score: f64,
    /// Positions -2, -1, +1, +2.
    around: [f64; 4],
}

impl Site {
    fn draw(units: u32, stream: &mut Stream) -> Self {
        let neighbour = |_| {
            let share = stream.uniform();
            // A third of the neighbours is exactly 0, which makes ratios infinite.
            if share < 0.33 {
                0.0
            } else {
                to_score((f64::from(units) * (share - 0.33)) as u32)
            }
        };
        Self {
            around: [0; 4].map(neighbour),
            score: to_score(units),
        }
    }

    fn is_peak(&self) -> bool {
        self.score > 0.1 && self.around.iter().all(|&around| self.score > around)
    }

    fn mean_around(&self) -> f64 {
        self.around.iter().sum::<f64>() / 4.0
    }

    fn surge_ratio(&self) -> f64 {
        self.score / (self.around[1] + self.around[2])
    }

    fn second_derivative(&self) -> f64 {
        self.around[1] - 2.0 * self.score + self.around[2]
    }
}

/// The base model's scores of a row.
#[derive(Debug, Clone, Copy)]
struct Scores {
    neither: f64,
    donor: Site,
    acceptor: Site,
}

impl Scores {
    fn draw(signal: &Signal, stream: &mut Stream) -> Self {
        let [neither, donor, acceptor] = signal.scores;
        Self {
            neither: to_score(neither),
            donor: Site::draw(donor, stream),
            acceptor: Site::draw(acceptor, stream),
        }
    }

    fn base(&self) -> [Named<f64>; 4] {
        [
            ("donor_score", self.donor.score),
            ("acceptor_score", self.acceptor.score),
            ("neither_score", self.neither),
            ("score", self.donor.score.max(self.acceptor.score)),
        ]
    }

    /// Differences, ratios and logarithms; infinite where a score is 0, null for 0 / 0.
    fn derived(&self) -> [Named<f64>; 34] {
        let Self {
            neither,
            donor,
            acceptor,
        } = *self;
        let (d, a) = (donor.score, acceptor.score);
        let context: [f64; 4] = std::array::from_fn(|i| donor.around[i].max(acceptor.around[i]));
        let context_max = context.iter().copied().fold(0.0, f64::max);
        let context_mean = context.iter().sum::<f64>() / 4.0;
        [
            ("donor_diff_m2", d - donor.around[0]),
            ("donor_diff_m1", d - donor.around[1]),
            ("donor_diff_p1", d - donor.around[2]),
            ("donor_diff_p2", d - donor.around[3]),
            ("donor_surge_ratio", donor.surge_ratio()),
            ("donor_second_derivative", donor.second_derivative()),
            ("donor_peak_height_ratio", d / donor.mean_around()),
            ("donor_signal_strength", d - donor.mean_around()),
            (
                "donor_weighted_context",
                0.5 * d + 0.5 * donor.mean_around(),
            ),
            ("acceptor_diff_m2", a - acceptor.around[0]),
            ("acceptor_diff_m1", a - acceptor.around[1]),
            ("acceptor_diff_p1", a - acceptor.around[2]),
            ("acceptor_diff_p2", a - acceptor.around[3]),
            ("acceptor_surge_ratio", acceptor.surge_ratio()),
            ("acceptor_second_derivative", acceptor.second_derivative()),
            ("acceptor_peak_height_ratio", a / acceptor.mean_around()),
            ("acceptor_signal_strength", a - acceptor.mean_around()),
            (
                "acceptor_weighted_context",
                0.5 * a + 0.5 * acceptor.mean_around(),
            ),
            ("context_score_m2", context[0]),
            ("context_score_m1", context[1]),
            ("context_score_p1", context[2]),
            ("context_score_p2", context[3]),
            ("context_neighbor_mean", context_mean),
            ("context_max", context_max),
            (
                "context_asymmetry",
                context[2] + context[3] - context[0] - context[1],
            ),
            ("relative_donor_probability", d / (d + a)),
            ("splice_probability", d + a),
            ("donor_acceptor_diff", d - a),
            ("splice_neither_diff", d.max(a) - neither),
            ("donor_acceptor_logodds", (d / a).ln()),
            ("splice_neither_logodds", ((d + a) / neither).ln()),
            ("probability_entropy", entropy([neither, d, a])),
            ("signal_strength_ratio", d.max(a) / context_mean),
            (
                "type_signal_difference",
                donor.surge_ratio() - acceptor.surge_ratio(),
            ),
        ]
    }
}

/// Measurements over the row's window: noisy views of the contexts that the label depends on.
fn windows(signal: &Signal, stream: &mut Stream) -> [Named<f64>; 9] {
    let mut noisy = |context: usize| signal.contexts[context] + 0.15 * stream.normal();
    let gc = noisy(0);
    let complexity = noisy(1);
    let conservation = noisy(2);
    let branch_point = noisy(3);
    let tract = noisy(4);
    let enhancer = noisy(5);
    // Two twins: one exact up to its unit, one with a little noise.
    let conservation_twin = conservation + 0.02 * stream.normal();
    let missing = |value: f64, stream: &mut Stream| {
        if stream.chance(0.02) { f64::NAN } else { value }
    };
    [
        ("gc_content", 0.45 + 0.07 * gc),
        ("gc_percent", 45.0 + 7.0 * gc),
        ("sequence_complexity", 1.8 + 0.1 * complexity),
        ("conservation_score", missing(conservation, stream)),
        (
            "conservation_score_smoothed",
            missing(conservation_twin, stream),
        ),
        ("branch_point_score", missing(branch_point, stream)),
        ("polypyrimidine_tract_score", missing(tract, stream)),
        ("exonic_enhancer_density", (0.5 * enhancer).exp()),
        ("nucleosome_occupancy", stream.normal()),
    ]
}

/// Lengths of the gene's parts, unknown with its transcripts.
fn lengths(gene: &Gene) -> [Named<f64>; 3] {
    let known = |value: f64| gene.exons.map_or(f64::NAN, |_| value);
    let exon_bases = gene.exons.unwrap_or(0) as f64 * gene.exon_length_mean;
    [
        ("avg_exon_length", known(gene.exon_length_mean)),
        (
            "median_exon_length",
            known((0.9 * gene.exon_length_mean).round()),
        ),
        (
            "total_intron_length",
            known((gene.length as f64 - exon_bases).max(0.0)),
        ),
    ]
}

/// Shannon entropy in nats; 0 for a certain choice.
fn entropy(probabilities: [f64; 3]) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    probabilities.into_iter().map(term).sum()
}

/// A score from its units.
fn to_score(units: u32) -> f64 {
    f64::from(units) / f64::from(SCORE_UNITS)
}
