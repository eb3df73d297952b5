//! The learner of trees as a whole.

use ndarray::{Array1, Array2, s};

use super::{Rows, schema};
use crate::{
    data::{Absent, CodeBlock, RowBlock, ValueType, pack},
    format::container::{FileKind, lengthened},
    learner::{
        ClassWeight,
        incremental::{AveragedSgd, Batch, BatchSchema, Learner, OnlineTrees, TreesOptions},
    },
    limits::BLOCK_ROWS,
    model::{Binning, Bins, FeatureSpec},
    platform::parallel::Serial,
};

fn options(rows_expected: u64) -> TreesOptions {
    let mut options = TreesOptions::new(rows_expected);
    options.booster.n_estimators = 30;
    options.booster.num_leaves = 8;
    options.booster.learning_rate = 0.2;
    options.reservoir_rows = 2_000;
    options.bins_rows = 500;
    options
}

fn learner(classes: usize, rows_expected: u64) -> OnlineTrees {
    OnlineTrees::new(schema(classes), options(rows_expected)).unwrap()
}

/// The bytes of a learner's file.
fn bytes(learner: &impl Learner) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learner");
    learner.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

fn load(bytes: &[u8]) -> crate::error::Result<OnlineTrees> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learner");
    std::fs::write(&path, bytes).unwrap();
    OnlineTrees::load(&path)
}

#[test]
fn one_pass_of_batches_is_nearly_as_good_as_one_batch() {
    for classes in [2, 3] {
        let rows = Rows::new(12_000, classes);
        let test = Rows::new(20_000, classes).part(12_000, 20_000);
        let mut whole = OnlineTrees::new(
            schema(classes),
            TreesOptions {
                reservoir_rows: 12_000,
                ..options(12_000)
            },
        )
        .unwrap();
        rows.feed(&mut whole, 12_000);
        // The last column varies in the second half of the rows that fix the bins.
        let options = TreesOptions {
            bins_rows: 6_000,
            ..options(12_000)
        };
        let mut batches = OnlineTrees::new(schema(classes), options).unwrap();
        rows.feed(&mut batches, 1_000);
        assert_eq!((whole.rounds(), batches.rounds()), (30, 30));
        let constant = learner(classes, 1);
        let [constant, whole, batches] =
            [&constant, &whole, &batches].map(|learner| test.loss(learner));
        let lost = (batches - whole) / (constant - whole);
        assert!(
            whole < 0.95 * constant && lost < 0.15,
            "{constant} {whole} {batches}"
        );
    }
}

#[test]
fn the_bins_are_fixed_by_the_first_rows_however_they_come() {
    let rows = Rows::new(1_200, 2);
    let mut learner = learner(2, 1_200);
    rows.part(0, 200).feed(&mut learner, 100);
    assert!(learner.bins().is_none());
    let before = learner.predict(rows.x.view().into()).unwrap();
    assert!(before.iter().all(|probability| *probability == 0.5));
    rows.part(200, 600).feed(&mut learner, 400);
    let bins = learner.bins().unwrap().clone();
    assert_eq!(learner.rows(), 600);
    assert_eq!(learner.rounds(), 15);
    rows.part(600, 1_200).feed(&mut learner, 600);
    assert_eq!(learner.bins(), Some(&bins));
    assert_eq!(learner.rounds(), 30);
}

#[test]
fn a_budget_can_be_spent_early() {
    let rows = Rows::new(400, 2);
    let mut learner = learner(2, 1_000_000);
    let error = learner.spend_budget(&Serial).unwrap_err();
    assert!(
        error.to_string().contains("no rows have arrived"),
        "{error}"
    );
    rows.feed(&mut learner, 200);
    assert_eq!(learner.rounds(), 0);
    learner.spend_budget(&Serial).unwrap();
    assert_eq!(learner.rounds(), 30);
    assert!(rows.loss(&learner) < 0.6);
}

#[test]
fn a_learner_that_was_saved_goes_on_to_the_same_bytes() {
    let rows = Rows::new(3_000, 2);
    let mut straight = learner(2, 3_000);
    let mut saved = learner(2, 3_000);
    for first in (0..3_000).step_by(300) {
        let part = rows.part(first, first + 300);
        straight.partial_fit(&part.batch()).unwrap();
        saved = load(&bytes(&saved)).unwrap();
        saved.partial_fit(&part.batch()).unwrap();
        assert!(bytes(&straight) == bytes(&saved), "{first}");
    }
    assert_eq!(
        straight.predict(rows.x.view().into()).unwrap(),
        saved.predict(rows.x.view().into()).unwrap()
    );
}

