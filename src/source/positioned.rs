//! Files read at explicit offsets, and what tells one file from another.
//!
//! A cursor shared by two threads returns silently wrong data, so there is none: every read names
//! its offset. The same types as the platform room's, for this room alone.

use std::{fs::File, io, path::Path, sync::Arc};

/// What tells whether a path still names the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileIdentity {
    /// Device number; 0 where the system has none.
    pub(super) device: u64,
    /// Inode number; 0 where the system has none.
    pub(super) inode: u64,
    /// Bytes.
    pub(super) size: u64,
    /// Modification time in nanoseconds since 1970.
    pub(super) modified_nanoseconds: i128,
}

impl FileIdentity {
    /// What differs between two identities, for a message.
    pub(super) fn difference(&self, now: &Self) -> Option<String> {
        if self.size != now.size {
            return Some(format!("its size was {} and is {}", self.size, now.size));
        }
        if (self.device, self.inode) != (now.device, now.inode) {
            return Some("another file has its name".to_owned());
        }
        if self.modified_nanoseconds != now.modified_nanoseconds {
            return Some("its modification time moved".to_owned());
        }
        None
    }
}

/// A file read at explicit offsets. Clones share the descriptor.
#[derive(Debug, Clone)]
pub(super) struct PositionedFile {
    file: Arc<File>,
}

impl PositionedFile {
    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// What the system says, or `InvalidInput` for anything but a regular file.
    pub(super) fn open_read(path: &Path) -> io::Result<Self> {
        let regular = |is_file: bool| {
            let not_regular = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
            if is_file { Ok(()) } else { Err(not_regular) }
        };
        // Before opening, because opening a pipe would wait for its other end.
        regular(std::fs::metadata(path)?.is_file())?;
        let file = File::open(path)?;
        regular(file.metadata()?.is_file())?;
        Ok(Self {
            file: Arc::new(file),
        })
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before.
    pub(super) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&*self.file, buffer, offset)
    }

    /// The identity of the open file.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn identity(&self) -> io::Result<FileIdentity> {
        identity_of(&self.file.metadata()?)
    }
}

/// The identity of whatever a path names now.
///
/// # Errors
/// What the system says.
pub(super) fn identity(path: &Path) -> io::Result<FileIdentity> {
    identity_of(&std::fs::metadata(path)?)
}

fn identity_of(metadata: &std::fs::Metadata) -> io::Result<FileIdentity> {
    use std::os::unix::fs::MetadataExt;
    Ok(FileIdentity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.len(),
        modified_nanoseconds: i128::from(metadata.mtime()) * 1_000_000_000
            + i128::from(metadata.mtime_nsec()),
    })
}
