//! Which file of the source tree imports which: `use`, `pub use` and paths in code, by `crate::`, `super::`, `self::`
//! or a name that an import brought. Tests are left out.
//!
//! A door that re-exports a name is looked through: the arrow goes to the file that defines the name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use super::{
    items::{Function, Items, Module, items},
    tree,
};

/// A file, and what it holds apart from its modules.
#[derive(Debug)]
pub(super) struct File {
    /// From the project's folder on, as `src/data/mod.rs`.
    pub(super) name: String,
    pub(super) functions: Vec<Function>,
    /// First words and lines of what is neither `mod name;` nor `use`.
    pub(super) machinery: Vec<(String, usize)>,
    /// Paths from the root of their crate, which is `crate` for the project's own; with their lines.
    pub(super) paths: Vec<(Vec<String>, usize)>,
    /// Paths by `super::` and `self::`, those of modules in braces apart.
    pub(super) relative_paths: Vec<(String, usize)>,
}

/// One file names something of another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: String,
    pub(super) line: usize,
    /// From `crate` on.
    pub(super) path: String,
    /// The file whose module the path names; a door as a rule.
    pub(super) door: String,
    /// The file that defines the name.
    pub(super) to: String,
    /// `pub use` in a door.
    pub(super) is_export: bool,
}

/// The source tree without its tests.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) files: Vec<File>,
    pub(super) imports: Vec<Import>,
}

/// The project's own source tree, read once.
pub(super) fn source() -> &'static Source {
    static SOURCE: OnceLock<Source> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let mut files = Vec::new();
        for path in tree::sources() {
            if !tree::is_test_file(&path) {
                files.push((tree::name(&path), tree::read(&path)));
            }
        }
        read(&files)
    })
}

/// Hops from one re-export to the next, and from one alias to the next.
const HOPS_MAX: usize = 10;

/// Reads files, given by name and text.
pub(super) fn read(texts: &[(String, String)]) -> Source {
    let mut parsed: Vec<(&str, Items)> = Vec::new();
    for (name, text) in texts {
        parsed.push((name, items(text)));
    }
    let only_in_tests = test_modules(&parsed);
    parsed.retain(|(name, _)| {
        let path = module_path(name);
        !only_in_tests.iter().any(|tests| path.starts_with(tests))
    });
    let modules = Modules::new(&parsed);
    let mut imports = BTreeSet::new();
    let mut files = Vec::new();
    for (name, items) in &parsed {
        let paths = modules.paths(name, items, &mut imports);
        files.push((*name, paths));
    }
    let files = files.into_iter().zip(&parsed);
    let files = files.map(|((name, paths), (_, items))| File {
        name: name.to_owned(),
        functions: items.functions.clone(),
        machinery: items.machinery.clone(),
        paths,
        relative_paths: relative_paths(items),
    });
    Source {
        files: files.collect(),
        imports: imports.into_iter().collect(),
    }
}

/// `src/a/b.rs` and `src/a/b/mod.rs` as `["a", "b"]`; the binary's root as `["main"]`.
fn module_path(file: &str) -> Vec<String> {
    let stem = file.strip_prefix("src/").unwrap_or(file);
    let stem = stem.strip_suffix(".rs").unwrap_or(stem);
    let mut path: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|name| name == "mod") || path == ["lib"] {
        path.pop();
    }
    path
}

fn relative_paths(items: &Items) -> Vec<(String, usize)> {
    let module = &items.modules[0];
    let uses = module.uses.iter().map(|one| (&one.path, one.line));
    let code = module.code_paths.iter().map(|one| (&one.names, one.line));
    let is_relative = |path: &[String]| {
        path.first()
            .is_some_and(|first| first == "super" || first == "self")
    };
    let mut paths = Vec::new();
    for (path, line) in uses.chain(code) {
        if is_relative(path) {
            paths.push((path.join("::"), line));
        }
    }
    paths
}

/// Modules that a file declares for tests only.
fn test_modules(parsed: &[(&str, Items)]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (name, items) in parsed {
        let own = module_path(name);
        for below in &items.test_modules {
            paths.push([&own[..], below].concat());
        }
    }
    paths
}

