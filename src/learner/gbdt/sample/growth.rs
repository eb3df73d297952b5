//! Trees of one round, grown from the sample in memory.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    error::Result,
    group::hash::{Purpose, row_hash},
    learner::gbdt::{
        constants::Constants,
        grower::Grower,
        growth_context::GrowthContext,
        histogram::{NodeHistogram, WideHistograms},
        loss::{CHUNK_ROWS, Derivatives, Magnitudes, Rows},
        partition::NO_SLOT,
        quantise::{Scale, quantise},
        renew::{Quantiles, WeightUnits, quantiles_in_memory, residual},
        sample::{
            kernel::{
                Entry, GATHERED_ROWS, TILE, TileCodes, TileHistograms, accumulate_tile, entry,
                gather, slot_of,
            },
            segments::Segments,
            store::SampleRows,
        },
    },
    limits::CODES_MAX,
    platform::parallel::Parallel,
};

/// Entries that one task accumulates; a packed bin holds the sums of many times as many.
const TASK_ROWS: usize = 1 << 13;
/// Rows whose derivatives one task computes.
const DERIVED_ROWS: usize = 16 * CHUNK_ROWS;

/// The memory in which trees grow from a sample.
#[derive(Debug)]
pub(crate) struct SampleGrower {
    /// One an output.
    segments: Vec<Segments>,
    /// Lent while nodes are split.
    scratch: Vec<Entry>,
    /// Benches that no task uses at the moment.
    idle: Mutex<Vec<TaskBuffers>>,
}

/// The memory of one task.
#[derive(Debug)]
struct TaskBuffers {
    /// By tile; all zero between tasks.
    histograms: Vec<TileHistograms>,
    gathered: Vec<TileCodes>,
}

impl TaskBuffers {
    #[expect(
        clippy::large_stack_arrays,
        reason = "32 KiB, on their way to the heap"
    )]
    fn new(tiles: usize) -> Self {
        Self {
            histograms: vec![[[0; CODES_MAX]; TILE]; tiles],
            gathered: vec![[0; TILE]; tiles * GATHERED_ROWS],
        }
    }
}

/// Bytes that one thread works with.
pub(crate) fn task_buffer_bytes(byte_columns: usize) -> usize {
    let tile = size_of::<TileHistograms>() + GATHERED_ROWS * size_of::<TileCodes>();
    byte_columns.div_ceil(TILE) * tile
}

/// Rows to be added to one slot.
#[derive(Clone, Copy)]
struct Task<'a> {
    slot: usize,
    entries: &'a [Entry],
}

impl SampleGrower {
    pub(crate) fn new(outputs: usize, rows_max: usize) -> Self {
        Self {
            segments: (0..outputs).map(|_| Segments::new(rows_max)).collect(),
            scratch: vec![0; rows_max],
            idle: Mutex::default(),
        }
    }

    /// Bytes of the entries of `rows_max` rows.
    pub(crate) fn bytes(rows_max: usize, outputs: usize) -> usize {
        (outputs + 1) * rows_max * size_of::<Entry>()
    }

