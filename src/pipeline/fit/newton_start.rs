//! The sampled training rows on which the solver of a linear model starts.

use std::collections::HashMap;

use crate::{
    data::{Split, TextValues, Tile, ValueType, Values, batch::MISSING_TEXT},
    engine::{Context, parallel_map},
    error::Result,
    limits::BLOCK_ROWS,
    model::{Binning, FeatureSpec},
    pipeline::{
        fit::linear_spec::LinearSpec,
        prepare::survey::sampled_text,
        storage::{rows::RowsBuffer, selection::takes},
    },
    scratch::{BlockFile, Element},
    stats::sample,
    transform::standardize::Design,
};

/// Values of the design on which the solver starts: fewer rows where there are many columns.
const VALUES_MAX: usize = 1 << 24;

/// Rows of the sample on which the solver starts.
pub(crate) fn start_rows(design_columns: usize, start_rows_max: u64) -> usize {
    (VALUES_MAX / design_columns.max(1)).min(start_rows_max as usize)
}

/// Bytes that reading takes beside the design, on so many threads.
pub(crate) fn read_bytes(features: usize, rows: usize, threads: u64) -> u64 {
    let buffer = BLOCK_ROWS * (RowsBuffer::ROW_BYTES + size_of::<f64>());
    (rows * features * size_of::<f64>()) as u64 + threads * buffer as u64
}

/// The rows.
pub(crate) struct NewtonStart {
    /// Their design.
    pub(crate) tile: Tile,
    /// Their labels.
    pub(crate) labels: Vec<f32>,
    /// Their weights.
    pub(crate) weights: Vec<f32>,
}

impl NewtonStart {
    /// Reads the rows of a part of the survey's sample.
    ///
    /// # Errors
    /// When the sample or the rows file cannot be read.
    pub(crate) fn read(
        context: &Context<'_>,
        spec: &LinearSpec<'_>,
        design: &Design,
        rows_wanted: u64,
    ) -> Result<Self> {
        let threshold = sample::threshold(rows_wanted, spec.train_rows);
        let rows_max = sample::rows_max(rows_wanted, spec.train_rows) as usize;
        let SampledRows {
            ranks,
            labels,
            weights,
        } = sampled_rows(context, spec, threshold, rows_max)?;
        let sources: Vec<usize> = design.schema_columns().collect();
        let columns = parallel_map(context, "start", sources.len(), |index| {
            let schema_column = sources[index];
            let features = &spec.data.roles.features;
            let feature = features.iter().position(|column| *column == schema_column);
            let feature = feature.expect("the design is of the features");
            Ok((schema_column, sampled_values(spec, feature, &ranks)?))
        })?;
        let mut tile = Tile::new(design.len(), ranks.len());
        let all: Vec<u32> = (0..ranks.len() as u32).collect();
        if !all.is_empty() {
            design
                .view(&columns)
                .fill(&all, &mut tile.append(ranks.len()));
        }
        Ok(Self {
            tile,
            labels,
            weights,
        })
    }
}

/// Sampled rows: their ranks in the sample, labels and weights.
#[derive(Default)]
struct SampledRows {
    ranks: Vec<u64>,
    labels: Vec<f32>,
    weights: Vec<f32>,
}

impl SampledRows {
    fn truncate(&mut self, rows: usize) {
        self.ranks.truncate(rows);
        self.labels.truncate(rows);
        self.weights.truncate(rows);
    }
}

/// The rows of the sample that are below a smaller threshold, at most so many.
fn sampled_rows(
    context: &Context<'_>,
    spec: &LinearSpec<'_>,
    threshold: u64,
    rows_max: usize,
) -> Result<SampledRows> {
    let blocks = parallel_map(context, "start", spec.rows.blocks(), |block| {
        let mut sampled = sampled_rows_of_block(spec, threshold, block)?;
        sampled.truncate(rows_max);
        Ok(sampled)
    })?;
    let mut sampled = SampledRows::default();
    for block in blocks {
        sampled.ranks.extend(block.ranks);
        sampled.labels.extend(block.labels);
        sampled.weights.extend(block.weights);
        sampled.truncate(rows_max);
    }
    Ok(sampled)
}

fn sampled_rows_of_block(
    spec: &LinearSpec<'_>,
    threshold: u64,
    block: usize,
) -> Result<SampledRows> {
    let mut buffer = RowsBuffer::default();
    buffer.read_splits(spec.rows, block)?;
    buffer.read_labels(spec.rows, block)?;
    let lent = buffer.block();
    let first_row = (block * BLOCK_ROWS) as u64;
    let mut sampled = SampledRows::default();
    let mut rank = spec.sample.rank_of_block(block);
    for (index, split) in lent.split.iter().enumerate() {
        let row = first_row + index as u64;
        if *split != Split::Train as u8 || !spec.sample.takes(row) {
            continue;
        }
        if takes(spec.sample.seed(), threshold, row) {
            sampled.ranks.push(rank);
            sampled.labels.push(lent.label[index]);
            sampled.weights.push(lent.weight[index]);
        }
        rank += 1;
    }
    Ok(sampled)
}

/// A feature's sampled values at some ranks, ascending. Texts come back by their hashes.
fn sampled_values(spec: &LinearSpec<'_>, feature: usize, ranks: &[u64]) -> Result<Values> {
    let file = &spec.survey.sample;
    let array = spec.survey.arrays[feature];
    let feature = &spec.features[feature];
    Ok(match feature.value_type {
        ValueType::F32 => Values::F32(values_at(file, array, ranks)?),
        ValueType::F64 => Values::F64(values_at(file, array, ranks)?),
        ValueType::Text => Values::Text(text_of(feature, &values_at(file, array, ranks)?)),
    })
}

/// The values of an array at some rows, ascending.
fn values_at<T: Element + Copy + Default>(
    file: &BlockFile,
    array: usize,
    ranks: &[u64],
) -> Result<Vec<T>> {
    let mut values = Vec::with_capacity(ranks.len());
    let mut buffer = vec![T::default(); BLOCK_ROWS.min(file.rows() as usize)];
    let mut rest = ranks;
    for first in (0..file.rows()).step_by(BLOCK_ROWS) {
        let rows = (file.rows() - first).min(BLOCK_ROWS as u64);
        let block = &mut buffer[..rows as usize];
        file.read(array, first, block)?;
        let (here, later) = rest.split_at(rest.partition_point(|rank| *rank < first + rows));
        values.extend(here.iter().map(|rank| block[(rank - first) as usize]));
        rest = later;
    }
    assert!(rest.is_empty(), "ranks within the sample");
    Ok(values)
}

/// Texts by the hashes that stand for them in the sample; what the feature does not keep is missing.
fn text_of(feature: &FeatureSpec, hashes: &[u32]) -> TextValues {
    let mut text = TextValues::default();
    let mut ids = HashMap::new();
    if let Binning::Categorical { values, .. } = &feature.binning {
        for value in values {
            let id = text.push_value(value);
            ids.insert(sampled_text(value), id);
        }
    }
    let id_of = |hash: &u32| ids.get(hash).copied().unwrap_or(MISSING_TEXT);
    text.ids = hashes.iter().map(id_of).collect();
    text
}