/// A re-export in it is looked through.
pub(super) fn is_door(file: &str) -> bool {
    file.ends_with("/mod.rs") || file == "src/lib.rs"
}

/// All modules by their paths, with the files that hold them.
struct Modules<'a> {
    by_path: BTreeMap<Vec<String>, (&'a str, &'a Module)>,
}

impl<'a> Modules<'a> {
    fn new(parsed: &'a [(&'a str, Items)]) -> Self {
        let mut by_path = BTreeMap::new();
        for (name, items) in parsed {
            let own = module_path(name);
            for module in &items.modules {
                let path = [&own[..], &module.path].concat();
                by_path.insert(path, (*name, module));
            }
        }
        Self { by_path }
    }

    /// The paths that a file names; imports of other files are noted.
    fn paths(
        &self,
        file: &str,
        items: &Items,
        imports: &mut BTreeSet<Import>,
    ) -> Vec<(Vec<String>, usize)> {
        let mut paths = Vec::new();
        for module in &items.modules {
            let own = [&module_path(file)[..], &module.path].concat();
            for one in &module.uses {
                let is_export = one.is_public && is_door(file);
                let path = self.rooted(&own, &one.path, HOPS_MAX);
                self.note(file, one.line, &path, is_export, imports);
                if one.name == "*" {
                    self.note_all(file, one.line, &path, is_export, imports);
                }
                paths.push((path, one.line));
            }
            for one in &module.code_paths {
                let path = self.rooted(&own, &one.names, HOPS_MAX);
                self.note(file, one.line, &path, false, imports);
                paths.push((path, one.line));
            }
        }
        paths
    }

    /// A path as a module writes it, from the root of its crate on.
    fn rooted(&self, own: &[String], path: &[String], hops: usize) -> Vec<String> {
        let root = ["crate".to_owned()];
        let Some((first, rest)) = path.split_first() else {
            return [&root, own].concat();
        };
        let is_binary = own == ["main"];
        match first.as_str() {
            "crate" => return path.to_vec(),
            "rowmill" if is_binary => return [&root, rest].concat(),
            "self" => return [&root, own, rest].concat(),
            "super" => {
                let mut parent = own.split_last().map_or(own, |(_, parent)| parent);
                let mut rest = rest;
                while let Some((name, more)) = rest.split_first()
                    && name == "super"
                {
                    parent = parent.split_last().map_or(parent, |(_, above)| above);
                    rest = more;
                }
                return [&root, parent, rest].concat();
            }
            _ => {}
        }
        let Some((_, module)) = self.by_path.get(own) else {
            return path.to_vec();
        };
        let is_alias = |path: &[String]| path != [first.clone()];
        let mut uses = module.uses.iter();
        if let Some(one) = uses.find(|one| one.name == *first && is_alias(&one.path))
            && hops > 0
        {
            let path = [&one.path, rest].concat();
            return self.rooted(own, &path, hops - 1);
        }
        let child = [own, std::slice::from_ref(first)].concat();
        if self.by_path.contains_key(&child) || module.names.contains(first) {
            return [&root, own, path].concat();
        }
        path.to_vec()
    }

    fn note(
        &self,
        file: &str,
        line: usize,
        path: &[String],
        is_export: bool,
        imports: &mut BTreeSet<Import>,
    ) {
        let Some(("crate", rest)) = path.split_first().map(|(root, rest)| (&**root, rest)) else {
            return;
        };
        let door = self.named(rest).map(|(_, file)| file);
        let to = self.defining(rest, HOPS_MAX);
        let (Some(door), Some(to)) = (door, to) else {
            return;
        };
        if to != file || (door != file && !is_door(door)) {
            imports.insert(Import {
                from: file.to_owned(),
                line,
                path: path.join("::"),
                door: door.to_owned(),
                to: to.to_owned(),
                is_export,
            });
        }
    }

    /// `use path::*` of a door: all that the door re-exports.
    fn note_all(
        &self,
        file: &str,
        line: usize,
        path: &[String],
        is_export: bool,
        imports: &mut BTreeSet<Import>,
    ) {
        let Some((_, module)) = self.by_path.get(&path[1..]) else {
            return;
        };
        for one in module.uses.iter().filter(|one| one.is_public) {
            let path = [path, std::slice::from_ref(&one.name)].concat();
            self.note(file, line, &path, is_export, imports);
        }
    }

    /// The longest part of a path that is a module: its length and its file.
    fn named(&self, path: &[String]) -> Option<(usize, &'a str)> {
        let mut lengths = (0..=path.len()).rev();
        lengths.find_map(|length| {
            let (file, _) = self.by_path.get(&path[..length])?;
            Some((length, *file))
        })
    }

    /// The file that defines what a path from the root names, re-exports looked through.
    fn defining(&self, path: &[String], hops: usize) -> Option<&'a str> {
        let (length, file) = self.named(path)?;
        let own = &path[..length];
        let (_, module) = self.by_path[own];
        let rest = &path[length..];
        let Some(name) = rest.first() else {
            return Some(file);
        };
        if module.names.contains(name) || hops == 0 {
            return Some(file);
        }
        for one in &module.uses {
            let path = self.rooted(own, &one.path, HOPS_MAX);
            if path[0] != "crate" {
                continue;
            }
            if one.name == *name {
                return self.defining(&[&path[1..], &rest[1..]].concat(), hops - 1);
            }
            if one.name == "*" {
                let found = self.defining(&[&path[1..], rest].concat(), hops - 1);
                let (_, whole) = self.named(&path[1..])?;
                if found.is_some_and(|found| found != whole) || self.defines(&path[1..], name) {
                    return found;
                }
            }
        }
        Some(file)
    }

    fn defines(&self, path: &[String], name: &str) -> bool {
        let module = self.by_path.get(path);
        module.is_some_and(|(_, module)| module.names.contains(name))
    }
}

