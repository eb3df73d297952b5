//! Predictions: the fast ways against a node or a column at a time.

use std::sync::Arc;

use crate::{
    data::{
        Absent, CodeBlock, CodeLayout, Field, PackMember, Schema, TextValues, ValueType, Values,
        batch::MISSING_TEXT,
    },
    limits::BLOCK_ROWS,
    model::{
        tests::{
            Draws, linear_model, numeric, some_ensemble, some_features, some_linear, tree_model,
        },
        *,
    },
};

/// Codes of rows, feature-major.
fn some_codes(features: &[FeatureSpec], rows: usize, draws: &mut Draws) -> Vec<Vec<u8>> {
    let column = |feature: &FeatureSpec| {
        let codes = usize::from(feature.codes_with_missing());
        (0..rows).map(|_| draws.below(codes) as u8).collect()
    };
    features.iter().map(column).collect()
}

/// All small features in two bytes, the wide one alone, in an order of its own.
fn packed_layout(features: &[FeatureSpec]) -> CodeLayout {
    let pack = |members: &[u32]| {
        let mut stride = 1;
        let member = |feature: &u32| {
            let radix = features[*feature as usize].codes_with_missing();
            let member = PackMember {
                feature: *feature,
                radix,
                stride,
            };
            stride *= radix;
            member
        };
        members.iter().map(member).collect()
    };
    CodeLayout {
        byte_columns: vec![pack(&[4, 1, 2]), pack(&[0]), pack(&[5, 3])],
    }
}

fn packed_codes(layout: &CodeLayout, codes: &[Vec<u8>], rows: usize) -> Vec<u8> {
    let mut block = vec![0; layout.len() * BLOCK_ROWS];
    for (byte_column, members) in layout.byte_columns.iter().enumerate() {
        for row in 0..rows {
            let share = |member: &PackMember| {
                u16::from(codes[member.feature as usize][row]) * member.stride
            };
            let byte: u16 = members.iter().map(share).sum();
            block[byte_column * BLOCK_ROWS + row] = u8::try_from(byte).expect("packs fit a byte");
        }
    }
    block
}

fn check_trees(outputs: usize, rows: usize, layout: &CodeLayout, seed: u64) {
    let features = some_features();
    let missing = features::missing_codes(&features);
    let mut draws = Draws::new(seed);
    let ensemble = some_ensemble(outputs, 10 * outputs, &mut draws);
    let codes = some_codes(&features, rows, &mut draws);
    let block = packed_codes(layout, &codes, rows);
    let block = CodeBlock {
        first_row: 0,
        rows,
        codes: &block,
    };
    let mut trees = ByteTrees::compile(&ensemble, layout, &missing);
    let mut margins = vec![f32::NAN; outputs * rows];
    trees.margins_into(&block, &mut margins);
    for row in 0..rows {
        let expected = ensemble.margins(|feature| codes[feature as usize][row], &missing);
        for (output, expected) in expected.iter().enumerate() {
            let margin = margins[output * rows + row];
            assert_eq!(
                margin.to_bits(),
                expected.to_bits(),
                "seed {seed}, row {row}"
            );
        }
    }
}

#[test]
fn compiled_trees_agree_with_a_walk_bit_by_bit() {
    let identity = CodeLayout::identity(some_features().len());
    let packed = packed_layout(&some_features());
    for (outputs, rows, seed) in [
        (1, 1, 1),
        (1, 17, 2),
        (3, 511, 3),
        (1, 512, 4),
        (2, 1300, 5),
    ] {
        check_trees(outputs, rows, &identity, seed);
        check_trees(outputs, rows, &packed, seed + 100);
    }
}

#[test]
fn an_ensemble_without_trees_yields_its_base() {
    let ensemble = some_ensemble(3, 0, &mut Draws::new(1));
    let mut trees = ByteTrees::compile(&ensemble, &CodeLayout::default(), &[]);
    let mut margins = [0.0; 6];
    trees.margins_of_columns_into(&[], 2, 2, &mut margins);
    let base = &ensemble.base_margin;
    assert_eq!(
        margins,
        [base[0], base[0], base[1], base[1], base[2], base[2]]
    );
    assert!(trees.byte_columns().is_empty());
}

