//! Numbers and names as text, for files and for the terminal.

pub(super) use crate::text::size::grouped;

/// A number in the fewest digits that read back as the same number; empty for NaN.
pub(super) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value.is_nan() {
        String::new()
    } else if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) || value.is_infinite() {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// A number that may be undefined: then empty.
pub(super) fn optional(value: Option<f64>) -> String {
    value.map(number).unwrap_or_default()
}

/// A count that may be unknown: then empty.
pub(super) fn count(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A name from the data that is safe on a terminal: control characters escaped, long ones cut.
pub(super) fn printable(name: &str) -> String {
    const CHARACTERS_MAX: usize = 48;
    let mut text = String::new();
    for (index, character) in name.chars().enumerate() {
        if index == CHARACTERS_MAX {
            text.push_str("...");
            break;
        }
        if character.is_control() || is_direction_mark(character) {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

/// Marks that make a terminal show text in another order than it is written.
fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_read_back_the_same() {
        let check = |value: f64, expected: &str| {
            assert_eq!(number(value), expected);
            assert_eq!(expected.parse::<f64>().unwrap().to_bits(), value.to_bits());
        };
        check(12.0, "12");
        check(-0.0, "-0");
        check(0.1, "0.1");
        check(1e-5, "0.00001");
        check(1e-6, "1e-6");
        check(-2.5e-300, "-2.5e-300");
        check(1e15, "1000000000000000");
        check(f64::MAX, "1.7976931348623157e308");
        check(f64::NEG_INFINITY, "-inf");
        assert_eq!(number(f64::NAN), "");
        assert_eq!(optional(None), "");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        for (value, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(value), expected);
        }
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(printable(&"é".repeat(48)).chars().count(), 48);
        assert!(printable(&"é".repeat(49)).ends_with("é..."));
        assert_eq!(printable("a\tb\u{0}"), "a\\u{9}b\\u{0}");
    }
}
