//! Pages link to what exists, and every note can be found.

use std::path::{Path, PathBuf};

use super::tree;

/// Targets of `[text](target)` outside code blocks.
fn links(page: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut links = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        for (place, marker) in line.match_indices("](") {
            let rest = &line[place + marker.len()..];
            links.extend(rest.split(')').next());
        }
    }
    links
}

/// The file that a relative link means; `None` for addresses and places in the same page.
fn linked_file(page: &Path, link: &str) -> Option<PathBuf> {
    let file = link.split('#').next().unwrap_or("");
    let is_address = link.contains("://") || link.starts_with("mailto:");
    (!file.is_empty() && !is_address).then(|| page.parent().unwrap().join(file))
}

fn pages() -> Vec<PathBuf> {
    let mut pages = tree::text_files(".");
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages
}

#[test]
fn links_are_found() {
    let page = "[a](x.md) and [b](../y.md#part)\n```\n[c](z.md)\n```\n[d](https://example.org)";
    assert_eq!(links(page), ["x.md", "../y.md#part", "https://example.org"]);
    let page = Path::new("docs/page.md");
    assert_eq!(
        linked_file(page, "../y.md#part"),
        Some("docs/../y.md".into())
    );
    assert_eq!(linked_file(page, "#part"), None);
    assert_eq!(linked_file(page, "https://example.org"), None);
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    for page in pages() {
        let text = tree::read(&page);
        for link in links(&text) {
            if linked_file(&page, link).is_some_and(|file| !file.exists()) {
                faults.push(format!("{}: {link}", tree::name(&page)));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "links to nothing:\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_note_is_in_the_index() {
    let notes = tree::root().join("docs/notes");
    let index = tree::read(&notes.join("README.md"));
    let map = tree::read(&tree::root().join("docs/ARCHITECTURE.md"));
    for entry in std::fs::read_dir(&notes).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let is_listed = links(&index).contains(&name.as_str())
            || links(&map).contains(&format!("notes/{name}").as_str());
        assert!(
            name == "README.md" || is_listed,
            "docs/notes/README.md does not link to {name}"
        );
    }
}

#[test]
fn the_map_shows_every_room() {
    let map = tree::read(&tree::root().join("docs/ARCHITECTURE.md"));
    for entry in std::fs::read_dir(tree::root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let room = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            room == "lib" || map.contains(&format!("`{room}`")),
            "docs/ARCHITECTURE.md does not mention `{room}`"
        );
    }
}
