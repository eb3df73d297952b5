//! The seal of scratch files that other runs may read: their inputs, other results of the passes, and
//! a checksum per block.
//!
//! It is the last file to be written: where it is, the others are complete. Nothing is synced but
//! the seal itself; blocks that a power failure takes have other checksums.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
};

use twox_hash::XxHash3_64;

use crate::{
    error::{Error, Result},
    format::container::{self, Codec, FileKind, Section},
    platform::atomic,
};

/// The seal's name in its directory.
pub(crate) const SEAL: &str = "seal";

/// The layout of everything in a sealed directory; raised when any of it changes.
pub(crate) const SEAL_VERSION: u16 = 1;

/// Bytes of a seal that is opened.
const SEAL_BYTES_MAX: u64 = 4 << 30;

const ABOUT: u32 = 1;
const CHECKSUMS: u32 = 2;
const CONTENTS: u32 = 3;

/// One thing that scratch files depend on: what it is called, and its value or the hash of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ingredient {
    /// For people: `--seed`, `the files`.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The origin of sealed files.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SealAbout {
    /// The rowmill that made them.
    pub made_by: String,
    /// The dataset as its user named it; for people.
    pub dataset: String,
    /// Everything that the files depend on, in a fixed order.
    pub ingredients: Vec<Ingredient>,
}

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The origin of the files.
    pub about: SealAbout,
    /// The checksums of each file's blocks, by file name.
    pub checksums: Vec<(String, Vec<u64>)>,
    /// Other results of the passes, in a form that their owner defines.
    pub contents: Vec<u8>,
}

/// The hash of everything that scratch files depend on.
pub(crate) fn fingerprint(ingredients: &[Ingredient]) -> u64 {
    let text = serde_json::to_vec(ingredients).expect("ingredients are text");
    XxHash3_64::oneshot(&text)
}

/// The first thing in which two lists of ingredients differ, as a sentence; `None` if they agree.
pub(crate) fn difference(made: &[Ingredient], wanted: &[Ingredient]) -> Option<String> {
    for (made, wanted) in made.iter().zip(wanted) {
        if made.name != wanted.name {
            break;
        }
        if made.value != wanted.value {
            let name = &made.name;
            return Some(format!(
                "{name} was {} and is now {}",
                made.value, wanted.value
            ));
        }
    }
    if made == wanted {
        return None;
    }
    Some("it was made from other inputs".to_owned())
}

impl Seal {
    /// Writes the seal into a directory whose files are complete.
    ///
    /// # Errors
    /// [`Error::Io`], `StorageFull` among it; then the directory is not sealed.
    pub fn write(self, directory: &Path) -> Result<()> {
        let sections = [
            Section::json(ABOUT, SEAL_VERSION, &self.about),
            Section::postcard(CHECKSUMS, SEAL_VERSION, &self.checksums),
            Section::new(CONTENTS, SEAL_VERSION, Codec::Postcard, self.contents),
        ];
        let bytes = container::seal(FileKind::Seal, b"{}", &sections);
        atomic::write(directory.join(SEAL), |writer| writer.write_all(&bytes))
    }

    /// Reads the seal of a directory; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Format`] for a seal that is damaged or of another version, [`Error::Io`].
    pub fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(SEAL);
        let io = |source| Error::io("read", &path, source);
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(io)?,
        };
        let mut bytes = Vec::new();
        file.take(SEAL_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(io)?;
        Self::from_bytes(&bytes)
            .map(Some)
            .map_err(|flaw| Error::format(&path, flaw))
    }

    /// Decodes a seal's bytes.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let opened = container::open(FileKind::Seal, bytes)?;
        Ok(Self {
            about: opened.json(ABOUT, SEAL_VERSION)?,
            checksums: opened.postcard(CHECKSUMS, SEAL_VERSION)?,
            contents: opened.section(CONTENTS, SEAL_VERSION)?.to_vec(),
        })
    }

    /// The checksums of a file's blocks; none if it has no such file.
    pub fn checksums_of(&self, name: &str) -> &[u64] {
        let file = self.checksums.iter().find(|(of, _)| of == name);
        file.map_or(&[], |(_, sums)| sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ingredients(seed: &str) -> Vec<Ingredient> {
        let one = |name: &str, value: &str| Ingredient {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        vec![one("the files", "00ff"), one("--seed", seed)]
    }

    fn seal() -> Seal {
        Seal {
            about: SealAbout {
                made_by: "rowmill 0.1.0".to_owned(),
                dataset: "master/".to_owned(),
                ingredients: ingredients("42"),
            },
            checksums: vec![
                ("rows".to_owned(), vec![1, u64::MAX]),
                ("codes".to_owned(), vec![3]),
            ],
            contents: vec![9; 100],
        }
    }

    #[test]
    fn a_seal_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Seal::read(directory.path()).unwrap(), None);
        seal().write(directory.path()).unwrap();
        let back = Seal::read(directory.path()).unwrap().unwrap();
        assert_eq!(back, seal());
        assert_eq!(back.checksums_of("rows"), [1, u64::MAX]);
        assert!(back.checksums_of("state").is_empty());
    }

    #[test]
    fn no_byte_of_a_seal_can_change_unnoticed() {
        let directory = tempfile::tempdir().unwrap();
        seal().write(directory.path()).unwrap();
        let bytes = std::fs::read(directory.path().join(SEAL)).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(Seal::from_bytes(&damaged).is_err(), "byte {at}");
            assert!(Seal::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_version_is_refused_and_said() {
        let sections = [ABOUT, CHECKSUMS, CONTENTS].map(|id| Section {
            id,
            version: SEAL_VERSION + 1,
            codec: Codec::Json,
            bytes: b"{}".to_vec(),
        });
        let bytes = container::seal(FileKind::Seal, b"{}", &sections);
        let error = Seal::from_bytes(&bytes).unwrap_err();
        assert!(error.contains("another version of rowmill"), "{error}");
    }

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(difference(&ingredients("42"), &ingredients("42")), None);
        let found = difference(&ingredients("42"), &ingredients("43"));
        assert_eq!(found.as_deref(), Some("--seed was 42 and is now 43"));
        assert!(difference(&ingredients("42")[..1], &ingredients("42")).is_some());
        assert_ne!(
            fingerprint(&ingredients("42")),
            fingerprint(&ingredients("43"))
        );
    }
}
