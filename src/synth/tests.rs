use std::{collections::BTreeMap, fs, path::Path};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};

use super::{
    generate::generate_until,
    genes::GeneSpans,
    plan::{GENE_ROWS_MAX, GENE_ROWS_MIN, Plan},
    random::{CountTable, Stream, StreamKind},
    *,
};
use crate::{error::Error, platform::stop::Stop};

fn options(out_dir: &Path) -> SynthOptions {
    SynthOptions {
        rows: 3_000,
        kmers: 24,
        genes: Some(12),
        shards: 3,
        out_dir: out_dir.to_path_buf(),
        ..SynthOptions::default()
    }
}

fn run(options: &SynthOptions) -> SynthSummary {
    generate(options, &mut |_| {}).unwrap()
}

fn shard_paths(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|name| name == "parquet"))
        .collect();
    paths.sort();
    paths
}

fn columns(path: &Path) -> Vec<String> {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    schema
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect()
}

/// Rows as name -> value, without nulls and k-mer counts of 0; whole numbers alike in every type.
fn rows(dir: &Path) -> Vec<BTreeMap<String, String>> {
    let value = |name: &str, field: &Field| match field {
        Field::Null => None,
        Field::Double(count) if name.contains("mer_") && *count == 0.0 => None,
        Field::Long(number) => Some(format!("{}", *number as f64)),
        Field::Double(number) => Some(format!("{number}")),
        Field::Str(text) => Some(text.clone()),
        other => panic!("{name} is {other:?}"),
    };
    let mut rows = Vec::new();
    for path in shard_paths(dir) {
        let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let columns = row.get_column_iter();
            rows.push(
                columns
                    .filter_map(|(name, field)| Some((name.clone(), value(name, field)?)))
                    .collect(),
            );
        }
    }
    rows
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap()
}

#[test]
fn the_rows_do_not_depend_on_shards_threads_or_raggedness() {
    let dir = tempfile::tempdir().unwrap();
    let reference = options(&dir.path().join("reference"));
    run(&reference);
    let expected = rows(&reference.out_dir);
    assert_eq!(expected.len(), 3_000);
    for (shards, threads, ragged) in [(1, 1, true), (7, 3, true), (2, 2, false)] {
        let other = SynthOptions {
            shards,
            threads,
            ragged,
            out_dir: dir.path().join(format!("{shards}-{threads}")),
            ..reference.clone()
        };
        run(&other);
        assert!(
            rows(&other.out_dir) == expected,
            "{shards} shards, {threads} threads"
        );
        let table = |options: &SynthOptions| {
            fs::read_to_string(options.out_dir.join("full_splice_performance.tsv")).unwrap()
        };
        assert_eq!(table(&other), table(&reference));
    }
}

#[test]
fn another_seed_gives_other_rows() {
    let dir = tempfile::tempdir().unwrap();
    let first = options(&dir.path().join("first"));
    let second = SynthOptions {
        seed: 43,
        out_dir: dir.path().join("second"),
        ..first.clone()
    };
    run(&first);
    run(&second);
    assert!(rows(&first.out_dir) != rows(&second.out_dir));
}

#[test]
fn gene_sizes_are_in_bounds_and_add_up() {
    let check = |rows: u64, genes: Option<u64>| {
        let plan = Plan::new(&SynthOptions {
            rows,
            genes,
            shards: 1,
            ..SynthOptions::default()
        })
        .unwrap();
        let spans: Vec<_> = GeneSpans::new(&plan).collect();
        assert_eq!(spans.len() as u64, plan.genes);
        let mut next_row = 0;
        for span in &spans {
            assert_eq!(span.first_row, next_row);
            assert!(
                (GENE_ROWS_MIN..=GENE_ROWS_MAX).contains(&span.rows),
                "{span:?}"
            );
            next_row += span.rows;
        }
        assert_eq!(next_row, rows);
        spans.iter().map(|span| span.rows).max().unwrap()
    };
    check(8, Some(1));
    check(8_000, Some(1_000));
    check(100, None);
    check(1_000_000, Some(251));
    let largest = check(4_000_000, None);
    assert!(
        largest > 10_000,
        "genes are skewed, the largest has {largest} rows"
    );
}

