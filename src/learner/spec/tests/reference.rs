//! The options reference has every name that the parser knows.

use crate::learner::spec::{linear, preset::Preset, reader::OptionReader, trees};
use crate::limits::Limits;

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/options.md");

#[test]
fn every_known_name_is_in_the_options_reference() {
    let page = std::fs::read_to_string(REFERENCE).unwrap();
    let limits = Limits::default();
    // Options that the parser reads only beside these values are known only then.
    for text in [
        r#"{"objective": "quantile", "quantile_alpha": 0.5}"#,
        r#"{"objective": "poisson"}"#,
        r#"{"data_sample_strategy": "goss"}"#,
    ] {
        let mut reader = OptionReader::parse(text).unwrap();
        trees::read(&mut reader, Preset::Gbdt, 42, &limits).unwrap();
        check(&page, &reader);
    }
    let mut reader = OptionReader::parse(r#"{"solver": "sgd"}"#).unwrap();
    linear::read(&mut reader, Preset::Logistic, 42, &limits).unwrap();
    check(&page, &reader);
}

fn check(page: &str, reader: &OptionReader) {
    for name in &reader.known {
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/reference/options.md lacks `{name}`"
        );
    }
}
