//! Numbers that come from counts of right and wrong decisions.

/// Rows of one class, one against the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct ClassCounts {
    /// Of the class, and said to be.
    pub tp: u64,
    /// Not of the class, but said to be.
    pub fp: u64,
    /// Not of the class, and not said to be.
    pub tn: u64,
    /// Of the class, but not said to be.
    #[serde(rename = "fn")]
    pub fn_: u64,
}

impl ClassCounts {
    /// The share of rows said to be of the class that are.
    pub(crate) fn precision(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fp)
    }

    /// The share of rows of the class that are said to be.
    pub(crate) fn recall(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// The harmonic mean of precision and recall; none if the class neither occurs nor is said to.
    pub(crate) fn f1(&self) -> Option<f64> {
        ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn_)
    }

    /// The counts with the other class as the positive one.
    #[must_use]
    pub(crate) fn opposite(&self) -> Self {
        Self {
            tp: self.tn,
            fp: self.fn_,
            tn: self.tp,
            fn_: self.fp,
        }
    }
}

/// A share, if there is anything to share.
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The mean of those that are defined; none if none is.
pub(super) fn mean_defined(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (mut sum, mut defined) = (0.0, 0u64);
    for value in values.flatten() {
        sum += value;
        defined += 1;
    }
    (defined > 0).then(|| sum / defined as f64)
}

/// Rows by true class (outer) and predicted class (inner), `classes` of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

impl Confusion {
    pub(super) fn new(classes: usize) -> Self {
        Self {
            classes,
            counts: vec![0; classes * classes],
        }
    }

    #[inline]
    pub(super) fn add(&mut self, class: usize, predicted: usize) {
        debug_assert!(class < self.classes && predicted < self.classes);
        self.counts[class * self.classes + predicted] += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        assert_eq!(self.classes, other.classes, "same classes");
        for (mine, others) in self.counts.iter_mut().zip(&other.counts) {
            *mine += others;
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Rows whose true class this is.
    pub(super) fn class_rows(&self, class: usize) -> u64 {
        self.counts[class * self.classes..][..self.classes]
            .iter()
            .sum()
    }

    fn predicted_rows(&self, class: usize) -> u64 {
        self.counts.iter().skip(class).step_by(self.classes).sum()
    }

    fn hits(&self, class: usize) -> u64 {
        self.counts[class * self.classes + class]
    }

    /// One class against the rest.
    pub(super) fn class_counts(&self, class: usize) -> ClassCounts {
        let tp = self.hits(class);
        let fp = self.predicted_rows(class) - tp;
        let fn_ = self.class_rows(class) - tp;
        ClassCounts {
            tp,
            fp,
            tn: self.rows() - tp - fp - fn_,
            fn_,
        }
    }

    pub(super) fn accuracy(&self) -> Option<f64> {
        let hits = (0..self.classes).map(|class| self.hits(class)).sum();
        ratio(hits, self.rows())
    }

    /// The mean F1 of the classes that occur or are predicted.
    pub(super) fn macro_f1(&self) -> Option<f64> {
        mean_defined((0..self.classes).map(|class| self.class_counts(class).f1()))
    }

    /// Matthews' correlation for any number of classes (Gorodkin 2004, eq. 8); none if all rows
    /// are of one class or are said to be.
    pub(super) fn mcc(&self) -> Option<f64> {
        let classes = 0..self.classes;
        let rows = self.rows() as f64;
        let hits: u64 = classes.clone().map(|class| self.hits(class)).sum();
        let (mut products, mut truths, mut predictions) = (0.0, 0.0, 0.0);
        for class in classes {
            let truth = self.class_rows(class) as f64;
            let predicted = self.predicted_rows(class) as f64;
            products += truth * predicted;
            truths += truth * truth;
            predictions += predicted * predicted;
        }
        let spread = (rows * rows - predictions) * (rows * rows - truths);
        (spread > 0.0).then(|| (hits as f64 * rows - products) / spread.sqrt())
    }

    /// The rows of the matrix: true classes, each by predicted class.
    pub(super) fn matrix(&self) -> Vec<Vec<u64>> {
        let rows = self.counts.chunks(self.classes);
        rows.map(<[u64]>::to_vec).collect()
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }
}
