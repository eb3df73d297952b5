//! Constraints, and options that flags of their own give.

use super::*;
use crate::learner::gbdt::FeatureKey;

#[test]
fn constraints_are_read_as_libraries_take_them() {
    let constraints = |text: &str| trees(text).constraints;
    let name = |name: &str| FeatureKey::Name(name.to_owned());
    let named = constraints("{\"monotone_constraints\": {\"age\": 1, \"debt\": -1}}");
    assert_eq!(named.monotone, [(name("age"), 1), (name("debt"), -1)]);
    assert!(!named.monotone_of_all);
    let listed = constraints("{\"monotone_constraints\": [0, -1.0]}");
    let keys = [0, 1].map(FeatureKey::Position);
    assert_eq!(
        listed.monotone,
        keys.into_iter().zip([0, -1]).collect::<Vec<_>>()
    );
    assert!(listed.monotone_of_all);
    let sets = constraints("{\"interaction_constraints\": [[\"age\", 3], []]}");
    assert_eq!(
        sets.interactions,
        [vec![name("age"), FeatureKey::Position(3)], vec![]]
    );
    check_trees(
        "{\"monotone_constraints\": [], \"interaction_constraints\": []}",
        |_| (),
    );
    for wrong in ["[2]", "[\"up\"]", "3", "{\"age\": 0.5}", "{\"age\": null}"] {
        let text = format!("{{\"monotone_constraints\": {wrong}}}");
        check_error(&text, "it must be a list of -1, 0 and 1");
    }
    check_error(
        "{\"objective\": \"mae\", \"monotone_constraints\": {\"age\": 1}}",
        "cannot bind leaves that are medians",
    );
    for wrong in ["3", "[3]", "[[-1]]", "[[0.5]]", "{}"] {
        let text = format!("{{\"interaction_constraints\": {wrong}}}");
        check_error(&text, "it must be a list of lists of features");
    }
}

#[test]
fn features_of_constraints_are_looked_up() {
    let mut spec = parse("{\"monotone_constraints\": {\"age\": 1}}")
        .unwrap()
        .spec;
    spec.resolve_features(&[("city", true), ("age", false)])
        .unwrap();
    let ModelSpec::Gbdt(options) = &spec else {
        panic!("gbdt")
    };
    assert_eq!(options.feature_constraints.directions, [0, 1]);
    let error = spec.resolve_features(&[("ages", false)]).unwrap_err();
    assert!(
        error.to_string().contains("did you mean `ages`?"),
        "{error}"
    );
}

#[test]
fn an_option_from_a_flag_must_not_contradict() {
    let with = |text: &str| {
        let more = [("grow_policy", "lossguide")];
        ModelChoice::parse_with(text, &more, 1, &Limits::default())
    };
    let ModelSpec::Gbdt(options) = with("gbdt").unwrap().spec else {
        panic!("gbdt")
    };
    assert_eq!(options.grow_policy, Growth::LeafWise);
    assert!(with("{\"grow_policy\": \"lossguide\"}").is_ok());
    let error = with("{\"grow_policy\": \"depthwise\"}")
        .unwrap_err()
        .to_string();
    assert!(error.contains("`grow_policy` is given twice"), "{error}");
    let error = with("logistic").unwrap_err().to_string();
    assert!(
        error.contains("`grow_policy` is no option of logistic"),
        "{error}"
    );
}
