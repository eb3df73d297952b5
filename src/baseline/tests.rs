//! Tables that are read, and the messages of those that are refused.

use std::{fs, path::Path};

use super::*;
use crate::{error::Result, limits::Limits};
use std::io::Read;

const HEADER: &str = "gene_id\tTP\tTN\tFP\tFN\tprecision\tf1_score\tsplice_type\n";

fn read(text: impl AsRef<[u8]>) -> Result<Baseline> {
    Baseline::from_reader(
        text.as_ref(),
        "base.tsv",
        &BaselineColumns::default(),
        &Limits::default(),
    )
}

/// Checks that a table is refused and that the message says all of `parts`.
fn refused(text: impl AsRef<[u8]>, parts: &[&str]) {
    let message = read(text).unwrap_err().to_string();
    assert!(message.starts_with("base.tsv"), "{message}");
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

#[test]
fn rows_are_found_by_group_and_repeat_their_cells() {
    let table = read(format!(
        "{HEADER}b\t9\t100\t1\t0\t0.90\t0.947\tdonor\n\
         a\t0\t10\t0\t0\tnull\t\tdonor\n\
         b\t4\t100\t0\t6\t1.0\t0.571\tacceptor\n"
    ))
    .unwrap();
    assert_eq!(table.len(), 3);
    assert_eq!(table.groups(), 2);
    assert_eq!(table.sites(), ["acceptor", "donor"]);
    let sites: Vec<&str> = table.rows_of("b").map(BaselineRow::site).collect();
    assert_eq!(sites, ["acceptor", "donor"]);
    let donor = table.row_of("b", "donor").unwrap();
    assert_eq!(donor.line(), 2);
    assert_eq!(donor.f1(), Some(0.947));
    let counts = donor.counts().unwrap();
    assert_eq!(counts.true_positives, 9);
    assert_eq!(counts.true_negatives, Some(100));
    let cells: Vec<&str> = donor.cells().collect();
    assert_eq!(cells, ["b", "9", "100", "1", "0", "0.90", "0.947", "donor"]);
    assert_eq!(table.row_of("a", "donor").unwrap().f1(), None);
    assert!(table.row_of("a", "acceptor").is_none());
    assert_eq!(table.rows_of("none such").count(), 0);
    assert!(table.heap_bytes() > 0);
}

#[test]
fn a_comma_table_is_read_although_its_name_says_tsv() {
    let table = read(
        "\"gene_id\",site_type,TP,FP,FN,\"note, free\"\n\"x,\"\"y\"\"\n\",donor,1.0,2,0,\"tab\there\"\n",
    )
    .unwrap();
    let row = table.row_of("x,\"y\"\n", "donor").unwrap();
    assert_eq!(row.cell(5), "tab\there");
    assert_eq!(table.columns()[5], "note, free");
    let counts = row.counts().unwrap();
    assert_eq!(counts.true_positives, 1);
    assert_eq!(counts.true_negatives, None);
    assert_eq!(table.f1_column(), None);
}

#[test]
fn marks_line_ends_and_unicode_do_no_harm() {
    let table = read("\u{feff}gene_id,splice_type,TP,FP,FN\r\ngène,donor,1,2,3\r\n\r\n").unwrap();
    assert_eq!(table.columns()[table.group_column()], "gene_id");
    assert_eq!(table.row_of("gène", "donor").unwrap().cell(4), "3");
}

#[test]
fn null_metrics_and_null_counts_are_none() {
    for null in ["", "null", "NaN", "nan", "NA", "<NA>", "None"] {
        let table = read(format!("{HEADER}g\t0\t5\t0\t0\t{null}\t{null}\tdonor\n")).unwrap();
        assert_eq!(table.row_of("g", "donor").unwrap().f1(), None, "{null}");
        let table = read(format!("{HEADER}g\t{null}\t5\t{null}\t{null}\t\t\tdonor\n")).unwrap();
        assert_eq!(table.row_of("g", "donor").unwrap().counts(), None, "{null}");
    }
}

#[test]
fn other_names_for_group_and_site_can_be_given() {
    let names = BaselineColumns {
        groups: vec!["absent".to_owned(), "patient".to_owned()],
        sites: vec!["kind".to_owned()],
    };
    let text = "patient\tkind\tTP\tFP\tFN\np1\tk\t1\t0\t0\n";
    let table = Baseline::from_reader(text.as_bytes(), "b", &names, &Limits::default()).unwrap();
    assert!(table.row_of("p1", "k").is_some());
}

#[test]
fn a_table_without_the_needed_columns_names_them_and_what_it_has() {
    refused(
        "gene,TP,FP\nx,1,2\n",
        &[
            "`gene_id`, `FN`",
            "`splice_type` or `site_type`",
            "gene, TP",
        ],
    );
    refused(
        "gene_id\tTP\tFP\tFN\nx\t1\t2\t3\n",
        &["`splice_type` or `site_type`"],
    );
    refused("\n", &["is empty"]);
    refused("", &["is empty"]);
    refused(HEADER, &["no rows"]);
    refused(
        "gene_id,gene_id,TP,FP,FN,splice_type\n",
        &["`gene_id`", "twice"],
    );
}

#[test]
fn a_wrong_cell_is_named_by_line_column_and_value() {
    let row = |tp: &str, f1: &str| {
        format!("{HEADER}ok\t1\t1\t1\t1\t1\t1\td\ng\t{tp}\t1\t1\t1\t1\t{f1}\td\n")
    };
    refused(
        row("abc", "1"),
        &["column `TP`", "line 3", "`abc`", "whole number"],
    );
    refused(row("-1", "1"), &["line 3", "`-1`"]);
    refused(row("1.5", "1"), &["`1.5`"]);
    refused(row("inf", "1"), &["`inf`"]);
    refused(row("1e300", "1"), &["`1e300`"]);
    refused(
        row("null", "1"),
        &["column `TP`", "line 3", "null, but another count is not"],
    );
    refused(
        row("1", "1.2"),
        &["column `f1_score`", "`1.2`", "from 0 to 1"],
    );
    refused(row("1", "\u{1b}[31m"), &["\\u{1b}[31m"]);
    refused(row(&"9".repeat(500), "1"), &["999..."]);
    refused(
        format!("{HEADER}\t1\t1\t1\t1\t1\t1\td\n"),
        &["column `gene_id`", "line 2 is empty"],
    );
    refused(
        format!("{HEADER}g\t1\t1\t1\t1\t1\t1\t\n"),
        &["column `splice_type`", "line 2"],
    );
}

#[test]
fn a_row_of_another_length_or_not_text_is_named_by_line() {
    refused(
        format!("{HEADER}g\t1\t1\n"),
        &["line 2 has 3 cells, but the header has 8"],
    );
    refused(
        b"gene_id,splice_type,TP,FP,FN\n\xff\xfe,donor,1,1,1\n",
        &["line 2 is not UTF-8"],
    );
}

#[test]
fn two_rows_for_one_group_and_site_are_refused() {
    let row = "g\t1\t1\t1\t1\t1\t1\tdonor\n";
    refused(
        format!("{HEADER}{row}h\t1\t1\t1\t1\t1\t1\tdonor\n{row}"),
        &["lines 2 and 4", "`g`", "`donor`"],
    );
}

#[test]
fn a_huge_line_is_refused_before_it_is_in_memory() {
    // Endless readers: only a bound can end these.
    for byte in [b'x', b'"', b','] {
        let endless = HEADER.replace('\t', ",").into_bytes();
        let reader = std::io::Cursor::new(endless).chain(std::io::repeat(byte));
        let names = BaselineColumns::default();
        let error =
            Baseline::from_reader(reader, "base.tsv", &names, &Limits::default()).unwrap_err();
        assert!(
            error.to_string().contains("line 2 is longer than 65536"),
            "{error}"
        );
    }
    let reader = std::io::repeat(b'x');
    let names = BaselineColumns::default();
    let error = Baseline::from_reader(reader, "base.tsv", &names, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[test]
fn a_table_beyond_its_memory_is_refused() {
    let limits = Limits {
        baseline_bytes_max: 20_000,
        ..Limits::default()
    };
    let mut text = HEADER.to_owned();
    for gene in 0..10_000 {
        text.push_str(&format!("g{gene}\t1\t1\t1\t1\t\t\td\n"));
    }
    let names = BaselineColumns::default();
    let error = Baseline::from_reader(text.as_bytes(), "b", &names, &limits).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("larger than the limit of a baseline table"),
        "{error}"
    );
}

#[test]
fn any_prefix_or_flipped_byte_is_a_table_or_an_error() {
    let good =
        format!("{HEADER}g\t1\t1\t1\t1\t0.5\t0.5\t\"do\"\"nor\"\nh\t1\t1\t1\t1\t\t\tacceptor\n");
    for end in 0..good.len() {
        let _ = read(&good.as_bytes()[..end]);
    }
    for index in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            if let Ok(table) = read(&bytes) {
                assert!(table.rows_of("g").chain(table.rows_of("h")).count() <= table.len());
            }
        }
    }
}