#[test]
fn only_columns_that_nodes_read_are_read() {
    let features = some_features();
    let mut ensemble = some_ensemble(1, 0, &mut Draws::new(1));
    let leaf = Leaf {
        value: 1.0,
        cover: 1.0,
        count: 1,
    };
    let split = NodeSplit {
        feature: 5,
        rule: Rule::AtMost(0),
        missing_left: false,
        left: 1,
        right: 2,
        gain: 1.0,
        cover: 1.0,
        count: 2,
    };
    ensemble.trees.push(Tree {
        nodes: vec![Node::Split(split), Node::Leaf(leaf), Node::Leaf(leaf)],
    });
    let missing = features::missing_codes(&features);
    let trees = ByteTrees::compile(&ensemble, &packed_layout(&features), &missing);
    assert_eq!(trees.byte_columns(), [2]);
}

/// Rows of every type, with all that may be in them.
fn some_values(rows: usize, draws: &mut Draws) -> Vec<Values> {
    let special = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        0.5,
        f64::MAX,
    ];
    let mut column = |feature: &FeatureSpec| {
        let mut number = || match draws.below(8) {
            0 => special[draws.below(special.len())],
            1 => draws.below(4) as f64,
            _ => draws.unit(),
        };
        match (&feature.binning, feature.name.as_str()) {
            (Binning::Numeric { .. }, "flag") => {
                Values::F32((0..rows).map(|_| number() as f32).collect())
            }
            (Binning::Numeric { .. }, _) => Values::F64((0..rows).map(|_| number()).collect()),
            (Binning::Categorical { values, .. }, _) => {
                let mut text = TextValues::default();
                for value in values.iter().map(String::as_str).chain(["unheard of"]) {
                    text.push_value(value);
                }
                let ids = text.dictionary_len();
                let id = |draw: usize| {
                    if draw == ids {
                        MISSING_TEXT
                    } else {
                        draw as u32
                    }
                };
                text.ids = (0..rows).map(|_| id(draws.below(ids + 1))).collect();
                Values::Text(text)
            }
        }
    };
    some_features().iter().map(&mut column).collect()
}

fn number_at(values: &Values, row: usize) -> f64 {
    match values {
        Values::F32(values) => f64::from(values[row]),
        Values::F64(values) => values[row],
        Values::Text(_) => panic!("a text"),
    }
}

fn code_at(feature: &FeatureSpec, values: &Values, row: usize) -> u8 {
    match values {
        Values::Text(text) => {
            let id = text.ids[row];
            feature
                .binning
                .code_of_text((id != MISSING_TEXT).then(|| text.value(id)))
        }
        numbers => feature.binning.code_of_number(number_at(numbers, row)),
    }
}

/// One row's margins, the slow way.
fn naive_margins(model: &Model, columns: &[Values], row: usize) -> Vec<f32> {
    let code_of = |feature: u32| {
        let feature = feature as usize;
        code_at(&model.features[feature], &columns[feature], row)
    };
    match &model.body {
        Body::Trees(ensemble) => {
            ensemble.margins(code_of, &features::missing_codes(&model.features))
        }
        Body::Linear(linear) => linear.margins(|column| match column.reading {
            Reading::Number => number_at(&columns[column.feature as usize], row),
            Reading::Category(code) => f64::from(u8::from(code_of(column.feature) == code)),
            Reading::Missing => {
                let feature = &model.features[column.feature as usize];
                let values = &columns[column.feature as usize];
                f64::from(u8::from(if feature.is_text() {
                    code_of(column.feature) == feature.binning.missing_code()
                } else {
                    !number_at(values, row).is_finite()
                }))
            }
        }),
    }
}

#[test]
fn predictors_agree_with_the_slow_way_on_raw_values() {
    let models = [
        tree_model(1, 1),
        tree_model(3, 2),
        linear_model(1, 3),
        linear_model(3, 4),
    ];
    for model in models {
        let mut predictor = Predictor::new(&model, Unseen::Missing);
        for rows in [0, 1, 700] {
            let columns = some_values(rows, &mut Draws::new(rows as u64));
            let mut margins = vec![f32::NAN; rows * predictor.outputs()];
            predictor
                .margins_into(columns.iter(), rows, &mut margins)
                .expect("no text is refused");
            for row in 0..rows {
                let expected = naive_margins(&model, &columns, row);
                let margins = margins.iter().skip(row).step_by(rows).copied();
                assert_eq!(margins.collect::<Vec<f32>>(), expected, "row {row}");
            }
        }
        assert!(predictor.heap_bytes() > 0);
    }
}

