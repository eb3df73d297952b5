//! What one Rust file holds: its modules with their imports, and its functions. Tests are left out.

use std::collections::BTreeSet;

use super::tokens::{Token, tokens};

/// A `use` of one name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Use {
    /// As written, without the alias; of `a::*` it is `a`.
    pub(super) path: Vec<String>,
    /// The name that it brings into the module, `*` for all of them.
    pub(super) name: String,
    pub(super) is_public: bool,
    pub(super) line: usize,
}

/// A path of two or more names in code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CodePath {
    pub(super) names: Vec<String>,
    pub(super) line: usize,
}

/// The file itself, or a module in braces inside it.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Its place below the file's own module.
    pub(super) path: Vec<String>,
    /// What it defines.
    pub(super) names: BTreeSet<String>,
    pub(super) uses: Vec<Use>,
    pub(super) code_paths: Vec<CodePath>,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    /// From its first line to its closing brace.
    pub(super) lines: usize,
}

/// A file's content.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// The file's own module first.
    pub(super) modules: Vec<Module>,
    pub(super) functions: Vec<Function>,
    /// Modules in files of their own that exist in tests only.
    pub(super) test_modules: Vec<Vec<String>>,
    /// First words and lines of what is neither `mod name;` nor `use`.
    pub(super) machinery: Vec<(String, usize)>,
}

/// Reads a file that compiles.
pub(super) fn items(text: &str) -> Items {
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
        items: Items::default(),
    };
    parser.module(Vec::new());
    parser.items
}

/// Keywords before the name of what is defined.
const DEFINING: [&str; 7] = ["fn", "struct", "enum", "trait", "type", "const", "static"];

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    items: Items,
}

