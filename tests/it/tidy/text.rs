//! Words and shapes that no file of the project has.

use super::tree;

/// Marks of unfinished work, spelled in halves so that this file has none.
const UNFINISHED: [(&str, &str); 5] = [
    ("FIX", "ME"),
    ("TO", "DO"),
    ("dbg", "!("),
    ("todo", "!("),
    ("unimplemented", "!("),
];

/// First folders of paths that exist on one machine only.
const MACHINE_FOLDERS: [&str; 6] = ["work", "root", "home", "farm", "Users", "mnt"];

fn check_every_line(folders: &[&str], fault: impl Fn(&str) -> Option<String>) {
    let mut faults = Vec::new();
    for folder in folders {
        for path in tree::text_files(folder) {
            for (line, text) in tree::read(&path).lines().enumerate() {
                if let Some(fault) = fault(text) {
                    faults.push(format!("{}:{}: {fault}", tree::name(&path), line + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_is_marked_unfinished() {
    check_every_line(&["src", "tests"], |text| {
        let mark = UNFINISHED
            .iter()
            .map(|(head, tail)| format!("{head}{tail}"))
            .find(|mark| text.contains(mark.as_str()))?;
        Some(format!("`{mark}`"))
    });
}

#[test]
fn no_test_is_switched_off() {
    let attribute = ["#[ign", "ore"].concat();
    check_every_line(&["src", "tests"], |text| {
        text.contains(&attribute)
            .then(|| "a test that does not run".to_owned())
    });
}

#[test]
fn no_path_of_one_machine() {
    check_every_line(&["."], |text| {
        machine_path(text).map(|path| format!("`{path}`"))
    });
}

/// A word that starts with a folder of one machine.
fn machine_path(text: &str) -> Option<&str> {
    let is_border = |c: char| c.is_whitespace() || "\"'`(=<>".contains(c);
    text.split(is_border).find(|word| {
        let mut parts = word.split('/');
        parts.next() == Some("")
            && parts
                .next()
                .is_some_and(|first| MACHINE_FOLDERS.contains(&first))
            && parts.next().is_some()
    })
}

#[test]
fn machine_paths_are_found() {
    let path = format!("/{}/data/x.parquet", "work");
    assert_eq!(machine_path(&format!("read \"{path}\"")), Some(&*path));
    assert_eq!(machine_path("read src/work/x and /proc/self/status"), None);
}

#[test]
fn every_room_says_what_it_is_for() {
    for path in tree::sources() {
        if path.file_name().unwrap() == "mod.rs" && !tree::is_test_file(&path) {
            let text = tree::read(&path);
            let first = text.lines().next().unwrap_or("");
            let is_said = first
                .strip_prefix("//! ")
                .is_some_and(|words| words.len() > 20);
            assert!(is_said, "{}: begins with `{first}`", tree::name(&path));
        }
    }
}
