use crate::{
    data::{Absent, ValueType},
    model::{Binning, Column, FeatureSpec, Linear, Link, Reading},
    report::coefficients,
};

fn feature(name: &str, values: &[&str]) -> FeatureSpec {
    let is_text = !values.is_empty();
    FeatureSpec {
        name: name.to_owned(),
        value_type: if is_text {
            ValueType::Text
        } else {
            ValueType::F64
        },
        absent: Absent::Missing,
        binning: if is_text {
            Binning::Categorical {
                values: values.iter().map(|value| (*value).to_owned()).collect(),
                pooled: false,
            }
        } else {
            Binning::Numeric { cuts: Vec::new() }
        },
        missing_in_training: true,
    }
}

fn column(feature: u32, reading: Reading, mean: f64, sd: f64) -> Column {
    Column {
        feature,
        reading,
        mean,
        sd,
        imputation: mean,
    }
}

#[test]
fn coefficients_are_on_the_scale_of_the_data() {
    let linear = Linear {
        outputs: 1,
        link: Link::Sigmoid,
        columns: vec![
            column(0, Reading::Number, 10.0, 2.0),
            column(0, Reading::Missing, 0.0, 1.0),
            column(1, Reading::Category(1), 0.0, 1.0),
        ],
        intercepts: vec![0.5],
        coefficients: vec![3.0, -1.0, 0.25],
    };
    let features = [feature("length", &[]), feature("strand", &["+", "-"])];
    let classes = ["no".to_owned(), "yes, really".to_owned()];
    // Variances 4, 1, 9 and 0.25 of the three coefficients and the intercept; the first and the last
    // have covariance -0.5.
    let covariance = [4.0, 0.0, 1.0, 0.0, 0.0, 9.0, -0.5, 0.0, 0.0, 0.25];
    let rows = coefficients::rows(&linear, &features, &classes, Some(&covariance));
    let directory = tempfile::tempdir().unwrap();
    coefficients::write(directory.path(), rows).unwrap();
    // The intercept: 0.5 - 1.5 * 10; its variance 0.25 + 25 * 4 + 2 * 5 * 0.5.
    let error = 105.25f64.sqrt();
    let expected = format!(
        "class,feature,reads,coefficient,standard_error,z,standardised,mean,sd\n\
         \"yes, really\",(intercept),,-14.5,{error},{},0.5,,\n\
         \"yes, really\",length,,1.5,1,1.5,3,10,2\n\
         \"yes, really\",length,missing,-1,1,-1,-1,0,1\n\
         \"yes, really\",strand,-,0.25,3,0.08333333333333333,0.25,0,1\n",
        -14.5 / error
    );
    let text = std::fs::read_to_string(directory.path().join(coefficients::NAME)).unwrap();
    assert_eq!(text, expected);
}

#[test]
fn each_class_of_several_has_its_coefficients() {
    let linear = Linear {
        outputs: 3,
        link: Link::Softmax,
        columns: vec![column(0, Reading::Number, 0.0, 0.5)],
        intercepts: vec![1.0, 2.0, 3.0],
        coefficients: vec![4.0, 5.0, 6.0],
    };
    let classes = ["a", "b", "c"].map(str::to_owned);
    let rows = coefficients::rows(&linear, &[feature("x", &[])], &classes, None);
    let found: Vec<(&str, &str, f64)> = rows
        .iter()
        .map(|row| (&*row.class, &*row.feature, row.coefficient))
        .collect();
    let expected = [
        ("a", "(intercept)", 1.0),
        ("a", "x", 8.0),
        ("b", "(intercept)", 2.0),
        ("b", "x", 10.0),
        ("c", "(intercept)", 3.0),
        ("c", "x", 12.0),
    ];
    assert_eq!(found, expected);
    assert!(rows.iter().all(|row| row.standard_error.is_none()));
    // The variance of the third class's coefficient is at the fifth place of the diagonal.
    let mut covariance = [0.0; 21];
    covariance[4 * 5 / 2 + 4] = 9.0;
    let rows = coefficients::rows(&linear, &[feature("x", &[])], &classes, Some(&covariance));
    assert_eq!(rows[5].standard_error, Some(6.0));
}
