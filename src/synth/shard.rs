//! One shard: its genes, drawn row by row into row groups, and the tables' lines of its genes.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use crate::synth::{
    baseline::{GeneCounts, write_manifest_line},
    buffers::{Buffers, RowValues},
    features::Row,
    genes::{Gene, GeneSpan, GeneSpans},
    kmers::{Kmer, SIGNAL_KMERS, stretch_of},
    plan::Plan,
    random::{CountTable, Stream, StreamKind},
    signal::{Signal, Signals},
};
use crate::{
    error::{Error, Result},
    source::write::{TableWriter, WriteOptions},
};

/// The facts that all shards share: drawn once, read by every thread.
pub(super) struct SharedFacts<'a> {
    pub(super) plan: &'a Plan,
    pub(super) spans: GeneSpans,
    pub(super) kmers: Vec<Kmer>,
    pub(super) motifs: [CountTable; SIGNAL_KMERS],
}

/// The files of a shard in the staging directory.
pub(super) struct ShardFiles {
    pub(super) table: PathBuf,
    pub(super) baseline: PathBuf,
    pub(super) manifest: PathBuf,
}

impl ShardFiles {
    pub(super) fn new(staging: &Path, shard: usize) -> Self {
        let file = |extension: &str| staging.join(format!("part-{shard:05}.{extension}"));
        Self {
            table: file("parquet"),
            baseline: file("tsv"),
            manifest: file("csv"),
        }
    }
}

/// The size of a written shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ShardSummary {
    pub(super) bytes: u64,
    pub(super) columns: usize,
    pub(super) class_rows: [u64; 3],
    pub(super) duplicate_rows: u64,
}