/// Reads a source tree that a test makes up.
#[cfg(test)]
pub(super) fn source_of(files: &[(&str, &str)]) -> Source {
    let owned = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let owned: Vec<(String, String)> = owned.collect();
    read(&owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The imports of a tree, as `from -> to`.
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let source = source_of(files);
        let arrows = source.imports.iter().map(|import| {
            let name = |file: &str| {
                file.trim_start_matches("src/")
                    .trim_end_matches(".rs")
                    .to_owned()
            };
            let export = if import.is_export { " (export)" } else { "" };
            format!("{} -> {}{export}", name(&import.from), name(&import.to))
        });
        let arrows: BTreeSet<String> = arrows.collect();
        let arrows: Vec<&str> = arrows.iter().map(String::as_str).collect();
        assert_eq!(arrows, expected, "{files:?}");
    }

    #[test]
    fn every_spelling_of_an_import_is_found() {
        for text in [
            "use crate::b::B;",
            "use super::b::B;",
            "use super::{b::{self}};",
            "fn f() { crate::b::g() }",
            "fn f(x: super::b::B) {}",
            "use crate::b as c; fn f() { c::g() }",
            "mod inside { use super::super::b::B; }",
            "mod inside { fn f() { super::super::b::g() } }",
            "fn f() { use crate::b::B; }",
            "pub use crate::b::*;",
        ] {
            let files = [
                ("src/a.rs", text),
                ("src/b.rs", "pub struct B; pub fn g() {}"),
            ];
            check(&files, &["a -> b"]);
        }
    }

    #[test]
    fn tests_comments_and_other_crates_are_no_imports() {
        for text in [
            "#[cfg(test)] mod tests { use crate::b::B; }",
            "#[cfg(test)] use crate::b::B;",
            "//! [`crate::b::B`]\n/// `crate::b`\nfn f() { \"crate::b::g()\"; }",
            "use b::B;",
            "use std::b::B;",
            "mod avx2 { use super::f; } fn f() { self::g() } fn g() {}",
        ] {
            let files = [
                ("src/a.rs", text),
                ("src/b.rs", "pub struct B; pub fn g() {}"),
            ];
            check(&files, &[]);
        }
    }

    #[test]
    fn modules_of_tests_are_left_out() {
        let files = [
            ("src/a/mod.rs", "mod b; #[cfg(test)] mod c;"),
            ("src/a/b.rs", ""),
            ("src/a/c.rs", "use crate::a::b;"),
            ("src/a/c/d.rs", "use crate::a::b;"),
        ];
        check(&files, &[]);
        assert_eq!(source_of(&files).files.len(), 2);
    }

    #[test]
    fn doors_are_looked_through() {
        let door = (
            "src/a/mod.rs",
            "mod b; mod c; pub use b::{B, D as E}; pub use c::*;",
        );
        let rest = [
            ("src/a/b.rs", "pub struct B; pub struct D;"),
            ("src/a/c.rs", "pub struct C;"),
            ("src/lib.rs", "pub mod a; pub mod x; pub use a::B;"),
        ];
        let exports = [
            "a/mod -> a/b (export)",
            "a/mod -> a/c (export)",
            "lib -> a/b (export)",
        ];
        for (text, arrow) in [
            ("use crate::a::B;", "x -> a/b"),
            ("use crate::a::E as F;", "x -> a/b"),
            ("use crate::a::C;", "x -> a/c"),
            ("use crate::a; fn f(x: a::B) {}", "x -> a/b"),
            ("use crate::B;", "x -> a/b"),
        ] {
            let files = [&[door, ("src/x.rs", text)][..], &rest].concat();
            let source = source_of(&files);
            let arrows = source
                .imports
                .iter()
                .filter(|import| import.from == "src/x.rs");
            let arrows: BTreeSet<String> = arrows
                .map(|import| format!("x -> {}", &import.to[4..import.to.len() - 3]))
                .collect();
            assert!(arrows.contains(arrow), "{text}: {arrows:?}");
        }
        check(&[&[door][..], &rest].concat(), &exports);
    }

    #[test]
    fn a_door_with_machinery_imports() {
        let files = [
            (
                "src/a/mod.rs",
                "mod b; use crate::a::b::B; pub fn f(x: b::B) {}",
            ),
            ("src/a/b.rs", "use super::f; use super::B; pub struct B;"),
        ];
        check(&files, &["a/b -> a/mod", "a/mod -> a/b"]);
    }

    #[test]
    fn the_door_of_an_import_is_known() {
        let source = source_of(&[
            ("src/a/mod.rs", "mod b; pub use b::B;"),
            ("src/a/b.rs", "pub struct B;"),
            ("src/main.rs", "fn main() { rowmill::a::B::new() }"),
        ]);
        let import = source
            .imports
            .iter()
            .find(|import| import.from == "src/main.rs");
        let import = import.expect("an import");
        assert_eq!((&*import.door, &*import.to), ("src/a/mod.rs", "src/a/b.rs"));
        assert_eq!((&*import.path, import.line), ("crate::a::B::new", 1));
    }

    #[test]
    fn relative_paths_are_known() {
        let text =
            "use super::a; fn f() { self::g::<u8>(crate::b::c()) } mod avx2 { use super::f; }";
        let source = source_of(&[("src/a.rs", text)]);
        let paths: Vec<&str> = source.files[0]
            .relative_paths
            .iter()
            .map(|(path, _)| &**path)
            .collect();
        assert_eq!(paths, ["super::a", "self::g"]);
    }

    #[test]
    fn paths_of_other_crates_are_known() {
        let text = "use std::thread as t; use std::{thread::{self, Builder}}; fn f() { t::spawn(thread::scope) }";
        let source = source_of(&[("src/a.rs", text)]);
        let paths: Vec<String> = source.files[0]
            .paths
            .iter()
            .map(|(path, _)| path.join("::"))
            .collect();
        let expected = [
            "std::thread",
            "std::thread",
            "std::thread::Builder",
            "std::thread::spawn",
            "std::thread::scope",
        ];
        assert_eq!(paths, expected);
    }
}
