//! Metrics after each round beside the loss, for the learning curve and early stopping.
//!
//! Sums are weighted by the rows' own weights, class weights left out, as XGBoost and LightGBM have
//! them. A metric of rounds has its names in `stats/metrics/catalogue.rs` and a term in [`term`]; metrics
//! of ranks come from histograms of the margin.

use crate::{
    learner::{
        elementary::{exp, ln},
        gbdt::{Loss, loss::Rows, renew::WeightUnits},
    },
    stats::{
        ExactSum,
        metrics::{
            Accumulator, Deviation, Metric, ScoreBins,
            formulas::{absolute_error, pinball, squared_error},
        },
    },
};

/// Bins of the margin, 2^-9 wide: 256 KiB for each of train and valid. Rows of a bin are ties; at
/// 2 M rows an AUC is known to about 2e-4, certified, and is far nearer than that.
const RANK_BINS: usize = 1 << 14;

/// A metric after a round; `None` where it is undefined.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RoundMetric {
    /// The metric.
    pub metric: Metric,
    /// Of the training rows.
    pub train: Option<f64>,
    /// Of the valid rows.
    pub valid: Option<f64>,
}

/// The metrics to compute, and the units of row weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvalSpec {
    /// The metrics, in the order that was asked for.
    pub metrics: Vec<Metric>,
    /// The loss that is minimised.
    pub loss: Loss,
    /// Units of row weights in histograms.
    pub units: WeightUnits,
}

impl EvalSpec {
    /// Bytes of one thread's sums.
    pub(crate) fn bytes(metrics: &[Metric]) -> usize {
        let ranked = metrics
            .iter()
            .any(|metric| metric.accumulator() == Accumulator::Ranks);
        let ranks = if ranked { 2 * RANK_BINS * 16 } else { 0 };
        ranks + 2 * (metrics.len() + 1) * size_of::<ExactSum>()
    }

    /// Sums of no rows; `None` if nothing is measured.
    pub(crate) fn sums(&self) -> Option<EvalSums> {
        let ranked = self
            .metrics
            .iter()
            .any(|metric| metric.accumulator() == Accumulator::Ranks);
        (!self.metrics.is_empty()).then(|| EvalSums {
            weight: Default::default(),
            terms: vec![Default::default(); self.metrics.len()],
            ranks: ranked.then(|| [(); 2].map(|()| ScoreBins::new(RANK_BINS))),
        })
    }
}

/// Sums of train and valid rows. Merges exactly.
#[derive(Debug, Clone)]
pub(crate) struct EvalSums {
    weight: [ExactSum; 2],
    /// One a metric; those of ranks stay 0.
    terms: Vec<[ExactSum; 2]>,
    ranks: Option<[ScoreBins; 2]>,
}

impl EvalSums {
    /// Adds a chunk: `weight` are the rows' own weights. Sums within a chunk are in row order.
    pub(crate) fn update(
        &mut self,
        spec: &EvalSpec,
        rows: &Rows<'_>,
        weight: &[f32],
        split: &[u8],
    ) {
        assert_eq!(rows.len(), weight.len());
        assert_eq!(rows.len(), split.len());
        let mut sums = [0.0; 2];
        for (&split, &weight) in split.iter().zip(weight) {
            if let Some(sum) = sums.get_mut(usize::from(split)) {
                *sum += f64::from(weight);
            }
        }
        for (total, sum) in self.weight.iter_mut().zip(sums) {
            total.add(sum);
        }
        for (index, &metric) in spec.metrics.iter().enumerate() {
            if metric.accumulator() != Accumulator::Ranks {
                self.add_values(index, metric, spec.loss, rows, weight, split);
            }
        }
        if let Some(ranks) = &mut self.ranks {
            let margins = rows.margins(0).iter().zip(rows.label);
            for ((&split, &weight), (&margin, &label)) in split.iter().zip(weight).zip(margins) {
                if let Some(bins) = ranks.get_mut(usize::from(split)) {
                    let units = spec.units.of(f64::from(weight));
                    bins.add_weighted(f64::from(margin), label == 1.0, units);
                }
            }
        }
    }

    fn add_values(
        &mut self,
        index: usize,
        metric: Metric,
        loss: Loss,
        rows: &Rows<'_>,
        weight: &[f32],
        split: &[u8],
    ) {
        let mut sums = [0.0; 2];
        for (row, (&split, &weight)) in split.iter().zip(weight).enumerate() {
            if let Some(sum) = sums.get_mut(usize::from(split)) {
                *sum += f64::from(weight) * term(metric, loss, rows, row);
            }
        }
        for (total, sum) in self.terms[index].iter_mut().zip(sums) {
            total.add(sum);
        }
    }

