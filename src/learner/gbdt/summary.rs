//! The summary of labels, weights and splits that a pass makes before any tree.

use crate::{
    data::{RowBlock, Split},
    error::{Error, Result},
    stats::ExactSum,
};

/// A class whose training rows weigh less than this share counts as this share, so that the base
/// margin is finite.
const CLASS_SHARE_MIN: f64 = 1e-12;

/// Labels and weights of the training rows, and the number of rows in each split.
///
/// Merges exactly: blocks may be given in any order.
#[derive(Debug, Clone)]
pub struct LabelSummary {
    /// Training rows.
    pub train_rows: u64,
    /// Valid rows.
    pub valid_rows: u64,
    /// The largest weight of a training row, class weights included.
    pub weight_max: f64,
    /// The largest weight of a train or valid row, class weights left out.
    pub own_weight_max: f64,
    /// The smallest training label with a weight; infinite if there is none.
    pub label_min: f64,
    /// The largest of them.
    pub label_max: f64,
    train_weight: ExactSum,
    valid_weight: ExactSum,
    weighted_label: ExactSum,
    class_weight: Vec<ExactSum>,
    bad_labels: u64,
    bad_weights: u64,
}

impl LabelSummary {
    /// Of no rows; `classes` is 0 when labels are numbers.
    pub fn new(classes: usize) -> Self {
        Self {
            train_rows: 0,
            valid_rows: 0,
            weight_max: 0.0,
            own_weight_max: 0.0,
            label_min: f64::INFINITY,
            label_max: f64::NEG_INFINITY,
            train_weight: ExactSum::default(),
            valid_weight: ExactSum::default(),
            weighted_label: ExactSum::default(),
            class_weight: vec![ExactSum::default(); classes],
            bad_labels: 0,
            bad_weights: 0,
        }
    }

    /// Adds a block. `weight` are the rows' weights, class weights included.
    ///
    /// Sums within a block are taken in row order; blocks are fixed by the row numbers.
    pub fn update(&mut self, rows: &RowBlock<'_>, weight: &[f64]) {
        let classes = self.class_weight.len();
        let mut class_sums = vec![0.0; classes];
        let (mut train, mut valid, mut labels) = (0.0, 0.0, 0.0);
        let columns = rows
            .label
            .iter()
            .zip(rows.weight)
            .zip(rows.split)
            .zip(weight);
        for (((&label, &raw_weight), &split), &weight) in columns {
            let split = Split::from_byte(split);
            if !matches!(split, Split::Train | Split::Valid) {
                continue;
            }
            let class = label as usize;
            let label_is_good = match classes {
                0 => label.is_finite(),
                _ => class < classes && class as f32 == label,
            };
            let weight_is_good = raw_weight >= 0.0 && weight.is_finite();
            if !(label_is_good && weight_is_good) {
                self.bad_labels += u64::from(!label_is_good);
                self.bad_weights += u64::from(label_is_good);
                continue;
            }
            self.own_weight_max = self.own_weight_max.max(f64::from(raw_weight));
            if split == Split::Valid {
                self.valid_rows += 1;
                valid += weight;
                continue;
            }
            let number = f64::from(label);
            self.train_rows += 1;
            self.weight_max = self.weight_max.max(weight);
            if weight > 0.0 {
                self.label_min = self.label_min.min(number);
                self.label_max = self.label_max.max(number);
            }
            train += weight;
            labels += weight * number;
            if let Some(sum) = class_sums.get_mut(class) {
                *sum += weight;
            }
        }
        self.train_weight.add(train);
        self.valid_weight.add(valid);
        self.weighted_label.add(labels);
        for (total, sum) in self.class_weight.iter_mut().zip(class_sums) {
            total.add(sum);
        }
    }

    /// Adds another summary's rows.
    pub fn merge(&mut self, other: &Self) {
        self.train_rows += other.train_rows;
        self.valid_rows += other.valid_rows;
        self.weight_max = self.weight_max.max(other.weight_max);
        self.own_weight_max = self.own_weight_max.max(other.own_weight_max);
        self.label_min = self.label_min.min(other.label_min);
        self.label_max = self.label_max.max(other.label_max);
        self.train_weight.merge(&other.train_weight);
        self.valid_weight.merge(&other.valid_weight);
        self.weighted_label.merge(&other.weighted_label);
        for (total, other) in self.class_weight.iter_mut().zip(&other.class_weight) {
            total.merge(other);
        }
        self.bad_labels += other.bad_labels;
        self.bad_weights += other.bad_weights;
    }