#[test]
fn what_is_wrong_with_a_batch_changes_nothing() {
    let rows = Rows::new(2_000, 2);
    let mut learner = learner(2, 2_000);
    rows.part(0, 1_000).feed(&mut learner, 1_000);
    let before = bytes(&learner);
    let mut check = |x: Array2<f64>, y: Array1<f64>, part: &str| {
        let error = learner.partial_fit(&Batch::new(x.view(), y.view()));
        let message = error.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
        assert!(bytes(&learner) == before, "{part}");
    };
    let x = || rows.x.slice(s![..4, ..]).to_owned();
    check(Array2::zeros((0, 6)), Array1::zeros(0), "no rows");
    check(Array2::zeros((4, 5)), Array1::zeros(4), "5 columns");
    check(x(), Array1::from_elem(4, f64::NAN), "label NaN");
    check(x(), Array1::from_elem(4, 2.0), "label 2 of row 0");
    check(x(), Array1::zeros(3), "3 labels");
    let names = ["a", "b", "c", "d", "e", "z"];
    let (x, y) = (x(), Array1::zeros(4));
    let batch = Batch::new(x.view(), y.view()).with_names(&names);
    let message = learner.partial_fit(&batch).unwrap_err().to_string();
    assert!(message.contains("column `z`"), "{message}");
    assert!(bytes(&learner) == before);
}

#[test]
fn a_batch_after_the_budget_changes_nothing() {
    let rows = Rows::new(1_000, 2);
    let mut learner = learner(2, 1_000);
    rows.feed(&mut learner, 500);
    let before = bytes(&learner);
    let message = learner.partial_fit(&rows.batch()).unwrap_err().to_string();
    let expected = "all 30 rounds of trees are grown: 1,000 rows were expected";
    assert!(message.contains(expected), "{message}");
    assert!(bytes(&learner) == before);
}

#[test]
fn columns_that_are_absent_and_classes_that_come_late_are_learned_around() {
    let rows = Rows::new(4_000, 3);
    let mut late = rows.clone();
    // The third class and the last column come only in the second half.
    for row in 0..2_000 {
        late.x[[row, 5]] = f64::NAN;
        if late.y[row] == 2.0 {
            late.y[row] = 0.0;
        }
    }
    let mut learner = learner(3, 4_000);
    late.part(0, 2_000).feed(&mut learner, 1_000);
    let third = |learner: &OnlineTrees| {
        let probabilities = learner.predict(rows.x.view().into()).unwrap();
        probabilities.column(2).mean().unwrap()
    };
    assert!(third(&learner) < 0.01);
    late.part(2_000, 4_000).feed(&mut learner, 1_000);
    assert!(third(&learner) > 0.03, "{}", third(&learner));
    let mut absent = rows.x.clone();
    absent.column_mut(0).fill(f64::NAN);
    absent.column_mut(1).fill(f64::INFINITY);
    let probabilities = learner.predict(absent.view().into()).unwrap();
    assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
}

#[test]
fn options_that_need_the_whole_dataset_are_refused() {
    let check = |change: &dyn Fn(&mut TreesOptions), part: &str| {
        let mut options = options(1_000);
        change(&mut options);
        let message = OnlineTrees::new(schema(2), options)
            .unwrap_err()
            .to_string();
        assert!(message.contains(part), "{message}");
    };
    check(&|options| options.rows_expected = 0, "rows expected are 0");
    check(
        &|options| options.reservoir_rows = 0,
        "a reservoir of 0 rows",
    );
    check(&|options| options.booster.num_leaves = 1, "leaves: 1");
    check(&|options| options.booster.max_bin = 1, "bins: 1");
    check(
        &|options| options.booster.reg_lambda = f64::NAN,
        "L2 penalty: NaN",
    );
    check(
        &|options| options.booster.early_stopping_rounds = Some(3),
        "early stopping",
    );
    check(
        &|options| options.booster.class_weight = ClassWeight::Balanced,
        "class weights",
    );
    check(
        &|options| options.booster.class_weights = vec![1.0; 3],
        "2 numbers",
    );
}

