//! `predictions.parquet`: which rows and columns it has, and that its numbers are the model's.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use rowmill::{
    Model, Predictor, TextValues, Unseen, Values,
    internals::source::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
};

use crate::{
    artefacts::json,
    command::{fails, fed, succeeds, text},
};

const ROWS: usize = 5_000;
const ROW_GROUPS: [usize; 4] = [1_700, 1, 2_200, 1_099];

const YES: [&str; 2] = ["no", "yes"];
/// Class names that are no usual column names.
const SIZES: [&str; 3] = ["a.b", "probability", "ü \"x\""];
const CITIES: [&str; 4] = ["bonn", "kyiv", "oslo", "rome"];

const TREES: &str = r#"{"name": "gbdt", "n_estimators": 12, "num_leaves": 8}"#;

/// A table of targets of all kinds, and what they follow from.
struct Table {
    shop: Vec<String>,
    number: Vec<i64>,
    yes: Vec<u32>,
    size: Vec<u32>,
    price: Vec<f64>,
    weight: Vec<f64>,
    x: [Vec<f64>; 2],
    city: Vec<u32>,
}

impl Table {
    fn new() -> Self {
        // A linear congruential generator is random enough.
        let mut state = 12_345_u64;
        let mut unit = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        let mut column = || (0..ROWS).map(|_| unit()).collect::<Vec<f64>>();
        let (first, second, noise) = (column(), column(), column());
        let city: Vec<u32> = column().iter().map(|u| (u * 4.0) as u32).collect();
        let rows = 0..ROWS;
        let score = |row: usize| {
            first[row] + 0.5 * second[row] + 0.2 * f64::from(city[row]) + 0.3 * noise[row]
        };
        Self {
            shop: rows
                .clone()
                .map(|row| format!("shop {}", row / 11))
                .collect(),
            number: rows.clone().map(|row| (row / 9) as i64).collect(),
            yes: rows
                .clone()
                .map(|row| u32::from(score(row) > 1.1))
                .collect(),
            size: rows
                .clone()
                .map(|row| (score(row) * 1.6) as u32 % 3)
                .collect(),
            price: rows.clone().map(|row| 10.0 * score(row)).collect(),
            weight: rows.map(|row| 0.5 + (row % 3) as f64).collect(),
            x: [
                first
                    .iter()
                    .map(|x| if *x < 0.05 { f64::NAN } else { *x })
                    .collect(),
                second,
            ],
            city,
        }
    }

    fn write(&self, path: &Path) {
        let specs = [
            ColumnSpec::required("shop", ColumnKind::Text),
            ColumnSpec::required("number", ColumnKind::I64),
            ColumnSpec::required("yes", ColumnKind::Text),
            ColumnSpec::required("size", ColumnKind::Text),
            ColumnSpec::required("price", ColumnKind::F64),
            ColumnSpec::required("w", ColumnKind::F64),
            ColumnSpec::nullable("x0", ColumnKind::F64),
            ColumnSpec::required("x1", ColumnKind::F64),
            ColumnSpec::required("city", ColumnKind::Text),
        ];
        let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
        let mut first = 0;
        for rows in ROW_GROUPS {
            let at = first..first + rows;
            let shops: Vec<Option<&str>> =
                self.shop[at.clone()].iter().map(|s| Some(&**s)).collect();
            writer
                .write_row_group(&[
                    ColumnData::Text(&shops),
                    ColumnData::I64(&self.number[at.clone()]),
                    ColumnData::TextIds {
                        values: &YES,
                        ids: &self.yes[at.clone()],
                    },
                    ColumnData::TextIds {
                        values: &SIZES,
                        ids: &self.size[at.clone()],
                    },
                    ColumnData::F64(&self.price[at.clone()]),
                    ColumnData::F64(&self.weight[at.clone()]),
                    ColumnData::F64(&self.x[0][at.clone()]),
                    ColumnData::F64(&self.x[1][at.clone()]),
                    ColumnData::TextIds {
                        values: &CITIES,
                        ids: &self.city[at.clone()],
                    },
                ])
                .unwrap();
            first = at.end;
        }
        assert_eq!(first, ROWS);
        writer.finish().unwrap();
    }

    /// The values of a feature in some rows.
    fn values(&self, name: &str, rows: &[usize]) -> Values {
        let numbers = |column: &[f64]| Values::F64(rows.iter().map(|row| column[*row]).collect());
        match name {
            "x0" => numbers(&self.x[0]),
            "x1" => numbers(&self.x[1]),
            "city" => {
                let mut text = TextValues::default();
                for city in CITIES {
                    text.push_value(city);
                }
                text.ids = rows.iter().map(|row| self.city[*row]).collect();
                Values::Text(text)
            }
            other => panic!("`{other}` is no feature"),
        }
    }
}

