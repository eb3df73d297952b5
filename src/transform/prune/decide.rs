//! The choice of kept columns, from facts and coefficients.

use std::cmp::Reverse;

use crate::transform::prune::rules::{KeepRule, PruneRules};

/// Correlations with the target count as equal within this: redundant columns must not be
/// ranked by the last bits of a sum.
const TARGET_STEP: f64 = 1e-6;

/// A coefficient reaches a threshold within this: what sums of another order differ by must not
/// decide, and columns that are multiples of each other have an r of 1 whatever the last bits say.
const TIE: f64 = 1e-12;

/// True if the absolute value of a coefficient reaches a threshold. NaN never does.
pub(crate) fn is_reached(r: f64, threshold: f64) -> bool {
    r.abs() >= threshold - TIE
}

/// The facts of a column that need no pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ColumnFacts {
    /// The name, by which ties are broken.
    pub name: String,
    /// Keep it in any case.
    pub protected: bool,
    /// Missing and infinite values.
    pub missing: u64,
    /// True if all rows have the same value, or none has one.
    pub constant: bool,
    /// The variance of its finite values; `None` for a text.
    pub variance: Option<f64>,
    /// |r| with the target, where it is known and defined.
    pub target_correlation: Option<f64>,
    /// Rows off the value that most rows have, where they were counted: all finite values where no value
    /// has a majority.
    pub varied_rows: Option<u64>,
}

/// Two columns and their correlation.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Pair {
    /// The columns.
    pub columns: [u32; 2],
    /// Their correlation; NaN where it is not defined.
    pub r: f64,
    /// Rows in which both have a finite value.
    pub count: u64,
    /// True if they have the same value in every row.
    pub identical: bool,
}

/// The kept column that replaces a dropped one.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Twin {
    /// The kept column.
    pub by: usize,
    /// Their correlation; 1 where every value is the same.
    pub r: f64,
    /// Rows in which both have a finite value.
    pub count: u64,
}

/// The decision about a column.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Verdict {
    /// It stays.
    Kept,
    /// One value in all rows.
    Constant,
    /// A variance that is too small.
    LowVariance,
    /// The same values as a kept one.
    Duplicate(Twin),
    /// A correlation with a kept one that reaches the threshold.
    Correlated(Twin),
}

impl Verdict {
    /// True if the column stays.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self, Self::Kept)
    }

    /// The kept column that replaces it.
    pub(crate) fn twin(&self) -> Option<Twin> {
        match self {
            Self::Duplicate(twin) | Self::Correlated(twin) => Some(*twin),
            Self::Kept | Self::Constant | Self::LowVariance => None,
        }
    }
}

/// The verdicts, one a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    /// One a column, in the order given.
    pub verdicts: Vec<Verdict>,
    /// Pairs of protected columns that reach the threshold, which both stay.
    pub protected_pairs: usize,
}

/// Visits the columns by rank and keeps each one that is not redundant to a kept one.
///
/// Checked at the end: a dropped column has a kept twin that reaches the threshold, and no
/// two kept columns reach it, but where both are protected. O(columns log columns + pairs).
pub(crate) fn decide(columns: &[ColumnFacts], pairs: &[Pair], rules: &PruneRules) -> Decision {
    let mut verdicts: Vec<Option<Verdict>> =
        columns.iter().map(|facts| alone(facts, rules)).collect();
    let told: Vec<Pair> = pairs
        .iter()
        .filter(|pair| reaches(pair, rules))
        .copied()
        .collect();
    let mut neighbours: Vec<Vec<u32>> = vec![Vec::new(); columns.len()];
    for (index, pair) in told.iter().enumerate() {
        for column in pair.columns {
            neighbours[column as usize].push(index as u32);
        }
    }
    let rank = ranked(columns, rules.keep);
    for &column in &rank {
        if verdicts[column].is_some() {
            continue;
        }
        let best = neighbours[column]
            .iter()
            .map(|index| told[*index as usize])
            .filter(|pair| verdicts[other(pair, column)] == Some(Verdict::Kept))
            .max_by(|a, b| strength(a).total_cmp(&strength(b)));
        verdicts[column] = Some(match best {
            Some(pair) if !columns[column].protected => twin(&pair, column),
            _ => Verdict::Kept,
        });
    }
    let verdicts: Vec<Verdict> = verdicts.into_iter().flatten().collect();
    assert_eq!(verdicts.len(), columns.len(), "a verdict a column");
    let protected_pairs = check(columns, &verdicts, &told);
    Decision {
        verdicts,
        protected_pairs,
    }
}

