use std::sync::Arc;

use super::*;
use crate::{
    data::{Absent, TextValues, Tile, ValueType, Values, batch::MISSING_TEXT},
    model::{Binning, FeatureSpec, Link, predict::LinearPredictor},
};

fn numeric(feature: u32, mean: f64, sd: f64, min: f64, max: f64) -> Input {
    Input {
        feature,
        schema_column: feature as usize + 10,
        summary: FeatureSummary::Numeric { mean, sd, min, max },
        missing_indicator: false,
    }
}

fn text(feature: u32, values: &[&str]) -> Input {
    Input {
        feature,
        schema_column: feature as usize + 10,
        summary: FeatureSummary::Categorical {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        },
        missing_indicator: false,
    }
}

fn text_values(values: &[Option<&str>]) -> Values {
    let mut text = TextValues::default();
    for value in values {
        let id = value.map_or(MISSING_TEXT, |value| text.push_value(value));
        text.ids.push(id);
    }
    Values::Text(text)
}

/// A batch of five rows: f64 with missing and infinite values, f32, and text.
fn batch() -> Vec<(usize, Values)> {
    vec![
        (
            12,
            text_values(&[Some("b"), None, Some("z"), Some("a"), Some("c")]),
        ),
        (
            10,
            Values::F64(vec![3.0, f64::NAN, f64::INFINITY, 5.0, f64::NEG_INFINITY]),
        ),
        (11, Values::F32(vec![1.0, 2.0, 3.0, f32::NAN, 5.0])),
    ]
}

fn design() -> Design {
    let inputs = [
        numeric(0, 3.0, 2.0, 1.0, 5.0),
        numeric(1, 2.0, 0.5, 1.0, 5.0),
        text(2, &["a", "b", "c"]),
    ];
    Design::new(&inputs, 2).unwrap()
}

fn filled(design: &Design, rows: &[u32]) -> Vec<Vec<f32>> {
    let batch = batch();
    let mut tile = Tile::new(design.len(), 8);
    design.view(&batch).fill(rows, &mut tile.append(rows.len()));
    (0..design.len())
        .map(|column| tile.column(column).to_vec())
        .collect()
}

#[test]
fn rows_are_standardised_imputed_and_indicated() {
    let expected = [
        vec![0.0, 0.0, 0.0, 1.0, 0.0],
        vec![-2.0, 0.0, 2.0, 0.0, 6.0],
        vec![0.0, 0.0, 0.0, 1.0, 0.0],
        vec![1.0, 0.0, 0.0, 0.0, 0.0],
    ];
    assert_eq!(filled(&design(), &[0, 1, 2, 3, 4]), expected);
}

/// The same design with columns that say where features are missing, the second one a constant.
fn design_with_indicators() -> Design {
    let inputs = [
        numeric(0, 3.0, 2.0, 1.0, 5.0),
        numeric(1, 2.0, 0.0, 2.0, 2.0),
        text(2, &["a", "b", "c"]),
    ];
    let inputs = inputs.map(|input| Input {
        missing_indicator: true,
        ..input
    });
    Design::new(&inputs, 2).unwrap()
}

#[test]
fn missing_and_infinite_values_are_indicated_where_asked_for() {
    let expected = [
        vec![0.0, 0.0, 0.0, 1.0, 0.0],
        vec![0.0, 1.0, 1.0, 0.0, 1.0],
        vec![0.0, 0.0, 0.0, 1.0, 0.0],
        vec![0.0, 0.0, 0.0, 1.0, 0.0],
        vec![1.0, 0.0, 0.0, 0.0, 0.0],
        vec![0.0, 1.0, 0.0, 0.0, 0.0],
    ];
    let design = design_with_indicators();
    assert_eq!(filled(&design, &[0, 1, 2, 3, 4]), expected);
    assert!(design.left_out().is_empty());
}

#[test]
fn rows_with_gaps_are_those_rows() {
    for design in [design(), design_with_indicators()] {
        let all = filled(&design, &[0, 1, 2, 3, 4]);
        for rows in [&[0, 3][..], &[1, 2], &[4], &[]] {
            let pick = |column: &Vec<f32>| rows.iter().map(|row| column[*row as usize]).collect();
            let expected: Vec<Vec<f32>> = all.iter().map(pick).collect();
            assert_eq!(filled(&design, rows), expected, "{rows:?}");
        }
    }
}

/// The model's features, as a trainer would describe them.
fn features() -> Vec<FeatureSpec> {
    let numeric = || Binning::Numeric { cuts: Vec::new() };
    let values = ["a", "b", "c"].map(str::to_owned).to_vec();
    let spec = |(index, (value_type, binning)): (usize, (ValueType, Binning))| FeatureSpec {
        name: format!("feature_{index}"),
        value_type,
        absent: Absent::Missing,
        binning,
        missing_in_training: true,
    };
    [
        (ValueType::F64, numeric()),
        (ValueType::F32, numeric()),
        (
            ValueType::Text,
            Binning::Categorical {
                values,
                pooled: false,
            },
        ),
    ]
    .into_iter()
    .enumerate()
    .map(spec)
    .collect()
}

