//! Free disk, filesystems that are memory, and advice to the page cache.

use std::{fs::File, io, path::Path};

/// Bytes that an unprivileged user can still write to the filesystem of a directory.
pub(crate) fn free_disk_bytes(directory: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let stat = rustix::fs::statvfs(directory).ok()?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = directory;
        None
    }
}

/// True if a directory is in memory (tmpfs, ramfs), where scratch files would count against the
/// limit they are meant to keep.
pub(crate) fn is_memory_filesystem(directory: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        const TMPFS: u64 = 0x0102_1994;
        const RAMFS: u64 = 0x8584_58f6;
        rustix::fs::statfs(directory).is_ok_and(|stat| matches!(stat.f_type as u64, TMPFS | RAMFS))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = directory;
        false
    }
}

/// Sets a file's size, with its blocks allocated where the filesystem can, so that a full disk is
/// found before the work and not in the middle of it.
///
/// # Errors
/// `StorageFull`, or another error of the system.
pub(crate) fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::{fs::FallocateFlags, io::Errno};
        match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, bytes.max(1)) {
            Ok(()) => return file.set_len(bytes),
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
            Err(error) => return Err(error.into()),
        }
    }
    file.set_len(bytes)
}

/// Tells the page cache that a range will be read soon. Advice only: a refusal changes nothing.
pub(crate) fn read_ahead(file: &File, offset: u64, bytes: u64) {
    #[cfg(target_os = "linux")]
    advise(file, offset, bytes, rustix::fs::Advice::WillNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, bytes);
}

/// Tells the page cache that a range will not be read again soon. Advice only.
#[cfg(test)]
pub(crate) fn drop_behind(file: &File, offset: u64, bytes: u64) {
    #[cfg(target_os = "linux")]
    advise(file, offset, bytes, rustix::fs::Advice::DontNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, bytes);
}

#[cfg(target_os = "linux")]
fn advise(file: &File, offset: u64, bytes: u64, advice: rustix::fs::Advice) {
    if let Some(bytes) = std::num::NonZeroU64::new(bytes) {
        // Nothing depends on the answer.
        let _ = rustix::fs::fadvise(file, offset, Some(bytes), advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocation_sets_the_size() {
        let file = tempfile::tempfile().unwrap();
        allocate(&file, 12_345).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 12_345);
        drop_behind(&file, 0, 12_345);
        read_ahead(&file, 0, 12_345);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn shared_memory_is_a_memory_filesystem() {
        if Path::new("/dev/shm").is_dir() {
            assert!(is_memory_filesystem(Path::new("/dev/shm")));
        }
        assert!(!is_memory_filesystem(Path::new("/proc")));
        assert!(free_disk_bytes(&std::env::temp_dir()).is_some());
    }
}
