//! Files that many threads read and write at positions, without a shared cursor.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::Arc,
};

/// The identity of a file: it differs if a path no longer names the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) struct FileIdentity {
    /// Device number; 0 where the system has none.
    pub device: u64,
    /// Inode number; 0 where the system has none.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970.
    pub modified_nanoseconds: i128,
}

impl FileIdentity {
    /// The difference between two identities, for a message.
    pub(crate) fn difference(&self, now: &Self) -> Option<String> {
        if self.size != now.size {
            return Some(format!(
                "its size was {} and is now {}",
                self.size, now.size
            ));
        }
        if (self.device, self.inode) != (now.device, now.inode) {
            return Some("it was replaced by another file".to_owned());
        }
        if self.modified_nanoseconds != now.modified_nanoseconds {
            return Some("its modification time changed".to_owned());
        }
        None
    }
}

/// A file read and written at explicit offsets. Clones share the descriptor, and no cursor exists
/// that two threads could race for.
#[derive(Debug, Clone)]
pub(crate) struct PositionedFile {
    file: Arc<File>,
}

impl PositionedFile {
    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// The system's error, or `InvalidInput` for anything but a regular file.
    pub(crate) fn open_read(path: &Path) -> io::Result<Self> {
        let not_regular =
            || io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
        // Looked at before it is opened: opening a pipe would wait for its writer.
        if !std::fs::metadata(path)?.is_file() {
            return Err(not_regular());
        }
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(not_regular());
        }
        Ok(Self::from(file))
    }

    /// Creates a new file for reading and writing; fails when the name is taken.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn create_new(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        Ok(Self::from(file))
    }

    /// The file underneath.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Bytes in the file.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_exact_at(&*self.file, buffer, offset);
        #[cfg(windows)]
        return windows_read_exact_at(&self.file, buffer, offset);
    }

    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// The system's error, such as `StorageFull`.
    pub(crate) fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_all_at(&*self.file, bytes, offset);
        #[cfg(windows)]
        return windows_write_all_at(&self.file, bytes, offset);
    }

    /// The identity of the open file.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn identity(&self) -> io::Result<FileIdentity> {
        identity_of(&self.file.metadata()?)
    }
}

impl From<File> for PositionedFile {
    fn from(file: File) -> Self {
        Self {
            file: Arc::new(file),
        }
    }
}

/// The identity of the file that a path names now.
///
/// # Errors
/// The system's error.
pub(crate) fn identity(path: &Path) -> io::Result<FileIdentity> {
    identity_of(&std::fs::metadata(path)?)
}

fn identity_of(metadata: &std::fs::Metadata) -> io::Result<FileIdentity> {
    let modified = metadata.modified()?;
    let modified_nanoseconds = match modified.duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    };
    #[cfg(unix)]
    let (device, inode) = {
        use std::os::unix::fs::MetadataExt;
        (metadata.dev(), metadata.ino())
    };
    #[cfg(not(unix))]
    let (device, inode) = (0, 0);
    Ok(FileIdentity {
        device,
        inode,
        size: metadata.len(),
        modified_nanoseconds,
    })
}

#[cfg(windows)]
fn windows_read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(windows)]
fn windows_write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        match file.seek_write(bytes, offset)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_read_one_file_at_their_own_places() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let file = PositionedFile::open_read(&path).unwrap();
        std::thread::scope(|scope| {
            for lane in 0..2usize {
                let (file, bytes) = (file.clone(), &bytes);
                scope.spawn(move || {
                    let mut buffer = [0u8; 977];
                    for start in (lane..bytes.len() - buffer.len()).step_by(1999) {
                        file.read_exact_at(&mut buffer, start as u64).unwrap();
                        assert_eq!(buffer[..], bytes[start..start + buffer.len()]);
                    }
                });
            }
        });
    }

    #[test]
    fn an_identity_notices_another_size_and_another_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, b"one").unwrap();
        let before = identity(&path).unwrap();
        assert_eq!(before.difference(&identity(&path).unwrap()), None);
        std::fs::write(&path, b"three").unwrap();
        let difference = before.difference(&identity(&path).unwrap()).unwrap();
        assert_eq!(difference, "its size was 3 and is now 5");
        let other = directory.path().join("g");
        std::fs::write(&other, b"two").unwrap();
        std::fs::rename(&other, &path).unwrap();
        let difference = before.difference(&identity(&path).unwrap()).unwrap();
        assert_eq!(difference, "it was replaced by another file");
    }

    #[test]
    fn a_directory_is_not_a_regular_file() {
        let directory = tempfile::tempdir().unwrap();
        assert!(PositionedFile::open_read(directory.path()).is_err());
    }
}
