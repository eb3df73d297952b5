//! What `--model` is given: a name or a JSON object.

use rowmill::{ModelChoice, options::Limits};

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(choice) = ModelChoice::parse(text, 42, &Limits::default()) else {
        return;
    };
    assert!(choice.describe().starts_with("model "));
    let mut spec = choice.spec;
    if spec.resolve(&[("no", 30), ("yes", 10)], 40.0).is_ok() {
        assert!(!spec.effective().is_empty());
    }
}
