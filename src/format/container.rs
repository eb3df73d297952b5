//! The container of rowmill's own files: sections behind checksums.
//!
//! ```text
//!   0   magic "RMLL" + kind            8 bytes
//!   8   format major u16, minor u16, flags u32
//!   16  header length u32, sections u32
//!   24  header, JSON
//!       a section each: id u32, version u16, codec u16, offset u64, length u64, xxh3-64 u64
//!       xxh3-64 of all of the above
//!       sections, each at a multiple of 64, zeros between
//!       trailer: total length u64, xxh3-64 of everything before it, magic
//! ```
//!
//! All numbers little-endian. Opening trusts nothing: length, trailer and checksum come first, then
//! every offset is checked, and nothing is allocated but the table. No codec notices damage by
//! itself (most damaged files decode to another model), hence the checksums. A checksum is not a
//! signature, since anyone can write a valid one, so the contents are checked as well.

use serde::{Serialize, de::DeserializeOwned};
use twox_hash::XxHash3_64;

use crate::format::reader::Reader;

/// The format this program writes.
const FORMAT_MAJOR: u16 = 1;
/// Raised when a section is added that older programs may ignore.
const FORMAT_MINOR: u16 = 0;

const HEAD_BYTES: usize = 24;
const ENTRY_BYTES: usize = 32;
const TRAILER_BYTES: usize = 24;
const ALIGNMENT: usize = 64;
/// Enough for years of new sections.
const SECTIONS_MAX: usize = 64;

/// The content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A finished model.
    Model,
    /// A run that can be resumed.
    Checkpoint,
    /// The content of scratch files and their ingredients.
    Seal,
    /// A learner that can be trained on further batches.
    Learner,
}

impl FileKind {
    fn magic(self) -> [u8; 8] {
        match self {
            Self::Model => *b"RMLLMODL",
            Self::Checkpoint => *b"RMLLCKPT",
            Self::Seal => *b"RMLLSEAL",
            Self::Learner => *b"RMLLLRNR",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Checkpoint => "checkpoint",
            Self::Seal => "scratch seal",
            Self::Learner => "learner",
        }
    }
}

/// The encoding of a section's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Codec {
    /// Little-endian records of a fixed size.
    Raw = 0,
    /// Postcard.
    Postcard = 1,
    /// JSON.
    Json = 2,
}

/// One section: its kind, the version of its layout, its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Section<B> {
    /// Its number.
    pub id: u32,
    /// The version of its layout.
    pub version: u16,
    /// The encoding of its bytes.
    pub codec: Codec,
    /// The content.
    pub bytes: B,
}

impl Section<Vec<u8>> {
    /// A section of bytes that are encoded already.
    pub(crate) fn new(id: u32, version: u16, codec: Codec, bytes: Vec<u8>) -> Self {
        Self {
            id,
            version,
            codec,
            bytes,
        }
    }

    /// A value as JSON.
    ///
    /// # Panics
    /// For what JSON has no form of: a map whose keys are no text.
    pub(crate) fn json(id: u32, version: u16, value: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(value).expect("plain data");
        Self::new(id, version, Codec::Json, bytes)
    }

    /// A value as postcard.
    ///
    /// # Panics
    /// For what postcard has no form of: a list that does not know its length.
    pub(crate) fn postcard(id: u32, version: u16, value: &impl Serialize) -> Self {
        let bytes = postcard::to_allocvec(value).expect("plain data");
        Self::new(id, version, Codec::Postcard, bytes)
    }
}

/// A container whose checksums hold.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    /// True if a newer program of the same format wrote it, so that unknown sections are no error.
    pub is_newer: bool,
    /// The sections, in file order, ids distinct.
    pub sections: Vec<Section<&'a [u8]>>,
}

