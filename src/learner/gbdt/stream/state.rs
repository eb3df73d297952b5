//! The state of a booster of a stream between batches, and its restoration.

use std::borrow::Cow;

use crate::{
    data::{CodeLayout, PackMember},
    learner::gbdt::{
        checkpoint::check_tree,
        sample::TILE,
        stream::{booster::StreamBooster, leaves::LeafSums},
    },
    model::Tree,
};

/// The state between batches: trees, the sums of their leaf values, and the reservoir.
///
/// Arrays of the reservoir have an entry per row; margins are stored output by output, codes row by row.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct StreamState<'a> {
    rows_seen: u64,
    thinned: u32,
    pub(super) base_margins: Cow<'a, [f32]>,
    pub(super) trees: Cow<'a, [Tree]>,
    pub(super) sums: Cow<'a, [Vec<LeafSums>]>,
    pub(super) row: Cow<'a, [u64]>,
    pub(super) label: Cow<'a, [f32]>,
    pub(super) weight: Cow<'a, [f64]>,
    pub(super) units: Cow<'a, [u32]>,
    pub(super) margin: Vec<Cow<'a, [f32]>>,
    pub(super) codes: Cow<'a, [u8]>,
}

impl StreamState<'_> {
    /// The same, held on its own.
    pub(crate) fn into_owned(self) -> StreamState<'static> {
        let margins = self.margin.into_iter();
        StreamState {
            rows_seen: self.rows_seen,
            thinned: self.thinned,
            base_margins: Cow::Owned(self.base_margins.into_owned()),
            trees: Cow::Owned(self.trees.into_owned()),
            sums: Cow::Owned(self.sums.into_owned()),
            row: Cow::Owned(self.row.into_owned()),
            label: Cow::Owned(self.label.into_owned()),
            weight: Cow::Owned(self.weight.into_owned()),
            units: Cow::Owned(self.units.into_owned()),
            margin: margins.map(|m| Cow::Owned(m.into_owned())).collect(),
            codes: Cow::Owned(self.codes.into_owned()),
        }
    }

    /// The same rows with their codes in another layout. A feature that is laid out for the first time has
    /// code 0 in all of them, and one that is not any more is left out.
    #[must_use]
    pub(crate) fn recoded(mut self, from: &CodeLayout, to: &CodeLayout) -> Self {
        let width = |layout: &CodeLayout| layout.len().div_ceil(TILE) * TILE;
        let (width_from, width_to) = (width(from), width(to));
        let rows = self.row.len();
        let mut codes = vec![0u8; rows * width_to];
        for (byte_column, member) in members(to) {
            let Some((source, packed)) = members(from).find(|(_, of)| of.feature == member.feature)
            else {
                continue;
            };
            let before = self.codes.chunks_exact(width_from);
            for (row, before) in codes.chunks_exact_mut(width_to).zip(before) {
                let code = packed.code(before[source]);
                row[byte_column] += (u16::from(code) * member.stride) as u8;
            }
        }
        self.codes = Cow::Owned(codes);
        self
    }
}

/// Byte columns and their members.
fn members(layout: &CodeLayout) -> impl Iterator<Item = (usize, PackMember)> {
    let columns = layout.byte_columns.iter().enumerate();
    columns.flat_map(|(column, members)| members.iter().map(move |member| (column, *member)))
}

impl StreamBooster {
    /// The state after a batch.
    pub(crate) fn state(&self) -> StreamState<'_> {
        let store = &self.store;
        let rows = store.len;
        let margins = store.margin.chunks_exact(store.capacity);
        StreamState {
            rows_seen: self.rows_seen,
            thinned: self.thinned,
            base_margins: Cow::Borrowed(&self.builder.constants.base_margins),
            trees: Cow::Borrowed(&self.builder.trees),
            sums: Cow::Borrowed(&self.sums),
            row: Cow::Borrowed(&store.row[..rows]),
            label: Cow::Borrowed(&store.label[..rows]),
            weight: Cow::Borrowed(&store.weight[..rows]),
            units: Cow::Borrowed(&store.units[..rows]),
            margin: margins.map(|m| Cow::Borrowed(&m[..rows])).collect(),
            codes: Cow::Borrowed(store.codes[..rows * store.tiles].as_flattened()),
        }
    }

    /// Restores an untrusted state.
    ///
    /// # Errors
    /// A sentence if it is not the state of a booster with these options and features; the booster does
    /// not change then.
    pub(crate) fn restore(&mut self, state: StreamState<'_>) -> Result<(), String> {
        self.check(&state)?;
        let store = &mut self.store;
        let rows = state.row.len();
        store.len = rows;
        store.row[..rows].copy_from_slice(&state.row);
        store.label[..rows].copy_from_slice(&state.label);
        store.weight[..rows].copy_from_slice(&state.weight);
        store.units[..rows].copy_from_slice(&state.units);
        let margins = store.margin.chunks_exact_mut(store.capacity);
        for (margin, state) in margins.zip(&state.margin) {
            margin[..rows].copy_from_slice(state);
        }
        let codes = store.codes[..rows * store.tiles].as_flattened_mut();
        codes.copy_from_slice(&state.codes);
        let compile = |tree| self.builder.compile(tree);
        self.compiled = state.trees.iter().map(compile).collect();
        self.builder.trees = state.trees.into_owned();
        self.sums = state.sums.into_owned();
        self.builder.constants.base_margins = state.base_margins.into_owned();
        self.rows_seen = state.rows_seen;
        self.thinned = state.thinned;
        Ok(())
    }

    fn check(&self, state: &StreamState<'_>) -> Result<(), String> {
        let refuse = |flaw: &str| Err(flaw.to_owned());
        let outputs = self.builder.outputs();
        let rows = state.row.len();
        let bases = state.base_margins.len();
        let is_empty = rows == 0 && state.trees.is_empty() && bases == 0;
        if !is_empty && bases != outputs || state.margin.len() != outputs {
            return refuse("its margins do not fit the classes");
        }
        let lengths = [state.label.len(), state.weight.len(), state.units.len()];
        let fits = lengths.iter().all(|&length| length == rows)
            && state.margin.iter().all(|margin| margin.len() == rows)
            && state.codes.len() == rows * self.store.tiles * TILE;
        if !fits || rows > self.stream.reservoir_rows {
            return refuse("its reservoir does not fit the options");
        }
        let classes = self.builder.constants.objective.classes();
        let is_class = |label: &f32| (0..classes).any(|class| class as f32 == *label);
        let margins = state.margin.iter().flat_map(|margin| margin.iter());
        let are_sound = state.label.iter().all(is_class)
            && state
                .weight
                .iter()
                .all(|weight| weight.is_finite() && *weight > 0.0)
            && margins
                .chain(state.base_margins.iter())
                .all(|margin| margin.is_finite());
        if !are_sound {
            return refuse("a row of its reservoir has no class, no weight or no margin");
        }
        let rounds = state.trees.len() / outputs;
        if !state.trees.len().is_multiple_of(outputs)
            || rounds > self.builder.options.n_estimators as usize
        {
            return refuse("it has more trees than its budget, or part of a round");
        }
        if state.sums.len() != state.trees.len() {
            return refuse("its leaves have no sums");
        }
        let usable = self.builder.laid_out();
        for (tree, sums) in state.trees.iter().zip(state.sums.iter()) {
            check_tree(tree, &usable)?;
            let are_finite = sums.iter().flatten().all(|sum| sum.is_finite());
            if sums.len() != tree.nodes.len() || !are_finite {
                return refuse("the sums of its leaves do not fit its trees");
            }
        }
        Ok(())
    }
}
