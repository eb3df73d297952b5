//! Rooms import from lower floors only, and siblings not at all; so do the folders inside the large rooms.

use std::collections::BTreeSet;

use super::imports::{Import, source, source_of};

/// Each line is a floor, the lowest first. Those on one floor do not know each other.
type Floors = &'static [&'static [&'static str]];

/// The rooms. A new room gets its place here and in `docs/ARCHITECTURE.md`.
const ROOMS: Floors = &[
    // The ground: these may know each other, since errors print sizes and everything there reports errors.
    &["error", "limits", "memory_plan", "platform", "text"],
    &["data", "format", "spill", "baseline"],
    &["columns", "group", "stats", "model"],
    &["source", "scratch", "transform", "learner"],
    &["engine", "synth"],
    &["pipeline"],
    &["report"],
    &["run"],
    &["cli"],
    &["internals"],
    &["lib", "main"],
];

/// Rooms on lower floors that a room knows nothing about all the same.
const UNKNOWN: &[(&str, &[&str])] = &[
    (
        "engine",
        &["learner", "model", "stats", "group", "transform"],
    ),
    (
        "synth",
        &["learner", "model", "stats", "group", "transform"],
    ),
    ("report", &["scratch"]),
];

/// Stands for the files that lie directly in a folder. They may know each other.
const FILES: &str = "*.rs";

/// The folders inside the large rooms.
const FOLDERS: &[(&str, Floors)] = &[
    (
        "source",
        &[&["arrow", "discover"], &[FILES], &["write"], &["copy"]],
    ),
    ("model", &[&[FILES], &["predict"]]),
    (
        "learner",
        &[&[FILES], &["gbdt", "logistic"], &["incremental", "spec"]],
    ),
    (
        "pipeline",
        &[
            &["options"],
            &["session", "storage"],
            &["open"],
            &["prepare"],
            &["prune"],
            &["coding"],
            &["evaluate"],
            &["fit"],
            &["incremental"],
            &["one_pass"],
        ],
    ),
    (
        "run",
        &[
            &["options"],
            &["cache", "earlier_learner"],
            &["plan"],
            &["admission"],
            &["incremental", "predictions"],
            &["trained"],
            &["artefacts", "one_pass", "planning", "prune"],
            &["train"],
            &["calls"],
        ],
    ),
];

/// The floor of a folder, or of a file, among these; that of [`FILES`] for a file that has none of its own.
fn floor(floors: Floors, name: &str, is_file: bool) -> Option<usize> {
    let of = |name: &str| floors.iter().position(|names| names.contains(&name));
    match of(name) {
        None if is_file => of(FILES),
        floor => floor,
    }
}

/// What of a folder a file belongs to, and whether it is the file itself: `src/run/cache/store.rs` is of `cache` in `run`.
fn part<'a>(file: &'a str, folder: &str) -> Option<(&'a str, bool)> {
    let below = file.strip_prefix("src/")?;
    let below = match folder {
        "" => below,
        _ => below.strip_prefix(folder)?.strip_prefix('/')?,
    };
    let (name, rest) = below.split_once(['/', '.'])?;
    Some((name, rest == "rs"))
}

/// The reason why a file must not import another one, if there is one.
fn fault(floors: Floors, folder: &str, from: &str, to: &str) -> Option<String> {
    let (own, is_file) = part(from, folder)?;
    let (other, is_other_file) = part(to, folder)?;
    let is_door = |name: &str, is_file: bool| is_file && name == "mod";
    if own == other || is_door(own, is_file) || is_door(other, is_other_file) {
        return None;
    }
    let own_floor = floor(floors, own, is_file)?;
    let other_floor = floor(floors, other, is_other_file)?;
    let is_ground = folder.is_empty() && own_floor == 0 && other_floor == 0;
    let has_no_place = |name: &str| !floors.iter().any(|names| names.contains(&name));
    let are_files = has_no_place(own) && has_no_place(other);
    if other_floor < own_floor || is_ground || are_files {
        return None;
    }
    Some(format!(
        "`{own}` (floor {own_floor}) imports `{other}` (floor {other_floor})"
    ))
}

/// All imports that do not point down, each file pair once.
fn faults(imports: &[Import]) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    let mut check = |folder: &str, floors: Floors| {
        let mut seen = BTreeSet::new();
        for import in imports {
            for to in [&import.door, &import.to] {
                let fault = fault(floors, folder, &import.from, to);
                if let Some(fault) = fault
                    && seen.insert((&import.from, to))
                {
                    let (from, line, path) = (&import.from, import.line, &import.path);
                    faults.insert(format!("{from}:{line}: {fault}: {path}"));
                }
            }
        }
    };
    check("", ROOMS);
    for (folder, floors) in FOLDERS {
        check(folder, floors);
    }
    faults
}

