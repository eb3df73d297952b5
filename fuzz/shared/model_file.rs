//! Model files: damaged ones, and ones written to harm.
//!
//! Each input is tried as it is, and once more with its checksums made right, so that decoding and
//! validation are reached and not only the checksum. Whatever is accepted must predict and be shown.

use rowmill::{
    Model, Predictor, TextValues, Unseen, Values,
    internals::{
        format::reseal,
        model::{FeatureSpec, model_text},
    },
    options::Limits,
};

pub(crate) fn run(input: &[u8]) {
    let limits = Limits {
        model_bytes_max: 1 << 20,
        model_json_bytes_max: 1 << 16,
        ..Limits::default()
    };
    try_model(input, &limits);
    let mut resealed = input.to_vec();
    if reseal(&mut resealed).is_some() {
        try_model(&resealed, &limits);
    }
}

fn try_model(bytes: &[u8], limits: &Limits) {
    let Ok(model) = Model::from_bytes(bytes, limits) else {
        return;
    };
    let column = |feature: &FeatureSpec| {
        if feature.is_text() {
            Values::Text(TextValues {
                ids: vec![u32::MAX; 2],
                ..TextValues::default()
            })
        } else {
            Values::F64(vec![f64::NAN, 0.5])
        }
    };
    let columns: Vec<Values> = model.features.iter().map(column).collect();
    let mut predictor = Predictor::new(&model, Unseen::Missing);
    let mut margins = vec![0.0; 2 * predictor.outputs()];
    let predicted = predictor.margins_into(columns.iter(), 2, &mut margins);
    assert!(predicted.is_ok());
    assert!(!model_text(&model, None).is_empty());
    assert!(model.to_bytes().is_ok());
}