/// The table and the directory with its file, made once a process.
fn data() -> &'static (Table, tempfile::TempDir) {
    static DATA: OnceLock<(Table, tempfile::TempDir)> = OnceLock::new();
    DATA.get_or_init(|| {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let table = Table::new();
        table.write(&dir.path().join("table.parquet"));
        (table, dir)
    })
}

fn table_path() -> PathBuf {
    data().1.path().join("table.parquet")
}

/// The columns of a file, by name and in its order.
struct Written {
    names: Vec<String>,
    columns: HashMap<String, Vec<Field>>,
}

impl Written {
    fn read(out_dir: &Path) -> Self {
        let file = fs::File::open(out_dir.join("predictions.parquet")).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let names: Vec<String> = schema
            .columns()
            .iter()
            .map(|c| c.name().to_owned())
            .collect();
        let mut columns: HashMap<String, Vec<Field>> = HashMap::new();
        for row in reader.get_row_iter(None).unwrap() {
            for (name, field) in row.unwrap().into_columns() {
                columns.entry(name).or_default().push(field);
            }
        }
        Self { names, columns }
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let number = |field: &Field| match field {
            Field::Long(number) => *number as f64,
            Field::Int(number) => f64::from(*number),
            Field::Float(number) => f64::from(*number),
            Field::Double(number) => *number,
            other => panic!("{name}: {other:?}"),
        };
        self.columns[name].iter().map(number).collect()
    }

    fn texts(&self, name: &str) -> Vec<Option<&str>> {
        let column = self.columns[name].iter();
        column
            .map(|field| match field {
                Field::Str(text) => Some(text.as_str()),
                Field::Null => None,
                other => panic!("{name}: {other:?}"),
            })
            .collect()
    }

    fn rows(&self) -> Vec<usize> {
        self.numbers("row")
            .iter()
            .map(|row| *row as usize)
            .collect()
    }
}

/// The words of a run that writes predictions.
fn words<'a>(
    command: &'a str,
    table: &'a Path,
    target: &'a str,
    out_dir: &'a Path,
) -> Vec<&'a str> {
    let others = match target {
        "yes" => "shop,number,size,price,w",
        "size" => "shop,number,yes,price,w",
        _ => "shop,number,yes,size,w",
    };
    let mut words = vec![
        command,
        text(table),
        "--profile",
        "none",
        "--target",
        target,
    ];
    words.extend(["--exclude", others, "--out-dir", text(out_dir)]);
    words.extend(["--predictions", "--memory", "256MiB"]);
    words
}

/// The rows of the file are the held-out ones, and its numbers those of the saved model.
fn check(
    command: &str,
    target: &str,
    group: &str,
    more: &[&str],
    columns: &[&str],
) -> tempfile::TempDir {
    let (table, _) = data();
    let dir = tempfile::tempdir().unwrap();
    let path = table_path();
    let mut all = words(command, &path, target, dir.path());
    all.extend(["--group-col", group, "--threads", "2"]);
    all.extend(more);
    succeeds(&all);

    let written = Written::read(dir.path());
    let names = [&["row", "group", "split", "label", "weight"], columns].concat();
    assert_eq!(written.names, names);
    let rows = written.rows();
    assert!(rows.is_sorted_by(|one, next| one < next));
    check_splits(&written, dir.path(), group);

    let weighted = more.contains(&"--weight-col");
    let label = |row: &usize| match target {
        "yes" => f64::from(table.yes[*row]),
        "size" => f64::from(table.size[*row]),
        _ => f64::from(table.price[*row] as f32),
    };
    let labels: Vec<f64> = rows.iter().map(label).collect();
    assert_eq!(written.numbers("label"), labels);
    let weight = |row: &usize| if weighted { table.weight[*row] } else { 1.0 };
    let weights: Vec<f64> = rows.iter().map(weight).collect();
    assert_eq!(written.numbers("weight"), weights);

    let model = Model::load(&dir.path().join("model.rowmill")).unwrap();
    let mut predictor = Predictor::new(&model, Unseen::Error);
    let features = model.features.iter();
    let values: Vec<Values> = features
        .map(|feature| table.values(&feature.name, &rows))
        .collect();
    let mut margins = vec![0.0; rows.len() * predictor.outputs()];
    predictor
        .margins_into(values.iter(), rows.len(), &mut margins)
        .unwrap();
    let mut predictions = vec![0.0; margins.len()];
    predictor.predictions_into(&margins, &mut predictions);
    for (output, name) in columns.iter().enumerate() {
        let expected = &predictions[output * rows.len()..][..rows.len()];
        assert_eq!(written.numbers(name), expected, "{name}");
    }
    dir
}

