//! Glob patterns on one path component: `*`, `?`, `[a-z]`, `[!a-z]`.

/// Whether a path component is a pattern and not a name.
pub(crate) fn is_pattern(component: &str) -> bool {
    component.contains(['*', '?', '['])
}

/// Whether a name matches a pattern as a whole.
///
/// Backtracks to the last `*` only, so it costs O(pattern * name) at worst.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, n));
            p += 1;
            continue;
        }
        if let Some(after) = match_one(&pattern, p, name[n]) {
            p = after;
            n += 1;
            continue;
        }
        let Some((after_star, swallowed)) = star else {
            return false;
        };
        star = Some((after_star, swallowed + 1));
        (p, n) = (after_star, swallowed + 1);
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Matches one character at `p`; answers where the pattern goes on.
fn match_one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '[' => match class_end(pattern, p) {
            Some(end) => class_has(&pattern[p + 1..end], c).then_some(end + 1),
            None => (c == '[').then_some(p + 1),
        },
        literal => (literal == c).then_some(p + 1),
    }
}

/// The index of the `]` that closes the class opened at `p`; a `]` right after `[` or `[!` is a
/// member.
fn class_end(pattern: &[char], p: usize) -> Option<usize> {
    let mut first = p + 1;
    if matches!(pattern.get(first), Some('!' | '^')) {
        first += 1;
    }
    let after = pattern.get(first + 1..)?;
    Some(first + 1 + after.iter().position(|&c| c == ']')?)
}

fn class_has(class: &[char], c: char) -> bool {
    let (negated, members) = match class.first() {
        Some('!' | '^') => (true, &class[1..]),
        _ => (false, class),
    };
    let mut i = 0;
    let mut found = false;
    while i < members.len() {
        if i + 2 < members.len() && members[i + 1] == '-' {
            found |= (members[i]..=members[i + 2]).contains(&c);
            i += 3;
        } else {
            found |= members[i] == c;
            i += 1;
        }
    }
    found != negated
}
