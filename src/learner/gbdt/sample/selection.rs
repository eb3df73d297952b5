//! The choice of the candidates that a sample keeps, and their weights.
//!
//! Minimal-variance sampling (Ibragimov & Gusev 2019) draws a row with a probability in proportion
//! to s = sqrt(sum over outputs of g^2 + lambda h^2), which minimises the variance of a node's
//! estimated gain. It is done as priority sampling (Duffield, Lund & Thorup 2007), which has a fixed
//! size: with u uniform in (0, 1], the k rows of the largest s / u are kept, tau is the largest
//! of the others, and a kept row stands for max(s, tau) / s rows.

use std::cmp::Ordering;

use crate::{
    group::hash::{Purpose, row_hash},
    learner::gbdt::{
        loss::{CHUNK_ROWS, Derivatives},
        sample::options::{SampleSize, Sampling, rows_of},
    },
};

/// The weight of hessians beside gradients (lambda of Ibragimov & Gusev 2019, equation 10).
pub(crate) const HESSIAN_SHARE: f64 = 0.1;

/// A candidate of this share of what the next sample is expected to ask for is still looked at.
const SLACK: f64 = 0.9;

/// The expected ratio of the second sample's thresholds to the first's: derivatives shrink fastest
/// in the first rounds.
const FIRST_TREND: f64 = 0.7;

/// A forecast of the thresholds of the next sample. It spares work and changes no tree.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct ThresholdForecast {
    /// The thresholds of the last sample; zeros if they are not known.
    pub(crate) thresholds: Thresholds,
    /// Their ratio to those of the sample before, at most 1.
    trend: f64,
}

impl ThresholdForecast {
    /// After a sample pass, given what its rows had to reach; `None` if that was not found.
    #[must_use]
    pub(crate) fn next(self, found: Option<Thresholds>) -> Self {
        let thresholds = found.unwrap_or_default();
        let ratio = thresholds.priority / self.thresholds.priority;
        Self {
            thresholds,
            trend: if ratio.is_finite() && ratio > 0.0 {
                ratio.min(1.0)
            } else {
                FIRST_TREND
            },
        }
    }

    /// The thresholds that rows of the next pass must reach to become candidates.
    pub(crate) fn prefilter(&self) -> Thresholds {
        let share = SLACK * self.trend;
        Thresholds {
            priority: self.thresholds.priority * share,
            importance: self.thresholds.importance * share,
        }
    }
}

/// Thresholds of which a row must reach one to be kept. Finite.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Thresholds {
    pub(crate) priority: f64,
    pub(crate) importance: f64,
}

impl Thresholds {
    /// True if a row of priority `drawn / random` is a candidate. A row that just misses may be one
    /// too, since nothing is divided here.
    #[inline(always)]
    pub(crate) fn admit(&self, drawn: f64, random: f64, importance: f64) -> bool {
        const ROUNDING: f64 = 1.0 - 1e-12;
        drawn >= self.priority * ROUNDING * random || importance >= self.importance
    }

    fn reach(&self, other: &Self) -> bool {
        self.priority >= other.priority && self.importance >= other.importance
    }
}

/// Sampling with its numbers of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Policy {
    Mvs { rows: usize },
    Uniform { rows: usize },
    Goss { top: usize, other: usize },
}

impl Policy {
    /// The policy of a choice that was resolved; `None` if every row is to be used.
    ///
    /// # Panics
    /// If the choice was not resolved.
    pub(crate) fn new(sampling: Sampling, train_rows: u64) -> Option<Self> {
        let rows = |size: SampleSize| match size {
            SampleSize::Rows(rows) => rows.min(train_rows) as usize,
            _ => panic!("the size of the sample was resolved"),
        };
        match sampling {
            Sampling::Exact => None,
            Sampling::Auto => panic!("the sampling was chosen"),
            Sampling::Mvs { size } => Some(Self::Mvs { rows: rows(size) }),
            Sampling::Uniform { size } => Some(Self::Uniform { rows: rows(size) }),
            Sampling::Goss { top, other } => Some(Self::Goss {
                top: rows_of(top, train_rows) as usize,
                other: rows_of(other, train_rows) as usize,
            }),
        }
    }

    /// Rows of a sample.
    pub(crate) fn rows(self) -> usize {
        match self {
            Self::Mvs { rows } | Self::Uniform { rows } => rows,
            Self::Goss { top, other } => top + other,
        }
    }

