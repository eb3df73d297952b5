//! The range of values that a leaf may have under monotone constraints and a largest step.

/// The values a leaf may have, before shrinkage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ValueRange {
    /// The smallest.
    pub lower: f64,
    /// The largest.
    pub upper: f64,
}

impl ValueRange {
    /// Values of at most this magnitude; 0 for no limit.
    pub(crate) fn within(magnitude: f64) -> Self {
        let upper = if magnitude > 0.0 {
            magnitude
        } else {
            f64::INFINITY
        };
        Self {
            lower: -upper,
            upper,
        }
    }

    /// True if every value is allowed.
    pub(crate) fn is_free(&self) -> bool {
        self.lower == f64::NEG_INFINITY && self.upper == f64::INFINITY
    }

    /// The nearest value that is allowed.
    pub(crate) fn clamp(&self, value: f64) -> f64 {
        value.max(self.lower).min(self.upper)
    }

    /// The ranges of two children of these best values, split on a feature of this direction: the
    /// middle between the values parts them, so that no leaf below one can pass a leaf below the other (LightGBM's
    /// `basic` method, XGBoost's only one).
    pub(crate) fn of_children(self, direction: i8, [left, right]: [f64; 2]) -> [Self; 2] {
        if direction == 0 {
            return [self; 2];
        }
        let middle = 0.5 * self.clamp(left) + 0.5 * self.clamp(right);
        let (below, above) = (
            Self {
                upper: middle,
                ..self
            },
            Self {
                lower: middle,
                ..self
            },
        );
        if direction > 0 {
            [below, above]
        } else {
            [above, below]
        }
    }
}