    /// Adds another's rows.
    pub(crate) fn merge(&mut self, other: &Self) {
        let sums = self.terms.iter_mut().zip(&other.terms);
        for (sum, other) in sums.flat_map(|(sums, others)| sums.iter_mut().zip(others)) {
            sum.merge(other);
        }
        for (weight, other) in self.weight.iter_mut().zip(&other.weight) {
            weight.merge(other);
        }
        if let (Some(ranks), Some(others)) = (&mut self.ranks, &other.ranks) {
            for (bins, other) in ranks.iter_mut().zip(others) {
                bins.merge(other);
            }
        }
    }

    /// The metrics, in their order.
    pub(crate) fn finish(&self, spec: &EvalSpec) -> Vec<RoundMetric> {
        let of_split = |index: usize, split: usize| {
            let weight = self.weight[split].rounded_by_bin();
            let mean = (weight > 0.0).then(|| self.terms[index][split].rounded_by_bin() / weight);
            let ranks = self.ranks.as_ref().map(|ranks| &ranks[split]);
            match spec.metrics[index] {
                Metric::Auc => Some(ranks?.auc_roc()?.value),
                Metric::AveragePrecision => Some(ranks?.auc_pr()?.value),
                metric if metric.accumulator() == Accumulator::RootOfMean => mean.map(f64::sqrt),
                _ => mean,
            }
        };
        let metrics = spec.metrics.iter().enumerate();
        metrics
            .map(|(index, &metric)| RoundMetric {
                metric,
                train: of_split(index, 0),
                valid: of_split(index, 1),
            })
            .collect()
    }
}

/// The term of a row in a metric that is a mean, or the root of one.
#[inline]
fn term(metric: Metric, loss: Loss, rows: &Rows<'_>, row: usize) -> f64 {
    let (margin, label) = (f64::from(rows.margins(0)[row]), f64::from(rows.label[row]));
    let error = || match loss.deviation() {
        Deviation::Poisson => exp(margin) - label,
        Deviation::None | Deviation::Pinball { .. } => margin - label,
    };
    match metric {
        Metric::LogLoss => {
            let wrong_side = (margin * (1.0 - 2.0 * label)).max(0.0);
            wrong_side + ln(1.0 + exp(-margin.abs()))
        }
        Metric::Error => f64::from(u8::from((margin >= 0.0) != (label == 1.0))),
        Metric::MultiLogLoss => multi_log_loss(rows, row, loss.outputs()),
        Metric::MultiError => {
            let likeliest = likeliest(rows, row, loss.outputs());
            f64::from(u8::from(likeliest as f32 != rows.label[row]))
        }
        Metric::Rmse | Metric::SquaredError => squared_error(error()),
        Metric::AbsoluteError => absolute_error(error()),
        Metric::Quantile => match loss.deviation() {
            Deviation::Pinball { alpha } => pinball(error(), alpha),
            Deviation::None | Deviation::Poisson => pinball(error(), 0.5),
        },
        Metric::Poisson => exp(margin) - label * margin,
        Metric::Auc | Metric::AveragePrecision => 0.0,
        Metric::Accuracy
        | Metric::Precision
        | Metric::Recall
        | Metric::F1
        | Metric::MacroF1
        | Metric::Mcc
        | Metric::Brier
        | Metric::TopKAccuracy
        | Metric::R2
        | Metric::PoissonDeviance => unreachable!("{metric:?} is of splits, not of rounds"),
    }
}

/// The class of the largest margin, the first of equals.
fn likeliest(rows: &Rows<'_>, row: usize, classes: usize) -> usize {
    let margin = |class: usize| rows.margins(class)[row];
    (1..classes).fold(0, |best, class| {
        if margin(class) > margin(best) {
            class
        } else {
            best
        }
    })
}

