//! Where rows go: routing by node splits, and lists of rows sorted by node.
//!
//! A row's node is the number of the leaf it is in, in the tree that grows: when a leaf is split,
//! the left child keeps its number and the right one gets a new number. Rows of no use to training
//! have [`NONE`].

use crate::{
    data::Split,
    limits::{BLOCK_ROWS, CODES_MAX},
};

/// The node of a row that is neither train nor valid.
pub const NONE: u16 = u16::MAX;

/// The slot of a leaf whose rows are not accumulated.
pub const NO_SLOT: u16 = u16::MAX;

/// How the rows of one leaf go on: a byte of the set stays, any other goes to `right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The byte column that decides.
    pub byte_column: u32,
    /// The right child's number.
    pub right: u16,
    /// Bytes that go left: bit `byte % 64` of word `byte / 64`.
    pub left: [u64; CODES_MAX / 64],
}

impl Route {
    /// The route of a leaf that is not split.
    pub fn stay(leaf: u16) -> Self {
        Self {
            byte_column: 0,
            right: leaf,
            left: [u64::MAX; 4],
        }
    }

    /// The route of a leaf all of whose rows go to another.
    pub fn to(leaf: u16, other: u16) -> Self {
        Self {
            left: [0; 4],
            right: other,
            ..Self::stay(leaf)
        }
    }

