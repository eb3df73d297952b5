//! A block's training rows, sorted by the node that accumulates them.

use std::ops::Range;

use crate::{
    learner::gbdt::{kernel::lanes, partition::rows::leaf_of},
    limits::BLOCK_ROWS,
};

/// The slot of a leaf whose rows are not accumulated.
pub const NO_SLOT: u16 = u16::MAX;

/// The rows of one leaf in a block.
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
    /// The place of each of them in the lists.
    places: Vec<u16>,
    /// By leaf; the last entry takes the rows that are not trained on.
    leaves: Vec<LeafRows>,
    /// The place of the next row of each leaf.
    nexts: Vec<u32>,
    /// The end of each list.
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

    /// Counts the rows of each leaf and lists those of any slot; returns how many those are.
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

    /// The block's training rows in each leaf.
    pub fn counts(&self) -> impl Iterator<Item = u32> {
        let leaves = &self.leaves[..self.leaves.len().saturating_sub(1)];
        leaves.iter().map(|leaf| leaf.count)
    }

    /// The number of lists.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there are no lists.
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

    /// The places of a list among all lists.
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
    use crate::learner::gbdt::partition::rows::{NONE, count};

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