#[test]
fn files_of_anything_else_are_refused() {
    let rows = Rows::new(1_000, 2);
    let sgd: AveragedSgd = super::learner(2);
    let message = load(&bytes(&sgd)).unwrap_err().to_string();
    assert!(message.contains("not of `online_trees`"), "{message}");
    let mut learner = learner(2, 2_000);
    rows.feed(&mut learner, 1_000);
    let whole = bytes(&learner);
    for cut in [0, 7, whole.len() / 2, whole.len() - 1] {
        load(&whole[..cut]).unwrap_err();
    }
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    load(&changed).unwrap_err();
}

/// A text of two kept categories, with a pool for others, and a number without missing values.
fn given(pooled: bool) -> (BatchSchema, Bins) {
    let feature = |name: &str, value_type, binning| FeatureSpec {
        name: name.to_owned(),
        value_type,
        absent: Absent::Missing,
        binning,
        missing_in_training: false,
    };
    let kept = ["x", "y"].map(str::to_owned).to_vec();
    let features = vec![
        feature(
            "word",
            ValueType::Text,
            Binning::Categorical {
                values: kept,
                pooled,
            },
        ),
        feature(
            "length",
            ValueType::F64,
            Binning::Numeric { cuts: vec![1.0] },
        ),
    ];
    let radices = vec![4, 2];
    let layout = pack::layout(&radices);
    let bins = Bins::new(features, radices, layout);
    let schema = BatchSchema::new(&["word", "length"], &["no", "yes"]).unwrap();
    (schema, bins)
}

#[test]
fn given_bins_take_codes_and_new_categories_among_them() {
    let (schema, bins) = given(true);
    let mut learner = OnlineTrees::with_bins(schema, options(3_000), bins.clone()).unwrap();
    let rows = 3_000;
    // The pool is `yes`, the kept words are `no`: a new category is pooled.
    let words: Vec<u8> = (0..rows).map(|row| (row % 3) as u8).collect();
    let label: Vec<f32> = words.iter().map(|word| f32::from(*word == 2)).collect();
    let mut codes = vec![0; bins.layout.len() * BLOCK_ROWS];
    pack::pack_into(&words, bins.layout.byte_columns[0][0], &mut codes[..rows]);
    let block = CodeBlock {
        first_row: 0,
        rows,
        codes: &codes,
    };
    let of_rows = RowBlock {
        label: &label,
        weight: &vec![1.0; rows],
        group: &[],
        split: &vec![0; rows],
    };
    learner
        .partial_fit_codes(&Serial, |learn| learn(&block, &of_rows))
        .unwrap();
    assert_eq!((learner.rows(), learner.rounds()), (3_000, 30));
    let ensemble = learner.ensemble().unwrap();
    let code = learner.bins().unwrap().features[0]
        .binning
        .code_of_text(Some("never met"));
    let margin = |code: u8| ensemble.margins(|feature| [code, 0][feature as usize], &[3, 2])[0];
    assert!(margin(code) > 2.0 && margin(0) < -2.0);
    let error = learner.partial_fit_codes(&Serial, |learn| learn(&block, &of_rows));
    assert!(error.unwrap_err().to_string().contains("are grown"));
}

#[test]
fn given_bins_refuse_what_has_no_code() {
    let (schema, bins) = given(false);
    let number = Bins::new(bins.features[1..].to_vec(), vec![2], pack::layout(&[2]));
    let only = BatchSchema::new(&["length"], &["no", "yes"]).unwrap();
    let mut learner = OnlineTrees::with_bins(only, options(100), number.clone()).unwrap();
    let x = ndarray::array![[1.0], [f64::NAN]];
    let y = ndarray::array![0.0, 1.0];
    let message = learner
        .partial_fit(&Batch::new(x.view(), y.view()))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("row 1 has no value of `length`"),
        "{message}"
    );
    assert_eq!(learner.rows(), 0);
    let message = OnlineTrees::with_bins(schema.clone(), options(100), number)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("not those of the declared features"),
        "{message}"
    );
    let mut texts = OnlineTrees::with_bins(schema, options(100), bins).unwrap();
    let x = ndarray::array![[1.0, 2.0]];
    let y = ndarray::array![0.0];
    let message = texts
        .partial_fit(&Batch::new(x.view(), y.view()))
        .unwrap_err()
        .to_string();
    assert!(message.contains("`word` is text"), "{message}");
    let mut unfixed = super::trees::learner(2, 100);
    let message = unfixed.partial_fit_codes(&Serial, |_| Ok(())).unwrap_err();
    assert!(message.to_string().contains("give the bins"), "{message}");
}

