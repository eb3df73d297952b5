//! Tables on the terminal: columns as wide as their widest cell.

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table that is being filled.
pub(super) struct Table {
    aligns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a head.
    pub(super) fn new(head: &[(&str, Align)]) -> Self {
        Self {
            aligns: head.iter().map(|(_, align)| *align).collect(),
            rows: vec![head.iter().map(|(name, _)| (*name).to_owned()).collect()],
        }
    }

    /// Adds a row, a cell for each column.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.aligns.len(), "a cell for each column");
        self.rows
            .push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    /// The table as text, indented, without spaces at line ends.
    pub(super) fn render(&self) -> String {
        let mut widths = vec![0; self.aligns.len()];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, width), align) in row.iter().zip(&widths).zip(&self.aligns) {
                line.push_str("  ");
                line.push_str(&match align {
                    Align::Left => format!("{cell:<width$}"),
                    Align::Right => format!("{cell:>width$}"),
                });
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A cell without control characters: a column's name must not steer the terminal.
fn printable(cell: &str) -> String {
    let shown = |character: char| {
        if character.is_control() {
            '\u{fffd}'
        } else {
            character
        }
    };
    cell.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("name", Align::Left), ("rows", Align::Right)]);
        table.row(["a".to_owned(), "1,000".to_owned()]);
        table.row(["größer".to_owned(), "7".to_owned()]);
        table.row(["\u{1b}[2J".to_owned(), String::new()]);
        assert_eq!(
            table.render(),
            "  name     rows\n  a       1,000\n  größer      7\n  \u{fffd}[2J\n"
        );
    }
}