#[test]
fn unseen_texts_are_an_error_if_asked() {
    let model = tree_model(1, 1);
    let mut columns = some_values(3, &mut Draws::new(1));
    let Values::Text(strand) = &mut columns[3] else {
        panic!("strand is text");
    };
    strand.ids = vec![0, 2, 1];
    let mut predictor = Predictor::new(&model, Unseen::Error);
    let error = predictor
        .margins_into(columns.iter(), 3, &mut [0.0; 3])
        .expect_err("row 1");
    assert_eq!(
        (error.feature, error.row, error.text.as_str()),
        (3, 1, "unheard of")
    );
}

#[test]
fn infinite_and_missing_numbers_are_imputed_by_linear_models() {
    let column = Column {
        feature: 0,
        reading: Reading::Number,
        mean: 1.0,
        sd: 2.0,
        imputation: 5.0,
    };
    let linear = Linear {
        outputs: 1,
        link: Link::Identity,
        columns: vec![column],
        intercepts: vec![10.0],
        coefficients: vec![3.0],
    };
    let mut predictor = LinearPredictor::new(Arc::new(linear), &[numeric("x", &[])]);
    let values = [7.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    predictor.start(4);
    predictor.add(0, 0, &Values::F64(values.to_vec()));
    let mut margins = [0.0; 4];
    predictor.finish_into(&mut margins);
    assert_eq!(margins, [19.0, 16.0, 16.0, 16.0]);
}

/// The part of a column from `first` to before `end`.
fn part(values: &Values, first: usize, end: usize) -> Values {
    match values {
        Values::F32(values) => Values::F32(values[first..end].to_vec()),
        Values::F64(values) => Values::F64(values[first..end].to_vec()),
        Values::Text(text) => {
            let mut part = text.clone();
            part.ids = text.ids[first..end].to_vec();
            Values::Text(part)
        }
    }
}

#[test]
fn columns_in_any_order_and_in_parts_give_the_same_bits() {
    let rows = 700;
    let models = [
        tree_model(1, 1),
        tree_model(3, 2),
        linear_model(1, 3),
        linear_model(3, 4),
    ];
    let mut draws = Draws::new(5);
    for model in models {
        let columns = some_values(rows, &mut draws);
        let mut predictor = Predictor::new(&model, Unseen::Missing);
        let mut expected = vec![f32::NAN; rows * predictor.outputs()];
        predictor
            .margins_into(columns.iter(), rows, &mut expected)
            .expect("no text is refused");
        let mut held = None;
        for round in 0..4 {
            // Features and parts of them in an order that is drawn.
            let mut pieces: Vec<(usize, usize, usize)> = (0..columns.len())
                .flat_map(|feature| [(feature, 0, 300), (feature, 300, rows)])
                .collect();
            for index in (1..pieces.len()).rev() {
                pieces.swap(index, draws.below(index + 1));
            }
            if round == 0 {
                pieces = (0..columns.len()).rev().map(|f| (f, 0, rows)).collect();
            }
            predictor.start(rows);
            for (feature, first, end) in pieces {
                let values = part(&columns[feature], first, end);
                let added = predictor.add(feature, first, &values);
                added.expect("no text is refused");
            }
            let mut margins = vec![f32::NAN; expected.len()];
            predictor.finish_into(&mut margins);
            let bits = |margins: &[f32]| margins.iter().map(|m| m.to_bits()).collect::<Vec<u32>>();
            assert_eq!(bits(&margins), bits(&expected), "round {round}");
            // The first round lets all features but one wait: no later one holds more.
            let bytes = predictor.heap_bytes();
            assert!(bytes <= *held.get_or_insert(bytes), "round {round}");
        }
    }
}

#[test]
fn predictions_are_probabilities_of_margins() {
    let predictor = Predictor::new(&tree_model(1, 1), Unseen::Missing);
    let mut probabilities = [0.0; 2];
    predictor.predictions_into(&[0.0, 800.0], &mut probabilities);
    assert_eq!(probabilities, [0.5, 1.0]);
}

#[test]
fn unused_features_may_be_left_out() {
    for model in [tree_model(1, 1), linear_model(3, 4)] {
        let columns = some_values(9, &mut Draws::new(2));
        let mut predictor = Predictor::new(&model, Unseen::Missing);
        let mut margins = vec![[f32::NAN; 2]; 9 * predictor.outputs()];
        let used = predictor.used_features().to_vec();
        assert!(used.is_sorted() && !used.is_empty());
        for (pass, features) in [used, (0..columns.len()).collect()].iter().enumerate() {
            predictor.start(9);
            for feature in features {
                let added = predictor.add(*feature, 0, &columns[*feature]);
                added.expect("no text is refused");
            }
            let mut found = vec![f32::NAN; margins.len()];
            predictor.finish_into(&mut found);
            let both = margins.iter_mut().zip(found);
            both.for_each(|(margin, found)| margin[pass] = found);
        }
        assert!(margins.iter().all(|[one, other]| one == other));
    }
}

fn check_a_feature_is_missed(model: &Model) {
    let mut predictor = Predictor::new(model, Unseen::Missing);
    let columns = some_values(4, &mut Draws::new(2));
    let mut margins = vec![0.0; 4 * predictor.outputs()];
    predictor.start(4);
    let used = predictor.used_features().to_vec();
    for &feature in &used[1..] {
        let added = predictor.add(feature, 0, &columns[feature]);
        added.expect("no text is refused");
    }
    predictor.finish_into(&mut margins);
}

#[test]
#[should_panic(expected = "every used feature was added")]
fn a_linear_model_wants_all_its_features() {
    check_a_feature_is_missed(&linear_model(1, 3));
}

#[test]
#[should_panic(expected = "every used feature was added")]
fn trees_want_all_features_that_split_nodes() {
    check_a_feature_is_missed(&tree_model(1, 1));
}

#[test]
fn links_are_stable_and_sum_to_one() {
    let mut probabilities = [0.0; 6];
    let margins = [-800.0, -1.0, 0.0, 1.0, 800.0, f32::MAX];
    Link::Sigmoid.apply_into(&margins, 1, &mut probabilities);
    assert_eq!(
        (probabilities[2], probabilities[4], probabilities[5]),
        (0.5, 1.0, 1.0)
    );
    assert!((0.0..1e-300).contains(&probabilities[0]));
    assert!((probabilities[1] + probabilities[3] - 1.0).abs() < 1e-15);

    Link::Softmax.apply_into(&[0.0, 1e30, 0.0, 0.0, 0.0, 1e30], 3, &mut probabilities);
    assert_eq!(
        probabilities,
        [1.0 / 3.0, 0.5, 1.0 / 3.0, 0.0, 1.0 / 3.0, 0.5]
    );

    Link::Identity.apply_into(&[1.5, -2.5], 1, &mut probabilities[..2]);
    assert_eq!(probabilities[..2], [1.5, -2.5]);
    Link::Exponential.apply_into(&[0.0, 2.0], 1, &mut probabilities[..2]);
    assert_eq!(probabilities[..2], [1.0, 2.0f64.exp()]);
}

#[test]
fn importance_adds_up_what_nodes_say() {
    let ensemble = some_ensemble(2, 10, &mut Draws::new(3));
    let importance = ensemble.importance(6);
    let count: u64 = importance.iter().map(|feature| feature.count).sum();
    let gain: f64 = importance.iter().map(|feature| feature.gain).sum();
    let cover: f64 = importance.iter().map(|feature| feature.cover).sum();
    let splits = || ensemble.trees.iter().flat_map(Tree::splits);
    assert_eq!(count, splits().count() as u64);
    assert!((gain - splits().map(|split| split.gain).sum::<f64>()).abs() < 1e-9);
    assert!((cover - splits().map(|split| split.cover).sum::<f64>()).abs() < 1e-9);

    let linear = some_linear(2, &mut Draws::new(3));
    let importance = linear.importance(6);
    let total: f64 = linear
        .coefficients
        .iter()
        .map(|coefficient| coefficient.abs())
        .sum();
    assert!((importance.iter().sum::<f64>() - total).abs() < 1e-12);
    assert_eq!(importance[1], 0.0);
}

#[test]
fn a_dataset_of_other_types_is_refused_by_column() {
    let field = |name: &str, value_type, file_type: &str| Field {
        name: name.to_owned(),
        value_type,
        file_type: file_type.to_owned(),
        absent: Absent::Missing,
    };
    let model = tree_model(1, 1);
    let mut schema = Schema {
        fields: vec![
            field("strand", Some(ValueType::Text), "string"),
            field("wide", Some(ValueType::F32), "float"),
        ],
    };
    let columns = model.columns_in(&schema).expect("types fit");
    assert_eq!(columns, [Some(1), None, None, Some(0), None, None]);
    for (value_type, file_type) in [(Some(ValueType::Text), "string"), (None, "list")] {
        schema.fields[1] = field("wide", value_type, file_type);
        let message = model
            .columns_in(&schema)
            .expect_err("wide was numbers")
            .to_string();
        let expected = format!("column `wide` has the type {file_type}, but it was");
        assert!(message.starts_with(&expected), "{message}");
    }
}
