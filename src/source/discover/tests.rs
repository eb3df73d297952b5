use std::{cmp::Ordering, fs, path::Path};

use super::*;
use crate::text::natural;

#[test]
fn natural_order() {
    let check = |left: &str, right: &str| {
        assert_eq!(
            natural::compare(left, right),
            Ordering::Less,
            "{left} {right}"
        );
        assert_eq!(
            natural::compare(right, left),
            Ordering::Greater,
            "{right} {left}"
        );
    };
    check("part-2", "part-10");
    check("a", "b");
    check("a", "a1");
    check("a2b10", "a2b11");
    check("01", "1");
    check("9", "10");
    check("99999999999999999999998", "99999999999999999999999");
    check("x=2/part-1", "x=10/part-0");
    assert_eq!(natural::compare("a1", "a1"), Ordering::Equal);
}

#[test]
fn hive_names() {
    let check = |name: &str, expected: Option<(&str, &str)>| {
        let parsed = hive::parse(name);
        let parsed = parsed.as_ref().map(|p| (p.key.as_str(), p.value.as_str()));
        assert_eq!(parsed, expected, "{name}");
    };
    check("chrom=chr1", Some(("chrom", "chr1")));
    check("a=b=c", Some(("a", "b=c")));
    check("a=", Some(("a", "")));
    check("=a", None);
    check("plain", None);
    check("path=a%2Fb", Some(("path", "a/b")));
    check("bad=100%", Some(("bad", "100%")));
}

fn touch(root: &Path, name: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "x").unwrap();
}

fn names(path: &str) -> Vec<String> {
    let found = discover(path, 100).unwrap();
    found.into_iter().map(|file| file.name).collect()
}

#[test]
fn a_directory_in_natural_order_without_strangers() {
    let directory = tempfile::tempdir().unwrap();
    for name in [
        "part-10.parquet",
        "part-2.parquet",
        ".hidden.parquet",
        "_metadata.parquet",
        "_SUCCESS",
        "gene_manifest.csv",
        "plain/part-0.parquet",
        "chrom=2/b.PARQUET",
        "chrom=10/a.parquet",
    ] {
        touch(directory.path(), name);
    }
    let root = directory.path().to_str().unwrap();
    assert_eq!(
        names(root),
        [
            "chrom=2/b.PARQUET",
            "chrom=10/a.parquet",
            "part-2.parquet",
            "part-10.parquet"
        ]
    );
    assert_eq!(
        names(&format!("{root}/part-*.parquet")),
        ["part-2.parquet", "part-10.parquet"]
    );
    assert_eq!(
        names(&format!("{root}/chrom=*")),
        ["chrom=2/b.PARQUET", "chrom=10/a.parquet"]
    );
    assert_eq!(
        names(&format!("{root}/*/part-0.parquet")),
        ["plain/part-0.parquet"]
    );
    assert_eq!(
        names(&format!("{root}/**/*.parquet")),
        [
            "chrom=10/a.parquet",
            "part-2.parquet",
            "part-10.parquet",
            "plain/part-0.parquet"
        ]
    );
    let hive = &discover(&format!("{root}/chrom=1*/a.parquet"), 100).unwrap()[0];
    assert_eq!(
        (
            hive.partitions[0].key.as_str(),
            hive.partitions[0].value.as_str()
        ),
        ("chrom", "10")
    );
}

/// The pattern takes exactly the files that a search finds once they exist.
#[test]
fn a_file_that_is_not_there_yet() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    touch(directory.path(), "a.parquet");
    touch(directory.path(), "plain/a.parquet");
    touch(directory.path(), "chrom=1/a.parquet");
    let datasets = [
        "",
        "/a.parquet",
        "/*.parquet",
        "/a*.parquet",
        "/*",
        "/plain",
        "/**",
    ]
    .map(|below| format!("{root}{below}"));
    let deep = [
        "/**/*.parquet",
        "/*/a*.parquet",
        "/chrom=*",
        "/plain/../*",
        "/plai[m-o]",
    ]
    .map(|below| format!("{root}{below}"));
    for name in [
        "b.parquet",
        "a.csv",
        ".b.parquet",
        "plain/b.parquet",
        "plain/ab.PARQUET",
        "plain/k=1/b.parquet",
        "plain/_k=1/b.parquet",
        "chrom=2/deep/b.parquet",
        "chrom=2/k=1/b.parquet",
        "_temporary/b.parquet",
    ] {
        let path = directory.path().join(name);
        let had_parent = path.parent().unwrap().exists();
        let expect = |dataset: &String| DatasetPattern::of(dataset).takes(&real(&path));
        let expected: Vec<bool> = datasets.iter().chain(&deep).map(expect).collect();
        touch(directory.path(), name);
        for (dataset, expected) in datasets.iter().chain(&deep).zip(expected) {
            let found = discover(dataset, 100).unwrap_or_default();
            let is_found = found.iter().any(|file| real(&file.path) == real(&path));
            assert_eq!(is_found, expected, "{name} of {dataset}");
        }
        fs::remove_file(&path).unwrap();
        if !had_parent {
            fs::remove_dir_all(path.parent().unwrap()).unwrap();
        }
    }
}

#[test]
fn what_cannot_be_a_dataset_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    let check = |path: &str, files_max: usize, expected: &str| {
        let message = discover(path, files_max).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    check(&format!("{root}/absent"), 9, "check the path");
    check(root, 9, "the directory is empty");
    touch(directory.path(), "a.csv");
    check(
        root,
        9,
        "no .parquet file (it holds 1 other entries, `a.csv` first)",
    );
    check(&format!("{root}/*.parquet"), 9, "no Parquet file matches");
    touch(directory.path(), "1.parquet");
    touch(directory.path(), "2.parquet");
    check(root, 1, "more than 1 files");
}

#[cfg(unix)]
#[test]
fn a_broken_link_to_a_shard_is_an_error_and_a_loop_ends() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    symlink(root, root.join("again=1")).unwrap();
    let error = discover(root.to_str().unwrap(), 9).unwrap_err().to_string();
    assert!(error.contains("nested deeper"), "{error}");
    fs::remove_file(root.join("again=1")).unwrap();
    symlink(root.join("gone"), root.join("a.parquet")).unwrap();
    let error = discover(root.to_str().unwrap(), 9).unwrap_err().to_string();
    assert!(error.contains("a.parquet"), "{error}");
}