#[test]
fn further_rows_grow_further_trees_at_the_same_rate() {
    let rows = Rows::new(3_000, 2);
    let mut learner = learner(2, 2_000);
    rows.part(0, 2_000).feed(&mut learner, 500);
    assert_eq!(learner.rounds(), 30);
    let before = learner.ensemble().unwrap();
    assert!(learner.extend_budget(0, None).is_err());
    let message = learner.extend_budget(1, Some(1 << 30)).unwrap_err();
    assert!(message.to_string().contains("trees"), "{message}");
    learner.extend_budget(1_000, None).unwrap();
    assert_eq!(learner.ensemble().unwrap(), before);
    let mut read = load(&bytes(&learner)).unwrap();
    for learner in [&mut learner, &mut read] {
        rows.part(2_000, 2_500).feed(learner, 500);
        assert_eq!(learner.rounds(), 37);
        rows.part(2_500, 3_000).feed(learner, 500);
        assert_eq!((learner.rounds(), learner.rows()), (45, 3_000));
    }
    assert!(bytes(&learner) == bytes(&read));
    // No tree went, and the leaves of the first ones follow the rows that came later.
    let after = learner.ensemble().unwrap();
    assert_eq!(after.trees[0].nodes.len(), before.trees[0].nodes.len());
    assert!(after.trees[0] != before.trees[0]);
    learner.extend_budget(10, Some(3)).unwrap();
    learner.spend_budget(&Serial).unwrap();
    assert_eq!(learner.rounds(), 48);
}

#[test]
fn given_bins_may_be_told_to_expect_missing_values() {
    let feature = |name: &str, cuts: &[f64]| FeatureSpec {
        name: name.to_owned(),
        value_type: ValueType::F64,
        absent: Absent::Missing,
        missing_in_training: false,
        binning: Binning::Numeric {
            cuts: cuts.to_vec(),
        },
    };
    let features = vec![
        feature("constant", &[]),
        feature("length", &[1.5, 3.5]),
        feature("depth", &[0.5]),
    ];
    let radices = [1, 3, 2];
    let bins = Bins::new(features, radices.to_vec(), pack::layout(&radices));
    let schema = BatchSchema::new(&["constant", "length", "depth"], &["no", "yes"]).unwrap();
    let mut learner = OnlineTrees::with_bins(schema, options(2_000), bins).unwrap();
    let x = Array2::from_shape_fn((1_000, 3), |(row, column)| match column {
        0 => 7.0,
        1 => (row % 6) as f64,
        _ => (row / 6 % 2) as f64,
    });
    let y = Array1::from_shape_fn(1_000, |row| f64::from((row % 6 > 3) != (row / 6 % 2 == 1)));
    learner
        .partial_fit(&Batch::new(x.view(), y.view()))
        .unwrap();
    let before = learner.predict(x.view().into()).unwrap();
    let rounds = learner.rounds();
    learner.expect_missing().unwrap();
    assert_eq!(learner.predict(x.view().into()).unwrap(), before);
    let holes = Array2::from_shape_fn((1_000, 3), |(row, column)| match (row + column) % 5 {
        0 => f64::NAN,
        _ => x[[row, column]],
    });
    learner
        .partial_fit(&Batch::new(holes.view(), y.view()))
        .unwrap();
    assert!(learner.rounds() > rounds);
    // The reservoir kept what it knew: rows without holes are told apart as before, or better.
    let after = learner.predict(x.view().into()).unwrap();
    for row in 0..1_000 {
        let right = usize::from(y[row] == 1.0);
        assert!(after[[row, right]] > 0.9, "{row}: {}", after[[row, right]]);
    }
}

#[test]
fn bytes_behind_a_section_s_value_are_refused() {
    let rows = Rows::new(1_200, 2);
    // Rows that are gathered, then bins and trees.
    for (fed, sections) in [(300, 1), (1_200, 2)] {
        let mut learner = learner(2, 1_200);
        rows.part(0, fed).feed(&mut learner, 100);
        let longer = lengthened(FileKind::Learner, &learner.to_bytes());
        assert_eq!(longer.len(), sections, "{fed} rows");
        for bytes in longer {
            let error = OnlineTrees::from_bytes(&bytes).unwrap_err();
            assert!(error.contains("1 extra bytes"), "{error}");
        }
    }
}
