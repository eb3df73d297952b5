//! Numbers that may only fall.

use super::{imports::source, tree};

struct Ratchet {
    name: &'static str,
    /// What is counted at most. Lower it when the count is lower.
    limit: usize,
    /// From here on the limit stays, and the count may be anything up to it.
    goal: usize,
    count: fn() -> Count,
}

const RATCHETS: [Ratchet; 3] = [
    Ratchet {
        name: "functions above 70 lines",
        limit: 0,
        goal: 0,
        count: long_functions,
    },
    Ratchet {
        name: "files of code above 450 lines",
        limit: 0,
        goal: 0,
        count: long_files,
    },
    Ratchet {
        name: "doc lines that begin with What, Whether, How, Where, Which or Who, per mille",
        limit: 15,
        goal: 15,
        count: question_lines,
    },
];

/// A number and what makes it.
struct Count {
    number: usize,
    places: Vec<String>,
}

/// Places that a message lists.
const PLACES_MAX: usize = 40;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 450;
const QUESTIONS: [&str; 6] = ["What", "Whether", "How", "Where", "Which", "Who"];

impl Count {
    fn of(places: Vec<String>) -> Self {
        Self {
            number: places.len(),
            places,
        }
    }
}

fn long_functions() -> Count {
    let mut places = Vec::new();
    for file in &source().files {
        for function in &file.functions {
            if function.lines > FUNCTION_LINES_MAX {
                let (name, line, lines) = (&function.name, function.line, function.lines);
                places.push(format!("{}:{line}: {lines} lines of `{name}`", file.name));
            }
        }
    }
    Count::of(places)
}

fn long_files() -> Count {
    let mut places = Vec::new();
    for file in &source().files {
        let text = tree::read(&tree::root().join(&file.name));
        let lines = tree::without_inline_tests(&text).lines().count();
        if lines > FILE_LINES_MAX {
            places.push(format!("{}: {lines} lines", file.name));
        }
    }
    Count::of(places)
}

/// The words of a doc line.
fn doc_line(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let words = line.strip_prefix("///").or(line.strip_prefix("//!"));
    words.map(str::trim)
}

fn is_question(words: &str) -> bool {
    let first = words.split(|c: char| !c.is_alphanumeric()).next();
    first.is_some_and(|first| QUESTIONS.contains(&first))
}

fn question_lines() -> Count {
    let mut places = Vec::new();
    let mut doc_lines = 0;
    for path in tree::sources() {
        for (index, line) in tree::read(&path).lines().enumerate() {
            let Some(words) = doc_line(line) else {
                continue;
            };
            doc_lines += 1;
            if is_question(words) {
                places.push(format!("{}:{}: {words}", tree::name(&path), index + 1));
            }
        }
    }
    Count {
        number: (places.len() * 1_000).div_ceil(doc_lines),
        places,
    }
}

/// What is wrong with a count, if anything is.
fn fault(ratchet: &Ratchet, count: &Count) -> Option<String> {
    let (name, limit, number) = (ratchet.name, ratchet.limit, count.number);
    if number > limit {
        let mut places: Vec<&str> = count.places.iter().map(String::as_str).collect();
        let more = format!("and {} more", places.len().saturating_sub(PLACES_MAX));
        if places.len() > PLACES_MAX {
            places.truncate(PLACES_MAX);
            places.push(&more);
        }
        let places = places.join("\n  ");
        return Some(format!("{name}: {number}, at most {limit}:\n  {places}"));
    }
    let lowest = number.max(ratchet.goal);
    (lowest < limit)
        .then(|| format!("{name}: lower the number to {lowest} in tests/it/tidy/ratchets.rs"))
}

#[test]
fn numbers_only_fall() {
    let faults = RATCHETS
        .iter()
        .filter_map(|ratchet| fault(ratchet, &(ratchet.count)()));
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn ratchets_hold_in_both_directions() {
    let check = |limit: usize, goal: usize, number: usize, expected: Option<&str>| {
        let ratchet = Ratchet {
            name: "x",
            limit,
            goal,
            count: || Count::of(Vec::new()),
        };
        let places = vec!["a".to_owned()];
        let fault = fault(&ratchet, &Count { number, places });
        let is_right = match (expected, &fault) {
            (Some(words), Some(fault)) => fault.contains(words),
            (None, None) => true,
            _ => false,
        };
        assert!(is_right, "{fault:?}");
    };
    check(3, 0, 3, None);
    check(3, 0, 4, Some("4, at most 3:\n  a"));
    check(3, 0, 2, Some("lower the number to 2"));
    check(15, 15, 12, None);
    check(20, 15, 12, Some("lower the number to 15"));
}

#[test]
fn questions_are_found() {
    let is_counted = |line: &str| doc_line(line).is_some_and(is_question);
    assert!(is_counted("    /// Whether it is there."));
    assert!(is_counted("//! What, then?"));
    assert!(!is_counted("    /// Whatever is wrong."));
    assert!(!is_counted("// What a comment says."));
    assert!(!is_counted("/// The column in which labels are."));
}
