//! The fast way from columns to codes.
//!
//! A number's code is how many cut points lie below it, found by a binary search without branches
//! over a table padded with infinity to a power of two; several values are in flight at once.
//! O(rows * log2(cuts)), about 2 ns a value at 254 cut points.
//!
//! Singles are compared with cut points rounded *down* to singles: with `c'` the largest single not
//! above `c`, every single `x` has `x <= c` exactly if `x <= c'`, since no single lies between.

use std::collections::HashMap;

use crate::{
    data::{TextValues, Values, batch::MISSING_TEXT},
    limits::CODES_MAX,
    model::binning::Binning,
};

/// Values searched side by side, so that their loads overlap.
const FLIGHT: usize = 8;

/// Codes columns of one feature.
#[derive(Debug, Clone)]
pub struct Coder {
    missing_code: u8,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Number(Box<Tables>),
    Text(Dictionary),
}

/// Cut points in both precisions, padded with infinity.
#[derive(Debug, Clone)]
struct Tables {
    /// Comparisons a value needs: 2^steps is above the number of cut points.
    steps: u32,
    cuts_f32: [f32; CODES_MAX],
    cuts_f64: [f64; CODES_MAX],
}

#[derive(Debug, Clone)]
struct Dictionary {
    codes: HashMap<String, u8>,
    unlisted_code: u8,
    /// The code of each value of the batch at hand.
    batch_codes: Vec<u8>,
}

impl Coder {
    /// Prepares the tables of a binning.
    pub fn new(binning: &Binning) -> Self {
        let missing_code = binning.missing_code();
        let kind = match binning {
            Binning::Numeric { cuts } => Kind::Number(Box::new(Tables::new(cuts))),
            Binning::Categorical { values, pooled } => Kind::Text(Dictionary {
                codes: values.iter().cloned().zip(0..).collect(),
                unlisted_code: if *pooled {
                    missing_code - 1
                } else {
                    missing_code
                },
                batch_codes: Vec::new(),
            }),
        };
        Self { missing_code, kind }
    }

    /// Codes a column of whatever type.
    ///
    /// # Panics
    /// If the column is text and the feature numeric or the other way round, or lengths differ.
    pub fn code(&mut self, values: &Values, codes: &mut [u8]) {
        match values {
            Values::F32(values) => self.code_f32(values, codes),
            Values::F64(values) => self.code_f64(values, codes),
            Values::Text(text) => self.code_text(text, codes),
        }
    }

    /// Codes a column of singles.
    pub fn code_f32(&self, values: &[f32], codes: &mut [u8]) {
        let tables = self.tables();
        code_numbers(
            &tables.cuts_f32,
            tables.steps,
            self.missing_code,
            values,
            codes,
        );
    }

    /// Codes a column of doubles.
    pub fn code_f64(&self, values: &[f64], codes: &mut [u8]) {
        let tables = self.tables();
        code_numbers(
            &tables.cuts_f64,
            tables.steps,
            self.missing_code,
            values,
            codes,
        );
    }

    /// Codes a column of text: each value of the batch's dictionary once, then the rows.
    pub fn code_text(&mut self, text: &TextValues, codes: &mut [u8]) {
        assert_eq!(text.ids.len(), codes.len(), "a code a row");
        let missing_code = self.missing_code;
        let Kind::Text(dictionary) = &mut self.kind else {
            panic!("a text column for a numeric feature");
        };
        dictionary.batch_codes.clear();
        for id in 0..text.dictionary_len() as u32 {
            let listed = dictionary.codes.get(text.value(id)).copied();
            let code = listed.unwrap_or(dictionary.unlisted_code);
            dictionary.batch_codes.push(code);
        }
        for (id, code) in text.ids.iter().zip(codes) {
            *code = match *id {
                MISSING_TEXT => missing_code,
                id => dictionary.batch_codes[id as usize],
            };
        }
    }

