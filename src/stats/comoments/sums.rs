//! The sums over rows of pairs of columns.

use crate::stats::comoments::{
    coefficient::{Coefficient, PairSums},
    column::ColumnSums,
    kernel::{self, PANEL_ROWS},
    panel::Panel,
    plan::CoMomentsPlan,
    triangle::Triangle,
};

/// The sums of a strip of the triangle of pairs; see [`CoMomentsPlan`].
#[derive(Debug, Clone)]
pub(crate) struct CoMoments {
    columns: Vec<ColumnSums>,
    /// Values by values; values by masks and masks by values; squares likewise; masks by masks.
    values: Triangle,
    value_mask: Triangle,
    mask_value: Triangle,
    square_mask: Triangle,
    mask_square: Triangle,
    masks: Triangle,
}

impl CoMoments {
    /// The sums of no rows.
    pub(crate) fn new(plan: &CoMomentsPlan) -> Self {
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
    pub(crate) fn heap_bytes(&self) -> usize {
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
    pub(crate) fn add(
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
    pub(crate) fn merge(&mut self, other: &Self) {
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
    pub(crate) fn coefficient(
        &self,
        plan: &CoMomentsPlan,
        column: usize,
        earlier: usize,
    ) -> Coefficient {
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
