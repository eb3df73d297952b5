//! No file imports itself by way of others.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Import, Source, source};

/// Arrows from file to file. What a door re-exports is no arrow: importers are led to the file that defines it.
fn arrows(source: &Source) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in &source.imports {
        arrows.entry(&import.to).or_default();
        if !import.is_export && import.from != import.to {
            arrows.entry(&import.from).or_default().insert(&import.to);
        }
    }
    arrows
}

/// Sets of two files or more that lead to each other: strongly connected components (Tarjan 1972).
fn components<'a>(arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let mut search = Search {
        arrows,
        order: BTreeMap::new(),
        stack: Vec::new(),
        components: Vec::new(),
    };
    for file in arrows.keys() {
        if !search.order.contains_key(file) {
            search.visit(file);
        }
    }
    search.components
}

struct Search<'g, 'a> {
    arrows: &'g BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// When a file was reached.
    order: BTreeMap<&'a str, usize>,
    /// Files that were reached and are in no component yet.
    stack: Vec<&'a str>,
    components: Vec<Vec<&'a str>>,
}

impl<'a> Search<'_, 'a> {
    /// The smallest order of a file on the stack that this one leads to.
    fn visit(&mut self, file: &'a str) -> usize {
        let own = self.order.len();
        let mut lowest = own;
        self.order.insert(file, own);
        self.stack.push(file);
        for next in self.arrows.get(file).into_iter().flatten() {
            let reached = match self.order.get(next) {
                None => self.visit(next),
                Some(order) if self.stack.contains(next) => *order,
                Some(_) => continue,
            };
            lowest = lowest.min(reached);
        }
        if lowest == own {
            let place = self.stack.iter().position(|other| *other == file);
            let mut component = self.stack.split_off(place.expect("it was pushed"));
            component.sort_unstable();
            if component.len() > 1 {
                self.components.push(component);
            }
        }
        lowest
    }
}

/// The files of a component, and for each arrow between them the first import that makes it.
fn message(component: &[&str], imports: &[Import]) -> String {
    let mut lines = vec![format!("{} files import each other:", component.len())];
    for from in component {
        for to in component {
            let mut between = imports.iter().filter(|import| {
                !import.is_export && import.from == *from && import.to == *to && from != to
            });
            if let Some(import) = between.next() {
                let more = between.count();
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                lines.push(format!(
                    "  {from}:{} -> {to}: {}{more}",
                    import.line, import.path
                ));
            }
        }
    }
    lines.join("\n")
}

#[test]
fn no_files_import_each_other() {
    let source = source();
    let components = components(&arrows(source));
    let messages: Vec<String> = components
        .iter()
        .map(|component| message(component, &source.imports))
        .collect();
    assert!(
        messages.is_empty(),
        "{} cycles of imports; move what both need to a file below them:\n{}",
        messages.len(),
        messages.join("\n")
    );
}

#[test]
fn cycles_are_found() {
    let check = |pairs: &[(&'static str, &'static str)], expected: &[&[&str]]| {
        let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (from, to) in pairs {
            arrows.entry(from).or_default().insert(to);
        }
        assert_eq!(components(&arrows), expected, "{pairs:?}");
    };
    check(&[("a", "b"), ("b", "c"), ("a", "c")], &[]);
    check(&[("a", "b"), ("b", "a")], &[&["a", "b"]]);
    check(
        &[
            ("a", "b"),
            ("b", "c"),
            ("c", "a"),
            ("c", "d"),
            ("d", "e"),
            ("e", "d"),
        ],
        &[&["d", "e"], &["a", "b", "c"]],
    );
    check(
        &[
            ("a", "b"),
            ("b", "c"),
            ("c", "b"),
            ("c", "d"),
            ("d", "b"),
            ("e", "a"),
        ],
        &[&["b", "c", "d"]],
    );
}

#[test]
fn the_message_names_the_imports_of_a_cycle() {
    let source = super::imports::source_of(&[
        ("src/a/mod.rs", "mod b; mod c; pub use b::B; pub use c::C;"),
        ("src/a/b.rs", "\nuse super::C; pub struct B;"),
        (
            "src/a/c.rs",
            "pub struct C(crate::a::B);\nfn f() { crate::a::b::g() }",
        ),
        ("src/d.rs", "use crate::a::B;"),
    ]);
    let components = components(&arrows(&source));
    assert_eq!(components, [["src/a/b.rs", "src/a/c.rs"]]);
    let expected = "2 files import each other:\n  \
        src/a/b.rs:2 -> src/a/c.rs: crate::a::C\n  \
        src/a/c.rs:1 -> src/a/b.rs: crate::a::B and 1 more";
    assert_eq!(message(&components[0], &source.imports), expected);
}
