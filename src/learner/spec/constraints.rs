//! Monotone and interaction constraints as XGBoost and LightGBM take them.

use serde_json::Value;

use crate::learner::spec::reader::{OptionReader, out_of_range};
use crate::{
    error::Result,
    learner::gbdt::{Constraints, FeatureKey},
};

const MONOTONE: &str = "monotone_constraints";
const INTERACTION: &str = "interaction_constraints";

/// Takes both options.
///
/// # Errors
/// [`crate::error::Error::Usage`] for anything but directions and lists of features.
pub(super) fn read(reader: &mut OptionReader) -> Result<Constraints> {
    let mut constraints = Constraints::default();
    let names = &[MONOTONE, "monotone_constraint", "monotonic_cst", "mc"];
    if let Some((name, value)) = reader.take(names)? {
        (constraints.monotone, constraints.monotone_of_all) = monotone(&name, &value)?;
    }
    if let Some((name, value)) = reader.take(&[INTERACTION, "interaction_cst"])? {
        constraints.interactions = interactions(&name, &value)?;
    }
    Ok(constraints)
}

fn monotone(name: &str, value: &Value) -> Result<(Vec<(FeatureKey, i8)>, bool)> {
    let wanted = "a list of -1, 0 and 1, one a feature, or an object of them by feature";
    let wrong = || out_of_range(name, value, wanted);
    let direction = |value: &Value| {
        let direction = value
            .as_f64()
            .filter(|number| [-1.0, 0.0, 1.0].contains(number));
        direction.map(|number| number as i8).ok_or_else(wrong)
    };
    match value {
        Value::Array(list) => {
            let keyed = list.iter().enumerate();
            let keyed = keyed.map(|(at, value)| Ok((FeatureKey::Position(at), direction(value)?)));
            // An empty list is how libraries say that there is none.
            Ok((keyed.collect::<Result<_>>()?, !list.is_empty()))
        }
        Value::Object(named) => {
            let keyed = named.iter();
            let keyed =
                keyed.map(|(key, value)| Ok((FeatureKey::Name(key.clone()), direction(value)?)));
            Ok((keyed.collect::<Result<_>>()?, false))
        }
        _ => Err(wrong()),
    }
}

fn interactions(name: &str, value: &Value) -> Result<Vec<Vec<FeatureKey>>> {
    let wanted = "a list of lists of features, such as [[\"age\", \"income\"], [\"city\"]]";
    let wrong = || out_of_range(name, value, wanted);
    let key = |key: &Value| match key {
        Value::String(name) => Ok(FeatureKey::Name(name.clone())),
        other => match other.as_u64() {
            Some(position) => Ok(FeatureKey::Position(position as usize)),
            None => Err(wrong()),
        },
    };
    let set = |set: &Value| {
        let keys = set.as_array().ok_or_else(wrong)?;
        keys.iter().map(key).collect()
    };
    let sets = value.as_array().ok_or_else(wrong)?;
    sets.iter().map(set).collect()
}

/// The options as they are used, those that say nothing left out.
pub(super) fn effective(constraints: &Constraints) -> Vec<(&'static str, String)> {
    let text = |key: &FeatureKey| match key {
        FeatureKey::Position(position) => position.to_string(),
        FeatureKey::Name(name) => name.clone(),
    };
    let mut list = Vec::new();
    let directed: Vec<String> = constraints
        .monotone
        .iter()
        .filter(|(_, direction)| *direction != 0)
        .map(|(key, direction)| format!("{} {direction:+}", text(key)))
        .collect();
    if !directed.is_empty() {
        list.push((MONOTONE, directed.join(", ")));
    }
    let sets = constraints.interactions.iter();
    let sets: Vec<String> = sets
        .map(|set| set.iter().map(text).collect::<Vec<String>>().join(" "))
        .collect();
    if !sets.is_empty() {
        list.push((INTERACTION, sets.join(", ")));
    }
    list
}
