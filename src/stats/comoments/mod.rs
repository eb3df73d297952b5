//! Co-moments of many columns at once: the correlation of every pair over the rows in which neither
//! value is missing or infinite, as `pandas.DataFrame.corr` has it.
//!
//! ```text
//! values --centre, scale, mask--> panel (a chunk of rows) --blocked products--> sums of the triangle
//! ```
//!
//! A column is shifted by a mean that is known beforehand, so that sums do not cancel, and scaled
//! by a power of two, so that squares do not overflow. Sums around a common shift are merged by
//! adding them. A column that has missing or infinite values takes part with a mask of ones and
//! zeros beside its values (which are zero there): products with the mask give the sums over the
//! other column's present rows. Columns without missing values cost nothing of that.
//!
//! Where both columns are present in a few rows only, their means there may be far from the shift.
//! Such a coefficient is marked [`Coefficient::doubtful`]; [`PairMoments`] takes the pair again
//! around its own means.

mod kernel;
mod pair;
mod plan;
mod triangle;

#[cfg(test)]
mod tests;

pub use pair::PairMoments;
pub use plan::{CoMomentsPlan, Shift};

use crate::stats::comoments::kernel::PANEL_ROWS;
use crate::stats::comoments::triangle::Triangle;

/// A coefficient loses digits where the mean over common rows is far from the shift: at most six
/// of sixteen are given away before it is doubtful.
const SQUARES_LEFT_MIN: f64 = 1e-6;

/// The correlation of two columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficient {
    /// Pearson's r, from -1 to 1; NaN where it is not defined.
    pub r: f64,
    /// Rows in which both columns have a finite value.
    pub count: u64,
    /// Whether the sums lost too many digits to believe `r`.
    pub doubtful: bool,
}

/// Sums over rows of one column around its shift.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct ColumnSums {
    count: u64,
    sum: f64,
    square: f64,
}

/// The sums of a strip of the triangle of pairs; see [`CoMomentsPlan`].
#[derive(Debug, Clone)]
pub struct CoMoments {
    columns: Vec<ColumnSums>,
    /// Values by values; values by masks and masks by values; squares likewise; masks by masks.
    values: Triangle,
    value_mask: Triangle,
    mask_value: Triangle,
    square_mask: Triangle,
    mask_square: Triangle,
    masks: Triangle,
}

/// The columns of a chunk of rows, centred; lent to [`CoMoments::add`]. Contents are undefined
/// between calls.
#[derive(Debug)]
pub struct Panel {
    values: Vec<f64>,
    masks: Vec<f64>,
    squares: Vec<f64>,
}

impl Panel {
    /// Room for a plan's columns.
    pub fn new(plan: &CoMomentsPlan) -> Self {
        let columns = plan.columns_read();
        let masked = plan.masked().len();
        let squares = if masked > 0 { columns } else { 0 };
        Self {
            values: vec![0.0; columns * PANEL_ROWS],
            masks: vec![0.0; masked * PANEL_ROWS],
            squares: vec![0.0; squares * PANEL_ROWS],
        }
    }

    /// Bytes held, by capacity.
    #[cfg(test)]
    pub fn heap_bytes(&self) -> usize {
        (self.values.capacity() + self.masks.capacity() + self.squares.capacity())
            * size_of::<f64>()
    }
}

impl CoMoments {
    /// The sums of no rows.
    pub fn new(plan: &CoMomentsPlan) -> Self {
        let all: Vec<usize> = (0..plan.columns_read()).collect();
        let masked = plan.masked();
        let strip = plan.strip();
        let triangle = |left: &[usize], right: &[usize]| Triangle::new(left, right, strip.clone());
        Self {
            columns: vec![ColumnSums::default(); plan.columns_read()],
            values: triangle(&all, &all),
            value_mask: triangle(&all, masked),
            mask_value: triangle(masked, &all),
            square_mask: triangle(&all, masked),
            mask_square: triangle(masked, &all),
            masks: triangle(masked, masked),
        }
    }

    /// Bytes held, by capacity.
    #[cfg(test)]
    pub fn heap_bytes(&self) -> usize {
        let triangles = self.triangles().map(Triangle::heap_bytes);
        self.columns.capacity() * size_of::<ColumnSums>() + triangles.iter().sum::<usize>()
    }

    #[cfg(test)]
    fn triangles(&self) -> [&Triangle; 6] {
        [
            &self.values,
            &self.value_mask,
            &self.mask_value,
            &self.square_mask,
            &self.mask_square,
            &self.masks,
        ]
    }

    /// Adds rows. `read` fills its slice with the values of a column from a row on, NaN where one
    /// is missing. O(rows * columns^2) for the whole triangle, three times that where all columns
    /// have missing values.
    ///
    /// Answers the first column that has a missing or infinite value although the plan has no mask
    /// for it; the sums are then of no use.
    pub fn add(
        &mut self,
        plan: &CoMomentsPlan,
        panel: &mut Panel,
        rows: usize,
        mut read: impl FnMut(usize, usize, &mut [f64]),
    ) -> Result<(), usize> {
        let mut first_row = 0;
        while first_row < rows {
            let chunk = PANEL_ROWS.min(rows - first_row);
            for column in 0..plan.columns_read() {
                let values = &mut panel.values[column * PANEL_ROWS..][..chunk];
                read(column, first_row, values);
                self.take_column(plan, column, chunk, panel)?;
            }
            self.multiply(panel, chunk);
            first_row += chunk;
        }
        Ok(())
    }

