use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use std::ops::Range;

use super::{coefficient::Coefficient, *};
use crate::stats::Moments;

/// A number as the unevaluated sum of two doubles: 106 bits (Dekker 1971; Knuth, TAOCP 2, 4.2.2).
#[derive(Clone, Copy)]
struct Wide(f64, f64);

impl Wide {
    fn sum(a: f64, b: f64) -> Self {
        let s = a + b;
        let t = s - a;
        Self(s, (a - (s - t)) + (b - t))
    }

    fn add(self, other: Self) -> Self {
        let high = Self::sum(self.0, other.0);
        Self::sum(high.0, high.1 + self.1 + other.1)
    }

    fn minus(self, other: Self) -> Self {
        self.add(Self(-other.0, -other.1))
    }

    fn times(self, other: Self) -> Self {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product);
        Self::sum(product, error + self.0 * other.1 + self.1 * other.0)
    }

    fn over(self, count: f64) -> Self {
        let first = self.0 / count;
        let rest = self.minus(Self(first, 0.0).times(Self(count, 0.0)));
        Self::sum(first, (rest.0 + rest.1) / count)
    }
}

/// The naive twin: over common rows, means first, then centred sums, with twice the digits.
fn twin(x: &[f64], y: &[f64]) -> (f64, u64) {
    let both: Vec<(f64, f64)> = (x.iter().copied().zip(y.iter().copied()))
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    let count = both.len() as f64;
    let mean = |side: &dyn Fn(&(f64, f64)) -> f64| {
        let add = |sum: Wide, pair| sum.add(Wide(side(pair), 0.0));
        both.iter().fold(Wide(0.0, 0.0), add).over(count)
    };
    let (mean_x, mean_y) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let mut sums = [Wide(0.0, 0.0); 3];
    for (x, y) in &both {
        let (x, y) = (Wide(*x, 0.0).minus(mean_x), Wide(*y, 0.0).minus(mean_y));
        sums[0] = sums[0].add(x.times(x));
        sums[1] = sums[1].add(y.times(y));
        sums[2] = sums[2].add(x.times(y));
    }
    let varies = |values: &dyn Fn(&(f64, f64)) -> f64| {
        both.iter().any(|pair| values(pair) != values(&both[0]))
    };
    let defined = both.len() >= 2 && varies(&|pair| pair.0) && varies(&|pair| pair.1);
    let r = sums[2].0 / (sums[0].0.sqrt() * sums[1].0.sqrt());
    (if defined { r } else { f64::NAN }, both.len() as u64)
}

fn plan_of(table: &[Vec<f64>]) -> CoMomentsPlan {
    let moments: Vec<Moments> = table.iter().map(|column| Moments::of(column)).collect();
    CoMomentsPlan::new(&moments)
}

fn sums_of(plan: &CoMomentsPlan, table: &[Vec<f64>], rows: Range<usize>) -> CoMoments {
    let mut sums = CoMoments::new(plan);
    let mut panel = Panel::new(plan);
    let read = |column: usize, row: usize, out: &mut [f64]| {
        out.copy_from_slice(&table[column][rows.start + row..][..out.len()]);
    };
    sums.add(plan, &mut panel, rows.len(), read).unwrap();
    sums
}

/// A coefficient as a pass gives it: doubtful ones are taken again.
fn settled(
    sums: &CoMoments,
    plan: &CoMomentsPlan,
    table: &[Vec<f64>],
    [i, j]: [usize; 2],
) -> Coefficient {
    let found = sums.coefficient(plan, i, j);
    if !found.doubtful {
        return found;
    }
    let shifts = [plan.shift(i), plan.shift(j)];
    let mut pair = PairMoments::default();
    for start in (0..table[i].len()).step_by(700) {
        let end = (start + 700).min(table[i].len());
        let part = PairMoments::of(&table[i][start..end], &table[j][start..end], shifts);
        pair.merge(&part);
    }
    pair.coefficient()
}

fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    move || (generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A table of twelve columns: related, offset, heavy-tailed, with holes, constant, duplicated.
fn table(seed: u64) -> Vec<Vec<f64>> {
    let rows = [37, 512, 1_300, 2_049, 3_000][seed as usize % 5];
    let mut next = random(seed);
    let mut normal = move || (0..12).map(|_| next()).sum::<f64>() - 6.0;
    let mut columns = vec![Vec::new(); 12];
    for row in 0..rows {
        let (a, b, c) = (normal(), normal(), normal());
        let heavy = a / (b.abs() + 1e-3).powi(2 + (seed % 3) as i32);
        let hole = |value: f64, dice: f64| if dice > 0.8 { f64::NAN } else { value };
        let infinite = match row % 97 {
            3 => f64::INFINITY,
            50 => f64::NEG_INFINITY,
            _ => a + 0.3 * c,
        };
        let values = [
            a,
            2.0 * a + 0.01 * b,
            1e8 + a,
            -1e8 + 0.5 * a + 0.5 * c,
            heavy,
            heavy + c,
            hole(a, c),
            hole(1e8 + b, a),
            infinite,
            7.25,
            a,
            // Far away where the column before last but two is there, near zero elsewhere.
            if c > 0.8 { b } else { 1e9 + b },
        ];
        columns
            .iter_mut()
            .zip(values)
            .for_each(|(column, value)| column.push(value));
    }
    columns
}

#[test]
fn twenty_tables_agree_with_twice_the_digits() {
    for seed in 0..20 {
        let table = table(seed);
        let plan = plan_of(&table);
        let sums = sums_of(&plan, &table, 0..table[0].len());
        for i in 0..table.len() {
            for j in 0..i {
                let found = settled(&sums, &plan, &table, [i, j]);
                let (r, count) = twin(&table[i], &table[j]);
                assert_eq!(found.count, count, "table {seed}, pair {i} {j}");
                let same = (found.r - r).abs() < 1e-9 || (found.r.is_nan() && r.is_nan());
                assert!(same, "table {seed}, pair {i} {j}: {found:?} but {r}");
            }
        }
    }
}

#[test]
fn a_mean_far_from_the_shift_is_noticed() {
    let table = table(4);
    let plan = plan_of(&table);
    let sums = sums_of(&plan, &table, 0..table[0].len());
    assert!(sums.coefficient(&plan, 11, 6).doubtful);
    assert!(!sums.coefficient(&plan, 2, 0).doubtful);
}

#[test]
fn a_few_common_rows_beside_a_heavy_tail_keep_their_digits() {
    let mut next = random(11);
    let x: Vec<f64> = (0..900)
        .map(|row| if row == 7 { 1e12 } else { next() })
        .collect();
    let mut next = random(12);
    let y: Vec<f64> = (0..900)
        .map(|row| {
            if row % 200 == 150 {
                1e8 + next()
            } else {
                f64::NAN
            }
        })
        .collect();
    let table = [x, y];
    let plan = plan_of(&table);
    let found = settled(&sums_of(&plan, &table, 0..900), &plan, &table, [1, 0]);
    let (r, count) = twin(&table[1], &table[0]);
    assert_eq!(found.count, count);
    assert!((found.r - r).abs() < 1e-9, "{found:?} but {r}");
}

#[test]
fn parts_merge_to_the_whole_however_they_are_cut() {
    let table = table(3);
    let plan = plan_of(&table);
    let rows = table[0].len();
    let whole = sums_of(&plan, &table, 0..rows);
    for cut in [1, 511, 512, 700] {
        let mut merged = sums_of(&plan, &table, 0..cut);
        merged.merge(&sums_of(&plan, &table, cut..rows));
        merged.merge(&CoMoments::new(&plan));
        for i in 1..table.len() {
            let (a, b) = (
                whole.coefficient(&plan, i, 0),
                merged.coefficient(&plan, i, 0),
            );
            assert_eq!(a.count, b.count);
            assert!((a.r - b.r).abs() < 1e-12 || a.r.is_nan(), "{a:?} {b:?}");
        }
    }
}

/// Many columns, so that there are several blocks; the strips' pairs are the whole triangle's.
#[test]
fn strips_are_the_triangle_bit_for_bit() {
    let mut table: Vec<Vec<f64>> = (0..11).flat_map(|seed| table(5 * seed + 1)).collect();
    table.truncate(130);
    let plan = plan_of(&table);
    let rows = table[0].len();
    let whole = sums_of(&plan, &table, 0..rows);
    assert!(whole.heap_bytes() as u64 <= plan.sums_bytes() + (1 << 12));
    let strips = plan.strips(plan.sums_bytes() / 3);
    assert!(strips.len() > 2, "{strips:?}");
    assert_eq!(strips.last().unwrap().end, table.len());
    for strip in strips {
        let part = plan.for_strip(strip.clone());
        let sums = sums_of(&part, &table, 0..rows);
        assert!(sums.heap_bytes() as u64 <= part.sums_bytes() + (1 << 12));
        assert_eq!(Panel::new(&part).heap_bytes() as u64, part.panel_bytes());
        for i in strip {
            for j in 0..i {
                let (a, b) = (
                    whole.coefficient(&plan, i, j),
                    sums.coefficient(&part, i, j),
                );
                let same = (a.r - b.r).abs() < 1e-14 || (a.r.is_nan() && b.r.is_nan());
                assert!(same && a.count == b.count, "{i} {j}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn a_hole_that_was_not_announced_is_found() {
    let full = vec![vec![1.0, 2.0, 3.0], vec![3.0, 1.0, 2.0]];
    let plan = plan_of(&full);
    let holes = [vec![1.0, 2.0, 3.0], vec![3.0, f64::NAN, 2.0]];
    let read = |column: usize, row: usize, out: &mut [f64]| {
        out.copy_from_slice(&holes[column][row..][..out.len()]);
    };
    let found = CoMoments::new(&plan).add(&plan, &mut Panel::new(&plan), 3, read);
    assert_eq!(found, Err(1));
}

#[test]
fn huge_and_tiny_values_neither_overflow_nor_vanish() {
    let mut next = random(9);
    let x: Vec<f64> = (0..600).map(|_| next() - 0.5).collect();
    for scale in [1e300, 1e-300, 1e-310] {
        let table = [
            x.iter().map(|x| x * scale).collect::<Vec<_>>(),
            x.iter().map(|x| 1.0 - x).collect(),
        ];
        let plan = plan_of(&table);
        let found = sums_of(&plan, &table, 0..600).coefficient(&plan, 1, 0);
        assert!((found.r + 1.0).abs() < 1e-9, "{scale}: {found:?}");
    }
}
