//! Bytes to a file and back: never half a file under its name, never more than was allowed.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result},
    platform::atomic,
};

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Saved {
    /// The file's length.
    pub bytes: u64,
    /// As `sha256sum` prints it.
    pub sha256: String,
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    sha256_of([bytes])
}

/// The same of several stretches of bytes, one after the other.
pub(crate) fn sha256_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for bytes in parts {
        hasher.update(bytes);
    }
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file so that its name only ever holds a whole one. A link planted there is replaced,
/// not followed.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Saved> {
    atomic::write(path, |writer| writer.write_all(bytes))?;
    Ok(Saved {
        bytes: bytes.len() as u64,
        sha256: sha256(bytes),
    })
}

/// Reads a whole regular file of at most `bytes_max` bytes.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let failed = |error| Error::io("read", path, error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::format(
            path,
            "not a file; give the path of a file that rowmill wrote",
        ));
    }
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > bytes_max {
        let message = format!("{length} bytes, above the limit of {bytes_max}");
        return Err(Error::format(path, message));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(length).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