/// The verdict on a column without any other.
fn alone(facts: &ColumnFacts, rules: &PruneRules) -> Option<Verdict> {
    if facts.protected {
        return Some(Verdict::Kept);
    }
    let too_small = |variance: f64| rules.variance > 0.0 && variance <= rules.variance;
    if facts.constant {
        Some(Verdict::Constant)
    } else if facts.variance.is_some_and(too_small) {
        Some(Verdict::LowVariance)
    } else {
        None
    }
}

fn reaches(pair: &Pair, rules: &PruneRules) -> bool {
    pair.identical || is_reached(pair.r, rules.correlation)
}

fn strength(pair: &Pair) -> f64 {
    if pair.identical { 2.0 } else { pair.r.abs() }
}

fn other(pair: &Pair, column: usize) -> usize {
    let [a, b] = pair.columns.map(|column| column as usize);
    if a == column { b } else { a }
}

fn twin(pair: &Pair, column: usize) -> Verdict {
    let twin = Twin {
        by: other(pair, column),
        r: if pair.identical { 1.0 } else { pair.r },
        count: pair.count,
    };
    if pair.identical {
        Verdict::Duplicate(twin)
    } else {
        Verdict::Correlated(twin)
    }
}

/// The columns, the best first.
fn ranked(columns: &[ColumnFacts], keep: KeepRule) -> Vec<usize> {
    let mut rank: Vec<usize> = (0..columns.len()).collect();
    if keep == KeepRule::Ranked {
        rank.sort_by_key(|column| {
            let facts = &columns[*column];
            let target = facts.target_correlation.unwrap_or(0.0);
            let steps = (target / TARGET_STEP).round() as u64;
            let varied = facts.varied_rows.unwrap_or(0);
            (facts.missing, Reverse((steps, varied)), &facts.name)
        });
    }
    rank
}