#[test]
fn the_model_predicts_the_margins_of_the_design() {
    check_margins(
        &design(),
        &[0, 1, 2, 3, 4],
        [&[1.0, -2.0, 0.5, -0.75], &[0.3, 0.1, 0.0, 2.0]],
    );
    // Row 2 has a text that training never met, which counts as missing only when predicting.
    check_margins(
        &design_with_indicators(),
        &[0, 1, 3, 4],
        [
            &[1.0, 0.3, -2.0, 0.5, -0.75, 0.7],
            &[0.3, -0.4, 0.1, 0.0, 2.0, -1.1],
        ],
    );
}

fn check_margins(design: &Design, rows: &[usize], coefficients: [&[f64]; 2]) {
    let columns = filled(design, &[0, 1, 2, 3, 4]);
    let intercepts = [0.25, -1.5];
    let coefficients = coefficients.map(<[f64]>::to_vec);
    let linear = design.linear(Link::Softmax, &intercepts, &coefficients);
    let batch = batch();
    let mut predictor = LinearPredictor::new(Arc::new(linear), &features());
    predictor.start(5);
    for (feature, schema_column) in [(0, 10), (1, 11), (2, 12)] {
        let (_, values) = batch.iter().find(|(at, _)| *at == schema_column).unwrap();
        predictor.add(feature, 0, values);
    }
    let mut margins = vec![f32::NAN; 10];
    predictor.finish_into(&mut margins);
    for output in 0..2 {
        for &row in rows {
            let terms = columns.iter().zip(&coefficients[output]);
            let of_design: f64 = terms.map(|(column, c)| f64::from(column[row]) * c).sum();
            let margin = f64::from(margins[output * 5 + row]);
            let expected = of_design + intercepts[output];
            assert!(
                (margin - expected).abs() < 1e-6,
                "output {output}, row {row}"
            );
        }
    }
}

#[test]
fn what_does_not_vary_is_left_out_with_its_reason() {
    let inputs = [
        numeric(0, 7.0, 0.0, 7.0, 7.0),
        numeric(1, 0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY),
        numeric(2, 1e300, f64::INFINITY, -1e308, 1e308),
        numeric(3, 0.0, 1e-320, 0.0, 1e-320),
        text(4, &[]),
        numeric(5, 0.0, 1.0, -1.0, 1.0),
    ];
    let design = Design::new(&inputs, 64).unwrap();
    assert_eq!(design.len(), 1);
    assert_eq!(design.schema_columns().collect::<Vec<_>>(), [15]);
    let reasons: Vec<&str> = design
        .left_out()
        .iter()
        .map(|left_out| left_out.reason)
        .collect();
    assert_eq!(
        reasons,
        [
            "constant in the training rows",
            "no finite value in any training row",
            "values too large or too small to standardise",
            "values too large or too small to standardise",
            "no value in any training row",
        ]
    );
    let error = Design::new(&inputs[..5], 64).unwrap_err().to_string();
    assert!(error.contains("all 5 features are constant"), "{error}");
}

#[test]
fn a_design_for_later_rows_keeps_constants_and_what_is_missing() {
    let inputs = [
        numeric(0, 3.0, 2.0, 1.0, 5.0),
        numeric(1, 7.0, 0.0, 7.0, 7.0),
        text(2, &["a", "b", "c"]),
    ];
    let design = Design::for_later_rows(&inputs, 2).unwrap();
    assert!(design.left_out().is_empty());
    let filled = |design: &Design| {
        let batch = batch();
        let mut tile = Tile::new(design.len(), 5);
        let view = design.view(&batch);
        view.fill(&[0, 1, 2, 3, 4], &mut tile.append(5));
        (0..design.len())
            .map(|column| {
                tile.column(column)
                    .iter()
                    .map(|value| value.to_bits())
                    .collect()
            })
            .collect::<Vec<Vec<u32>>>()
    };
    let columns = filled(&design);
    let numbers = |values: [f32; 5]| values.map(f32::to_bits).to_vec();
    assert_eq!(
        columns[0],
        numbers([0.0, f32::NAN, f32::NAN, 1.0, f32::NAN])
    );
    assert_eq!(columns[1], numbers([-6.0, -5.0, -4.0, f32::NAN, -2.0]));
    // The design of the model of these columns is the same.
    let feature = |name: &str, binning: Binning| FeatureSpec {
        name: name.to_owned(),
        value_type: match binning {
            Binning::Numeric { .. } => ValueType::F64,
            Binning::Categorical { .. } => ValueType::Text,
        },
        absent: Absent::Missing,
        binning,
        missing_in_training: true,
    };
    let number = || Binning::Numeric { cuts: Vec::new() };
    let values = ["a", "b", "c"].map(str::to_owned).to_vec();
    let features = [
        feature("x", number()),
        feature("y", number()),
        feature(
            "t",
            Binning::Categorical {
                values,
                pooled: true,
            },
        ),
    ];
    let linear = design.linear(Link::Sigmoid, &[0.0], &[vec![1.0; 4]]);
    let again = Design::of_model(&linear, &features, &[10, 11, 12]);
    assert_eq!(filled(&again), columns);
}