/// The file's bytes.
pub(crate) fn seal(kind: FileKind, header: &[u8], sections: &[Section<Vec<u8>>]) -> Vec<u8> {
    assert!(sections.len() <= SECTIONS_MAX, "too many sections");
    let header_bytes = u32::try_from(header.len()).expect("a header is small");
    let mut file = Vec::new();
    file.extend(kind.magic());
    file.extend(FORMAT_MAJOR.to_le_bytes());
    file.extend(FORMAT_MINOR.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    file.extend(header_bytes.to_le_bytes());
    file.extend((sections.len() as u32).to_le_bytes());
    assert_eq!(file.len(), HEAD_BYTES);
    file.extend(header);

    let mut end = file.len() + sections.len() * ENTRY_BYTES + 8;
    for section in sections {
        let offset = end.next_multiple_of(ALIGNMENT);
        file.extend(section.id.to_le_bytes());
        file.extend(section.version.to_le_bytes());
        file.extend((section.codec as u16).to_le_bytes());
        file.extend((offset as u64).to_le_bytes());
        file.extend((section.bytes.len() as u64).to_le_bytes());
        file.extend(XxHash3_64::oneshot(&section.bytes).to_le_bytes());
        end = offset + section.bytes.len();
    }
    file.extend(XxHash3_64::oneshot(&file).to_le_bytes());
    file.reserve_exact(end + TRAILER_BYTES - file.len());
    for section in sections {
        file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
        file.extend(&section.bytes);
    }
    let total = (file.len() + TRAILER_BYTES) as u64;
    file.extend(total.to_le_bytes());
    file.extend(XxHash3_64::oneshot(&file).to_le_bytes());
    file.extend(kind.magic());
    file
}

/// Checks a file from the outside in and finds its sections, without decoding them.
///
/// # Errors
/// The fault and the next step, as a sentence.
pub(crate) fn open(kind: FileKind, file: &[u8]) -> Result<Opened<'_>, String> {
    check_ends(kind, file)?;
    let body = &file[..file.len() - TRAILER_BYTES];
    let mut reader = Reader {
        bytes: body,
        at: 12,
    };
    let minor_at = 10;
    let minor = u16::from_le_bytes([body[minor_at], body[minor_at + 1]]);
    let flags = reader.u32()?;
    if flags != 0 {
        return Err(format!("flags {flags:#x} are unknown; update rowmill"));
    }
    let header_bytes = reader.u32()? as usize;
    let sections = reader.u32()? as usize;
    if sections > SECTIONS_MAX {
        return Err(format!(
            "{sections} sections, at most {SECTIONS_MAX} are allowed"
        ));
    }
    reader.take(header_bytes)?;
    let table = reader.take(sections * ENTRY_BYTES)?;
    let checked = XxHash3_64::oneshot(&body[..reader.at]);
    if reader.u64()? != checked {
        return Err("the table of sections is damaged; copy the file again".to_owned());
    }
    let mut opened = Opened {
        is_newer: minor > FORMAT_MINOR,
        sections: Vec::with_capacity(sections),
    };
    let mut start = reader.at;
    for entry in table.chunks_exact(ENTRY_BYTES) {
        let section = read_entry(entry, body, &mut start)?;
        if opened.find(section.id).is_some() {
            return Err(format!("section {} occurs twice", section.id));
        }
        opened.sections.push(section);
    }
    if start != body.len() {
        return Err("bytes between the last section and the trailer".to_owned());
    }
    Ok(opened)
}

impl<'a> Opened<'a> {
    /// A section, if the file has it.
    pub(crate) fn find(&self, id: u32) -> Option<&Section<&'a [u8]>> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// The bytes of a section of this layout.
    ///
    /// # Errors
    /// A sentence, for a section that is missing or has another layout.
    pub(crate) fn section(&self, id: u32, version: u16) -> Result<&'a [u8], String> {
        let section = self.find(id);
        let section = section.ok_or_else(|| format!("section {id} is missing"))?;
        if section.version != version {
            return Err(format!(
                "section {id} has the layout {} of another version of rowmill (this one reads {version}); \
                 update rowmill",
                section.version
            ));
        }
        Ok(section.bytes)
    }

    /// The value of a section in JSON.
    ///
    /// # Errors
    /// As [`section`](Self::section); a sentence, for bytes that are no such value.
    pub(crate) fn json<T: DeserializeOwned>(&self, id: u32, version: u16) -> Result<T, String> {
        serde_json::from_slice(self.section(id, version)?)
            .map_err(|error| format!("section {id} is damaged: {error}"))
    }

    /// The value of a section in postcard, which all of its bytes make.
    ///
    /// # Errors
    /// As [`section`](Self::section) and [`from_postcard`].
    pub(crate) fn postcard<T: DeserializeOwned>(&self, id: u32, version: u16) -> Result<T, String> {
        from_postcard(self.section(id, version)?)
            .map_err(|flaw| format!("section {id} is damaged: {flaw}"))
    }
}

/// Decodes a value from all of the bytes.
///
/// # Errors
/// A sentence about the flaw in the bytes.
pub(crate) fn from_postcard<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(format!("it has {} extra bytes", rest.len())),
        Err(error) => Err(error.to_string()),
    }
}

