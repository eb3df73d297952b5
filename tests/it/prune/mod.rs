//! `rowmill prune` as a user runs it: coefficients, verdicts and the copy; what is [`refused`]; what
//! [`training`] with `--prune-features` does.

mod refused;
mod training;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
};

use rowmill::internals::source::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions};

use crate::{
    command::{succeeds, text},
    dataset,
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/prune")
}

/// The rows of a CSV file, by column.
fn csv_rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Runs the command and answers `features.csv` as name -> (status, reason, twin).
fn prune(input: &Path, out: &Path, more: &[&str]) -> BTreeMap<String, [String; 3]> {
    let mut arguments = vec!["prune", text(input), "--out", text(out), "--overwrite"];
    arguments.extend(more);
    succeeds(&arguments);
    let reports = match out.extension() {
        Some(_) => out.parent().unwrap(),
        None => out,
    };
    let row = |row: HashMap<String, String>| {
        let cells = ["status", "reason", "kept_twin"].map(|name| row[name].clone());
        (row["feature"].clone(), cells)
    };
    csv_rows(&reports.join("features.csv"))
        .into_iter()
        .map(row)
        .collect()
}

/// The names of the columns with a status.
fn with_status(verdicts: &BTreeMap<String, [String; 3]>, status: &str) -> Vec<String> {
    let all = verdicts.iter().filter(|(_, cells)| cells[0] == status);
    all.map(|(name, _)| name.clone()).collect()
}

/// A table of numbers; the target is `label`.
struct Numbers {
    columns: Vec<(String, Vec<f64>)>,
}

impl Numbers {
    fn new(rows: usize, columns: impl IntoIterator<Item = (String, Vec<f64>)>) -> Self {
        let label = (0..rows).map(|row| (row % 3 % 2) as f64).collect();
        let mut columns: Vec<_> = columns.into_iter().collect();
        columns.push(("label".to_owned(), label));
        Self { columns }
    }

    fn rows(&self) -> usize {
        self.columns[0].1.len()
    }

    /// Writes some rows in row groups of a size.
    fn write(&self, path: &Path, rows: std::ops::Range<usize>, row_group: usize) {
        let specs: Vec<ColumnSpec> = self
            .columns
            .iter()
            .map(|(name, _)| ColumnSpec::nullable(name, ColumnKind::F64))
            .collect();
        let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
        for start in rows.clone().step_by(row_group) {
            let end = (start + row_group).min(rows.end);
            let data: Vec<ColumnData<'_>> = self
                .columns
                .iter()
                .map(|(_, values)| ColumnData::F64(&values[start..end]))
                .collect();
            writer.write_row_group(&data).unwrap();
        }
        writer.finish().unwrap();
    }
}

/// A sequence of numbers that look random, from -0.5 to 0.5.
fn noise(seed: u64, rows: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (0..rows).map(|_| next()).collect()
}

/// Many columns in families: copies with more or less noise, sparse counts, holes, constants.
fn families(rows: usize, families: usize) -> Numbers {
    let mut columns = Vec::new();
    for family in 0..families {
        let base = noise(family as u64 + 1, rows);
        let other = noise(family as u64 + 1_000, rows);
        let mix = |share: f64| -> Vec<f64> {
            base.iter()
                .zip(&other)
                .map(|(base, other)| base + share * other)
                .collect()
        };
        let sparse: Vec<f64> = base.iter().map(|x| f64::from(*x > 0.4995)).collect();
        let holes: Vec<f64> = base
            .iter()
            .zip(&other)
            .map(|(x, dice)| if *dice > 0.2 { f64::NAN } else { 1e8 - x })
            .collect();
        let name = |kind: &str| format!("f{family:02}_{kind}");
        columns.extend([
            (name("base"), base.clone()),
            // r with the base is 1 / sqrt(1 + share^2): 0.9950, 0.9901, 0.9898, 0.970; the last two are
            // told by each other.
            (name("near"), mix(0.1)),
            (name("at"), mix(0.1417)),
            (name("below"), mix(0.1440)),
            (name("far"), mix(0.25)),
            (name("sparse"), sparse.clone()),
            (
                name("sparse_twice"),
                sparse.iter().map(|x| 2.0 * x).collect(),
            ),
            (name("holes"), holes),
        ]);
    }
    columns.push(("constant".to_owned(), vec![3.5; rows]));
    Numbers::new(rows, columns)
}

