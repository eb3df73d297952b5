//! A chunk of rows, centred.

use crate::stats::comoments::{kernel::PANEL_ROWS, plan::CoMomentsPlan};

/// The columns of a chunk of rows, centred; lent to [`CoMoments::add`](super::CoMoments::add). Contents are undefined
/// between calls.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(super) values: Vec<f64>,
    pub(super) masks: Vec<f64>,
    pub(super) squares: Vec<f64>,
}

impl Panel {
    /// Room for a plan's columns.
    pub(crate) fn new(plan: &CoMomentsPlan) -> Self {
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
    pub(crate) fn heap_bytes(&self) -> usize {
        (self.values.capacity() + self.masks.capacity() + self.squares.capacity())
            * size_of::<f64>()
    }
}
