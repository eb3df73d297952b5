//! Glob patterns on one path component: `*`, `?`, `[a-z]`, `[!a-z]`. There is no escape and no error:
//! a `[` without its `]` stands for itself.

use crate::text::pattern::{Pattern, Step};

/// True if a path component is a pattern and not a name.
pub(crate) fn is_pattern(component: &str) -> bool {
    component.contains(['*', '?', '['])
}

/// Parses a path component; a plain name becomes a pattern that only this name matches.
pub(crate) fn parse(component: &str) -> Pattern {
    let characters: Vec<char> = component.chars().collect();
    let mut steps = Vec::with_capacity(characters.len());
    let mut i = 0;
    while i < characters.len() {
        let step = match characters[i] {
            '*' => Step::any().repeated(),
            '?' => Step::any(),
            '[' => match set_end(&characters, i) {
                Some(end) => {
                    let start = i + 1;
                    i = end;
                    set(&characters[start..end])
                }
                None => Step::one('['),
            },
            literal => Step::one(literal),
        };
        steps.push(step);
        i += 1;
    }
    Pattern::new(steps)
}

/// The index of the `]` that closes the set opened at `start`; a `]` right after `[` or `[!` is a
/// member.
fn set_end(pattern: &[char], start: usize) -> Option<usize> {
    let mut first = start + 1;
    if matches!(pattern.get(first), Some('!' | '^')) {
        first += 1;
    }
    let after = pattern.get(first + 1..)?;
    Some(first + 1 + after.iter().position(|&c| c == ']')?)
}

/// The set of the characters between `[` and `]`. A range that runs backwards is empty.
fn set(characters: &[char]) -> Step {
    let (negated, members) = match characters.first() {
        Some('!' | '^') => (true, &characters[1..]),
        _ => (false, characters),
    };
    let mut ranges = Vec::new();
    let mut i = 0;
    while i < members.len() {
        if i + 2 < members.len() && members[i + 1] == '-' {
            ranges.push((members[i], members[i + 2]));
            i += 3;
        } else {
            ranges.push((members[i], members[i]));
            i += 1;
        }
    }
    Step::set(ranges, negated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_components() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(parse(pattern).matches(name), expected, "{pattern} {name}");
        };
        check("*.parquet", "a.parquet", true);
        check("*.parquet", "a.parquet.tmp", false);
        check("part-?.parquet", "part-1.parquet", true);
        check("part-?.parquet", "part-10.parquet", false);
        check("chr[0-9XY]", "chrX", true);
        check("chr[!0-9]", "chr1", false);
        check("chr[!0-9]", "chrX", true);
        check("chr[^0-9]", "chr1", false);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-b-b-d", false);
        check("[]]", "]", true);
        check("[!]]", "]", false);
        check("[!]", "[!]", true);
        check("[", "[", true);
        check("[a", "[a", true);
        check("[a-]", "-", true);
        check("[z-a]", "m", false);
        check("a#+\\", "a#+\\", true);
        check("a#", "a1", false);
        check("**", "anything", true);
        check("", "", true);
        check("*", "", true);
    }

    #[test]
    fn hostile_patterns_stay_cheap() {
        let pattern = parse(&"*a".repeat(200));
        assert!(!pattern.matches(&"a".repeat(199)));
        assert!(pattern.matches(&"ba".repeat(200)));
    }
}