#[test]
fn the_data_have_the_shape_of_the_real_thing() {
    let dir = tempfile::tempdir().unwrap();
    let options = SynthOptions {
        rows: 8_000,
        genes: Some(40),
        ..options(dir.path())
    };
    let summary = run(&options);
    let [neither, donor, acceptor] = summary.class_rows.map(|rows| rows as f64 / 8_000.0);
    assert!((0.88..0.94).contains(&neither), "{neither}");
    assert!((0.025..0.065).contains(&donor), "{donor}");
    assert!((0.025..0.065).contains(&acceptor), "{acceptor}");
    let duplicates = summary.duplicate_rows as f64 / 8_000.0;
    assert!((0.01..0.03).contains(&duplicates), "{duplicates}");
    let rows = rows(dir.path());
    let mut infinite = 0;
    let mut nulls = 0;
    for row in &rows {
        let scores = ["donor_score", "acceptor_score", "neither_score"];
        let sum: f64 = scores.iter().map(|name| number(row, name)).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{row:?}");
        let logodds = row.get("donor_acceptor_logodds");
        infinite += usize::from(logodds.is_some_and(|value| value.contains("inf")));
        nulls += usize::from(!row.contains_key("conservation_score"));
        assert!(row.contains_key("true_position") != (row["splice_type"] == "neither"));
    }
    assert!(infinite > 30, "{infinite} infinite ratios");
    assert!(nulls > 100, "{nulls} nulls");
    let repeated = rows.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!(repeated as u64, summary.duplicate_rows);
}

#[test]
fn ragged_shards_differ_in_columns_and_order() {
    let dir = tempfile::tempdir().unwrap();
    let options = SynthOptions {
        shards: 8,
        genes: Some(64),
        ..options(dir.path())
    };
    let summary = run(&options);
    assert!(summary.columns.0 < summary.columns.1, "{summary:?}");
    let shards: Vec<Vec<String>> = shard_paths(dir.path())
        .iter()
        .map(|path| columns(path))
        .collect();
    assert_eq!(shards.len(), 8);
    assert_ne!(shards[0][..20], shards[1][..20]);
    let mut sorted = shards.clone();
    sorted.iter_mut().for_each(|names| names.sort());
    assert!(sorted.windows(2).any(|pair| pair[0] != pair[1]));
    for names in &shards {
        assert!(names.iter().any(|name| name == "splice_type"));
    }
}

#[test]
fn even_shards_have_the_same_columns() {
    let dir = tempfile::tempdir().unwrap();
    let options = SynthOptions {
        ragged: false,
        ..options(dir.path())
    };
    let summary = run(&options);
    assert_eq!(summary.columns.0, summary.columns.1);
    let shards: Vec<Vec<String>> = shard_paths(dir.path())
        .iter()
        .map(|path| columns(path))
        .collect();
    assert!(shards.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn the_baseline_counts_the_rows_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let summary = run(&options(dir.path()));
    let mut counted: BTreeMap<(String, &str), [u64; 4]> = BTreeMap::new();
    for row in rows(dir.path()) {
        let scores =
            ["neither", "donor", "acceptor"].map(|class| number(&row, &format!("{class}_score")));
        for (site, class) in [("donor", 1), ("acceptor", 2)] {
            let chosen = (0..3).all(|other| {
                scores[class] > scores[other] || (scores[class] == scores[other] && class <= other)
            });
            let place = match (row["splice_type"] == site, chosen) {
                (true, true) => 0,
                (false, false) => 1,
                (false, true) => 2,
                (true, false) => 3,
            };
            counted.entry((row["gene_id"].clone(), site)).or_default()[place] += 1;
        }
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .from_path(&summary.baseline)
        .unwrap();
    let mut lines = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let site = if &record[2] == "donor" {
            "donor"
        } else {
            "acceptor"
        };
        let counts = counted[&(record[0].to_owned(), site)];
        let written: Vec<u64> = (3..7).map(|field| record[field].parse().unwrap()).collect();
        assert_eq!(written, counts, "{record:?}");
        assert_eq!(
            record[11].is_empty(),
            counts[0] + counts[3] == 0,
            "{record:?}"
        );
        lines += 1;
    }
    assert_eq!(lines, 2 * summary.genes);
}

#[test]
fn progress_ends_at_all_rows() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = None;
    generate(&options(dir.path()), &mut |progress| last = Some(progress)).unwrap();
    let expected = SynthProgress {
        rows_done: 3_000,
        rows_total: 3_000,
    };
    assert_eq!(last, Some(expected));
}

