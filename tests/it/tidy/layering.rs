//! Rooms import from lower floors only, and siblings not at all.

use super::tree;

/// The floor of each room. A new room gets its line here and in `docs/ARCHITECTURE.md`.
const FLOORS: [(&str, u32); 18] = [
    ("error", 0),
    ("limits", 0),
    ("platform", 0),
    ("data", 1),
    ("group", 2),
    ("stats", 2),
    ("model", 2),
    ("source", 3),
    ("scratch", 3),
    ("transform", 3),
    ("learner", 3),
    ("engine", 4),
    ("synth", 4),
    ("train", 5),
    ("report", 6),
    ("cli", 7),
    ("main", 7),
    ("lib", 8),
];

/// Rooms of the ground floor may know each other: the error's messages format bytes, and everything
/// there reports errors.
const GROUND: u32 = 0;

fn floor(room: &str) -> Option<u32> {
    let known = FLOORS.iter().find(|(name, _)| *name == room);
    known.map(|(_, floor)| *floor)
}

/// What follows `crate::` in code: `crate::a::b`, `crate::{a::b, c}`. Comments do not count.
fn imported_rooms(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n");
    let mut rooms = Vec::new();
    for (place, marker) in code.match_indices("crate::") {
        let before = code[..place].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[place + marker.len()..];
        match rest.strip_prefix('{') {
            Some(list) => rooms.extend(top_level_names(list)),
            None => rooms.push(first_name(rest)),
        }
    }
    rooms
}

/// The first name of each item of a `use` list, nested lists skipped.
fn top_level_names(list: &str) -> Vec<String> {
    let mut depth = 0;
    let mut names = Vec::new();
    let mut item_starts = true;
    for (place, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => item_starts = true,
            c if c.is_whitespace() => {}
            _ if item_starts && depth == 0 => {
                names.push(first_name(&list[place..]));
                item_starts = false;
            }
            _ => {}
        }
    }
    names
}

fn first_name(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn imports_are_found() {
    let check =
        |text: &str, expected: &[&str]| assert_eq!(imported_rooms(text), expected, "{text}");
    check("use crate::data::Batch;", &["data"]);
    check(
        "use crate::{\n    data::{Batch, Values},\n    error::Result,\n};",
        &["data", "error"],
    );
    check("let x = crate::limits::BLOCK_ROWS;", &["limits"]);
    check("/// See [`crate::cli::run`].\n// crate::train", &[]);
    check("use mycrate::data;", &[]);
    check("pub(crate) fn f() {}", &[]);
}

#[test]
fn every_room_has_a_floor() {
    for path in tree::sources() {
        let name = tree::name(&path);
        let room = name
            .strip_prefix("src/")
            .unwrap()
            .split(['/', '.'])
            .next()
            .unwrap();
        assert!(
            floor(room).is_some(),
            "{name}: give the room `{room}` a floor in FLOORS"
        );
    }
}

#[test]
fn imports_point_to_lower_floors() {
    let mut faults = Vec::new();
    for path in tree::sources() {
        let name = tree::name(&path);
        let room = name
            .strip_prefix("src/")
            .unwrap()
            .split(['/', '.'])
            .next()
            .unwrap();
        let own = floor(room).unwrap();
        if tree::is_test_file(&path) {
            continue;
        }
        let text = tree::read(&path);
        for imported in imported_rooms(tree::without_inline_tests(&text)) {
            let Some(other) = floor(&imported) else {
                continue;
            };
            if imported != room && other >= own && own != GROUND {
                faults.push(format!(
                    "{name} (floor {own}) imports `{imported}` (floor {other})"
                ));
            }
            if own == GROUND && other > GROUND {
                faults.push(format!(
                    "{name} (floor 0) imports `{imported}` (floor {other})"
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "imports that do not point down:\n{}",
        faults.join("\n")
    );
}

/// Whether code names an external path: `word::x`, and not `crate::word::x` or `sword::x`.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(place, _)| {
        let before = code[..place].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn external_names_are_found() {
    assert!(names("use parquet::file;", "parquet::"));
    assert!(names("fn f(x: parquet::Row)", "parquet::"));
    assert!(!names("use crate::engine::parquet::Pass;", "parquet::"));
}

/// Rooms that may name a thing; everywhere else its absence is a law of the architecture.
fn check_only_in(word: &str, allowed: &[&str]) {
    let own_module = format!("mod {};", word.split("::").next().unwrap());
    for path in tree::sources() {
        let name = tree::name(&path);
        let is_allowed = allowed
            .iter()
            .any(|room| name.starts_with(&format!("src/{room}")));
        let text = tree::read(&path);
        if is_allowed || tree::is_test_file(&path) || text.contains(&own_module) {
            continue;
        }
        for (line, code) in tree::without_inline_tests(&text).lines().enumerate() {
            let code = code.split("//").next().unwrap_or("");
            assert!(
                !names(code, word),
                "{name}:{}: `{word}` belongs to {allowed:?} alone",
                line + 1
            );
        }
    }
}

#[test]
fn only_source_knows_parquet() {
    check_only_in("parquet::", &["source/"]);
}

#[test]
fn only_engine_and_synth_start_threads() {
    check_only_in("thread::scope", &["engine/", "synth/"]);
    check_only_in("thread::spawn", &["engine/", "synth/"]);
}

#[test]
fn nobody_maps_files() {
    check_only_in("memmap2", &[]);
    check_only_in("mmap", &[]);
}

#[test]
fn only_the_command_line_knows_clap() {
    check_only_in("clap::", &["cli"]);
}
