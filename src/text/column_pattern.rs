//! The pattern language for column names.
//!
//! ```text
//! #        one or more digits
//! *        any run of characters, none included
//! ?        any one character
//! [ACGT]   one character of a set; [a-z0-9] has ranges; [^x] is any character but these
//! x+       one or more of what comes before: a character or a set
//! \x       the character x itself
//! ```
//!
//! Anything else stands for itself.

use crate::text::pattern::{Pattern, Step};

/// True if a text in the place of a column name is a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '#', '['])
}

/// Parses a pattern.
///
/// # Errors
/// A message that names the pattern: for a set that does not end, an empty set, a `+` or `\` with
/// nothing to act on.
pub(crate) fn parse(text: &str) -> Result<Pattern, String> {
    let wrong = |why: &str| format!("the pattern `{text}` {why}");
    let mut steps: Vec<Step> = Vec::new();
    // The last step, if a `+` may follow it.
    let mut repeatable: Option<Step> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let step = match character {
            '+' => match repeatable.take() {
                Some(step) => step.repeated(),
                None => return Err(wrong("has a `+` with no character or set before it")),
            },
            '*' => Step::any().repeated(),
            '?' => Step::any(),
            '#' => {
                let digit = Step::set(vec![('0', '9')], false);
                steps.push(digit.clone());
                digit.repeated()
            }
            '[' => set(&mut characters).map_err(wrong)?,
            '\\' => match characters.next() {
                Some(escaped) => Step::one(escaped),
                None => return Err(wrong("ends in a `\\`")),
            },
            _ => Step::one(character),
        };
        repeatable = match character {
            '+' | '*' | '?' | '#' => None,
            _ => Some(step.clone()),
        };
        steps.push(step);
    }
    Ok(Pattern::new(steps))
}

/// Reads a set after its `[`.
fn set(characters: &mut std::str::Chars<'_>) -> Result<Step, &'static str> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut negated = false;
    let mut first = true;
    loop {
        let Some(character) = characters.next() else {
            return Err("has a `[` without its `]`");
        };
        match character {
            ']' if ranges.is_empty() => return Err("has an empty set `[]`"),
            ']' => return Ok(Step::set(ranges, negated)),
            '^' if first => negated = true,
            '-' if !ranges.is_empty() && !characters.as_str().starts_with(']') => {
                let last = characters.next().ok_or("has a `[` without its `]`")?;
                let (start, _) = ranges[ranges.len() - 1];
                if last < start {
                    return Err("has a range that runs backwards");
                }
                ranges.pop();
                ranges.push((start, last));
            }
            _ => ranges.push((character, character)),
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let parsed = parse(pattern).unwrap();
        for name in matching {
            assert!(parsed.matches(name), "`{pattern}` should match `{name}`");
        }
        for name in other {
            assert!(
                !parsed.matches(name),
                "`{pattern}` should not match `{name}`"
            );
        }
    }

    #[test]
    fn matches_whole_names() {
        check(
            "#mer_[ACGTN]+",
            &["3mer_AAA", "6mer_GATCNN", "12mer_A"],
            &[
                "kmer_AAA",
                "mer_AAA",
                "3mer_",
                "3mer_AAAx",
                "x3mer_AAA",
                "3mer_aaa",
                "",
            ],
        );
        check("dup_*", &["dup_", "dup_a", "dup_a_b"], &["dup", "xdup_a"]);
        check(
            "*_score",
            &["donor_score", "_score"],
            &["donor_scores", "score"],
        );
        check("c?t", &["cat", "cüt"], &["ct", "caat"]);
        check("[a-c0]x+", &["ax", "bxxx", "0x"], &["dx", "a", "-x"]);
        check("[^a-z]", &["A", "1"], &["a", "", "AB"]);
        check("[a-]", &["a", "-"], &["b"]);
        check("\\*a\\#", &["*a#"], &["xa1"]);
        check("", &[""], &["a"]);
        check("a.b", &["a.b"], &["axb"]);
        check("*", &["", "anything"], &[]);
    }

    #[test]
    fn hostile_patterns_stay_cheap() {
        let parsed = parse(&"*a".repeat(200)).unwrap();
        assert!(!parsed.matches(&"a".repeat(199)));
        assert!(parsed.matches(&"ba".repeat(200)));
    }

    #[test]
    fn refuses_what_means_nothing() {
        for (pattern, words) in [
            ("[abc", "`[` without its `]`"),
            ("[]", "empty set"),
            ("+a", "`+` with no character"),
            ("*+", "`+` with no character"),
            ("#+", "`+` with no character"),
            ("a++", "`+` with no character"),
            ("[z-a]", "backwards"),
            ("a\\", "ends in a `\\`"),
        ] {
            let message = parse(pattern).unwrap_err();
            assert!(message.contains(words), "{pattern}: {message}");
            assert!(message.contains(pattern), "{pattern}: {message}");
        }
    }

    #[test]
    fn knows_a_pattern_from_a_name() {
        assert!(is_pattern("dup_*"));
        assert!(!is_pattern("donor_score"));
    }
}
