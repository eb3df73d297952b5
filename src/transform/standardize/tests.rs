use super::*;
use crate::data::Tile;

fn numeric(feature: u32, mean: f64, sd: f64, min: f64, max: f64) -> Input {
    Input {
        feature,
        schema_column: feature as usize + 10,
        summary: Summary::Numeric { mean, sd, min, max },
    }
}

fn text(feature: u32, values: &[&str]) -> Input {
    Input {
        feature,
        schema_column: feature as usize + 10,
        summary: Summary::Categorical {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        },
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

#[test]
fn rows_with_gaps_are_those_rows() {
    let design = design();
    let all = filled(&design, &[0, 1, 2, 3, 4]);
    for rows in [&[0, 3][..], &[1, 2], &[4], &[]] {
        let pick = |column: &Vec<f32>| rows.iter().map(|row| column[*row as usize]).collect();
        let expected: Vec<Vec<f32>> = all.iter().map(pick).collect();
        assert_eq!(filled(&design, rows), expected, "{rows:?}");
    }
}

#[test]
fn the_design_reads_what_the_linear_model_reads() {
    let design = design();
    let columns = filled(&design, &[0, 1, 2, 3, 4]);
    let linear = design.linear(Link::Sigmoid, &[0.25], &[vec![1.0, -2.0, 0.5, -0.75]]);
    let batch = batch();
    for row in 0..5 {
        let of_design: f64 = (columns.iter().zip(linear.coefficients_of(0)))
            .map(|(column, coefficient)| f64::from(column[row]) * coefficient)
            .sum();
        let value_of = |column: &Column| match &batch
            .iter()
            .find(|(at, _)| *at == column.feature as usize + 10)
            .unwrap()
            .1
        {
            Values::F32(values) => f64::from(values[row]),
            Values::F64(values) => values[row],
            Values::Text(text) => {
                let own = (text.ids[row] != MISSING_TEXT).then(|| text.value(text.ids[row]));
                f64::from(u8::from(matches!(
                    (own, column.reading),
                    (Some("a"), Reading::Category(0)) | (Some("b"), Reading::Category(1))
                )))
            }
        };
        let margin = f64::from(linear.margins(value_of)[0]);
        assert!((margin - (of_design + 0.25)).abs() < 1e-6, "row {row}");
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
    assert!(error.contains("none of the 5 features varies"), "{error}");
}
