//! Cells in messages.

/// The most characters of a cell that a message repeats.
const SHOWN_MAX: usize = 60;

/// A cell as a message shows it: its start, control characters escaped.
pub(super) fn shown(cell: &str) -> String {
    let mut text: String = cell
        .chars()
        .take(SHOWN_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if cell.chars().nth(SHOWN_MAX).is_some() {
        text.push_str("...");
    }
    text
}