/// Each row is in the split of its group, and as many are there as the metrics say.
fn check_splits(written: &Written, out_dir: &Path, group: &str) {
    let (table, _) = data();
    let metrics = json(&out_dir.join("metrics.json"));
    let splits = written.texts("split");
    for split in ["valid", "test"] {
        let rows = splits.iter().filter(|found| **found == Some(split)).count();
        assert_eq!(metrics["splits"][split]["rows"], rows, "{split}");
        assert!(rows > 0);
    }
    assert!(
        splits
            .iter()
            .all(|split| matches!(split, Some("valid" | "test")))
    );
    let groups = written.texts("group");
    if group == "none" {
        assert!(groups.iter().all(Option::is_none));
        return;
    }
    let file = fs::File::open(out_dir.join("splits.parquet")).unwrap();
    let mut split_of: HashMap<String, String> = HashMap::new();
    for row in SerializedFileReader::new(file)
        .unwrap()
        .get_row_iter(None)
        .unwrap()
    {
        let fields = row.unwrap().into_columns();
        let (Field::Str(group), Field::Str(split)) = (&fields[0].1, &fields[1].1) else {
            panic!("{fields:?}");
        };
        split_of.insert(group.clone(), split.clone());
    }
    for (index, row) in written.rows().iter().enumerate() {
        let expected = match group {
            "shop" => table.shop[*row].clone(),
            _ => table.number[*row].to_string(),
        };
        assert_eq!(groups[index], Some(&*expected), "row {row}");
        assert_eq!(splits[index], Some(&*split_of[&expected]), "row {row}");
    }
}

/// The area under the ROC curve, ties counted half, and the log-loss of the test rows.
fn auc_and_log_loss(written: &Written) -> (f64, f64) {
    let (labels, scores) = (written.numbers("label"), written.numbers("probability"));
    let splits = written.texts("split");
    let mut rows: Vec<(f64, bool)> = (0..labels.len())
        .filter(|index| splits[*index] == Some("test"))
        .map(|index| (scores[index], labels[index] == 1.0))
        .collect();
    let losses = rows
        .iter()
        .map(|(score, is_positive)| -(if *is_positive { *score } else { 1.0 - score }).ln());
    let log_loss = losses.sum::<f64>() / rows.len() as f64;
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut below, mut pairs) = (0.0, 0.0);
    for ties in rows.chunk_by(|one, other| one.0 == other.0) {
        let positive = ties.iter().filter(|(_, is_positive)| *is_positive).count() as f64;
        let negative = ties.len() as f64 - positive;
        pairs += positive * (below + negative / 2.0);
        below += negative;
    }
    (pairs / (below * (rows.len() as f64 - below)), log_loss)
}

fn check_metrics(out_dir: &Path) {
    let metrics = json(&out_dir.join("metrics.json"));
    let (auc, log_loss) = auc_and_log_loss(&Written::read(out_dir));
    let bounds = &metrics["splits"]["test"]["auc_roc"];
    let [low, high] = ["low", "high"].map(|key| bounds[key].as_f64().unwrap());
    assert!(low - 1e-9 <= auc && auc <= high + 1e-9, "{auc} in {bounds}");
    let expected = metrics["test_log_loss"].as_f64().unwrap();
    assert!(
        (log_loss - expected).abs() < 1e-6,
        "{log_loss} and {expected}"
    );
}

#[test]
fn two_classes_have_one_probability() {
    for model in [TREES, "logistic"] {
        let run = check(
            "train",
            "yes",
            "shop",
            &["--model", model],
            &["probability"],
        );
        check_metrics(run.path());
        let json = json(&run.path().join("run.json"));
        assert_eq!(json["verified"], true);
        assert_eq!(json["options"]["predictions"], true);
        let peak = json["peak_rss_bytes"].as_u64().unwrap();
        assert!(
            peak <= json["memory_plan_bytes"].as_u64().unwrap(),
            "{peak}"
        );
        let hashes = ["trees_sha256", "coefficients_sha256"].map(|key| json[key].is_string());
        assert_eq!(hashes, [model == TREES, model != TREES]);
    }
}

#[test]
fn more_classes_have_a_probability_each_under_their_own_names() {
    let columns = SIZES.map(|class| format!("probability_{class}"));
    let columns = columns.each_ref().map(|name| name.as_str());
    for model in [TREES, "logistic"] {
        let more = ["--model", model, "--weight-col", "w"];
        check("train", "size", "number", &more, &columns);
    }
}

