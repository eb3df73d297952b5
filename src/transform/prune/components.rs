//! Connected components of columns: candidate pairs are the edges.

/// The components of the graph of `columns` nodes that have two or more, each ascending, in the
/// order of their first columns. O(edges), about.
pub(crate) fn components(
    columns: usize,
    edges: impl IntoIterator<Item = [u32; 2]>,
) -> Vec<Vec<usize>> {
    let mut parent: Vec<u32> = (0..columns as u32).collect();
    for [a, b] in edges {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        // The smaller root wins, so that a component is known by its first column.
        parent[a.max(b) as usize] = a.min(b);
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); columns];
    for column in 0..columns {
        let root = root(&mut parent, column as u32);
        members[root as usize].push(column);
    }
    members.retain(|members| members.len() > 1);
    members
}

/// The root of a node; paths are halved on the way (Tarjan & van Leeuwen 1984).
fn root(parent: &mut [u32], mut node: u32) -> u32 {
    while parent[node as usize] != node {
        let above = parent[parent[node as usize] as usize];
        parent[node as usize] = above;
        node = above;
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_joined_through_others() {
        let found = components(8, [[5, 1], [2, 7], [1, 3], [3, 5]]);
        assert_eq!(found, [vec![1, 3, 5], vec![2, 7]]);
        assert!(components(3, []).is_empty());
    }
}
