//! The groups of a run as a file: frames of groups, each with its length and its checksum, and an empty
//! frame at the end. There may be more groups than memory holds.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use twox_hash::XxHash3_64;

use crate::{
    error::{Error, Result},
    group::{GroupRow, GroupTable},
};

/// Groups of a frame.
const FRAME_GROUPS: usize = 1024;

/// Bytes of a frame that is read.
const FRAME_BYTES_MAX: u32 = 1 << 30;

/// Writes all groups of a table.
///
/// # Errors
/// [`Error::Io`], `StorageFull` among it.
pub(crate) fn write_groups(path: &Path, table: &mut GroupTable) -> Result<()> {
    let failed = |source| Error::io("write", path, source);
    let file = File::create_new(path).map_err(|source| Error::io("create", path, source))?;
    let mut writer = BufWriter::new(file);
    let mut groups = table.groups()?;
    let mut frame: Vec<GroupRow> = Vec::with_capacity(FRAME_GROUPS);
    loop {
        let group = groups.next_group()?;
        let is_last = group.is_none();
        frame.extend(group);
        if frame.len() == FRAME_GROUPS || (is_last && !frame.is_empty()) {
            let bytes = postcard::to_allocvec(&frame).expect("plain data");
            write_frame(&mut writer, &bytes).map_err(failed)?;
            frame.clear();
        }
        if is_last {
            write_frame(&mut writer, &[]).map_err(failed)?;
            return writer.flush().map_err(failed);
        }
    }
}

/// Reads groups into an empty table.
///
/// # Errors
/// [`Error::Format`] for a file that is damaged, [`Error::Io`].
pub(crate) fn read_groups(path: &Path, table: &mut GroupTable) -> Result<()> {
    let file = File::open(path).map_err(|source| Error::io("open", path, source))?;
    let mut reader = BufReader::new(file);
    let damaged = || {
        Error::format(
            path,
            "the groups are damaged; remove this scratch directory",
        )
    };
    let mut bytes = Vec::new();
    loop {
        let is_whole = read_frame(&mut reader, &mut bytes)
            .map_err(|source| Error::io("read", path, source))?;
        if !is_whole {
            return Err(damaged());
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let groups: Vec<GroupRow> = postcard::from_bytes(&bytes).map_err(|_| damaged())?;
        for group in &groups {
            table.insert(group)?;
        }
    }
}

fn write_frame(writer: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).expect("names of groups are bounded");
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(&XxHash3_64::oneshot(bytes).to_le_bytes())?;
    writer.write_all(bytes)
}

/// Reads a frame; answers whether its checksum is right.
fn read_frame(reader: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let (mut length, mut checksum) = ([0; 4], [0; 8]);
    reader.read_exact(&mut length)?;
    reader.read_exact(&mut checksum)?;
    let length = u32::from_le_bytes(length);
    if length > FRAME_BYTES_MAX {
        return Ok(false);
    }
    bytes.clear();
    let read = reader.take(u64::from(length)).read_to_end(bytes)?;
    Ok(read == length as usize && XxHash3_64::oneshot(bytes).to_le_bytes() == checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of both classes and all splits, one without a name.
    fn table(directory: &Path) -> GroupTable {
        let mut table = GroupTable::new(2, 100, directory);
        for group in 0..2_500u64 {
            if group != 7 {
                table.name(group, &format!("gene {group}")).unwrap();
            }
            let split = (group % 4) as u8;
            let label = if split == 3 {
                f32::NAN
            } else {
                (group % 2) as f32
            };
            table
                .update(&[group; 3], &[label, label, f32::NAN], &[split, split, 3])
                .unwrap();
        }
        table
    }

    fn rows(table: &mut GroupTable) -> Vec<GroupRow> {
        let mut groups = table.groups().unwrap();
        std::iter::from_fn(|| groups.next_group().unwrap()).collect()
    }

    #[test]
    fn groups_come_back_and_damage_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("groups");
        let mut before = table(directory.path());
        write_groups(&path, &mut before).unwrap();
        let new = || GroupTable::new(2, 100, directory.path());
        let mut back = new();
        read_groups(&path, &mut back).unwrap();
        assert_eq!(rows(&mut back), rows(&mut before));
        assert_eq!(back.prove().unwrap(), before.prove().unwrap());
        let bytes = std::fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(97).chain([0, bytes.len() - 1]) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            std::fs::write(&path, damaged).unwrap();
            assert!(read_groups(&path, &mut new()).is_err(), "byte {at}");
            std::fs::write(&path, &bytes[..at]).unwrap();
            assert!(read_groups(&path, &mut new()).is_err(), "cut at {at}");
        }
    }
}