#[test]
fn an_earlier_run_is_kept_unless_it_may_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let first = options(dir.path());
    run(&first);
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let refused = generate(&first, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, Error::Usage(_)));
    assert!(refused.to_string().contains("--overwrite"), "{refused}");
    let second = SynthOptions {
        shards: 1,
        overwrite: true,
        ..first
    };
    run(&second);
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "full_splice_performance.tsv",
        "gene_manifest.csv",
        "notes.txt",
        "part-00000.parquet",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_stopped_run_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let stop = Stop::default();
    let asking = stop.clone();
    let stopped = generate_until(&options(dir.path()), &stop, &mut |_| asking.request(15));
    assert!(matches!(stopped, Err(Error::Interrupted { signal: 15 })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn options_out_of_range_name_the_option() {
    let dir = tempfile::tempdir().unwrap();
    let check = |change: &dyn Fn(&mut SynthOptions), expected: &str| {
        let mut options = options(dir.path());
        change(&mut options);
        let error = generate(&options, &mut |_| {}).unwrap_err();
        assert!(matches!(error, Error::Usage(_)));
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(&|options| options.kmers = 3, "--kmers 3");
    check(&|options| options.kmers = 5_121, "--kmers 5121");
    check(&|options| options.shards = 0, "--shards 0");
    check(&|options| options.threads = 0, "--threads 0");
    check(&|options| options.genes = Some(0), "0 genes");
    check(&|options| options.genes = Some(376), "376 genes");
    check(
        &|options| (options.rows, options.genes) = (1_000_000, Some(250)),
        "250 genes",
    );
    check(
        &|options| (options.rows, options.genes, options.shards) = (8, Some(1), 9),
        "--shards 9",
    );
    check(&|options| options.rows = 0, "--rows 0");
}

#[test]
fn an_out_dir_that_is_a_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = generate(&options(&file), &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    assert!(
        error.to_string().contains(&*file.to_string_lossy()),
        "{error}"
    );
}

#[test]
fn k_mer_names_are_distinct_at_every_width() {
    for kmers in [8, 10, 64, 1_088, 5_120] {
        let plan = Plan::new(&SynthOptions {
            kmers,
            ..SynthOptions::default()
        })
        .unwrap();
        let mut names: Vec<_> = kmers::columns(&plan)
            .into_iter()
            .map(|kmer| kmer.name)
            .collect();
        assert_eq!(names.len(), kmers);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), kmers);
    }
}

#[test]
fn streams_are_pinned() {
    let mut stream = Stream::new(42, 7, StreamKind::Signal);
    assert_eq!(
        [stream.bits(), stream.bits()],
        [14_223_632_094_830_632_083, 13_470_577_099_961_278_024]
    );
    assert_ne!(
        Stream::new(42, 7, StreamKind::Kmers).bits(),
        Stream::new(42, 7, StreamKind::Signal).bits()
    );
    assert_ne!(
        Stream::new(42, 8, StreamKind::Signal).bits(),
        Stream::new(42, 7, StreamKind::Signal).bits()
    );
}

#[test]
fn normal_deviates_have_mean_0_and_variance_1() {
    let mut stream = Stream::new(1, 2, StreamKind::Features);
    let values: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
    let mean = values.iter().sum::<f64>() / 1e5;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / 1e5;
    assert!(mean.abs() < 0.015, "{mean}");
    assert!((variance - 1.0).abs() < 0.02, "{variance}");
}

#[test]
fn count_tables_have_their_rate() {
    for rate in [0.0, 0.04, 0.5, 2.0] {
        let table = CountTable::poisson(rate);
        let sum: u32 = (0..=255).map(|byte| u32::from(table.count(byte))).sum();
        assert!((f64::from(sum) / 256.0 - rate).abs() < 0.02, "{rate}");
    }
}
