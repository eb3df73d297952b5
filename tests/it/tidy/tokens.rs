//! Rust text as tokens, without comments and without the contents of strings.

/// A word, a number, a sign, or `""` for a literal in quotes. `::` is one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// Counted from 1.
    pub(super) line: usize,
}

impl Token<'_> {
    /// An identifier or a keyword.
    pub(super) fn is_word(&self) -> bool {
        let first = self.text.chars().next();
        first.is_some_and(|c| c.is_alphabetic() || c == '_')
    }
}

/// The tokens of a file that compiles.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        text,
        at: 0,
        line: 1,
    };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token() {
        tokens.push(token);
    }
    tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn token(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            let first = rest.chars().next()?;
            let line = self.line;
            if first.is_whitespace() {
                self.advance(first.len_utf8());
            } else if rest.starts_with("//") {
                self.advance(rest.find('\n').unwrap_or(rest.len()));
            } else if rest.starts_with("/*") {
                self.advance(block_comment(rest));
            } else if let Some(length) = literal(rest) {
                self.advance(length);
                return Some(Token { text: "\"\"", line });
            } else if let Some(length) = lifetime(rest) {
                self.advance(length);
            } else {
                let length = word_or_sign(rest, first);
                self.advance(length);
                let text = &rest[..length];
                return Some(Token { text, line });
            }
        }
    }

    fn advance(&mut self, length: usize) {
        let passed = &self.text[self.at..self.at + length];
        self.line += passed.matches('\n').count();
        self.at += length;
    }
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_or_sign(rest: &str, first: char) -> usize {
    if rest.starts_with("::") {
        return 2;
    }
    if !is_word_part(first) {
        return first.len_utf8();
    }
    rest.find(|c| !is_word_part(c)).unwrap_or(rest.len())
}

/// The length of a comment, with the comments inside it.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of a string or a character, with its prefix: `"a"`, `b"a"`, `r#"a"#`, `'a'`.
fn literal(rest: &str) -> Option<usize> {
    let prefixes = ["", "b", "c", "r", "br", "cr"];
    for prefix in prefixes {
        let Some(body) = rest.strip_prefix(prefix) else {
            continue;
        };
        if prefix.ends_with('r') {
            let hashes = body.len() - body.trim_start_matches('#').len();
            if body[hashes..].starts_with('"') {
                let end = format!("\"{}", "#".repeat(hashes));
                let length = body[hashes + 1..].find(&end)?;
                return Some(prefix.len() + hashes + 1 + length + end.len());
            }
        } else if body.starts_with('"') {
            return Some(prefix.len() + quoted(body, '"')?);
        } else if body.starts_with('\'') && prefix != "c" && lifetime(body).is_none() {
            return Some(prefix.len() + quoted(body, '\'')?);
        }
    }
    None
}

/// The length up to the closing quote, which no backslash precedes.
fn quoted(body: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (place, c) in body.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return Some(place + 1),
            _ => {}
        }
    }
    None
}

/// The length of `'a` where it is no character.
fn lifetime(rest: &str) -> Option<usize> {
    let name = rest.strip_prefix('\'')?;
    let length = name.find(|c| !is_word_part(c)).unwrap_or(name.len());
    let is_name = length > 0 && !name[length..].starts_with('\'');
    is_name.then_some(1 + length)
}

#[test]
fn comments_and_strings_are_left_out() {
    let check = |text: &str, expected: &[&str]| {
        let found: Vec<&str> = tokens(text).iter().map(|token| token.text).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("a::b; // c::d\n/// e::f\n//! g", &["a", "::", "b", ";"]);
    check("a /* b /* c */ d */ e", &["a", "e"]);
    check(
        r#"f("use crate::x; \" // {", b"}")"#,
        &["f", "(", "\"\"", ",", "\"\"", ")"],
    );
    check("r#\"a \" b\"# r\"\\\" c", &["\"\"", "\"\"", "c"]);
    check(
        r"'{' '\'' '\u{7b}' b'}' x",
        &["\"\"", "\"\"", "\"\"", "\"\"", "x"],
    );
    check("&'a str; 'outer: loop", &["&", "str", ";", ":", "loop"]);
    check("br radius r#type", &["br", "radius", "r", "#", "type"]);
    check("1.0..2_u8", &["1", ".", "0", ".", ".", "2_u8"]);
}

#[test]
fn tokens_have_lines() {
    let lines = |text| -> Vec<usize> { tokens(text).iter().map(|token| token.line).collect() };
    assert_eq!(lines("a\n/* b\n c */ d\n\"x\ny\" e"), [1, 3, 4, 5]);
}