/// r over the rows in which both are finite: means first, then centred sums.
fn twin(x: &[f64], y: &[f64]) -> f64 {
    let both: Vec<(f64, f64)> = (x.iter().copied().zip(y.iter().copied()))
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    let count = both.len() as f64;
    let mean_x = both.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = both.iter().map(|(_, y)| y).sum::<f64>() / count;
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        both.iter().map(|(x, y)| of(x - mean_x, y - mean_y)).sum()
    };
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

/// The names of the columns that a naive pruner drops, the earlier column of a pair being kept.
fn naively_dropped(features: &[(String, Vec<f64>)], threshold: f64) -> Vec<String> {
    let (mut kept, mut dropped): (Vec<&[f64]>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, values) in features {
        let is_constant = values.iter().all(|value| *value == values[0]);
        let told = kept
            .iter()
            .any(|kept| twin(kept, values).abs() >= threshold);
        if is_constant || told {
            dropped.push(name.clone());
        } else {
            kept.push(values);
        }
    }
    dropped.sort();
    dropped
}

const PLAIN: [&str; 4] = ["--profile", "none", "--target", "label"];

fn plain<'a>(more: &[&'a str]) -> Vec<&'a str> {
    PLAIN.iter().chain(more).copied().collect()
}

/// Every coefficient of the twenty tables, against exact rational arithmetic.
#[test]
fn coefficients_are_those_of_rational_arithmetic() {
    let dir = tempfile::tempdir().unwrap();
    let expected = csv_rows(&fixtures().join("expected.csv"));
    let mut compared = 0;
    for table in 0..20 {
        let input = fixtures().join(format!("table-{table:02}.parquet"));
        let out = dir.path().join(format!("{table}/out.parquet"));
        let flags = plain(&[
            "--exact-correlation",
            "--corr-report",
            "1e-300",
            "--threads",
            "2",
        ]);
        prune(&input, &out, &flags);
        let found = csv_rows(&out.parent().unwrap().join("correlations.csv"));
        let key = |row: &HashMap<String, String>| (row["first"].clone(), row["second"].clone());
        let found: HashMap<_, _> = found.iter().map(|row| (key(row), row)).collect();
        for row in expected
            .iter()
            .filter(|row| row["table"] == table.to_string())
        {
            let Ok(r) = row["correlation"].parse::<f64>() else {
                assert!(!found.contains_key(&key(row)), "{row:?}");
                continue;
            };
            let found = found[&key(row)];
            let difference = found["correlation"].parse::<f64>().unwrap() - r;
            assert!(difference.abs() < 1e-9, "{row:?} {found:?}");
            assert_eq!(found["common_rows"], row["common_rows"], "{row:?}");
            compared += 1;
        }
    }
    assert!(compared > 900, "{compared}");
}

/// What goes of the twenty tables, for both keep rules and three thresholds, against a pruner that has
/// the whole table in memory.
#[test]
fn the_twenty_tables_lose_what_a_naive_pruner_drops() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.parquet");
    let mut dropped = 0;
    for row in csv_rows(&fixtures().join("dropped.csv")) {
        let table: u32 = row["table"].parse().unwrap();
        let input = fixtures().join(format!("table-{table:02}.parquet"));
        let mut expected: Vec<&str> = row["dropped"].split(' ').collect();
        expected.sort_unstable();
        for mode in [&["--exact-correlation"][..], &[]] {
            let rule = ["--corr-thr", &row["threshold"], "--keep", &row["keep"]];
            let flags = plain(&[&rule[..], mode].concat());
            let verdicts = prune(&input, &out, &flags);
            assert_eq!(
                with_status(&verdicts, "pruned"),
                expected,
                "{row:?} {mode:?}"
            );
        }
        dropped += expected.len();
    }
    assert!(dropped > 500, "{dropped}");
}

/// Columns are ranked without one, and the copy is the same.
#[test]
fn data_without_a_target_are_pruned() {
    let dir = tempfile::tempdir().unwrap();
    let mut table = families(5_000, 2);
    table.columns.pop();
    let input = dir.path().join("in.parquet");
    table.write(&input, 0..table.rows(), 2_000);
    let verdicts = prune(&input, &dir.path().join("o.parquet"), &["--keep", "first"]);
    let mut expected = naively_dropped(&table.columns, 0.99);
    expected.sort();
    assert_eq!(with_status(&verdicts, "pruned"), expected);
    let ranked = prune(&input, &dir.path().join("ranked.parquet"), &[]);
    // All else being equal, names decide.
    assert_eq!(ranked["f00_base"][2], "f00_at");
    assert_eq!(ranked["f00_sparse"][0], "used");
}