#[test]
fn numbers_have_a_prediction() {
    let more = ["--model", TREES, "--task", "regression"];
    check("train", "price", "none", &more, &["prediction"]);
}

#[test]
fn runs_by_batches_write_predictions_too() {
    for model in [TREES, "logistic"] {
        for once in [&[][..], &["--one-pass", "--classes", "no,yes"]] {
            let more = [
                &[
                    "--model",
                    model,
                    "--batch-size",
                    "1_000",
                    "--weight-col",
                    "w",
                ],
                once,
            ];
            let run = check(
                "incremental",
                "yes",
                "shop",
                &more.concat(),
                &["probability"],
            );
            check_metrics(run.path());
        }
    }
}

#[test]
fn validation_rows_from_elsewhere_come_last() {
    let more = ["--one-pass", "--classes", "no,yes", "--val-dir"];
    let (path, dir) = (table_path(), tempfile::tempdir().unwrap());
    let other = dir.path().join("other.parquet");
    data().0.write(&other);
    let out_dir = dir.path().join("run");
    let mut all = words("incremental", &path, "yes", &out_dir);
    all.extend(["--group-col", "none"]);
    all.extend(more);
    all.push(text(&other));
    succeeds(&all);
    let written = Written::read(&out_dir);
    let of_other = written.rows().iter().filter(|row| **row >= ROWS).count();
    assert_eq!(
        of_other, ROWS,
        "all validation rows are numbered behind the others"
    );
    let splits = written.texts("split");
    let valid = splits
        .iter()
        .filter(|split| **split == Some("valid"))
        .count();
    assert_eq!(valid, ROWS);
}

#[test]
fn neither_threads_nor_batches_nor_the_check_change_a_byte() {
    let path = table_path();
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (index, more) in [
        &["--threads", "1"][..],
        &["--threads", "3", "--batch-size", "333"],
        &["--threads", "2", "--no-verify"],
    ]
    .into_iter()
    .enumerate()
    {
        let out_dir = dir.path().join(index.to_string());
        let mut all = words("train", &path, "yes", &out_dir);
        all.extend(["--group-col", "shop", "--model", TREES]);
        all.extend(more);
        succeeds(&all);
        files.push(fs::read(out_dir.join("predictions.parquet")).unwrap());
        let run = json(&out_dir.join("run.json"));
        let passes = run["passes"].as_array().unwrap().iter();
        let passes: Vec<&str> = passes.map(|pass| pass["name"].as_str().unwrap()).collect();
        assert!(passes.contains(&"predictions") && !passes.contains(&"verification"));
        assert_eq!(run["verified"].is_null(), more.contains(&"--no-verify"));
    }
    assert!(files.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_replaced_run_leaves_no_predictions_behind() {
    let path = table_path();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("predictions.parquet");
    let mut all = words("train", &path, "yes", dir.path());
    all.extend(["--group-col", "shop", "--model", TREES, "--overwrite"]);
    let first = succeeds(&all);
    assert!(first.stdout.contains("predictions.parquet"), "{first:#?}");
    let before = fs::read(&file).unwrap();
    all.extend(["--seed", "5"]);
    succeeds(&all);
    assert_ne!(fs::read(&file).unwrap(), before);
    all.retain(|word| *word != "--predictions");
    let last = succeeds(&all);
    assert!(!last.stdout.contains("predictions.parquet"), "{last:#?}");
    assert!(!file.exists());
}

#[test]
fn a_stream_that_is_read_once_is_refused_before_any_work() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let stream = Path::new("-");
    let mut all = words("incremental", stream, "yes", &out_dir);
    all.extend(["--one-pass", "--classes", "no,yes"]);
    let outcome = fed(&all, &[]);
    assert_eq!(outcome.code, Some(2), "{outcome:#?}");
    for word in ["--predictions", "standard input", "Parquet file"] {
        assert!(outcome.stderr.contains(word), "{outcome:#?}");
    }
    assert!(!out_dir.exists());
    fails(&["prune", "x", "--predictions"], 2, &["--predictions"]);
}

#[test]
fn the_plan_has_a_line_for_the_file() {
    let path = table_path();
    let out_dir = Path::new("nowhere");
    let mut all = words("train", &path, "yes", out_dir);
    all[0] = "plan";
    all.extend(["--group-col", "shop", "--threads", "2"]);
    let with = succeeds(&all).stdout;
    assert!(
        with.contains("predictions file") && with.contains("predicted rows"),
        "{with}"
    );
    all.retain(|word| *word != "--predictions");
    let without = succeeds(&all).stdout;
    assert!(!without.contains("predictions file"), "{without}");
}
