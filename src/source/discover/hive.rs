//! `key=value` directories.

/// The value directory names use for null.
pub(crate) const HIVE_MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// One `key=value` directory above a file, unescaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Partition {
    /// The column.
    pub(crate) key: String,
    /// Its value in every row of the file.
    pub(crate) value: String,
}

/// Reads a directory name; `None` if it is not `key=value`.
pub(super) fn parse(name: &str) -> Option<Partition> {
    let (key, value) = name.split_once('=')?;
    if key.is_empty() {
        return None;
    }
    Some(Partition {
        key: unescape(key),
        value: unescape(value),
    })
}

/// Undoes `%2F`-like escapes; a text that is not escaped properly stays as it is.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match after.get(..2) {
            Some(digits) if first == b'%' => hexadecimal(digits),
            _ => None,
        };
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, 16).ok()
}
