//! Rows moved to the children of split leaves, and counted by leaf.
//!
//! A row's node is the number of the leaf it is in, in the growing tree: when a leaf is split, the
//! left child keeps its number and the right one gets a new number. Rows of no use to training have
//! [`NONE`].

use crate::{
    data::{CodeBlock, Split},
    learner::gbdt::partition::{
        rule::PartitionRule,
        vectors::{self, CHUNK_ROWS, LEAVES_MAX, RightBytes, move_right},
    },
};

/// The node of a row that is neither train nor valid.
pub(crate) const NONE: u16 = u16::MAX;

/// Moves a block's rows to the children of the leaves that were split.
///
/// `rules` has an entry for each leaf. Where vectors are fast, cost O(rows * splits), 0.05 ns each;
/// elsewhere O(rows), each at the mercy of the cache.
///
/// # Panics
/// If `nodes` has not an entry a row, or a rule leads to a leaf that has none.
pub fn partition_rows(codes: &CodeBlock<'_>, rules: &[PartitionRule], nodes: &mut [u16]) {
    assert_eq!(nodes.len(), codes.rows);
    if vectors::are_fast() && rules.len() <= LEAVES_MAX {
        partition_by_leaf(codes, rules, nodes);
    } else {
        partition_by_row(codes, rules, nodes);
    }
}

/// [`partition_rows`] by moving all rows of a leaf together.
fn partition_by_leaf(codes: &CodeBlock<'_>, rules: &[PartitionRule], nodes: &mut [u16]) {
    let Some(order) = move_order(rules) else {
        return partition_by_row(codes, rules, nodes);
    };
    let moves = order.into_iter().map(|leaf| {
        let rule = &rules[usize::from(leaf)];
        assert!(usize::from(rule.right) < rules.len());
        let numbers = [leaf as u8, rule.right as u8];
        (rule.byte_column as usize, numbers, RightBytes::new(rule))
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
fn move_order(rules: &[PartitionRule]) -> Option<Vec<u16>> {
    let moves = |leaf: u16| {
        let rule = rules.get(usize::from(leaf))?;
        (rule.right != leaf).then_some(rule.right)
    };
    let mut chains = Vec::new();
    for leaf in 0..rules.len() as u16 {
        let mut length = 0;
        let mut at = leaf;
        while let Some(next) = moves(at) {
            at = next;
            length += 1;
            if length > rules.len() {
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

/// [`partition_rows`] by asking every row its own question: the portable twin.
fn partition_by_row(codes: &CodeBlock<'_>, rules: &[PartitionRule], nodes: &mut [u16]) {
    for (row, node) in nodes.iter_mut().enumerate() {
        if *node == NONE {
            continue;
        }
        let rule = &rules[usize::from(*node)];
        let byte = codes.column(rule.byte_column as usize)[row];
        // Which way a row goes cannot be predicted, so it must not become a branch.
        let is_left = rule.left[usize::from(byte >> 6)] >> (byte & 63) & 1;
        let stays = (is_left as u16).wrapping_neg();
        *node = rule.right ^ ((rule.right ^ *node) & stays);
    }
}

/// Adds the training rows of each leaf to `counts`, which has an entry more than there are leaves;
/// the last one takes every other row.
pub(crate) fn count(nodes: &[u16], split: &[u8], counts: &mut [u32]) {
    assert_eq!(nodes.len(), split.len());
    let rest = counts.len() - 1;
    for (&node, &split) in nodes.iter().zip(split) {
        counts[leaf_of(node, split, rest)] += 1;
    }
}

/// The leaf of a training row; any other row gets `rest`.
#[inline(always)]
pub(super) fn leaf_of(node: u16, split: u8, rest: usize) -> usize {
    // Whether a row is trained on cannot be predicted, so it must not become a branch.
    let is_left_out = usize::from(split != Split::Train as u8);
    (usize::from(node) | is_left_out.wrapping_neg()).min(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::BLOCK_ROWS;

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
        let rule_of = |byte_column, right, left| PartitionRule {
            byte_column,
            right,
            left,
        };
        let rules = [
            rule_of(0, 3, set(|byte| byte <= 99)),
            PartitionRule::stay(1),
            rule_of(1, 4, set(|byte| byte % 3 == 0)),
            PartitionRule::stay(3),
            PartitionRule::stay(4),
        ];
        let before: Vec<u16> = (0..rows).map(|row| [0, 1, 2, NONE][row % 4]).collect();
        let block = CodeBlock {
            first_row: 0,
            rows,
            codes: &codes,
        };
        for partition in [partition_rows, partition_by_leaf, partition_by_row] {
            let mut after = before.clone();
            partition(&block, &rules, &mut after);
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
        let to = |right, left| PartitionRule {
            byte_column: 0,
            right,
            left,
        };
        let none = set(|_| false);
        let half = set(|byte| byte < 128);
        // A chain up, a chain down, and a circle.
        for rules in [
            [to(1, half), to(2, none), PartitionRule::stay(2)],
            [PartitionRule::stay(0), to(0, none), to(1, half)],
            [to(1, half), to(2, half), to(0, none)],
        ] {
            let before: Vec<u16> = (0..rows).map(|row| [0, 1, 2, NONE][row % 4]).collect();
            let (mut moved, mut asked) = (before.clone(), before);
            partition_by_leaf(&block, &rules, &mut moved);
            partition_by_row(&block, &rules, &mut asked);
            assert_eq!(moved, asked);
        }
    }
}