/// Writes a shard. `go_on` is called with the rows of each row group; if it returns false, the shard is
/// abandoned and the result is `None`.
///
/// A gene that crosses a border is drawn by both shards: rows before the shard are dropped, and
/// the shard of its first row writes its lines.
pub(super) fn write_shard(
    facts: &SharedFacts<'_>,
    shard: usize,
    staging: &Path,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Option<ShardSummary>> {
    let rows = facts.plan.shard_rows(shard);
    let spans = || {
        let spans = facts.spans.clone();
        spans
            .skip_while(|span| span.first_row + span.rows <= rows.start)
            .take_while(|span| span.first_row < rows.end)
    };
    let files = ShardFiles::new(staging, shard);
    let mut buffers = lay_out(facts, shard, spans());
    let mut writer = TableWriter::create(&files.table, buffers.specs(), &WriteOptions::default())?;
    let mut lines = LineFiles::create(&files)?;
    let mut summary = ShardSummary {
        columns: buffers.specs().len(),
        ..ShardSummary::default()
    };
    for span in spans() {
        let mut rows_of_gene = GeneRows::new(facts, span);
        for row in span.first_row..rows.end.min(span.first_row + span.rows) {
            rows_of_gene.advance();
            if row < rows.start {
                continue;
            }
            summary.class_rows[rows_of_gene.signal().class as usize] += 1;
            summary.duplicate_rows += u64::from(rows_of_gene.signal().duplicate);
            buffers.push(&rows_of_gene.values());
            if buffers.is_full() && !flush(&mut buffers, &mut writer, go_on)? {
                return Ok(None);
            }
        }
        if span.first_row >= rows.start {
            lines.write(&rows_of_gene.gene, &count_gene(facts, span))?;
        }
    }
    if buffers.rows() > 0 && !flush(&mut buffers, &mut writer, go_on)? {
        return Ok(None);
    }
    lines.finish()?;
    summary.bytes = writer.finish()?;
    Ok(Some(summary))
}

/// The shard's columns: a k-mer that cannot occur in its genes is absent when shards are ragged.
fn lay_out(
    facts: &SharedFacts<'_>,
    shard: usize,
    spans: impl Iterator<Item = GeneSpan>,
) -> Buffers {
    let plan = facts.plan;
    let (first, last) = spans.fold((None, 0), |(first, _), span| {
        (first.or(Some(span)), span.gene)
    });
    let first = first.expect("a shard has at least one row");
    let genes = first.gene..last + 1;
    let present: Vec<bool> = facts
        .kmers
        .iter()
        .map(|kmer| !plan.ragged || kmer.occurs_in_genes(plan, &genes))
        .collect();
    let mut names = GeneRows::new(facts, first);
    names.advance();
    Buffers::new(plan, shard, &names.values(), &facts.kmers, &present)
}

/// Writes the row group and empties it.
fn flush(
    buffers: &mut Buffers,
    writer: &mut TableWriter,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<bool> {
    let rows = buffers.rows() as u64;
    buffers.with_data(|columns| writer.write_row_group(columns))?;
    buffers.clear();
    Ok(go_on(rows))
}

/// Draws the labels and base scores of a whole gene once more, without its features.
fn count_gene(facts: &SharedFacts<'_>, span: GeneSpan) -> GeneCounts {
    let mut signals = Signals::new(facts.plan.seed, span.gene, &facts.motifs);
    let mut counts = GeneCounts::default();
    for _ in 0..span.rows {
        counts.add(&signals.draw());
    }
    counts
}

/// The rows of one gene, one after the other.
struct GeneRows<'a> {
    gene: Gene,
    kmers: &'a [Kmer],
    stretch: u64,
    signals: Signals<'a>,
    features: Stream,
    kmer_bytes: Stream,
    index: u64,
    current: Option<(Signal, Row)>,
    counts: Vec<u8>,
}

impl<'a> GeneRows<'a> {
    fn new(facts: &'a SharedFacts<'_>, span: GeneSpan) -> Self {
        let seed = facts.plan.seed;
        Self {
            gene: Gene::new(seed, span),
            kmers: &facts.kmers,
            stretch: stretch_of(facts.plan, span.gene),
            signals: Signals::new(seed, span.gene, &facts.motifs),
            features: Stream::new(seed, span.gene, StreamKind::Features),
            kmer_bytes: Stream::new(seed, span.gene, StreamKind::Kmers),
            index: 0,
            current: None,
            counts: vec![0; facts.kmers.len()],
        }
    }

    /// Draws the next row; a duplicate keeps every value of the one before.
    fn advance(&mut self) {
        let signal = self.signals.draw();
        match &mut self.current {
            Some((current, _)) if signal.duplicate => *current = signal,
            current => {
                let row = Row::new(&self.gene, self.index, &signal, &mut self.features);
                *current = Some((signal, row));
                self.counts[..SIGNAL_KMERS].copy_from_slice(&signal.motifs);
                self.draw_counts();
            }
        }
        self.index += 1;
    }

    /// Counts of the k-mers without signal, eight to a draw.
    fn draw_counts(&mut self) {
        let counts = self.counts[SIGNAL_KMERS..].chunks_mut(8);
        let kmers = self.kmers[SIGNAL_KMERS..].chunks(8);
        for (counts, kmers) in counts.zip(kmers) {
            let bytes = self.kmer_bytes.bits().to_le_bytes();
            for ((count, kmer), byte) in counts.iter_mut().zip(kmers).zip(bytes) {
                *count = u8::from(kmer.occurs_in(self.stretch)) * kmer.counts.count(byte);
            }
        }
    }

    fn signal(&self) -> &Signal {
        &self.current.as_ref().expect("advance comes first").0
    }

    fn values(&self) -> RowValues<'_> {
        let (signal, row) = self.current.as_ref().expect("advance comes first");
        RowValues {
            texts: row.texts(&self.gene, signal),
            row,
            kmers: &self.counts,
        }
    }
}

/// The shard's parts of the two tables.
struct LineFiles {
    baseline: LineFile,
    manifest: LineFile,
    line: String,
}

struct LineFile {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl LineFiles {
    fn create(files: &ShardFiles) -> Result<Self> {
        Ok(Self {
            baseline: LineFile::create(&files.baseline)?,
            manifest: LineFile::create(&files.manifest)?,
            line: String::new(),
        })
    }

    fn write(&mut self, gene: &Gene, counts: &GeneCounts) -> Result<()> {
        self.line.clear();
        counts.write_lines(gene, &mut self.line);
        self.baseline.write(&self.line)?;
        self.line.clear();
        write_manifest_line(gene, &mut self.line);
        self.manifest.write(&self.line)
    }

    fn finish(mut self) -> Result<()> {
        self.baseline.flush()?;
        self.manifest.flush()
    }
}

impl LineFile {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| Error::io("create", path, error))?;
        Ok(Self {
            path: path.to_path_buf(),
            writer: BufWriter::new(file),
        })
    }

    fn write(&mut self, lines: &str) -> Result<()> {
        self.writer
            .write_all(lines.as_bytes())
            .map_err(|error| Error::io("write", &self.path, error))
    }

    fn flush(&mut self) -> Result<()> {
        self.writer
            .flush()
            .map_err(|error| Error::io("write", &self.path, error))
    }
}