    /// The importance of a chunk's rows, given their derivatives by output.
    pub(crate) fn weigh(self, derivatives: &Derivatives, outputs: usize, importance: &mut [f64]) {
        if let Self::Uniform { .. } = self {
            return importance.fill(1.0);
        }
        importance.fill(0.0);
        for output in 0..outputs {
            let gradients = &derivatives.gradient[output * CHUNK_ROWS..];
            let hessians = &derivatives.hessian[output * CHUNK_ROWS..];
            let rows = importance.iter_mut().zip(gradients).zip(hessians);
            for ((importance, g), h) in rows {
                *importance += match self {
                    Self::Goss { .. } => g.abs(),
                    _ => g * g + HESSIAN_SHARE * (h * h),
                };
            }
        }
        if let Self::Mvs { .. } = self {
            importance
                .iter_mut()
                .for_each(|value| *value = value.sqrt());
        }
    }

    /// The numerator of a row's priority; the row's random number is the denominator.
    #[inline(always)]
    pub(crate) fn drawn(self, importance: f64) -> f64 {
        match self {
            Self::Mvs { .. } => importance,
            Self::Uniform { .. } | Self::Goss { .. } => 1.0,
        }
    }

    /// Puts the candidates to keep first in `order`, which has all of them.
    ///
    /// Equal keys are ordered by the row's number, so that the rows kept are a function of the
    /// rows seen. Cost O(candidates).
    pub(crate) fn select(self, keys: Keys<'_>, order: &mut [u32]) -> Selection {
        match self {
            Self::Mvs { rows } | Self::Uniform { rows } => {
                let is_full = order.len() > rows;
                if is_full {
                    order.select_nth_unstable_by(rows, |&a, &b| keys.by_priority(a, b));
                }
                let priority = if is_full {
                    keys.priority[order[rows] as usize]
                } else {
                    0.0
                };
                Selection {
                    top: 0,
                    kept: rows.min(order.len()),
                    retained: (rows + 1).min(order.len()),
                    is_full,
                    thresholds: Thresholds {
                        priority,
                        importance: f64::MAX,
                    },
                }
            }
            Self::Goss { top, other } => {
                let is_full = order.len() >= top + other;
                let thresholds = Thresholds {
                    importance: nth(order, top, |&a, &b| keys.by_importance(a, b))
                        .map_or(f64::MAX, |last| keys.importance[last as usize]),
                    priority: f64::MAX,
                };
                let top = top.min(order.len());
                let rest = &mut order[top..];
                let priority = nth(rest, other, |&a, &b| keys.by_priority(a, b))
                    .map_or(f64::MAX, |last| keys.priority[last as usize]);
                let kept = top + other.min(rest.len());
                Selection {
                    top,
                    kept,
                    retained: kept,
                    is_full,
                    thresholds: Thresholds {
                        priority: if is_full { priority } else { 0.0 },
                        ..thresholds
                    },
                }
            }
        }
    }
}

/// The keys of candidates, by slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys<'a> {
    pub(crate) row: &'a [u64],
    pub(crate) importance: &'a [f64],
    pub(crate) priority: &'a [f64],
}

impl Keys<'_> {
    fn by_priority(&self, a: u32, b: u32) -> Ordering {
        self.descending(self.priority, a, b)
    }

    fn by_importance(&self, a: u32, b: u32) -> Ordering {
        self.descending(self.importance, a, b)
    }

    fn descending(&self, key: &[f64], a: u32, b: u32) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        key[b]
            .total_cmp(&key[a])
            .then(self.row[a].cmp(&self.row[b]))
    }
}

/// Puts the first `count` in front, and returns the last of them; `None` for a count of 0.
fn nth(
    order: &mut [u32],
    count: usize,
    compare: impl FnMut(&u32, &u32) -> Ordering + Clone,
) -> Option<u32> {
    let last = count.min(order.len()).checked_sub(1)?;
    let (_, last, _) = order.select_nth_unstable_by(last, compare);
    Some(*last)
}

/// The result of [`Policy::select`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Selection {
    /// The first of `order` that are kept for their importance and weigh as they are.
    pub(crate) top: usize,
    /// The first of `order` that the sample keeps.
    pub(crate) kept: usize,
    /// The first of `order` that must be retained while there are rows to come.
    pub(crate) retained: usize,
    /// True if there are enough candidates to decide for every row.
    pub(crate) is_full: bool,
    /// The thresholds that a later row must reach.
    pub(crate) thresholds: Thresholds,
}

impl Selection {
    /// True if no row below the prefilter could have been kept.
    pub(crate) fn is_sure(&self, prefilter: &Thresholds) -> bool {
        self.is_full && self.thresholds.reach(prefilter)
    }
}

/// A number in (0, 1] that is the row's own in this round.
#[inline(always)]
pub(crate) fn random(seed: u64, row: u64, round: u32) -> f64 {
    let hash = row_hash(seed, row, round, Purpose::TreeSample);
    ((hash >> 11) + 1) as f64 * (1.0 / 9_007_199_254_740_992.0)
}