    /// The first row whose text training never met, with the text. `None` where rare values were
    /// pooled, since the pool does not say which.
    pub fn find_unseen<'a>(&self, text: &'a TextValues) -> Option<(usize, &'a str)> {
        let Kind::Text(dictionary) = &self.kind else {
            return None;
        };
        if dictionary.unlisted_code != self.missing_code {
            return None;
        }
        let unseen: Vec<bool> = (0..text.dictionary_len() as u32)
            .map(|id| !dictionary.codes.contains_key(text.value(id)))
            .collect();
        if !unseen.contains(&true) {
            return None;
        }
        let is_unseen = |id: &u32| *id != MISSING_TEXT && unseen[*id as usize];
        let row = text.ids.iter().position(is_unseen)?;
        Some((row, text.value(text.ids[row])))
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        match &self.kind {
            Kind::Number(_) => size_of::<Tables>(),
            Kind::Text(dictionary) => {
                let entry_bytes = size_of::<(String, u8)>() + 1;
                let texts: usize = dictionary.codes.keys().map(String::capacity).sum();
                dictionary.codes.capacity() * entry_bytes
                    + texts
                    + dictionary.batch_codes.capacity()
            }
        }
    }

    fn tables(&self) -> &Tables {
        match &self.kind {
            Kind::Number(tables) => tables,
            Kind::Text(_) => panic!("a numeric column for a categorical feature"),
        }
    }
}

impl Tables {
    fn new(cuts: &[f64]) -> Self {
        assert!(cuts.len() < CODES_MAX - 1, "more cut points than codes");
        let mut tables = Self {
            steps: usize::BITS - cuts.len().leading_zeros(),
            cuts_f32: [f32::INFINITY; CODES_MAX],
            cuts_f64: [f64::INFINITY; CODES_MAX],
        };
        for (index, cut) in cuts.iter().enumerate() {
            tables.cuts_f64[index] = *cut;
            tables.cuts_f32[index] = round_down(*cut);
        }
        tables
    }
}

/// The largest single that is not above a cut point.
pub(crate) fn round_down(cut: f64) -> f32 {
    let nearest = cut as f32;
    if f64::from(nearest) > cut {
        nearest.next_down()
    } else {
        nearest
    }
}

/// How many entries of `cuts` lie below each value, or the missing code for NaN.
fn code_numbers<T: PartialOrd + Copy>(
    cuts: &[T; CODES_MAX],
    steps: u32,
    missing_code: u8,
    values: &[T],
    codes: &mut [u8],
) {
    assert_eq!(values.len(), codes.len(), "a code a row");
    match steps {
        0 => search::<T, 0>(cuts, missing_code, values, codes),
        1 => search::<T, 1>(cuts, missing_code, values, codes),
        2 => search::<T, 2>(cuts, missing_code, values, codes),
        3 => search::<T, 3>(cuts, missing_code, values, codes),
        4 => search::<T, 4>(cuts, missing_code, values, codes),
        5 => search::<T, 5>(cuts, missing_code, values, codes),
        6 => search::<T, 6>(cuts, missing_code, values, codes),
        7 => search::<T, 7>(cuts, missing_code, values, codes),
        _ => search::<T, 8>(cuts, missing_code, values, codes),
    }
}

/// The search for tables of 2^STEPS entries: unrolled, without branches or bounds checks.
fn search<T: PartialOrd + Copy, const STEPS: u32>(
    cuts: &[T; CODES_MAX],
    missing_code: u8,
    values: &[T],
    codes: &mut [u8],
) {
    let (flights, rest) = values.as_chunks::<FLIGHT>();
    let (code_flights, code_rest) = codes.as_chunks_mut::<FLIGHT>();
    for (flight, out) in flights.iter().zip(code_flights) {
        *out = search_flight::<T, FLIGHT, STEPS>(cuts, missing_code, flight);
    }
    for (value, out) in rest.iter().zip(code_rest) {
        [*out] = search_flight::<T, 1, STEPS>(cuts, missing_code, &[*value]);
    }
}

#[inline(always)]
fn search_flight<T: PartialOrd + Copy, const N: usize, const STEPS: u32>(
    cuts: &[T; CODES_MAX],
    missing_code: u8,
    values: &[T; N],
) -> [u8; N] {
    let mut below = [0_usize; N];
    for step in (0..STEPS).rev() {
        let half = 1_usize << step;
        for (below, value) in below.iter_mut().zip(values) {
            // The mask changes nothing (below + half <= 2^STEPS <= 256) but spares a bounds check.
            let is_above = cuts[(*below + half - 1) & (CODES_MAX - 1)] < *value;
            *below += usize::from(is_above) << step;
        }
    }
    let mut codes = [0; N];
    for ((code, below), value) in codes.iter_mut().zip(below).zip(values) {
        // Only NaN differs from itself.
        let is_missing = value.partial_cmp(value).is_none();
        *code = if is_missing {
            missing_code
        } else {
            below as u8
        };
    }
    codes
}
