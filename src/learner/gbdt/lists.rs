//! Where rows go: routing by node splits, and lists of rows sorted by node.
//!
//! A row's node is the number of the leaf it is in, in the tree that grows: when a leaf is split,
//! the left child keeps its number and the right one gets a new number. Rows of no use to training
//! have [`NONE`].

use std::ops::Range;

use crate::{
    data::{CodeBlock, Split},
    learner::gbdt::{
        kernel::lanes,
        vectors::{self, CHUNK_ROWS, LEAVES_MAX, RightBytes, move_right},
    },
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
/// `routes` has an entry for each leaf. Where vectors are fast, cost O(rows * splits), 0.05 ns each;
/// elsewhere O(rows), each at the mercy of the cache.
///
/// # Panics
/// If `nodes` has not an entry a row, or a route leads to a leaf that has none.
pub fn route(codes: &CodeBlock<'_>, routes: &[Route], nodes: &mut [u16]) {
    assert_eq!(nodes.len(), codes.rows);
    if vectors::are_fast() && routes.len() <= LEAVES_MAX {
        route_moving(codes, routes, nodes);
    } else {
        route_asking(codes, routes, nodes);
    }
}

/// [`route`] by moving all rows of a leaf together.
fn route_moving(codes: &CodeBlock<'_>, routes: &[Route], nodes: &mut [u16]) {
    let Some(order) = move_order(routes) else {
        return route_asking(codes, routes, nodes);
    };
    let moves = order.into_iter().map(|leaf| {
        let route = &routes[usize::from(leaf)];
        assert!(usize::from(route.right) < routes.len());
        let numbers = [leaf as u8, route.right as u8];
        (route.byte_column as usize, numbers, RightBytes::new(route))
    });
    let moves: Vec<(usize, [u8; 2], RightBytes)> = moves.collect();
    let mut narrow = [0; CHUNK_ROWS];
    for (chunk, nodes) in nodes.chunks_mut(CHUNK_ROWS).enumerate() {
        let narrow = &mut narrow[..nodes.len()];
        for (narrow, &node) in narrow.iter_mut().zip(&*nodes) {
            *narrow = node.min(u16::from(vectors::NONE)) as u8;
        }
        for (byte_column, numbers, right) in &moves {
            let bytes = &codes.column(*byte_column)[chunk * CHUNK_ROWS..][..nodes.len()];
            move_right(right, *numbers, bytes, narrow);
        }
        for (node, &narrow) in nodes.iter_mut().zip(&*narrow) {
            *node = if narrow == vectors::NONE {
                NONE
            } else {
                narrow.into()
            };
        }
    }
}

/// The leaves whose rows move, in an order in which no row is moved twice: a leaf's rows leave before
/// others take its number. `None` if leaves exchange their numbers.
fn move_order(routes: &[Route]) -> Option<Vec<u16>> {
    let moves = |leaf: u16| {
        let route = routes.get(usize::from(leaf))?;
        (route.right != leaf).then_some(route.right)
    };
    let mut chains = Vec::new();
    for leaf in 0..routes.len() as u16 {
        let mut length = 0;
        let mut at = leaf;
        while let Some(next) = moves(at) {
            at = next;
            length += 1;
            if length > routes.len() {
                return None;
            }
        }
        if length > 0 {
            chains.push((length, leaf));
        }
    }
    chains.sort_unstable();
    Some(chains.into_iter().map(|(_, leaf)| leaf).collect())
}

/// [`route`] by asking every row its own question: the portable twin.
fn route_asking(codes: &CodeBlock<'_>, routes: &[Route], nodes: &mut [u16]) {
    for (row, node) in nodes.iter_mut().enumerate() {
        if *node == NONE {
            continue;
        }
        let route = &routes[usize::from(*node)];
        let byte = codes.column(route.byte_column as usize)[row];
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
        counts[leaf_of(node, split, rest)] += 1;
    }
}

/// The leaf of a training row; any other row gets `rest`.
#[inline(always)]
fn leaf_of(node: u16, split: u8, rest: usize) -> usize {
    // Whether a row is trained on cannot be predicted, so it must not become a branch.
    let is_left_out = usize::from(split != Split::Train as u8);
    (usize::from(node) | is_left_out.wrapping_neg()).min(rest)
}

/// What a block has of one leaf.
#[derive(Debug, Clone, Copy, Default)]
struct LeafRows {
    /// Training rows.
    count: u32,
    /// 1 if they are listed, else 0.
    is_listed: u32,
}

/// Lists of a block's rows, one a slot, ascending in each, with the rows' gradients as lanes.
#[derive(Debug)]
pub struct RowLists {
    rows: Vec<u16>,
    sums: Vec<u64>,
    /// The rows of all lists, ascending, and how many they are.
    listed: Vec<u16>,
    length: usize,
    /// Where in the lists each of them is.
    places: Vec<u16>,
    /// By leaf; the last entry takes the rows that are not trained on.
    leaves: Vec<LeafRows>,
    /// Where the next row of each leaf goes.
    nexts: Vec<u32>,
    /// Where each list ends.
    ends: Vec<usize>,
}

impl Default for RowLists {
    fn default() -> Self {
        Self {
            rows: vec![0; BLOCK_ROWS],
            sums: vec![0; BLOCK_ROWS],
            listed: vec![0; BLOCK_ROWS],
            length: 0,
            places: vec![0; BLOCK_ROWS],
            leaves: Vec::new(),
            nexts: Vec::new(),
            ends: Vec::new(),
        }
    }
}

impl RowLists {
    /// Bytes held for each row of a block.
    pub const ROW_BYTES: usize = 3 * size_of::<u16>() + size_of::<u64>();

    /// Counts a block's training rows by leaf, and sorts those of some leaves by slot.
    ///
    /// `slot_of` has an entry for each leaf: a slot below `slots` of its own, or [`NO_SLOT`]. No
    /// branch depends on a row. Cost O(rows + leaves), more for the rows listed.
    pub fn build(
        &mut self,
        nodes: &[u16],
        split: &[u8],
        gradients: &[u32],
        slot_of: &[u16],
        slots: usize,
    ) {
        assert!(nodes.len() <= BLOCK_ROWS);
        assert_eq!(split.len(), nodes.len());
        assert_eq!(gradients.len(), nodes.len());
        self.length = self.list(nodes, split, slot_of);
        self.begin_lists(slot_of, slots);
        let listed = &self.listed[..self.length];
        let (rows, sums) = (&mut self.rows[..], &mut self.sums[..]);
        if slots == 1 {
            // Each row would wait for the place of the one before.
            rows[..listed.len()].copy_from_slice(listed);
            for (index, (&row, sums)) in listed.iter().zip(sums).enumerate() {
                *sums = lanes(gradients[usize::from(row)]);
                self.places[index] = index as u16;
            }
            return;
        }
        let nexts = &mut self.nexts[..];
        for (&row, place) in listed.iter().zip(&mut self.places) {
            let next = &mut nexts[usize::from(nodes[usize::from(row)])];
            *place = *next as u16;
            *next += 1;
            rows[usize::from(*place)] = row;
            sums[usize::from(*place)] = lanes(gradients[usize::from(row)]);
        }
    }

    /// Counts the rows of each leaf and lists those of any slot; answers how many those are.
    fn list(&mut self, nodes: &[u16], split: &[u8], slot_of: &[u16]) -> usize {
        let leaf = |&slot: &u16| LeafRows {
            count: 0,
            is_listed: u32::from(slot != NO_SLOT),
        };
        self.leaves.clear();
        self.leaves.extend(slot_of.iter().map(leaf));
        self.leaves.push(LeafRows::default());
        let leaves = &mut self.leaves[..];
        let rest = leaves.len() - 1;
        let listed: &mut [u16; BLOCK_ROWS] = self
            .listed
            .first_chunk_mut()
            .expect("a place for every row of a block");
        let mut length = 0u32;
        for (row, (&node, &split)) in nodes.iter().zip(split).enumerate() {
            let leaf = &mut leaves[leaf_of(node, split, rest)];
            // A row that is not listed is written over by the next one.
            listed[usize::from(length as u16)] = row as u16;
            length += leaf.is_listed;
            leaf.count += 1;
        }
        length as usize
    }

    /// Finds where each list ends, and where each leaf's first row goes.
    fn begin_lists(&mut self, slot_of: &[u16], slots: usize) {
        self.ends.clear();
        self.ends.resize(slots, 0);
        let listed = slot_of.iter().zip(&self.leaves);
        for (&slot, leaf) in listed.filter(|&(&slot, _)| slot != NO_SLOT) {
            self.ends[usize::from(slot)] = leaf.count as usize;
        }
        let mut end = 0;
        for list in &mut self.ends {
            end += *list;
            *list = end;
        }
        self.nexts.clear();
        for &slot in slot_of {
            let is_listed = slot != NO_SLOT;
            let start = if is_listed {
                self.start(slot.into())
            } else {
                0
            };
            self.nexts.push(start as u32);
        }
    }

    /// How many training rows of the block each leaf has.
    pub fn counts(&self) -> impl Iterator<Item = u32> {
        let leaves = &self.leaves[..self.leaves.len().saturating_sub(1)];
        leaves.iter().map(|leaf| leaf.count)
    }

    /// How many lists.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no lists.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The rows of a list.
    pub fn rows(&self, list: usize) -> &[u16] {
        &self.rows[self.range(list)]
    }

    /// The gradients of a list's rows as lanes.
    pub fn sums(&self, list: usize) -> &[u64] {
        &self.sums[self.range(list)]
    }

    /// Where a list is among all lists.
    pub fn range(&self, list: usize) -> Range<usize> {
        self.start(list)..self.ends[list]
    }

    /// The rows of all lists, ascending, and where in the lists each is.
    pub fn order(&self) -> (&[u16], &[u16]) {
        (&self.listed[..self.length], &self.places[..self.length])
    }

    fn start(&self, list: usize) -> usize {
        list.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        (self.rows.capacity() + self.listed.capacity() + self.places.capacity()) * 2
            + self.nexts.capacity() * 4
            + self.sums.capacity() * 8
            + self.leaves.capacity() * size_of::<LeafRows>()
            + self.ends.capacity() * 8
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
        let rows = CHUNK_ROWS + 1_000;
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
            Route::stay(3),
            Route::stay(4),
        ];
        let before: Vec<u16> = (0..rows).map(|row| [0, 1, 2, NONE][row % 4]).collect();
        let block = CodeBlock {
            first_row: 0,
            rows,
            codes: &codes,
        };
        for route in [route, route_moving, route_asking] {
            let mut after = before.clone();
            route(&block, &routes, &mut after);
            for row in 0..rows {
                let expected = match before[row] {
                    0 if codes[row] > 99 => 3,
                    2 if !codes[BLOCK_ROWS + row].is_multiple_of(3) => 4,
                    node => node,
                };
                assert_eq!(after[row], expected, "{row}");
            }
        }
    }

    #[test]
    fn rows_leave_before_others_take_their_number() {
        let rows = 300;
        let codes: Vec<u8> = (0..BLOCK_ROWS).map(|row| (row * 7) as u8).collect();
        let block = CodeBlock {
            first_row: 0,
            rows,
            codes: &codes,
        };
        let to = |right, left| Route {
            byte_column: 0,
            right,
            left,
        };
        let none = set(|_| false);
        let half = set(|byte| byte < 128);
        // A chain up, a chain down, and a circle.
        for routes in [
            [to(1, half), to(2, none), Route::stay(2)],
            [Route::stay(0), to(0, none), to(1, half)],
            [to(1, half), to(2, half), to(0, none)],
        ] {
            let before: Vec<u16> = (0..rows).map(|row| [0, 1, 2, NONE][row % 4]).collect();
            let (mut moved, mut asked) = (before.clone(), before);
            route_moving(&block, &routes, &mut moved);
            route_asking(&block, &routes, &mut asked);
            assert_eq!(moved, asked);
        }
    }

    #[test]
    fn lists_hold_the_training_rows_of_their_leaves() {
        for rows in [0, 1, 3, 777, BLOCK_ROWS] {
            let nodes: Vec<u16> = (0..rows)
                .map(|row| [0, 1, 2, 2, NONE][row * row % 5])
                .collect();
            let split: Vec<u8> = (0..rows).map(|row| (row * 31 % 7 % 4) as u8).collect();
            let gradients: Vec<u32> = (0..rows as u32).map(|row| row * 3).collect();
            let trained = |leaf: u16| {
                let rows = nodes.iter().zip(&split);
                rows.filter(|&(&node, &split)| split == 0 && node == leaf)
                    .count() as u32
            };
            let expected = [trained(0), trained(1), trained(2)];
            let mut counts = vec![0; 4];
            count(&nodes, &split, &mut counts);
            assert_eq!(counts[..3], expected);
            assert_eq!(counts.iter().sum::<u32>() as usize, rows);
            let mut lists = RowLists::default();
            for (slot_of, leaves) in [
                ([1, NO_SLOT, 0], &[2, 0][..]),
                ([NO_SLOT, 0, NO_SLOT], &[1]),
            ] {
                lists.build(&nodes, &split, &gradients, &slot_of, leaves.len());
                assert_eq!(lists.len(), leaves.len());
                assert!(lists.counts().eq(expected));
                for (list, &leaf) in leaves.iter().enumerate() {
                    let listed = (0..rows).filter(|&row| split[row] == 0 && nodes[row] == leaf);
                    let expected: Vec<u16> = listed.map(|row| row as u16).collect();
                    assert_eq!(lists.rows(list), expected);
                    let sums = expected.iter().map(|&row| lanes(u32::from(row) * 3));
                    assert_eq!(lists.sums(list), sums.collect::<Vec<u64>>());
                }
            }
        }
    }
}