    /// Bytes held, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        let entries = |segments: &Segments| segments.entries.capacity();
        let entries = self.segments.iter().map(entries).sum::<usize>() + self.scratch.capacity();
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let benches = idle
            .iter()
            .map(|buffers| task_buffer_bytes(buffers.histograms.len() * TILE));
        entries * size_of::<Entry>() + benches.sum::<usize>()
    }

    /// Computes the derivatives of the sample at its margins and makes them entries; returns what a
    /// unit is. `round` keys the rounding.
    ///
    /// # Errors
    /// As [`Parallel::for_each`].
    pub(crate) fn derive(
        &mut self,
        constants: &Constants,
        rows: &SampleRows,
        round: u32,
        parallel: &dyn Parallel,
    ) -> Result<Scale> {
        let outputs = self.segments.len() as u32;
        for segments in &mut self.segments {
            segments.entries.resize(rows.len, 0);
        }
        // Rows without a gradient are in no sample, so that a later one may be larger.
        self.scratch.resize(rows.len.max(self.scratch.len()), 0);
        let parts = rows.len.div_ceil(DERIVED_ROWS);
        let mut of_part: Vec<Mutex<Vec<&mut [Entry]>>> = Vec::with_capacity(parts);
        of_part.resize_with(parts, Mutex::default);
        for segments in &mut self.segments {
            let entries = segments.entries.chunks_mut(DERIVED_ROWS);
            for (part, entries) in of_part.iter_mut().zip(entries) {
                let part = part.get_mut().unwrap_or_else(PoisonError::into_inner);
                part.push(entries);
            }
        }
        // The bits of floats that are not negative are ordered as they are.
        let largest = [AtomicU64::new(0), AtomicU64::new(0)];
        parallel.for_each(parts, &|part| {
            let mut entries = of_part[part].lock().unwrap_or_else(PoisonError::into_inner);
            let found = derive_part(constants, rows, part * DERIVED_ROWS, &mut entries);
            for (largest, found) in largest.iter().zip(found) {
                largest.fetch_max(found.to_bits(), Ordering::Relaxed);
            }
        })?;
        let [gradient, hessian] = largest.map(|bits| f64::from_bits(bits.into_inner()));
        let scale = Scale::new(Magnitudes { gradient, hessian });
        parallel.for_each(parts, &|part| {
            let mut entries = of_part[part].lock().unwrap_or_else(PoisonError::into_inner);
            for (output, entries) in entries.iter_mut().enumerate() {
                let tree = round * outputs + output as u32;
                for (slot, packed) in (part * DERIVED_ROWS..).zip(entries.iter_mut()) {
                    let hash = row_hash(constants.seed, rows.row[slot], tree, Purpose::Gradient);
                    let (gradient, hessian) = as_pair(*packed);
                    *packed = entry(slot, quantise(gradient, hessian, scale, hash));
                }
            }
        })?;
        for segments in &mut self.segments {
            segments.plant(rows);
        }
        Ok(scale)
    }

    /// Grows the trees to the end; their rows are in the leaves then.
    ///
    /// # Errors
    /// As [`Parallel::for_each`].
    pub(crate) fn grow(
        &mut self,
        grower: &mut Grower,
        context: GrowthContext<'_>,
        rows: &SampleRows,
        train_rows: u64,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        loop {
            let histograms = self.accumulate(grower, context, rows, parallel)?;
            if !grower.absorb(context, histograms, train_rows, parallel)? {
                continue;
            }
            let goes_on = grower.advance(context);
            for (tree, segments) in grower.trees_mut().iter_mut().zip(&mut self.segments) {
                if tree.partition_rules().is_empty() {
                    continue;
                }
                segments.follow(tree.partition_rules(), rows, &mut self.scratch, parallel)?;
                tree.set_rows(&segments.rows());
                tree.clear_partition_rules();
            }
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Gives the leaves of a grown tree the quantile of their residuals, as its loss asks for.
    pub(crate) fn renew(&self, grower: &mut Grower, rows: &SampleRows, alpha: f64, shrinkage: f64) {
        let [segments] = &self.segments[..] else {
            panic!("a loss of renewed leaves has one output");
        };
        let mut leaf_of = vec![0; rows.len];
        for leaf in 0..segments.leaves() {
            for &entry in segments.leaf(leaf) {
                leaf_of[slot_of(entry)] = leaf as u16;
            }
        }
        let residuals = rows.label.iter().zip(&rows.margin).take(rows.len);
        let residuals: Vec<f32> = residuals
            .map(|(&label, &margin)| residual(label, margin))
            .collect();
        let weights = &rows.weight[..rows.len];
        let weight_max = weights.iter().copied().fold(0.0, f64::max);
        let units = WeightUnits::new(weight_max, rows.len as u64);
        let quantiles = Quantiles::new(alpha, segments.leaves(), units);
        let quantiles = quantiles_in_memory(quantiles, &residuals, weights, &leaf_of);
        let step = |value: f32| (f64::from(value) * shrinkage) as f32;
        grower.trees_mut()[0].renew(quantiles.into_iter().map(step).collect());
    }

    /// Adds the trees' values to the margins of the sample, once the trees are grown.
    pub(crate) fn apply(&self, grower: &Grower, rows: &mut SampleRows) {
        let capacity = rows.capacity;
        let margins = rows.margin.chunks_exact_mut(capacity);
        for ((tree, segments), margin) in grower.trees().iter().zip(&self.segments).zip(margins) {
            let values = tree.leaf_values(grower.rules());
            assert_eq!(values.len(), segments.leaves());
            for (leaf, value) in values.into_iter().enumerate() {
                for &entry in segments.leaf(leaf) {
                    margin[slot_of(entry)] += value;
                }
            }
        }
    }

    /// The histograms of the grower's targets.
    fn accumulate(
        &self,
        grower: &Grower,
        context: GrowthContext<'_>,
        rows: &SampleRows,
        parallel: &dyn Parallel,
    ) -> Result<Vec<NodeHistogram>> {
        let byte_columns = grower.tile(context.plan);
        let tile_of = |&byte_column: &u32| byte_column as usize / TILE;
        let mut tiles: Vec<usize> = byte_columns.iter().map(tile_of).collect();
        tiles.dedup();
        let wide = WideHistograms::new(grower.slots(), byte_columns.len());
        let mut tasks = Vec::new();
        for (output, segments) in self.segments.iter().enumerate() {
            let (first_slot, _, slot_of_leaf) = grower.slots_of(output);
            let wanted = slot_of_leaf.iter().enumerate();
            for (leaf, &slot) in wanted.filter(|(_, slot)| **slot != NO_SLOT) {
                let slot = usize::from(slot);
                tasks.extend(segments.leaf(leaf).chunks(TASK_ROWS).map(|entries| Task {
                    slot: first_slot + slot,
                    entries,
                }));
            }
        }
        tasks.sort_by_key(|task| std::cmp::Reverse(task.entries.len()));
        parallel.for_each(tasks.len(), &|index| {
            let Task { slot, entries } = tasks[index];
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let buffers = idle.pop();
            drop(idle);
            let mut buffers = buffers.unwrap_or_else(|| TaskBuffers::new(rows.tiles));
            for entries in entries.chunks(GATHERED_ROWS) {
                gather(&rows.codes, rows.tiles, entries, &mut buffers.gathered);
                for &tile in &tiles {
                    let gathered = &buffers.gathered[tile * GATHERED_ROWS..][..GATHERED_ROWS];
                    accumulate_tile(gathered, entries, &mut buffers.histograms[tile]);
                }
            }
            let columns = byte_columns
                .iter()
                .map(|&column| &buffers.histograms[column as usize / TILE][column as usize % TILE]);
            wide.add(slot, columns.enumerate());
            for &tile in &tiles {
                buffers.histograms[tile].as_flattened_mut().fill(0);
            }
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(buffers);
        })?;
        Ok(wide.into_slots())
    }
}

/// Writes the derivatives of the rows from `first` on as pairs; returns the largest magnitudes.
fn derive_part(
    constants: &Constants,
    rows: &SampleRows,
    first: usize,
    entries: &mut [&mut [Entry]],
) -> [f64; 2] {
    let len = entries.first().map_or(0, |entries| entries.len());
    let mut derivatives = Derivatives::new(entries.len());
    let mut largest = [0.0f64; 2];
    for start in (0..len).step_by(CHUNK_ROWS) {
        let end = len.min(start + CHUNK_ROWS);
        let seen = Rows {
            margin: &rows.margin[first + start..],
            stride: rows.capacity,
            label: &rows.label[first + start..first + end],
            weight: &rows.weight[first + start..first + end],
        };
        constants.objective.evaluate(&seen, &mut derivatives);
        for (output, entries) in entries.iter_mut().enumerate() {
            let of_output = output * CHUNK_ROWS..;
            let gradients = &derivatives.gradient[of_output.clone()];
            let pairs = gradients.iter().zip(&derivatives.hessian[of_output]);
            for (entry, (&gradient, &hessian)) in entries[start..end].iter_mut().zip(pairs) {
                *entry = pair(gradient, hessian);
                let (gradient, hessian) = as_pair(*entry);
                largest[0] = largest[0].max(gradient.abs());
                largest[1] = largest[1].max(hessian);
            }
        }
    }
    largest
}

/// A gradient and a hessian in the place of an entry; 24 bits are more than quantising keeps.
fn pair(gradient: f64, hessian: f64) -> Entry {
    let bits = |value: f64| u64::from((value as f32).to_bits());
    bits(gradient) << 32 | bits(hessian)
}

fn as_pair(entry: Entry) -> (f64, f64) {
    let value = |bits: u64| f64::from(f32::from_bits(bits as u32));
    (value(entry >> 32), value(entry))
}