    /// Centres a column of the panel, and fills its mask and squares.
    fn take_column(
        &mut self,
        plan: &CoMomentsPlan,
        column: usize,
        rows: usize,
        panel: &mut Panel,
    ) -> Result<(), usize> {
        let values = &mut panel.values[column * PANEL_ROWS..][..rows];
        let shift = plan.shift(column);
        let (sum, square) = match plan.mask_of(column) {
            None => kernel::centre(values, shift),
            Some(mask) => {
                let mask = &mut panel.masks[mask * PANEL_ROWS..][..rows];
                kernel::centre_masked(values, mask, shift)
            }
        };
        let sums = &mut self.columns[column];
        sums.count += match plan.mask_of(column) {
            None if !square.is_finite() => return Err(column),
            None => rows as u64,
            Some(mask) => kernel::ones(&panel.masks[mask * PANEL_ROWS..][..rows]),
        };
        sums.sum += sum;
        sums.square += square;
        if !panel.squares.is_empty() {
            let squares = &mut panel.squares[column * PANEL_ROWS..][..rows];
            squares
                .iter_mut()
                .zip(values)
                .for_each(|(square, value)| *square = *value * *value);
        }
        Ok(())
    }

    fn multiply(&mut self, panel: &Panel, rows: usize) {
        let Panel {
            values,
            masks,
            squares,
        } = panel;
        self.values.add(values, values, rows);
        self.value_mask.add(values, masks, rows);
        self.mask_value.add(masks, values, rows);
        self.square_mask.add(squares, masks, rows);
        self.mask_square.add(masks, squares, rows);
        self.masks.add(masks, masks, rows);
    }

    /// Adds the sums of other rows under the same plan. Parts are added in row order, for the last
    /// bits depend on it.
    pub fn merge(&mut self, other: &Self) {
        for (sums, other) in self.columns.iter_mut().zip(&other.columns) {
            sums.count += other.count;
            sums.sum += other.sum;
            sums.square += other.square;
        }
        self.values.merge(&other.values);
        self.value_mask.merge(&other.value_mask);
        self.mask_value.merge(&other.mask_value);
        self.square_mask.merge(&other.square_mask);
        self.mask_square.merge(&other.mask_square);
        self.masks.merge(&other.masks);
    }

    /// The correlation of `column`, which is in the strip, with an earlier one.
    pub fn coefficient(&self, plan: &CoMomentsPlan, column: usize, earlier: usize) -> Coefficient {
        assert!(plan.strip().contains(&column), "a column of the strip");
        assert!(earlier < column, "pairs are (later, earlier)");
        let (x, y) = (&self.columns[column], &self.columns[earlier]);
        let (x_mask, y_mask) = (plan.mask_of(column), plan.mask_of(earlier));
        let count = match (x_mask, y_mask) {
            (None, None) => x.count,
            (Some(_), None) => x.count,
            (None, Some(_)) => y.count,
            // Sums of ones, exact below 2^53.
            (Some(x), Some(y)) => self.masks.sum(plan.mask_row(x), y) as u64,
        };
        let row = column - plan.strip().start;
        let (sum_x, square_x) = match y_mask {
            None => (x.sum, x.square),
            Some(y) => (self.value_mask.sum(row, y), self.square_mask.sum(row, y)),
        };
        let (sum_y, square_y) = match x_mask.map(|mask| plan.mask_row(mask)) {
            None => (y.sum, y.square),
            Some(x) => (
                self.mask_value.sum(x, earlier),
                self.mask_square.sum(x, earlier),
            ),
        };
        let product = self.values.sum(row, earlier);
        PairSums {
            count,
            x: [sum_x, square_x],
            y: [sum_y, square_y],
            product,
        }
        .coefficient()
    }
}

/// The sums of one pair over its common rows.
struct PairSums {
    count: u64,
    x: [f64; 2],
    y: [f64; 2],
    product: f64,
}

impl PairSums {
    fn coefficient(&self) -> Coefficient {
        let count = self.count as f64;
        let [sum_x, square_x] = self.x;
        let [sum_y, square_y] = self.y;
        let m2_x = square_x - sum_x * (sum_x / count);
        let m2_y = square_y - sum_y * (sum_y / count);
        let doubtful = self.count >= 2
            && (m2_x < square_x * SQUARES_LEFT_MIN || m2_y < square_y * SQUARES_LEFT_MIN);
        let product = self.product - sum_x * (sum_y / count);
        Coefficient {
            r: pearson(self.count, product, m2_x, m2_y),
            count: self.count,
            doubtful,
        }
    }
}

/// Pearson's r from centred sums; NaN below two rows or where a column does not vary.
fn pearson(count: u64, product: f64, m2_x: f64, m2_y: f64) -> f64 {
    let defined = count >= 2 && m2_x > 0.0 && m2_y > 0.0;
    if !defined {
        return f64::NAN;
    }
    (product / (m2_x.sqrt() * m2_y.sqrt())).clamp(-1.0, 1.0)
}
