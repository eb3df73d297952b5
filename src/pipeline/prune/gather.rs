//! One lane's part of a step: a slice's values of some features, gathered column by column, and the
//! sums over its counted rows.

use twox_hash::XxHash3_128;

use crate::{
    data::{Split, Values, batch::MISSING_TEXT},
    engine::Slice,
    error::Result,
    group::hash::hash_text,
    pipeline::{
        prune::work::{Component, Step},
        storage::rows::RowsFile,
    },
    stats::{CoMoments, PairMoments, comoments::Panel},
    transform::prune::screen,
};

/// Values turned to bytes at a time for a hash.
const HASHED_AT_ONCE: usize = 512;

/// The bits of a missing value in a hash.
const MISSING_BITS: u64 = u64::MAX;

/// The sums of a slice.
#[derive(Debug)]
pub(crate) struct Part {
    /// One an item of the step.
    pub sums: Vec<CoMoments>,
    /// Of each item, for the columns of its strip: rows off the value that most have.
    pub varied_rows: Vec<Vec<u64>>,
    /// One a pair of the step.
    pub pairs: Vec<PairMoments>,
    /// One a hashed feature of the step.
    pub hashes: Vec<u128>,
}

/// Gathers slices; one a lane.
pub(crate) struct Gatherer<'a> {
    step: &'a Step,
    components: &'a [Component],
    rows: &'a RowsFile,
    /// A feature's place among the gathered ones; none for features that are only hashed texts.
    place_of: Vec<Option<u32>>,
    /// A feature's place among the hashed ones.
    hash_of: Vec<Option<u32>>,
    columns: Vec<Column>,
    labels: Vec<f32>,
    splits: Vec<u8>,
    /// The counted rows of the slice, as indexes into it.
    counted: Vec<u32>,
    hashers: Vec<XxHash3_128>,
    panels: Vec<Panel>,
    lent: [Vec<f64>; 2],
}

/// The counted values of a feature in the slice.
#[derive(Debug)]
enum Column {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl<'a> Gatherer<'a> {
    /// A gatherer for one step. `features` says how many features there are.
    pub(crate) fn new(
        step: &'a Step,
        components: &'a [Component],
        features: usize,
        rows: &'a RowsFile,
    ) -> Self {
        let gathered = Step {
            hashed: Vec::new(),
            ..step.clone()
        };
        let gathered = gathered.features(components);
        let place = |list: &[usize]| {
            let mut place_of = vec![None; features];
            for (place, feature) in list.iter().enumerate() {
                place_of[*feature] = Some(place as u32);
            }
            place_of
        };
        Self {
            step,
            components,
            rows,
            place_of: place(&gathered),
            hash_of: place(&step.hashed),
            columns: gathered.iter().map(|_| Column::F32(Vec::new())).collect(),
            labels: Vec::new(),
            splits: Vec::new(),
            counted: Vec::new(),
            hashers: Vec::new(),
            panels: step
                .items
                .iter()
                .map(|item| Panel::new(&item.plan))
                .collect(),
            lent: Default::default(),
        }
    }

    /// A slice begins: its counted rows and their labels are read.
    ///
    /// # Errors
    /// When the rows file cannot be read.
    pub(crate) fn start(&mut self, slice: Slice) -> Result<()> {
        self.rows
            .read_splits(slice.first_row, slice.rows, &mut self.splits)?;
        self.counted.clear();
        let splits = self.splits.iter().enumerate();
        self.counted.extend(
            splits
                .filter(|(_, split)| **split == Split::Train as u8)
                .map(|(index, _)| index as u32),
        );
        self.rows
            .read_labels(slice.first_row, slice.rows, &mut self.labels)?;
        for (to, from) in self.counted.iter().enumerate() {
            self.labels[to] = self.labels[*from as usize];
        }
        self.labels.truncate(self.counted.len());
        self.hashers.clear();
        self.hashers
            .resize_with(self.step.hashed.len(), XxHash3_128::new);
        for column in &mut self.columns {
            match column {
                Column::F32(values) => values.clear(),
                Column::F64(values) => values.clear(),
            }
        }
        Ok(())
    }

    /// Some rows of a feature, ascending; `first` is their place in the slice. Features that are not
    /// needed are passed over.
    pub(crate) fn batch(&mut self, feature: usize, first: usize, values: &Values) {
        if self.place_of[feature].is_none() && self.hash_of[feature].is_none() {
            return;
        }
        let (from, to) = (first as u32, (first + values.len()) as u32);
        let start = self.counted.partition_point(|row| *row < from);
        let end = self.counted.partition_point(|row| *row < to);
        let counted = &self.counted[start..end];
        let chosen = counted.iter().map(|row| (*row - from) as usize);
        if let Some(hasher) = self.hash_of[feature] {
            hash(&mut self.hashers[hasher as usize], values, chosen.clone());
        }
        let Some(place) = self.place_of[feature] else {
            return;
        };
        let column = &mut self.columns[place as usize];
        // All at once: a vector that grows may take twice what it holds.
        column.prepare(values, self.counted.len());
        let all = counted.len() == values.len();
        match (&mut *column, values) {
            (Column::F32(column), Values::F32(values)) if all => column.extend_from_slice(values),
            (Column::F64(column), Values::F64(values)) if all => column.extend_from_slice(values),
            (Column::F32(column), Values::F32(values)) => column.extend(chosen.map(|i| values[i])),
            (Column::F64(column), Values::F64(values)) => column.extend(chosen.map(|i| values[i])),
            _ => unreachable!("the column was prepared for these values"),
        }
    }

