//! The choice of the rows that stay in the store when a batch ends.
//!
//! Minimal-variance sampling, as [`crate::learner::gbdt::sample`] does it, chained from batch to batch: with u
//! uniform in (0, 1] and s the length of what a row stands for of gradients and hessians, the k rows of
//! the largest s / u are kept, tau is the largest of the others, and a kept row stands for max(s, tau) / s
//! times as much as before. Each step is unbiased given the one before, so the chain is.

use crate::{
    group::hash::{Purpose, row_hash},
    learner::gbdt::{
        constants::Constants,
        loss::{CHUNK_ROWS, Derivatives, Rows},
        sample::{Keys, Policy, SampleRows},
    },
};

/// Computes the importance of the store's rows at their margins. Cost O(rows).
pub(super) fn weigh(store: &mut SampleRows, constants: &Constants, derivatives: &mut Derivatives) {
    let outputs = constants.objective.outputs();
    for start in (0..store.len).step_by(CHUNK_ROWS) {
        let end = store.len.min(start + CHUNK_ROWS);
        let seen = Rows {
            margin: &store.margin[start..],
            stride: store.capacity,
            label: &store.label[start..end],
            weight: &store.weight[start..end],
        };
        constants.objective.evaluate(&seen, derivatives);
        let importance = &mut store.importance[start..end];
        Policy::Mvs { rows: store.len }.weigh(derivatives, outputs, importance);
    }
}

/// Thins a store whose rows were weighed to at most `kept` rows. `turn` is the number of this
/// thinning; `order` is working memory. Cost O(rows).
pub(super) fn thin(
    store: &mut SampleRows,
    kept: usize,
    seed: u64,
    turn: u32,
    order: &mut Vec<u32>,
) {
    for slot in 0..store.len {
        let hash = row_hash(seed, store.row[slot], turn, Purpose::Replay);
        let random = ((hash >> 11) + 1) as f64 * (1.0 / 9_007_199_254_740_992.0);
        store.priority[slot] = store.importance[slot] / random;
    }
    order.clear();
    order.extend(0..store.len as u32);
    let keys = Keys {
        row: &store.row,
        importance: &store.importance,
        priority: &store.priority,
    };
    let selection = Policy::Mvs { rows: kept }.select(keys, order);
    let threshold = selection.thresholds.priority;
    for &slot in &order[..selection.kept] {
        let slot = slot as usize;
        // Rows of no importance are kept where there are few others; they stand for themselves.
        let factor = (threshold / store.importance[slot]).max(1.0);
        let factor = if factor.is_finite() { factor } else { 1.0 };
        store.weight[slot] *= factor;
        store.units[slot] = (f64::from(store.units[slot]) * factor).round() as u32;
    }
    store.keep(order, selection.kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::gbdt::sample::UNITS_OF_ROW;

    /// Feeds rows that are alike but for their weights in batches; returns the rows kept and what they stand for.
    fn fed(weights: &[f64], batch: usize, kept: usize, seed: u64) -> Vec<(u64, f64, u32)> {
        let mut store = SampleRows::new(kept + batch, 1, 1);
        let mut order = Vec::new();
        for (turn, first) in (0..weights.len()).step_by(batch).enumerate() {
            for (row, &weight) in weights.iter().enumerate().skip(first).take(batch) {
                let slot = store.len;
                store.row[slot] = row as u64;
                store.weight[slot] = weight;
                store.units[slot] = UNITS_OF_ROW as u32;
                store.codes[slot][0] = row as u8;
                store.len += 1;
            }
            if store.len > kept {
                let (weight, importance) = (&store.weight, &mut store.importance);
                importance[..store.len].copy_from_slice(&weight[..store.len]);
                thin(&mut store, kept, seed, turn as u32, &mut order);
            }
        }
        (0..store.len)
            .map(|slot| {
                assert_eq!(store.codes[slot][0], store.row[slot] as u8);
                (store.row[slot], store.weight[slot], store.units[slot])
            })
            .collect()
    }

    #[test]
    fn rows_stand_for_all_that_came() {
        let weights = vec![1.0; 10_000];
        let rows = fed(&weights, 700, 1_000, 5);
        assert_eq!(rows.len(), 1_000);
        let total: f64 = rows.iter().map(|(_, weight, _)| weight).sum();
        // The threshold of 14 draws of 1,000 has a relative standard deviation of some 3 %.
        assert!((total / 10_000.0 - 1.0).abs() < 0.12, "{total}");
        let units: f64 = rows.iter().map(|(_, _, units)| f64::from(*units)).sum();
        assert!((units / UNITS_OF_ROW as f64 / total - 1.0).abs() < 0.01);
        // Early rows are kept as often as late ones.
        let early = rows.iter().filter(|(row, _, _)| *row < 5_000).count();
        assert!((430..=570).contains(&early), "{early}");
    }

    #[test]
    fn sums_are_unbiased() {
        let weights: Vec<f64> = (0..2_000).map(|row| f64::from(row % 7) + 0.5).collect();
        let expected: f64 = weights.iter().step_by(3).sum();
        let sum = |seed| -> f64 {
            let rows = fed(&weights, 300, 200, seed);
            let thirds = rows.iter().filter(|(row, _, _)| row % 3 == 0);
            thirds.map(|(_, weight, _)| weight).sum()
        };
        let mean = (0..200).map(sum).sum::<f64>() / 200.0;
        // One sum's relative standard deviation is some 12 %, that of the mean of 200 below 1 %.
        assert!((mean / expected - 1.0).abs() < 0.04, "{mean} {expected}");
    }

    #[test]
    fn heavy_rows_stay_and_stand_for_themselves() {
        let mut weights = vec![1.0; 3_000];
        weights[17] = 1e6;
        let rows = fed(&weights, 500, 100, 1);
        let heavy = rows.iter().find(|(row, _, _)| *row == 17);
        assert_eq!(heavy.map(|(_, weight, _)| *weight), Some(1e6));
    }
}