#[test]
fn a_path_that_is_no_file_is_an_error_and_not_a_wait() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits::default();
    let missing = Baseline::open(directory.path().join("gone.tsv"), &limits).unwrap_err();
    assert!(missing.to_string().contains("gone.tsv"), "{missing}");
    let error = Baseline::open(directory.path(), &limits).unwrap_err();
    assert!(error.to_string().contains("is not a file"), "{error}");
}

const FILE: &str = "full_splice_performance.tsv";

fn files() -> Vec<String> {
    vec![FILE.to_owned(), format!("spliceai_eval/{FILE}")]
}

#[test]
fn a_baseline_is_found_in_and_beside_a_dataset() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let data = root.join("study/master");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("part-0.parquet"), "").unwrap();
    assert_eq!(discover(&data, &files()), None);
    let places = [
        "study/spliceai_eval",
        "study",
        "study/master/spliceai_eval",
        "study/master",
    ];
    // Each place is preferred to the ones before it.
    for place in places {
        let expected = root.join(place).join(FILE);
        fs::create_dir_all(root.join(place)).unwrap();
        fs::write(&expected, HEADER).unwrap();
        let same = |path: &Path| {
            let found = discover(path, &files()).map(|found| found.canonicalize().unwrap());
            assert_eq!(
                found,
                Some(expected.canonicalize().unwrap()),
                "{}",
                path.display()
            );
        };
        same(&data);
        same(&data.join("part-0.parquet"));
        same(&data.join("*.parquet"));
        same(&data.join("."));
    }
}