/// -ln of the softmax of the label's class.
fn multi_log_loss(rows: &Rows<'_>, row: usize, classes: usize) -> f64 {
    let margin = |class: usize| f64::from(rows.margins(class)[row]);
    let highest = margin(likeliest(rows, row, classes));
    let sum: f64 = (0..classes).map(|class| exp(margin(class) - highest)).sum();
    ln(sum) - (margin(rows.label[row] as usize) - highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weighted means of rows whose margins are output-major; all rows are training rows.
    fn measure(
        metric: Metric,
        loss: Loss,
        margin: &[f32],
        label: &[f32],
        weight: &[f32],
    ) -> Option<f64> {
        let spec = EvalSpec {
            metrics: vec![metric],
            loss,
            units: WeightUnits::new(4.0, 100),
        };
        let doubles: Vec<f64> = weight.iter().copied().map(f64::from).collect();
        let rows = Rows {
            margin,
            stride: label.len(),
            label,
            weight: &doubles,
        };
        let mut sums = spec.sums().expect("a metric");
        sums.update(&spec, &rows, weight, &vec![0; label.len()]);
        let mut merged = spec.sums().expect("a metric");
        merged.merge(&sums);
        let found = merged.finish(&spec);
        assert_eq!(found[0].valid, None);
        found[0].train
    }

    #[test]
    fn metrics_are_those_of_scikit_learn() {
        let check = |metric, loss, margin: &[f32], label: &[f32], weight: &[f32], expected: f64| {
            let found = measure(metric, loss, margin, label, weight).expect("defined");
            assert!((found - expected).abs() < 1e-9, "{metric:?} {found}");
        };
        let (margin, label) = ([-1.0, 0.5, 2.0, -0.25], [0.0, 0.0, 1.0, 1.0]);
        let weight = [1.0, 3.0, 2.0, 0.5];
        let binary = Loss::BinaryLogLoss;
        // log_loss, 1 - accuracy_score, roc_auc_score, average_precision_score with sample_weight.
        check(
            Metric::LogLoss,
            binary,
            &margin,
            &label,
            &weight,
            0.600_356_672_628_293_8,
        );
        check(Metric::Error, binary, &margin, &label, &weight, 3.5 / 6.5);
        check(Metric::Auc, binary, &margin, &label, &weight, 0.85);
        check(
            Metric::AveragePrecision,
            binary,
            &margin,
            &label,
            &weight,
            0.8 + 0.2 * 2.5 / 5.5,
        );
        let several = Loss::Softmax { classes: 3 };
        let margins = [0.0, 1.0, 0.5, 2.0, 1.0, -1.0];
        check(
            Metric::MultiError,
            several,
            &margins,
            &[2.0, 2.0],
            &[1.0, 3.0],
            0.75,
        );
        let first = (1.0 + 0.5f64.exp() + 1f64.exp()).ln() - 0.5;
        let second = (1f64.exp() + 2f64.exp() + (-1f64).exp()).ln() + 1.0;
        check(
            Metric::MultiLogLoss,
            several,
            &margins,
            &[1.0, 2.0],
            &[1.0, 3.0],
            (first + 3.0 * second) / 4.0,
        );
        let numbers = |metric, loss, expected| {
            check(
                metric,
                loss,
                &[1.0, -2.0],
                &[3.0, 0.0],
                &[1.0, 3.0],
                expected,
            );
        };
        numbers(Metric::Rmse, Loss::SquaredError, 2.0);
        numbers(Metric::SquaredError, Loss::AbsoluteError, 4.0);
        numbers(Metric::AbsoluteError, Loss::SquaredError, 2.0);
        numbers(Metric::Quantile, Loss::Quantile { alpha: 0.9 }, 1.8);
        let poisson = Loss::Poisson {
            delta_step_max: 0.7,
        };
        let (one, other) = (1f64.exp(), (-2f64).exp());
        numbers(Metric::Poisson, poisson, (one - 3.0 + 3.0 * other) / 4.0);
        numbers(
            Metric::AbsoluteError,
            poisson,
            (3.0 - one + 3.0 * other) / 4.0,
        );
    }

    #[test]
    fn what_is_undefined_is_none() {
        let one_class = measure(Metric::Auc, Loss::BinaryLogLoss, &[1.0], &[1.0], &[1.0]);
        assert_eq!(one_class, None);
        let weightless = measure(Metric::Rmse, Loss::SquaredError, &[1.0], &[1.0], &[0.0]);
        assert_eq!(weightless, None);
    }

    #[test]
    fn a_metric_goes_with_some_losses_and_holds_what_is_planned() {
        for metric in Metric::of_rounds() {
            let losses = [
                Loss::BinaryLogLoss,
                Loss::Softmax { classes: 3 },
                Loss::Quantile { alpha: 0.5 },
                Loss::Poisson {
                    delta_step_max: 0.7,
                },
            ];
            let fitting = losses
                .iter()
                .filter(|loss| metric.is_of_rounds(loss.task(), loss.deviation()))
                .count();
            assert!((1..=2).contains(&fitting), "{metric:?}");
            assert_eq!(
                EvalSpec::bytes(&[metric]) > 1 << 19,
                metric.larger_is_better()
            );
        }
    }
}
