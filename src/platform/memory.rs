//! Free memory, and the peak of this process.

use std::{fs, path::Path};

/// Bytes that this process could still take: what the system calls available, or less where a
/// control group (v1 or v2) allows less. `None` where the system does not say.
pub(crate) fn free_memory_bytes() -> Option<u64> {
    let available = proc_field("/proc/meminfo", "MemAvailable:");
    [available, control_group_free_bytes(Path::new("/"))]
        .into_iter()
        .flatten()
        .min()
}

/// The process's peak resident set from the kernel (`VmHWM`), in bytes.
///
/// `ru_maxrss` is not used: it is inherited through fork and exec from a larger parent.
pub fn peak_rss_bytes() -> Option<u64> {
    proc_field("/proc/self/status", "VmHWM:")
}

/// The process's resident set now, in bytes.
#[cfg(test)]
pub(crate) fn rss_bytes() -> Option<u64> {
    proc_field("/proc/self/status", "VmRSS:")
}

/// A `Name:   123 kB` field of a proc file, in bytes.
fn proc_field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let kib: u64 = line[name.len()..]
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    Some(kib * 1024)
}

/// Memory that the process's control groups leave free, given the filesystem's root (another one in tests).
///
/// Page cache counts in a group's usage but is reclaimed, so that file pages are not counted as used.
fn control_group_free_bytes(root: &Path) -> Option<u64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    groups
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            match controllers {
                "" => free_along(&root.join("sys/fs/cgroup"), path, &VERSION_2),
                _ if controllers.split(',').any(|name| name == "memory") => {
                    free_along(&root.join("sys/fs/cgroup/memory"), path, &VERSION_1)
                }
                _ => None,
            }
        })
        .min()
}

/// The files and fields of a control group version.
struct Version {
    limit: &'static str,
    usage: &'static str,
    file_pages: &'static str,
}

const VERSION_1: Version = Version {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    file_pages: "total_cache ",
};
const VERSION_2: Version = Version {
    limit: "memory.max",
    usage: "memory.current",
    file_pages: "file ",
};

/// The least that a group or one of its parents leaves free.
fn free_along(mount: &Path, group: &str, version: &Version) -> Option<u64> {
    let mut directory = mount.join(group.trim_start_matches('/'));
    let mut least = None;
    loop {
        if let Some(free) = free_in(&directory, version) {
            least = Some(least.map_or(free, |least: u64| least.min(free)));
        }
        if directory == mount || !directory.pop() {
            return least;
        }
    }
}

fn free_in(directory: &Path, version: &Version) -> Option<u64> {
    let number = |name: &str| -> Option<u64> {
        fs::read_to_string(directory.join(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    let limit = number(version.limit)?;
    let used = number(version.usage)?;
    let file_pages = fs::read_to_string(directory.join("memory.stat"))
        .ok()
        .and_then(|stat| {
            let line = stat
                .lines()
                .find(|line| line.starts_with(version.file_pages))?;
            line[version.file_pages.len()..].trim().parse().ok()
        })
        .unwrap_or(0);
    // An unlimited version 1 group holds a number near 2^63.
    (limit < 1 << 60).then(|| limit.saturating_sub(used.saturating_sub(file_pages)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_version_2_group_counts_its_parents_and_not_its_page_cache() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(root, "proc/self/cgroup", "0::/job/step\n");
        write(root, "sys/fs/cgroup/job/memory.max", "1000\n");
        write(root, "sys/fs/cgroup/job/memory.current", "700\n");
        write(
            root,
            "sys/fs/cgroup/job/memory.stat",
            "anon 200\nfile 500\n",
        );
        write(root, "sys/fs/cgroup/job/step/memory.max", "max\n");
        write(root, "sys/fs/cgroup/job/step/memory.current", "600\n");
        assert_eq!(control_group_free_bytes(root), Some(800));
    }

    #[test]
    fn a_version_1_group_without_a_limit_is_no_limit() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(root, "proc/self/cgroup", "5:cpu:/a\n4:memory:/a\n");
        let directory = "sys/fs/cgroup/memory/a/";
        write(
            root,
            &format!("{directory}memory.limit_in_bytes"),
            "9223372036854771712\n",
        );
        write(root, &format!("{directory}memory.usage_in_bytes"), "100\n");
        assert_eq!(control_group_free_bytes(root), None);
        write(root, &format!("{directory}memory.limit_in_bytes"), "5000\n");
        write(root, &format!("{directory}memory.stat"), "total_cache 40\n");
        assert_eq!(control_group_free_bytes(root), Some(4940));
    }

    #[test]
    fn the_peak_is_at_least_what_is_held() {
        if let (Some(now), Some(peak)) = (rss_bytes(), peak_rss_bytes()) {
            assert!(peak >= now && now > 0);
        }
    }
}