    /// Whether a byte of the column goes left.
    #[inline(always)]
    pub fn is_left(&self, byte: u8) -> bool {
        self.left[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}

/// Moves a block's rows to the children of the leaves that were split.
///
/// `codes` are all byte columns of the block; `routes` has an entry for each leaf.
pub fn route(codes: &[u8], routes: &[Route], nodes: &mut [u16]) {
    assert!(nodes.len() <= BLOCK_ROWS);
    for (row, node) in nodes.iter_mut().enumerate() {
        if *node == NONE {
            continue;
        }
        let route = &routes[usize::from(*node)];
        let byte = codes[route.byte_column as usize * BLOCK_ROWS + row];
        // Which way a row goes cannot be predicted, so it must not become a branch.
        let is_left = route.left[usize::from(byte >> 6)] >> (byte & 63) & 1;
        let stays = (is_left as u16).wrapping_neg();
        *node = route.right ^ ((route.right ^ *node) & stays);
    }
}

/// Adds the training rows of each leaf to `counts`, which has an entry more than there are leaves;
/// the last one takes every other row.
pub fn count(nodes: &[u16], split: &[u8], counts: &mut [u32]) {
    assert_eq!(nodes.len(), split.len());
    let rest = counts.len() - 1;
    for (&node, &split) in nodes.iter().zip(split) {
        let leaf = if split == Split::Train as u8 {
            usize::from(node).min(rest)
        } else {
            rest
        };
        counts[leaf] += 1;
    }
}

/// Lists of a block's rows, one a slot, ascending in each, with the rows' gradients.
#[derive(Debug)]
pub struct RowLists {
    rows: Vec<u16>,
    gradients: Vec<u32>,
    /// Where each list ends; the one after the last holds the rows of no list.
    ends: Vec<usize>,
    lists: usize,
}

impl Default for RowLists {
    fn default() -> Self {
        Self {
            rows: vec![0; BLOCK_ROWS],
            gradients: vec![0; BLOCK_ROWS],
            ends: Vec::new(),
            lists: 0,
        }
    }
}

impl RowLists {
    /// Sorts a block's rows by the slot of their leaf, by counting.
    ///
    /// `slot_of` has an entry for each leaf: its slot below `slots`, or [`NO_SLOT`]; `counts` is
    /// what [`count`] found in this block. No branch depends on a row. Cost O(rows + leaves).
    pub fn build(
        &mut self,
        nodes: &[u16],
        split: &[u8],
        gradients: &[u32],
        slot_of: &[u16],
        counts: &[u32],
        slots: usize,
    ) {
        let rows = nodes.len();
        assert!(rows <= BLOCK_ROWS);
        assert_eq!(split.len(), rows);
        assert_eq!(gradients.len(), rows);
        assert_eq!(counts.len(), slot_of.len() + 1);
        self.lists = slots;
        self.ends.clear();
        self.ends.resize(slots + 1, 0);
        for (&slot, &count) in slot_of.iter().zip(counts) {
            self.ends[usize::from(slot).min(slots)] += count as usize;
        }
        let mut start = 0;
        for end in &mut self.ends {
            start += std::mem::replace(end, start);
        }
        // Entries are starts now; each moves to its end while its rows are placed.
        let (list_rows, list_gradients) = (&mut self.rows[..rows], &mut self.gradients[..rows]);
        let trained = nodes.iter().zip(split).zip(gradients).enumerate();
        for (row, ((&node, &split), &gradient)) in trained {
            let slot = slot_of.get(usize::from(node)).map_or(NO_SLOT, |&slot| slot);
            let slot = if split == Split::Train as u8 {
                usize::from(slot).min(slots)
            } else {
                slots
            };
            let place = self.ends[slot];
            self.ends[slot] = place + 1;
            list_rows[place] = row as u16;
            list_gradients[place] = gradient;
        }
    }

    /// How many lists.
    pub fn len(&self) -> usize {
        self.lists
    }

    /// Whether there are no lists.
    pub fn is_empty(&self) -> bool {
        self.lists == 0
    }

    /// The rows of a list.
    pub fn rows(&self, list: usize) -> &[u16] {
        &self.rows[self.start(list)..self.ends[list]]
    }

    /// The packed gradients of a list's rows.
    pub fn gradients(&self, list: usize) -> &[u32] {
        &self.gradients[self.start(list)..self.ends[list]]
    }

    fn start(&self, list: usize) -> usize {
        list.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.rows.capacity() * 2 + self.gradients.capacity() * 4 + self.ends.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(bytes: impl Fn(u8) -> bool) -> [u64; 4] {
        let mut words = [0; 4];
        for byte in (0..=u8::MAX).filter(|&byte| bytes(byte)) {
            words[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        words
    }

    #[test]
    fn routing_follows_the_sets() {
        let rows = 1_000;
        let mut codes = vec![0u8; 2 * BLOCK_ROWS];
        for row in 0..rows {
            codes[row] = (row * 7) as u8;
            codes[BLOCK_ROWS + row] = (row * 13) as u8;
        }
        let route_of = |byte_column, right, left| Route {
            byte_column,
            right,
            left,
        };
        let routes = [
            route_of(0, 3, set(|byte| byte <= 99)),
            Route::stay(1),
            route_of(1, 4, set(|byte| byte % 3 == 0)),
        ];
        let before: Vec<u16> = (0..rows).map(|row| [0, 1, 2, NONE][row % 4]).collect();
        let mut after = before.clone();
        route(&codes, &routes, &mut after);
        for row in 0..rows {
            let expected = match before[row] {
                0 if codes[row] > 99 => 3,
                2 if !codes[BLOCK_ROWS + row].is_multiple_of(3) => 4,
                node => node,
            };
            assert_eq!(after[row], expected, "{row}");
        }
    }

    #[test]
    fn lists_hold_the_training_rows_of_their_leaves() {
        let slot_of = [1, NO_SLOT, 0];
        for rows in [0, 1, 777, BLOCK_ROWS] {
            let nodes: Vec<u16> = (0..rows)
                .map(|row| [0, 1, 2, 2, NONE][row * row % 5])
                .collect();
            let split: Vec<u8> = (0..rows).map(|row| (row * 31 % 7 % 4) as u8).collect();
            let gradients: Vec<u32> = (0..rows as u32).map(|row| row * 3).collect();
            let mut counts = vec![0; 4];
            count(&nodes, &split, &mut counts);
            assert_eq!(counts.iter().sum::<u32>() as usize, rows);
            let mut lists = RowLists::default();
            lists.build(&nodes, &split, &gradients, &slot_of, &counts, 2);
            assert_eq!(lists.len(), 2);
            for (list, leaf) in [(0, 2), (1, 0)] {
                let listed = (0..rows).filter(|&row| split[row] == 0 && nodes[row] == leaf);
                let expected: Vec<u16> = listed.map(|row| row as u16).collect();
                assert_eq!(lists.rows(list), expected);
                let gradients: Vec<u32> = expected.iter().map(|&row| u32::from(row) * 3).collect();
                assert_eq!(lists.gradients(list), gradients);
            }
        }
    }
}