#[test]
fn what_is_dropped_is_what_a_naive_pruner_drops() {
    let dir = tempfile::tempdir().unwrap();
    let table = families(20_000, 6);
    let input = dir.path().join("in.parquet");
    table.write(&input, 0..table.rows(), 6_000);
    let expected = naively_dropped(&table.columns[..table.columns.len() - 1], 0.99);
    assert_eq!(expected.len(), 6 * 5 + 1, "{expected:?}");
    for more in [&["--exact-correlation"][..], &[]] {
        let flags = plain(&[&["--keep", "first"], more].concat());
        let verdicts = prune(&input, &dir.path().join("out/o.parquet"), &flags);
        assert_eq!(with_status(&verdicts, "pruned"), expected, "{more:?}");
        for (name, [status, reason, by]) in &verdicts {
            let covered = status == "pruned" && reason != "constant";
            assert_eq!(covered, !by.is_empty(), "{name}: {reason}");
            assert!(!covered || verdicts[by][0] == "used", "{name}: {by}");
        }
    }
}

/// Threads, row groups and, in exact mode, the order of the files change nothing.
#[test]
fn the_kept_list_does_not_depend_on_threads_cuts_or_order() {
    let dir = tempfile::tempdir().unwrap();
    let table = families(12_000, 4);
    let rows = table.rows();
    let make = |name: &str, parts: &[(usize, usize)], row_group: usize| -> PathBuf {
        let input = dir.path().join(name);
        fs::create_dir(&input).unwrap();
        for (index, (start, end)) in parts.iter().enumerate() {
            let path = input.join(format!("part-{index}.parquet"));
            table.write(&path, *start..*end, row_group);
        }
        input
    };
    let inputs = [
        make("whole", &[(0, rows)], rows),
        make("cut", &[(0, 5_001), (5_001, rows)], 777),
        make(
            "shuffled",
            &[(7_000, rows), (3_000, 7_000), (0, 3_000)],
            2_048,
        ),
    ];
    for (mode, inputs) in [
        (&["--exact-correlation"][..], &inputs[..]),
        (&[], &inputs[..2]),
    ] {
        let mut lists = Vec::new();
        for input in inputs {
            for threads in ["1", "2", "4"] {
                let flags = plain(&[&["--threads", threads], mode].concat());
                let out = tempfile::tempdir_in(dir.path()).unwrap();
                lists.push(prune(input, &out.path().join("o"), &flags));
            }
        }
        assert!(
            lists.windows(2).all(|pair| pair[0] == pair[1]),
            "{mode:?} {lists:#?}"
        );
        assert!(with_status(&lists[0], "pruned").len() > 8);
    }
}

#[test]
fn a_small_memory_takes_more_passes_and_finds_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let table = families(3_000, 30);
    let input = dir.path().join("in.parquet");
    table.write(&input, 0..table.rows(), 1_000);
    let run = |memory: &str| {
        let flags = plain(&["--exact-correlation", "--memory", memory, "--threads", "2"]);
        prune(
            &input,
            &dir.path().join(format!("{memory}/o.parquet")),
            &flags,
        )
    };
    assert_eq!(run("1GiB"), run("90MiB"));
}

/// Ragged shards, profile, metadata and target: what is left is what was there.
#[test]
fn the_copy_of_a_ragged_dataset_trains() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("trimmed");
    let verdicts = prune(dataset::small(), &out, &["--corr-thr", "0.9"]);
    let dropped = with_status(&verdicts, "pruned");
    assert!(!dropped.is_empty());
    for score in ["donor_score", "acceptor_score", "neither_score"] {
        assert_eq!(verdicts[score][0], "used", "base scores are kept");
    }
    let inspected = succeeds(&["inspect", text(&out), "--all"]).stdout;
    assert!(inspected.contains("splice_type") && inspected.contains("gene_id"));
    for name in dropped {
        let as_word = inspected.split_whitespace().any(|word| word == name);
        assert!(!as_word, "{name} is still there: {inspected}");
    }
    let again = prune(&out, &dir.path().join("twice"), &["--corr-thr", "0.9"]);
    assert!(with_status(&again, "pruned").is_empty(), "{again:#?}");
    let run = dir.path().join("run");
    let trees = r#"{"n_estimators": 2, "max_depth": 3}"#;
    succeeds(&[
        "train",
        text(&out),
        "--out-dir",
        text(&run),
        "--model",
        trees,
    ]);
}
