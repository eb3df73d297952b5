//! The fast way from columns to codes.
//!
//! Numbers go through a `CutTable`, built for each precision when it is first met. A text's code is
//! looked up once a batch for each value of the batch's dictionary.

use std::{collections::HashMap, sync::OnceLock};

use crate::{
    data::{TextValues, Values, batch::MISSING_TEXT},
    model::{
        binning::Binning,
        cut_table::{CutTable, round_down},
    },
};

/// Codes columns of one feature.
#[derive(Debug, Clone)]
pub struct Coder {
    missing_code: u8,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Number(Numbers),
    Text(Dictionary),
}

/// Cut points, and the table of each precision that was met.
#[derive(Debug, Clone)]
struct Numbers {
    cuts: Vec<f64>,
    singles: OnceLock<Box<CutTable<f32>>>,
    doubles: OnceLock<Box<CutTable<f64>>>,
}

#[derive(Debug, Clone)]
struct Dictionary {
    codes: HashMap<String, u8>,
    unlisted_code: u8,
    /// The code of each value of the batch at hand.
    batch_codes: Vec<u8>,
}

impl Binning {
    /// The coder of whole columns; build it once and keep it.
    pub fn coder(&self) -> Coder {
        Coder::new(self)
    }
}

impl Coder {
    /// Prepares the tables of a binning.
    pub fn new(binning: &Binning) -> Self {
        let missing_code = binning.missing_code();
        let kind = match binning {
            Binning::Numeric { cuts } => Kind::Number(Numbers {
                cuts: cuts.clone(),
                singles: OnceLock::new(),
                doubles: OnceLock::new(),
            }),
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
        let numbers = self.numbers();
        let table = numbers.singles.get_or_init(|| {
            let cuts: Vec<f32> = numbers.cuts.iter().copied().map(round_down).collect();
            Box::new(CutTable::new(&cuts))
        });
        table.code(self.missing_code, values, codes);
    }

    /// Codes a column of doubles.
    pub fn code_f64(&self, values: &[f64], codes: &mut [u8]) {
        let numbers = self.numbers();
        let table = numbers
            .doubles
            .get_or_init(|| Box::new(CutTable::new(&numbers.cuts)));
        table.code(self.missing_code, values, codes);
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
        let is_listed = |id: u32| dictionary.codes.contains_key(text.value(id));
        let ids = 0..text.dictionary_len() as u32;
        // Batches without a new text, nearly all of them, allocate nothing.
        if ids.clone().all(is_listed) {
            return None;
        }
        let unseen: Vec<bool> = ids.map(|id| !is_listed(id)).collect();
        let is_unseen = |id: &u32| *id != MISSING_TEXT && unseen[*id as usize];
        let row = text.ids.iter().position(is_unseen)?;
        Some((row, text.value(text.ids[row])))
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        match &self.kind {
            Kind::Number(numbers) => {
                let singles = numbers
                    .singles
                    .get()
                    .map_or(0, |_| size_of::<CutTable<f32>>());
                let doubles = numbers
                    .doubles
                    .get()
                    .map_or(0, |_| size_of::<CutTable<f64>>());
                numbers.cuts.capacity() * size_of::<f64>() + singles + doubles
            }
            Kind::Text(dictionary) => {
                let entry_bytes = size_of::<(String, u8)>() + 1;
                let texts: usize = dictionary.codes.keys().map(String::capacity).sum();
                dictionary.codes.capacity() * entry_bytes
                    + texts
                    + dictionary.batch_codes.capacity()
            }
        }
    }

    fn numbers(&self) -> &Numbers {
        match &self.kind {
            Kind::Number(numbers) => numbers,
            Kind::Text(_) => panic!("a numeric column for a categorical feature"),
        }
    }
}