    /// The slice's sums. An error is the first feature with a missing value that the survey did
    /// not see.
    pub(crate) fn finish(&mut self) -> Result<Part, usize> {
        let rows = self.counted.len();
        let mut sums = Vec::with_capacity(self.step.items.len());
        let mut varied_rows = Vec::with_capacity(self.step.items.len());
        for (item, panel) in self.step.items.iter().zip(&mut self.panels) {
            let component = &self.components[item.component];
            let (features, strip) = (&component.features, item.plan.strip());
            let mut of_item = CoMoments::new(&item.plan);
            let mut varied = vec![0; strip.len()];
            let read = |column: usize, row: usize, out: &mut [f64]| {
                if column == 0 {
                    widen(&self.labels[row..], out);
                    return;
                }
                let place = self.place_of[features[column - 1]];
                let place = place.expect("the items' features are gathered") as usize;
                self.columns[place].read(row, out);
                if strip.contains(&column) {
                    let majority = component.majorities[column - 1];
                    varied[column - strip.start] += screen::varied_rows(out, majority);
                }
            };
            of_item
                .add(&item.plan, panel, rows, read)
                .map_err(|column| features[column.saturating_sub(1)])?;
            sums.push(of_item);
            varied_rows.push(varied);
        }
        let mut pairs = Vec::with_capacity(self.step.pairs.len());
        for pair in &self.step.pairs {
            for (side, feature) in pair.features.iter().enumerate() {
                let place = self.place_of[*feature];
                let place = place.expect("the pairs' features are gathered") as usize;
                self.lent[side].resize(rows, 0.0);
                self.columns[place].read(0, &mut self.lent[side]);
            }
            let [x, y] = &self.lent;
            pairs.push(PairMoments::of(x, y, pair.shifts));
        }
        let hashes = self.hashers.iter().map(XxHash3_128::finish_128);
        Ok(Part {
            sums,
            varied_rows,
            pairs,
            hashes: hashes.collect(),
        })
    }
}

impl Column {
    /// Makes the column one of these values, with room for a slice's counted rows.
    fn prepare(&mut self, values: &Values, rows: usize) {
        match (&mut *self, values) {
            (Self::F32(_), Values::F64(_)) => *self = Self::F64(Vec::with_capacity(rows)),
            (Self::F64(_), Values::F32(_)) => *self = Self::F32(Vec::with_capacity(rows)),
            (Self::F32(column), _) => column.reserve_exact(rows - column.len()),
            (Self::F64(column), _) => column.reserve_exact(rows - column.len()),
        }
    }

    fn read(&self, row: usize, out: &mut [f64]) {
        match self {
            Self::F32(values) => widen(&values[row..], out),
            Self::F64(values) => out.copy_from_slice(&values[row..][..out.len()]),
        }
    }
}

fn widen(values: &[f32], out: &mut [f64]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out = f64::from(*value);
    }
}

/// Hashes the chosen rows. The same values give the same hash whatever type holds them.
fn hash(hasher: &mut XxHash3_128, values: &Values, chosen: impl Iterator<Item = usize>) {
    match values {
        Values::F32(values) => hash_bits(hasher, chosen.map(|i| bits(f64::from(values[i])))),
        Values::F64(values) => hash_bits(hasher, chosen.map(|i| bits(values[i]))),
        Values::Text(text) => {
            let of_value: Vec<u64> = (0..text.dictionary_len() as u32)
                .map(|id| hash_text(text.value(id)))
                .collect();
            let bits = |i: usize| match text.ids[i] {
                MISSING_TEXT => MISSING_BITS,
                id => of_value[id as usize],
            };
            hash_bits(hasher, chosen.map(bits));
        }
    }
}

/// The bits of a number; zero has one sign, and all missing values are one.
fn bits(value: f64) -> u64 {
    if value.is_nan() {
        return MISSING_BITS;
    }
    (value + 0.0).to_bits()
}

fn hash_bits(hasher: &mut XxHash3_128, mut bits: impl Iterator<Item = u64>) {
    let mut buffer = [0u8; HASHED_AT_ONCE * 8];
    loop {
        let mut filled = 0;
        for (bytes, bits) in buffer.chunks_exact_mut(8).zip(bits.by_ref()) {
            bytes.copy_from_slice(&bits.to_le_bytes());
            filled += 8;
        }
        if filled == 0 {
            return;
        }
        hasher.write(&buffer[..filled]);
    }
}
