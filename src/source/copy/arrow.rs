//! The schema that Arrow writers keep in a footer, with some fields left out.
//!
//! It is a Flatbuffer (flatbuffers.dev, "internals"; Arrow's format/Message.fbs and Schema.fbs):
//!
//! ```text
//! ffffffff | length | root -> Message { header_type = 1, header -> Schema { fields -> [Field ..] } }
//! ```
//!
//! Readers match these fields with the file's by their place, so that a field too many would give a
//! column another one's type. The vector of fields is shortened where it is: an entry is its target's
//! distance, which grows by as much as the entry moves to the front.

use crate::source::copy::base64;

/// The mark before the length in newer writers.
const CONTINUATION: u32 = u32::MAX;

/// `MessageHeader.Schema`.
const HEADER_IS_SCHEMA: u8 = 1;

/// The schema with the kept fields alone; `None` if it is not what is expected of it, as one that
/// has not a field for each flag.
pub(super) fn trimmed(text: &str, kept: &[bool]) -> Option<String> {
    let mut bytes = base64::decode(text)?;
    let prefix = if u32_at(&bytes, 0)? == CONTINUATION {
        8
    } else {
        4
    };
    trim(bytes.get_mut(prefix..)?, kept)?;
    Some(base64::encode(&bytes))
}

fn trim(message: &mut [u8], kept: &[bool]) -> Option<()> {
    let root = target(message, 0)?;
    let header_type = field(message, root, 1)?;
    if *message.get(header_type)? != HEADER_IS_SCHEMA {
        return None;
    }
    let schema = target(message, field(message, root, 2)?)?;
    let vector = target(message, field(message, schema, 1)?)?;
    if u32_at(message, vector)? as usize != kept.len() {
        return None;
    }
    let entry = |index: usize| vector + 4 + 4 * index;
    let mut next = 0;
    for (index, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
        let distance = target(message, entry(index))?.checked_sub(entry(next))?;
        put_u32(message, entry(next), u32::try_from(distance).ok()?)?;
        next += 1;
    }
    put_u32(message, vector, u32::try_from(next).ok()?)
}

/// The place of a table's field, by its number.
fn field(bytes: &[u8], table: usize, number: usize) -> Option<usize> {
    let back = u32_at(bytes, table)? as i32;
    let vtable = usize::try_from(i64::try_from(table).ok()? - i64::from(back)).ok()?;
    let slot = 4 + 2 * number;
    if slot + 2 > usize::from(u16_at(bytes, vtable)?) {
        return None;
    }
    let offset = usize::from(u16_at(bytes, vtable.checked_add(slot)?)?);
    (offset != 0).then(|| table + offset)
}

/// The target of the offset at a position.
fn target(bytes: &[u8], position: usize) -> Option<usize> {
    position.checked_add(u32_at(bytes, position)? as usize)
}

fn u16_at(bytes: &[u8], position: usize) -> Option<u16> {
    let two = bytes.get(position..position.checked_add(2)?)?;
    Some(u16::from_le_bytes(two.try_into().ok()?))
}

fn u32_at(bytes: &[u8], position: usize) -> Option<u32> {
    let four = bytes.get(position..position.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

fn put_u32(bytes: &mut [u8], position: usize, value: u32) -> Option<()> {
    let four = bytes.get_mut(position..position.checked_add(4)?)?;
    four.copy_from_slice(&value.to_le_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pyarrow.schema([("a", int64), ("b", large_string), ("c", float32)])`, as pyarrow 26 writes
    /// it.
    const THREE: &str = include_str!("golden/arrow_schema_abc.txt");

    /// The names of the fields, read as a reader would.
    fn names(text: &str) -> Vec<String> {
        let bytes = base64::decode(text).unwrap();
        let message = &bytes[8..];
        let root = target(message, 0).unwrap();
        let schema = target(message, field(message, root, 2).unwrap()).unwrap();
        let vector = target(message, field(message, schema, 1).unwrap()).unwrap();
        let count = u32_at(message, vector).unwrap() as usize;
        let name = |index: usize| {
            let table = target(message, vector + 4 + 4 * index).unwrap();
            let text = target(message, field(message, table, 0).unwrap()).unwrap();
            let length = u32_at(message, text).unwrap() as usize;
            String::from_utf8(message[text + 4..][..length].to_vec()).unwrap()
        };
        (0..count).map(name).collect()
    }

    #[test]
    fn fields_are_left_out() {
        let text = THREE.trim();
        assert_eq!(names(text), ["a", "b", "c"]);
        let check = |kept: [bool; 3], expected: &[&str]| {
            assert_eq!(names(&trimmed(text, &kept).unwrap()), expected);
        };
        check([true, false, true], &["a", "c"]);
        check([false, false, true], &["c"]);
        check([true, true, true], &["a", "b", "c"]);
        assert_eq!(trimmed(text, &[true, false]), None);
    }

    #[test]
    fn damaged_schemas_are_refused_and_never_read_beyond_their_end() {
        let bytes = base64::decode(THREE.trim()).unwrap();
        for length in 0..bytes.len() {
            let cut = base64::encode(&bytes[..length]);
            if let Some(text) = trimmed(&cut, &[true, false, true]) {
                assert_eq!(text.len(), cut.len());
            }
        }
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0xff;
            let _ = trimmed(&base64::encode(&damaged), &[true, false, true]);
        }
        assert_eq!(trimmed("not base64!", &[]), None);
    }
}