/// Asserts what is promised, and counts the pairs of protected columns that reach the threshold.
fn check(columns: &[ColumnFacts], verdicts: &[Verdict], told: &[Pair]) -> usize {
    for verdict in verdicts {
        if let Some(twin) = verdict.twin() {
            assert!(
                verdicts[twin.by].is_kept(),
                "a kept column stands for a dropped one"
            );
        }
    }
    let both = |pair: &&Pair, holds: &dyn Fn(usize) -> bool| {
        pair.columns.iter().all(|column| holds(*column as usize))
    };
    let kept = told
        .iter()
        .filter(|pair| both(pair, &|column| verdicts[column].is_kept()));
    let (protected, other): (Vec<&Pair>, Vec<&Pair>) =
        kept.partition(|pair| both(pair, &|column| columns[column].protected));
    assert!(other.is_empty(), "no two kept columns reach the threshold");
    protected.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(names: &[&str]) -> Vec<ColumnFacts> {
        let column = |name: &&str| ColumnFacts {
            name: (*name).to_owned(),
            variance: Some(1.0),
            ..ColumnFacts::default()
        };
        names.iter().map(column).collect()
    }

    fn pair(a: u32, b: u32, r: f64) -> Pair {
        Pair {
            columns: [a, b],
            r,
            count: 10,
            identical: false,
        }
    }

    /// The verdicts as text: `+` kept, `c` constant, `v` low variance, else the twin's number.
    fn shown(columns: &[ColumnFacts], pairs: &[Pair], rules: &PruneRules) -> String {
        let one = |verdict: &Verdict| match verdict {
            Verdict::Kept => "+".to_owned(),
            Verdict::Constant => "c".to_owned(),
            Verdict::LowVariance => "v".to_owned(),
            Verdict::Duplicate(twin) => format!("={}", twin.by),
            Verdict::Correlated(twin) => twin.by.to_string(),
        };
        let decision = decide(columns, pairs, rules);
        let shown: Vec<String> = decision.verdicts.iter().map(one).collect();
        shown.join(" ")
    }

    const FIRST: PruneRules = PruneRules {
        correlation: 0.9,
        variance: 0.0,
        keep: KeepRule::First,
    };

    #[test]
    fn a_chain_keeps_every_other_column() {
        let columns = facts(&["a", "b", "c", "d"]);
        let chain = [pair(0, 1, 0.95), pair(2, 1, -0.95), pair(2, 3, 0.95)];
        assert_eq!(shown(&columns, &chain, &FIRST), "+ 0 + 2");
    }

    #[test]
    fn the_threshold_itself_is_reached_and_nan_never_is() {
        let columns = facts(&["a", "b", "c"]);
        let pairs = [pair(0, 1, 0.9), pair(0, 2, f64::NAN)];
        assert_eq!(shown(&columns, &pairs, &FIRST), "+ 0 +");
        // As a sum in another order may have it, and one that is below.
        let pairs = [pair(0, 1, 0.9f64.next_down()), pair(0, 2, 0.899_999_999)];
        assert_eq!(shown(&columns, &pairs, &FIRST), "+ 0 +");
    }

    #[test]
    fn the_strongest_kept_twin_is_named_and_duplicates_come_first() {
        let columns = facts(&["a", "b", "c"]);
        let pairs = [pair(0, 2, 0.95), pair(1, 2, -0.97)];
        assert_eq!(shown(&columns, &pairs, &FIRST), "+ + 1");
        let identical = Pair {
            identical: true,
            r: f64::NAN,
            ..pair(0, 2, 0.0)
        };
        assert_eq!(shown(&columns, &[pairs[1], identical], &FIRST), "+ + =0");
    }

    #[test]
    fn ranks_are_missing_then_target_then_varied_rows_then_name() {
        let ranked = PruneRules {
            keep: KeepRule::Ranked,
            ..FIRST
        };
        let all = [pair(0, 1, 1.0), pair(1, 2, 1.0), pair(0, 2, 1.0)];
        let mut columns = facts(&["c", "b", "a"]);
        assert_eq!(shown(&columns, &all, &ranked), "2 2 +");
        columns[0].varied_rows = Some(5);
        columns[2].varied_rows = Some(4);
        assert_eq!(shown(&columns, &all, &ranked), "+ 0 0");
        columns[0].varied_rows = None;
        columns[2].varied_rows = None;
        columns[1].target_correlation = Some(0.4);
        columns[0].target_correlation = Some(0.4 + 1e-9);
        assert_eq!(shown(&columns, &all, &ranked), "1 + 1");
        columns[1].missing = 1;
        assert_eq!(shown(&columns, &all, &ranked), "+ 0 0");
    }

    #[test]
    fn protected_columns_stay_and_stand_for_others() {
        let mut columns = facts(&["a", "b", "c"]);
        columns[1].protected = true;
        columns[2].protected = true;
        columns[2].constant = true;
        let pairs = [pair(0, 1, 1.0), pair(1, 2, 1.0)];
        assert_eq!(shown(&columns, &pairs, &FIRST), "1 + +");
        assert_eq!(decide(&columns, &pairs, &FIRST).protected_pairs, 1);
    }

    #[test]
    fn constants_and_small_variances_go() {
        let mut columns = facts(&["a", "b", "c"]);
        columns[0].constant = true;
        columns[1].variance = Some(0.25);
        let rules = PruneRules {
            variance: 0.25,
            ..FIRST
        };
        assert_eq!(shown(&columns, &[], &rules), "c v +");
        assert_eq!(shown(&columns, &[], &FIRST), "c + +");
    }
}