impl<'a> Parser<'a> {
    /// The text of a token after the next one; "" past the end.
    fn peek(&self, offset: usize) -> &'a str {
        self.tokens
            .get(self.at + offset)
            .map_or("", |token| token.text)
    }

    fn is_word(&self, offset: usize) -> bool {
        let token = self.tokens.get(self.at + offset);
        token.is_some_and(Token::is_word)
    }

    fn line(&self) -> usize {
        let last = self.tokens.len() - 1;
        self.tokens[self.at.min(last)].line
    }

    /// Reads up to the brace that closes the module, or to the end of the file.
    fn module(&mut self, path: Vec<String>) {
        let index = self.items.modules.len();
        let is_file = path.is_empty();
        self.items.modules.push(Module {
            path,
            ..Module::default()
        });
        let mut depth = 0;
        let mut is_public = false;
        let mut is_inside_item = false;
        while self.at < self.tokens.len() {
            let text = self.peek(0);
            if text == "#" {
                if self.attribute(index) {
                    self.skip_test(index);
                }
                continue;
            }
            if text == "pub" {
                self.visibility();
                is_public = true;
                continue;
            }
            let is_module = text == "mod" && self.is_word(1);
            if is_file && depth == 0 && !is_inside_item {
                let is_door = text == "use" || (is_module && self.peek(2) == ";") || text == ";";
                if !is_door {
                    let fault = (text.to_owned(), self.line());
                    self.items.machinery.push(fault);
                    is_inside_item = !is_module;
                }
            }
            match text {
                "use" => self.uses(index, is_public),
                "mod" if is_module => self.child(index),
                "{" | "(" | "[" => {
                    depth += 1;
                    self.at += 1;
                }
                "}" if depth == 0 => {
                    self.at += 1;
                    return;
                }
                "}" | ")" | "]" => {
                    depth -= 1;
                    is_inside_item &= depth > 0 || text != "}";
                    self.at += 1;
                }
                ";" => {
                    is_inside_item &= depth > 0;
                    self.at += 1;
                }
                _ => self.word(index, depth == 0),
            }
            is_public = false;
        }
    }

    /// Reads the paths in an attribute: true where what follows it exists in tests only.
    fn attribute(&mut self, index: usize) -> bool {
        self.at += if self.peek(1) == "!" { 2 } else { 1 };
        let start = self.at;
        self.skip_group();
        let end = self.at;
        self.at = start;
        while self.at < end {
            match self.is_word(0) {
                true => self.code_path(index),
                false => self.at += 1,
            }
        }
        let words = &self.tokens[start..end];
        let has = |word: &str| words.iter().any(|token| token.text == word);
        let first = words.get(1).map_or("", |token| token.text);
        let is_test_function = first == "test" && words.len() == 3;
        is_test_function || (first == "cfg" && has("test") && !has("not"))
    }

    /// Skips `pub`, `pub(crate)`, `pub(in path)`.
    fn visibility(&mut self) {
        self.at += 1;
        let is_limited = ["crate", "super", "self", "in"].contains(&self.peek(1));
        if self.peek(0) == "(" && is_limited {
            self.skip_group();
        }
    }

    /// Skips a bracket with all that is in it.
    fn skip_group(&mut self) {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            match self.peek(0) {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth <= 0 {
                break;
            }
        }
    }

    /// Skips an item of tests, of which a module in a file of its own is noted.
    fn skip_test(&mut self, index: usize) {
        while self.peek(0) == "#" {
            self.attribute(index);
        }
        if self.peek(0) == "pub" {
            self.visibility();
        }
        if self.peek(0) == "mod" && self.peek(2) == ";" {
            let mut path = self.items.modules[index].path.clone();
            path.push(self.peek(1).to_owned());
            self.items.test_modules.push(path);
        }
        let ends_at_semicolon = ["use", "const", "static", "let", "type"].contains(&self.peek(0))
            && self.peek(1) != "fn";
        while self.at < self.tokens.len() {
            match self.peek(0) {
                ";" | "," => {
                    self.at += 1;
                    return;
                }
                "{" => {
                    self.skip_group();
                    if !ends_at_semicolon {
                        return;
                    }
                }
                "(" | "[" => self.skip_group(),
                "}" | ")" | "]" => return,
                _ => self.at += 1,
            }
        }
    }

    /// Reads `mod name;` or a module in braces.
    fn child(&mut self, index: usize) {
        let name = self.peek(1).to_owned();
        let is_in_braces = self.peek(2) == "{";
        self.at += 3;
        if is_in_braces {
            let mut path = self.items.modules[index].path.clone();
            path.push(name);
            self.module(path);
        }
    }

    fn uses(&mut self, index: usize, is_public: bool) {
        self.at += 1;
        self.use_tree(index, is_public, Vec::new());
        self.at += 1;
    }

    fn use_tree(&mut self, index: usize, is_public: bool, mut path: Vec<String>) {
        let line = self.line();
        let mut alias = None;
        loop {
            match self.peek(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !["}", ""].contains(&self.peek(0)) {
                        self.use_tree(index, is_public, path.clone());
                        if self.peek(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    alias = Some("*");
                    self.at += 1;
                }
                "as" => {
                    alias = Some(self.peek(1));
                    self.at += 2;
                }
                _ if self.is_word(0) => {
                    path.push(self.peek(0).to_owned());
                    self.at += 1;
                }
                _ => break,
            }
        }
        if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
            path.pop();
        }
        let name = alias.or(path.last().map(String::as_str));
        let name = name.unwrap_or("*").to_owned();
        self.items.modules[index].uses.push(Use {
            path,
            name,
            is_public,
            line,
        });
    }

    /// Reads a definition's name, or a path, or passes over one token.
    fn word(&mut self, index: usize, is_at_top: bool) {
        let text = self.peek(0);
        let is_definition = DEFINING.contains(&text) && self.is_word(1);
        if is_definition && self.peek(1) != "fn" {
            if is_at_top {
                let name = self.peek(1).to_owned();
                self.items.modules[index].names.insert(name);
            }
            if text == "fn" {
                self.function();
            }
            self.at += 2;
        } else if text == "macro_rules" && self.peek(1) == "!" {
            let name = self.peek(2).to_owned();
            self.items.modules[index].names.insert(name);
            self.at += 3;
        } else if self.is_word(0) {
            self.code_path(index);
        } else {
            self.at += 1;
        }
    }

    /// Notes the length of the function that begins here, without reading on.
    fn function(&mut self) {
        let (name, line, start) = (self.peek(1).to_owned(), self.line(), self.at);
        while !["{", ";", ""].contains(&self.peek(0)) {
            match self.peek(0) {
                "(" | "[" => self.skip_group(),
                _ => self.at += 1,
            }
        }
        if self.peek(0) == "{" {
            self.skip_group();
            let lines = self.tokens[self.at - 1].line + 1 - line;
            let function = Function { name, line, lines };
            self.items.functions.push(function);
        }
        self.at = start;
    }

    /// Reads `a::b::c`. What follows `>::` belongs to a type and is no path.
    fn code_path(&mut self, index: usize) {
        let line = self.line();
        let before = |back: usize| {
            self.at
                .checked_sub(back)
                .map_or("", |at| self.tokens[at].text)
        };
        let is_of_type = before(1) == "::" && (before(2) == ">" || before(2) == "]");
        let mut names = vec![self.peek(0).to_owned()];
        self.at += 1;
        while self.peek(0) == "::" && self.is_word(1) {
            names.push(self.peek(1).to_owned());
            self.at += 2;
        }
        if names.len() > 1 && !is_of_type {
            let path = CodePath { names, line };
            self.items.modules[index].code_paths.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(text: &str) -> Vec<String> {
        let items = items(text);
        let uses = items.modules.iter().flat_map(|module| &module.uses);
        let shown = uses.map(|one| {
            let public = if one.is_public { "pub " } else { "" };
            format!("{public}{} as {}", one.path.join("::"), one.name)
        });
        shown.collect()
    }

    #[test]
    fn lists_aliases_and_globs_are_expanded() {
        let check = |text: &str, expected: &[&str]| assert_eq!(uses(text), expected, "{text}");
        check("use crate::a::B;", &["crate::a::B as B"]);
        check(
            "use crate::{a::{self, B, c::D as E}, f::*,};",
            &[
                "crate::a as a",
                "crate::a::B as B",
                "crate::a::c::D as E",
                "crate::f as *",
            ],
        );
        check("pub(crate) use self::a::B;", &["pub self::a::B as B"]);
        check(
            "use ::std::io; pub use x as y;",
            &["std::io as io", "pub x as y"],
        );
        check("fn f() { use super::a; }", &["super::a as a"]);
    }

    #[test]
    fn tests_are_left_out() {
        let text = "
            #[cfg(test)] mod tests { use super::a::B; }
            #[cfg(test)] pub(crate) use crate::c;
            #[cfg(test)] #[allow(x)] fn f() -> [u8; 2] { crate::d::e() }
            #[cfg(all(test, unix))] mod g { use crate::h; }
            #[cfg(test)] mod i;
            #[test] fn j() { crate::k::l() }
            #[cfg(not(test))] use crate::m;
            struct N { #[cfg(test)] o: crate::p::Q, r: crate::s::T }";
        let items = items(text);
        assert_eq!(items.test_modules, [["i"]]);
        assert_eq!(uses(text), ["crate::m as m"]);
        let paths: Vec<String> = items.modules[0]
            .code_paths
            .iter()
            .map(|path| path.names.join("::"))
            .collect();
        assert_eq!(paths, ["crate::s::T"]);
    }

    #[test]
    fn modules_in_braces_have_their_own_imports() {
        let items =
            items("use crate::a; mod avx2 { use super::b; fn c() { super::d::e() } } fn f() {}");
        let [file, inside] = &items.modules[..] else {
            panic!("{items:#?}");
        };
        assert_eq!(
            (file.path.len(), inside.path.join("::")),
            (0, "avx2".to_owned())
        );
        assert_eq!(
            (file.uses[0].name.as_str(), inside.uses[0].name.as_str()),
            ("a", "b")
        );
        assert_eq!(inside.code_paths[0].names, ["super", "d", "e"]);
        assert!(file.names.contains("f") && !file.names.contains("c"));
    }

    #[test]
    fn paths_in_code_are_found() {
        let check = |text: &str, expected: &[&str]| {
            let items = items(text);
            let paths = items.modules[0].code_paths.iter();
            let paths: Vec<String> = paths.map(|path| path.names.join("::")).collect();
            assert_eq!(paths, expected, "{text}");
        };
        check(
            "let x = crate::limits::BLOCK_ROWS;",
            &["crate::limits::BLOCK_ROWS"],
        );
        check("fn f(x: super::a::B<c::D>) {}", &["super::a::B", "c::D"]);
        check("<T as e::F>::g::h(); Vec::<i::J>::new()", &["e::F", "i::J"]);
        check("pub(in crate::a) fn f() {}", &[]);
        check("::std::thread::spawn(x)", &["std::thread::spawn"]);
        check("$crate::a::b!()", &["crate::a::b"]);
        check(
            "#[error(\"{}\", crate::a::b(x))] struct C;",
            &["crate::a::b"],
        );
        check("\"crate::a::b\" // crate::c::d", &[]);
    }

    #[test]
    fn definitions_are_found() {
        let text = "pub struct A; enum B { C } pub(crate) const fn d() { struct E; } const F: [u8; 2] = [0; 2];
            impl A { fn g() {} } macro_rules! h { () => {} }";
        let names = &items(text).modules[0].names;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(names, ["A", "B", "F", "d", "h"]);
    }

    #[test]
    fn functions_have_lengths() {
        let text = "fn a() {}\nfn b(\n    x: u8,\n) -> [u8; 2] {\n    fn c() {\n    }\n}\ntrait T {\n    fn d();\n}";
        let items = items(text);
        let lengths: Vec<_> = items
            .functions
            .iter()
            .map(|f| (&*f.name, f.line, f.lines))
            .collect();
        assert_eq!(lengths, [("a", 1, 1), ("b", 2, 6), ("c", 5, 2)]);
    }

    #[test]
    fn machinery_is_found() {
        let check = |text: &str, expected: &[(&str, usize)]| {
            let machinery = items(text).machinery;
            let machinery: Vec<_> = machinery
                .iter()
                .map(|(word, line)| (&**word, *line))
                .collect();
            assert_eq!(machinery, expected, "{text}");
        };
        check(
            "//! Docs.\n#![deny(x)]\nmod a;\npub(crate) mod b;\npub use b::{C, D};\n#[cfg(test)]\nmod tests {}",
            &[],
        );
        check(
            "mod a;\npub struct B {\n    c: [u8; 2],\n}\nimpl B {}\nuse d;",
            &[("struct", 2), ("impl", 5)],
        );
        check(
            "mod a {\n    fn b() {}\n}\nconst C: [u8; 1] = [0; 1];\nuse d;",
            &[("mod", 1), ("const", 4)],
        );
        check(
            "fn a() -> [u8; 1] {\n    [0]\n}\nstruct B(u8);\nmod c;",
            &[("fn", 1), ("struct", 4)],
        );
    }
}
