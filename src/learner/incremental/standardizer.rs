//! Running moments of the columns, and the scale that is updated from them at times.

use crate::learner::incremental::rescale::Rescale;

/// Rows before the scale is looked at again; then after twice as many.
const REFRESH_ROWS: u64 = 256;

/// By how much a standard deviation may have grown before the scale is looked at at once.
const GROWTH_MAX: f64 = 1.5;

/// The largest standardised value: its square times any weight is far from overflowing.
const STANDARDISED_MAX: f64 = 1e8;

/// The moments of one column, and its scale at present.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
struct Running {
    count: f64,
    mean: f64,
    m2: f64,
    /// The value that becomes 0: the mean when the scale was last updated, or the only value so far.
    center: f64,
    /// The standard deviation then; 0 while the column has not varied.
    sd: f64,
}

/// Standardises by means and standard deviations that follow the rows: `(x - mean) / sd`, missing and
/// infinite values at the mean. A column is 0 until it varies.
///
/// The scale only makes the numbers comparable; that it is an early one, or of unusual rows, costs no
/// accuracy, since learners are carried over from one scale to the next without a change of any margin.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Standardizer {
    columns: Vec<Running>,
    rows: u64,
    refresh_at: u64,
}

impl Running {
    const NONE: Self = Self {
        count: 0.0,
        mean: 0.0,
        m2: 0.0,
        center: 0.0,
        sd: 0.0,
    };

    /// Adds values, as differences from the first: a column that does not vary keeps `m2` 0 exactly.
    /// Merged by Chan, Golub & LeVeque (1983, equation 1.5).
    fn update(&mut self, values: &[f64]) {
        let finite = || values.iter().filter(|value| value.is_finite());
        let Some(first) = finite().next() else {
            return;
        };
        let (mut count, mut sum) = (0.0, 0.0);
        for value in finite() {
            count += 1.0;
            sum += value - first;
        }
        let mean = sum / count;
        let m2: f64 = finite().map(|value| (value - first - mean).powi(2)).sum();
        self.add(count, first + mean, m2);
    }

    fn add(&mut self, count: f64, mean: f64, m2: f64) {
        if count == 0.0 {
            return;
        }
        let is_first = self.count == 0.0;
        let total = self.count + count;
        let delta = mean - self.mean;
        if self.count == 0.0 {
            self.mean = mean;
        } else {
            self.mean += delta * count / total;
            self.m2 += delta * delta * self.count * count / total;
        }
        self.m2 += m2;
        self.count = total;
        if self.sd == 0.0 && (is_first || self.m2 == 0.0) {
            self.center = self.mean;
        }
    }

    /// The standard deviation, 0 where it cannot be divided by.
    fn scale(&self) -> f64 {
        let sd = (self.m2 / self.count).sqrt();
        if sd > 0.0 && sd.is_finite() && sd.recip().is_finite() && self.mean.is_finite() {
            sd
        } else {
            0.0
        }
    }

    /// True if it varies and did not, or varies much more: numbers on its scale would be large.
    fn has_outgrown_its_scale(&self) -> bool {
        self.m2 > GROWTH_MAX * GROWTH_MAX * self.sd * self.sd * self.count && self.scale() > 0.0
    }

    /// Moves to another scale, if that is one; returns ratio and shift.
    fn move_to(&mut self, center: f64, sd: f64) -> (f64, f64) {
        if sd == 0.0 {
            return (1.0, 0.0);
        }
        let change = match (self.sd > 0.0, self.count > 0.0) {
            (true, _) => (sd / self.sd, (center - self.center) / self.sd),
            // So far every value stood at 0, on whatever scale.
            (false, true) => (1.0, (center - self.center) / sd),
            (false, false) => (1.0, 0.0),
        };
        (self.center, self.sd) = (center, sd);
        change
    }
}

impl Standardizer {
    /// Nothing is known of any column.
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            columns: vec![Running::NONE; columns],
            rows: 0,
            refresh_at: REFRESH_ROWS,
        }
    }

    /// Adds the values of some rows in one column.
    pub(crate) fn update(&mut self, column: usize, values: &[f64]) {
        self.columns[column].update(values);
    }

    /// Ends the update by `rows` rows: a new scale if it is time for one. `rescale` is working memory.
    pub(crate) fn refresh_after(&mut self, rows: u64, rescale: &mut Rescale) -> bool {
        let is_first = self.rows == 0;
        self.rows += rows;
        let is_time = is_first || self.rows >= self.refresh_at;
        if !is_time && !self.columns.iter().any(Running::has_outgrown_its_scale) {
            return false;
        }
        if self.rows >= self.refresh_at {
            self.refresh_at = 2 * self.rows;
        }
        self.refresh(rescale);
        true
    }

    /// Moves to the moments of now.
    fn refresh(&mut self, rescale: &mut Rescale) {
        let changes = self.columns.iter_mut().map(|column| {
            let (center, sd) = (column.mean, column.scale());
            column.move_to(center, sd)
        });
        rescale.replace(changes);
    }

    /// Writes standardised values.
    pub(crate) fn standardise(&self, column: usize, values: &[f64], out: &mut [f32]) {
        let Running { center, sd, .. } = self.columns[column];
        if sd == 0.0 {
            return out.fill(0.0);
        }
        let scale = 1.0 / sd;
        for (out, value) in out.iter_mut().zip(values) {
            let scaled = ((value - center) * scale).clamp(-STANDARDISED_MAX, STANDARDISED_MAX);
            *out = if value.is_finite() {
                scaled as f32
            } else {
                0.0
            };
        }
    }

    /// Takes in another's moments: both scales move to that of all rows, and `rescale` and `others`
    /// receive the changes of either.
    pub(crate) fn merge(&mut self, other: &Self, rescale: &mut Rescale, others: &mut Rescale) {
        rescale.clear();
        let mut other = other.clone();
        let mut changes = Vec::with_capacity(self.columns.len());
        for (column, other) in self.columns.iter_mut().zip(&mut other.columns) {
            let mut all = *column;
            all.add(other.count, other.mean, other.m2);
            let (center, sd) = (all.mean, all.scale());
            changes.push(other.move_to(center, sd));
            rescale.push(column.move_to(center, sd));
            (column.count, column.mean, column.m2) = (all.count, all.mean, all.m2);
            if column.sd == 0.0 {
                column.center = all.center;
            }
        }
        others.replace(changes.into_iter());
        self.rows += other.rows;
        self.refresh_at = self.refresh_at.max(other.refresh_at);
    }

    /// True if it is one of `columns` columns: for one read from a file.
    pub(crate) fn is_sound(&self, columns: usize) -> bool {
        let sound = |column: &Running| {
            let numbers = [
                column.count,
                column.mean,
                column.m2,
                column.center,
                column.sd,
            ];
            numbers.iter().all(|number| number.is_finite())
                && column.count >= 0.0
                && column.m2 >= 0.0
                && column.sd >= 0.0
        };
        self.columns.len() == columns && self.columns.iter().all(sound)
    }

    /// Center and standard deviation of a column at present; 0 while it has not varied.
    pub(crate) fn scale_of(&self, column: usize) -> (f64, f64) {
        let Running { center, sd, .. } = self.columns[column];
        (center, sd)
    }

    /// Bytes held, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.columns.capacity() * size_of::<Running>()
    }
}