#[test]
fn imports_point_to_lower_floors() {
    let faults = faults(&source().imports);
    let lines: Vec<&str> = faults.iter().map(String::as_str).collect();
    assert!(
        lines.is_empty(),
        "{} imports do not point down:\n{}",
        lines.len(),
        lines.join("\n")
    );
}

#[test]
fn rooms_know_nothing_about_some_below() {
    let mut faults = Vec::new();
    for import in &source().imports {
        let room = |file| part(file, "").map_or("", |(room, _)| room);
        let unknown = UNKNOWN.iter().find(|(own, _)| *own == room(&import.from));
        let Some((own, others)) = unknown else {
            continue;
        };
        if others.contains(&room(&import.to)) || others.contains(&room(&import.door)) {
            let (from, line, path) = (&import.from, import.line, &import.path);
            faults.push(format!("{from}:{line}: {path} in `{own}`"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A module in braces may look at the file around it.
#[test]
fn paths_begin_with_crate() {
    let mut faults = Vec::new();
    for file in &source().files {
        for (path, line) in &file.relative_paths {
            faults.push(format!("{}:{line}: {path}", file.name));
        }
    }
    assert!(
        faults.is_empty(),
        "write `crate::` instead:\n{}",
        faults.join("\n")
    );
}

#[test]
fn everything_has_a_floor() {
    let mut faults = Vec::new();
    for (folder, floors) in [("", ROOMS)].iter().chain(FOLDERS) {
        let files = source().files.iter().map(|file| &*file.name);
        let parts: BTreeSet<(&str, bool)> = files.filter_map(|file| part(file, folder)).collect();
        for (name, is_file) in &parts {
            let is_door = *is_file && *name == "mod";
            if !is_door && floor(floors, name, *is_file).is_none() {
                faults.push(format!("src/{folder}: `{name}` has no floor"));
            }
        }
        for name in floors.iter().flat_map(|names| *names) {
            if *name != FILES && !parts.iter().any(|(part, _)| part == name) {
                faults.push(format!("src/{folder}: there is no `{name}`"));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "mend the tables in tests/it/tidy/layering.rs and in docs/ARCHITECTURE.md:\n{}",
        faults.join("\n")
    );
}

#[test]
fn imports_that_point_up_are_found() {
    let check = |from: &str, text: &str, expected: &[&str]| {
        let source = source_of(&[
            (from, text),
            ("src/error.rs", "pub struct Error;"),
            ("src/limits.rs", "pub struct Limits;"),
            (
                "src/data/mod.rs",
                "mod batch; pub use batch::Batch; pub use crate::model::Model;",
            ),
            ("src/data/batch.rs", "pub struct Batch;"),
            (
                "src/model/mod.rs",
                "mod bundle; pub mod predict; pub use bundle::Model;",
            ),
            ("src/model/bundle.rs", "pub struct Model;"),
            ("src/model/predict/mod.rs", "pub mod walk;"),
            ("src/model/predict/walk.rs", "pub fn walk() {}"),
            ("src/lib.rs", "pub use error::Error;"),
        ]);
        let imports: Vec<Import> = source
            .imports
            .into_iter()
            .filter(|import| import.from == from)
            .collect();
        let faults = faults(&imports);
        let faults: Vec<&str> = faults
            .iter()
            .map(|fault| fault.split(": ").nth(1).unwrap())
            .collect();
        assert_eq!(faults, expected, "{text}");
    };
    check(
        "src/model/tree.rs",
        "use crate::{data::Batch, error::Error, limits::Limits};",
        &[],
    );
    check("src/limits.rs", "use crate::error::Error;", &[]);
    check(
        "src/spill/map.rs",
        "use crate::data::Batch;",
        &["`spill` (floor 1) imports `data` (floor 1)"],
    );
    check(
        "src/spill/map.rs",
        "fn f() { crate::model::predict::walk::walk() }",
        &["`spill` (floor 1) imports `model` (floor 2)"],
    );
    check(
        "src/text/size.rs",
        "use crate::data::Batch;",
        &["`text` (floor 0) imports `data` (floor 1)"],
    );
    check(
        "src/run/a.rs",
        "use crate::Error;",
        &["`run` (floor 7) imports `lib` (floor 10)"],
    );
    check(
        "src/data/mod.rs",
        "pub use crate::model::Model;",
        &["`data` (floor 1) imports `model` (floor 2)"],
    );
    check(
        "src/model/tree.rs",
        "use super::predict::walk;",
        &["`tree` (floor 0) imports `predict` (floor 1)"],
    );
    check("src/model/tree.rs", "use super::bundle::Model;", &[]);
    check(
        "src/model/predict/a.rs",
        "use super::super::Model; use super::walk;",
        &[],
    );
}
