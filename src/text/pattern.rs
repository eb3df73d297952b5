//! A small pattern language for column names.
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
//! Anything else stands for itself, and a pattern matches whole names. Matching costs
//! O(name * pattern) whatever the pattern: all positions advance together, nothing is tried twice.

use crate::error::{Error, Result};

/// A pattern, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    accepts: Accepts,
    /// Whether the step may be taken any number of times, never included.
    repeats: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Accepts {
    Any,
    Set {
        ranges: Vec<(char, char)>,
        negated: bool,
    },
}

impl Accepts {
    fn one(character: char) -> Self {
        Self::range(character, character)
    }

    fn range(first: char, last: char) -> Self {
        Self::Set {
            ranges: vec![(first, last)],
            negated: false,
        }
    }

    fn accepts(&self, character: char) -> bool {
        match self {
            Self::Any => true,
            Self::Set { ranges, negated } => {
                let inside = ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&character));
                inside != *negated
            }
        }
    }
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`Error::Usage`] for a set that does not end, an empty set, a `+` or `\` with nothing to act on.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::Usage(format!("the pattern `{text}` {why}"));
        let mut steps: Vec<Step> = Vec::new();
        let mut repeatable = false;
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let (accepts, repeats) = match character {
                '+' if repeatable => {
                    let accepts = steps[steps.len() - 1].accepts.clone();
                    steps.push(Step {
                        accepts,
                        repeats: true,
                    });
                    repeatable = false;
                    continue;
                }
                '+' => return Err(wrong("has a `+` with no character or set before it")),
                '*' => (Accepts::Any, true),
                '?' => (Accepts::Any, false),
                '#' => {
                    let accepts = Accepts::range('0', '9');
                    steps.push(Step {
                        accepts: accepts.clone(),
                        repeats: false,
                    });
                    (accepts, true)
                }
                '[' => (set(&mut characters).map_err(wrong)?, false),
                '\\' => match characters.next() {
                    Some(escaped) => (Accepts::one(escaped), false),
                    None => return Err(wrong("ends in a `\\`")),
                },
                _ => (Accepts::one(character), false),
            };
            repeatable = !repeats && character != '?';
            steps.push(Step { accepts, repeats });
        }
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// Whether a text that a user gave as a column name is to be read as a pattern.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '#', '['])
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        // `at[i]`: the steps before `i` can account for the characters so far.
        let mut at = vec![false; self.steps.len() + 1];
        at[0] = true;
        self.skip_repeats(&mut at);
        let mut next = vec![false; at.len()];
        for character in name.chars() {
            next.fill(false);
            for (i, step) in self.steps.iter().enumerate() {
                if at[i] && step.accepts.accepts(character) {
                    next[if step.repeats { i } else { i + 1 }] = true;
                }
            }
            self.skip_repeats(&mut next);
            std::mem::swap(&mut at, &mut next);
        }
        at[self.steps.len()]
    }

    fn skip_repeats(&self, at: &mut [bool]) {
        for (i, step) in self.steps.iter().enumerate() {
            if at[i] && step.repeats {
                at[i + 1] = true;
            }
        }
    }
}

/// Reads a set after its `[`.
fn set(characters: &mut std::str::Chars<'_>) -> Result<Accepts, &'static str> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut negated = false;
    let mut first = true;
    loop {
        let Some(character) = characters.next() else {
            return Err("has a `[` without its `]`");
        };
        match character {
            ']' if ranges.is_empty() => return Err("has an empty set `[]`"),
            ']' => return Ok(Accepts::Set { ranges, negated }),
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
        let parsed = Pattern::parse(pattern).unwrap();
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
        let parsed = Pattern::parse(&"*a".repeat(200)).unwrap();
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
            let message = Pattern::parse(pattern).unwrap_err().to_string();
            assert!(message.contains(words), "{pattern}: {message}");
            assert!(message.contains(pattern), "{pattern}: {message}");
        }
    }

    #[test]
    fn knows_a_pattern_from_a_name() {
        assert!(Pattern::is_pattern("dup_*"));
        assert!(!Pattern::is_pattern("donor_score"));
    }
}