/// Length, magic at both ends, version, and the checksum of the whole.
fn check_ends(kind: FileKind, file: &[u8]) -> Result<(), String> {
    let name = kind.name();
    if file.len() < HEAD_BYTES + 8 + TRAILER_BYTES {
        return Err(format!(
            "{} bytes are too few for a rowmill {name} file",
            file.len()
        ));
    }
    if file[..8] != kind.magic() {
        return Err(format!(
            "not a rowmill {name} file (its first bytes differ)"
        ));
    }
    let major = u16::from_le_bytes([file[8], file[9]]);
    if major > FORMAT_MAJOR {
        return Err(format!(
            "made by a newer version of rowmill (format {major}, this one reads {FORMAT_MAJOR}); update rowmill"
        ));
    }
    if major < FORMAT_MAJOR {
        return Err(format!(
            "format {major} is unknown; no version of rowmill wrote it"
        ));
    }
    let trailer_at = file.len() - TRAILER_BYTES;
    let mut trailer = Reader {
        bytes: file,
        at: trailer_at,
    };
    let total = trailer.u64()?;
    let checksum = trailer.u64()?;
    if trailer.take(8)? != kind.magic() || total != file.len() as u64 {
        return Err("the file is truncated or has extra bytes; copy it again".to_owned());
    }
    if XxHash3_64::oneshot(&file[..trailer_at + 8]) != checksum {
        return Err("the checksum does not match: the file is damaged; copy it again".to_owned());
    }
    Ok(())
}

/// Reads a table entry; `start` is where the section may start at the earliest, then where it ends.
fn read_entry<'a>(
    entry: &[u8],
    body: &'a [u8],
    start: &mut usize,
) -> Result<Section<&'a [u8]>, String> {
    let mut reader = Reader {
        bytes: entry,
        at: 0,
    };
    let id = reader.u32()?;
    let version = reader.u16()?;
    let codec = match reader.u16()? {
        0 => Codec::Raw,
        1 => Codec::Postcard,
        2 => Codec::Json,
        codec => return Err(format!("section {id} has the unknown codec {codec}")),
    };
    let offset = reader.u64()?;
    let length = reader.u64()?;
    let checksum = reader.u64()?;
    let expected = start.next_multiple_of(ALIGNMENT);
    let end = offset
        .checked_add(length)
        .filter(|end| *end <= body.len() as u64);
    let (Some(end), true) = (end, offset == expected as u64) else {
        return Err(format!("section {id} is at a wrong offset"));
    };
    let padding = &body[*start..expected];
    let bytes = &body[expected..end as usize];
    if padding.iter().any(|byte| *byte != 0) || XxHash3_64::oneshot(bytes) != checksum {
        return Err(format!("section {id} is damaged; copy the file again"));
    }
    *start = end as usize;
    Ok(Section {
        id,
        version,
        codec,
        bytes,
    })
}

/// Makes the checksums of a mutated file right in place, where its table can be followed, so that
/// fuzzing reaches what lies behind them. `None` where it cannot.
pub fn reseal(file: &mut [u8]) -> Option<()> {
    let trailer_at = file.len().checked_sub(TRAILER_BYTES)?;
    let number = |bytes: &[u8]| Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize);
    let header_bytes = number(file.get(16..20)?)?;
    let sections = number(file.get(20..24)?)?;
    let table = HEAD_BYTES.checked_add(header_bytes)?;
    let end = table.checked_add(sections.checked_mul(ENTRY_BYTES)?)?;
    if sections > SECTIONS_MAX || end + 8 > trailer_at {
        return None;
    }
    for entry in (table..end).step_by(ENTRY_BYTES) {
        let at = |offset: usize| entry + offset..entry + offset + 8;
        let long = |bytes: &[u8]| {
            let value = u64::from_le_bytes(bytes.try_into().ok()?);
            usize::try_from(value).ok()
        };
        let (offset, length) = (long(&file[at(8)])?, long(&file[at(16)])?);
        let checksum = XxHash3_64::oneshot(file.get(offset..offset.checked_add(length)?)?);
        file[at(24)].copy_from_slice(&checksum.to_le_bytes());
    }
    let table_checksum = XxHash3_64::oneshot(&file[..end]);
    file[end..end + 8].copy_from_slice(&table_checksum.to_le_bytes());
    let total = file.len() as u64;
    file[trailer_at..trailer_at + 8].copy_from_slice(&total.to_le_bytes());
    let checksum = XxHash3_64::oneshot(&file[..trailer_at + 8]);
    file[trailer_at + 8..trailer_at + 16].copy_from_slice(&checksum.to_le_bytes());
    Some(())
}

/// A file with one byte more in a section, checksums made right: a file for each section in postcard.
#[cfg(test)]
pub(crate) fn lengthened(kind: FileKind, file: &[u8]) -> Vec<Vec<u8>> {
    let opened = open(kind, file).expect("a sound file");
    let with_more = |id: u32| {
        let own = |section: &Section<&[u8]>| {
            let mut bytes = section.bytes.to_vec();
            bytes.extend((section.id == id).then_some(0));
            Section::new(section.id, section.version, section.codec, bytes)
        };
        let sections: Vec<Section<Vec<u8>>> = opened.sections.iter().map(own).collect();
        seal(kind, b"{}", &sections)
    };
    let in_postcard = |section: &&Section<&[u8]>| section.codec == Codec::Postcard;
    let sections = opened.sections.iter().filter(in_postcard);
    sections.map(|section| with_more(section.id)).collect()
}