    /// Refuses labels and weights that cannot be trained on.
    ///
    /// # Errors
    /// [`Error::Dataset`]: no training row, no weight, labels or weights that mean nothing.
    pub fn check(&self) -> Result<()> {
        let classes = self.class_weight.len();
        let refuse = |message: String| Err(Error::Dataset(message));
        if self.bad_labels > 0 {
            let wanted = match classes {
                0 => "finite numbers".to_owned(),
                _ => format!("class indexes below {classes}"),
            };
            return refuse(format!(
                "{} labels are not {wanted}; remove those rows or use another --task",
                self.bad_labels
            ));
        }
        if self.bad_weights > 0 {
            return refuse(format!(
                "{} row weights are negative, missing or infinite; correct or exclude the weight column",
                self.bad_weights
            ));
        }
        if self.train_rows == 0 {
            return refuse(
                "no training rows; use a smaller --test-size or --valid-size".to_owned(),
            );
        }
        if self.train_weight() <= 0.0 {
            return refuse("all training rows have weight 0; check the weights".to_owned());
        }
        Ok(())
    }

    /// The training rows' weights, added up.
    pub fn train_weight(&self) -> f64 {
        self.train_weight.rounded_by_bin()
    }

    /// The valid rows' weights, added up.
    pub fn valid_weight(&self) -> f64 {
        self.valid_weight.rounded_by_bin()
    }

    /// The training labels' weighted mean.
    pub fn label_mean(&self) -> f64 {
        self.weighted_label.rounded_by_bin() / self.train_weight()
    }

    /// A class's share of the training rows' weight, away from 0 and 1.
    pub fn class_share(&self, class: usize) -> f64 {
        let share = self.class_weight[class].rounded_by_bin() / self.train_weight();
        share.clamp(CLASS_SHARE_MIN, 1.0 - CLASS_SHARE_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(classes: usize, label: &[f32], weight: &[f32], split: &[u8]) -> LabelSummary {
        let group = vec![0; label.len()];
        let rows = RowBlock {
            label,
            weight,
            group: &group,
            split,
        };
        let weight: Vec<f64> = weight.iter().map(|&weight| f64::from(weight)).collect();
        let mut summary = LabelSummary::new(classes);
        summary.update(&rows, &weight);
        summary
    }

    #[test]
    fn counts_splits_and_weighs_training_rows() {
        let labels = [0.0, 1.0, 1.0, 0.0, f32::NAN];
        let weights = [1.0, 2.0, 3.0, 4.0, -1.0];
        let summary = summary(2, &labels, &weights, &[0, 0, 1, 2, 3]);
        summary.check().expect("rows in no split are not looked at");
        assert_eq!((summary.train_rows, summary.valid_rows), (2, 1));
        assert_eq!(summary.weight_max, 2.0);
        assert_eq!(summary.train_weight(), 3.0);
        assert_eq!(summary.valid_weight(), 3.0);
        assert_eq!(summary.class_share(1), 2.0 / 3.0);
        assert_eq!(summary.label_mean(), 2.0 / 3.0);
    }

    #[test]
    fn merging_is_adding_rows() {
        let labels = [0.5, -1.0, 9.0, 30.0];
        let weights = [1.0, 0.25, 3.0, 0.0];
        let whole = summary(0, &labels, &weights, &[0; 4]);
        let mut merged = summary(0, &labels[2..], &weights[2..], &[0; 2]);
        merged.merge(&summary(0, &labels[..2], &weights[..2], &[0; 2]));
        assert_eq!(merged.label_mean(), whole.label_mean());
        assert_eq!((merged.label_min, merged.label_max), (-1.0, 9.0));
        assert_eq!(merged.train_rows, 4);
    }

    #[test]
    fn refuses_what_cannot_be_learned_from() {
        let check = |classes, label: f32, weight: f32, split: u8, part: &str| {
            let checked = summary(classes, &[label], &[weight], &[split]).check();
            let message = checked.expect_err(part).to_string();
            assert!(message.contains(part), "{message}");
        };
        check(2, 2.0, 1.0, 0, "1 labels are not class indexes below 2");
        check(2, 0.5, 1.0, 1, "labels are not class indexes");
        check(2, -1.0, 1.0, 0, "labels are not class indexes");
        check(0, f32::INFINITY, 1.0, 0, "labels are not finite numbers");
        check(0, 1.0, -1.0, 0, "1 row weights are negative");
        check(0, 1.0, f32::NAN, 0, "1 row weights are negative");
        check(0, 1.0, 0.0, 0, "weight 0");
        check(0, 1.0, 1.0, 2, "no training rows");
    }
}
