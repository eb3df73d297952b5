//! The one matcher of names against patterns. Two dialects are parsed into it:
//! [`column_pattern`](crate::text::column_pattern) for columns and [`glob`](crate::text::glob) for files.
//!
//! A pattern matches whole names. Matching costs O(name * pattern) whatever the pattern: all
//! positions advance together, nothing is tried twice.

/// A parsed pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    steps: Vec<Step>,
}

/// One step of a pattern: the characters that it accepts, once or any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    characters: Characters,
    /// Any number of times, none included.
    repeats: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Characters {
    Any,
    Set {
        ranges: Vec<(char, char)>,
        negated: bool,
    },
}

impl Step {
    /// Any one character.
    pub(super) fn any() -> Self {
        Self {
            characters: Characters::Any,
            repeats: false,
        }
    }

    /// One given character.
    pub(super) fn one(character: char) -> Self {
        Self::set(vec![(character, character)], false)
    }

    /// One character inside the inclusive ranges, or outside of them.
    pub(super) fn set(ranges: Vec<(char, char)>, negated: bool) -> Self {
        Self {
            characters: Characters::Set { ranges, negated },
            repeats: false,
        }
    }

    /// The same characters any number of times, none included.
    pub(super) fn repeated(mut self) -> Self {
        self.repeats = true;
        self
    }

    fn accepts(&self, character: char) -> bool {
        match &self.characters {
            Characters::Any => true,
            Characters::Set { ranges, negated } => {
                let inside = ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&character));
                inside != *negated
            }
        }
    }
}

impl Pattern {
    pub(super) fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// True if the whole name matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        // `at[i]`: the steps before `i` can account for the characters so far.
        let mut at = vec![false; self.steps.len() + 1];
        at[0] = true;
        self.skip_repeats(&mut at);
        let mut next = vec![false; at.len()];
        for character in name.chars() {
            next.fill(false);
            for (i, step) in self.steps.iter().enumerate() {
                if at[i] && step.accepts(character) {
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
