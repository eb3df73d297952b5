//! `class_weight` of both learners: the weights that the user asked for, and the factors of the classes.

use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    text::nearest,
};

/// The weights of classes as the user gave them.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub enum ClassWeight {
    /// All classes weigh alike.
    #[default]
    Equal,
    /// n / (classes * n of the class), which needs the rows of each class.
    Balanced,
    /// Weights by class name, 1 for the others.
    Named(Vec<(String, f64)>),
}

impl ClassWeight {
    /// The factor of each class, empty where all weigh alike. `classes` are the target's classes with
    /// their training rows, empty for regression.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a weight of a class that the target does not have, or weights where there
    /// are no classes.
    pub(crate) fn factors(&self, classes: &[(&str, u64)]) -> Result<Vec<f64>> {
        if *self == Self::Equal {
            return Ok(Vec::new());
        }
        if classes.is_empty() {
            return Err(Error::Dataset(
                "--model: `class_weight` is given, but a regression has no classes".to_owned(),
            ));
        }
        let mut factors = vec![1.0; classes.len()];
        match self {
            Self::Equal => {}
            Self::Balanced => {
                let rows: u64 = classes.iter().map(|(_, class_rows)| class_rows).sum();
                for (factor, (_, class_rows)) in factors.iter_mut().zip(classes) {
                    *factor = rows as f64 / (classes.len() as f64 * (*class_rows).max(1) as f64);
                }
            }
            Self::Named(named) => {
                for (name, weight) in named {
                    factors[position(name, classes)?] = *weight;
                }
            }
        }
        Ok(factors)
    }
}

impl ClassWeight {
    /// The option for a person; `None` where all classes weigh alike.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Equal => None,
            Self::Balanced => Some("balanced".to_owned()),
            Self::Named(named) => {
                let weights = named.iter();
                let weights: Vec<String> = weights
                    .map(|(class, weight)| format!("{class}: {weight}"))
                    .collect();
                Some(weights.join(", "))
            }
        }
    }
}

fn position(name: &str, classes: &[(&str, u64)]) -> Result<usize> {
    let names = classes.iter().map(|(class, _)| *class);
    let found = names.clone().position(|class| class == name);
    found.ok_or_else(|| {
        Error::Dataset(format!(
            "--model: `class_weight` names the class `{name}`, which the target does not have{}; its classes are {}",
            nearest::hint(name, names.clone()),
            names.collect::<Vec<_>>().join(", ")
        ))
    })
}

/// The option in files: `null`, `"balanced"` or an object. Files of before had two fields.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Stored {
    class_weight: Value,
    #[serde(skip_serializing)]
    balanced: bool,
    #[serde(skip_serializing)]
    named_class_weights: Vec<(String, f64)>,
}

impl From<ClassWeight> for Stored {
    fn from(weight: ClassWeight) -> Self {
        let class_weight = match weight {
            ClassWeight::Equal => Value::Null,
            ClassWeight::Balanced => Value::from("balanced"),
            ClassWeight::Named(named) => {
                let named = named.into_iter();
                Value::Object(named.map(|(name, weight)| (name, weight.into())).collect())
            }
        };
        Self {
            class_weight,
            ..Self::default()
        }
    }
}

impl TryFrom<Stored> for ClassWeight {
    type Error = String;

    fn try_from(stored: Stored) -> std::result::Result<Self, String> {
        match stored.class_weight {
            Value::Null if stored.balanced => Ok(Self::Balanced),
            Value::Null if stored.named_class_weights.is_empty() => Ok(Self::Equal),
            Value::Null => Ok(Self::Named(stored.named_class_weights)),
            Value::String(text) if text == "balanced" => Ok(Self::Balanced),
            Value::Object(named) => weights(named).map(Self::Named),
            other => Err(format!(
                "the class weight {other} is neither \"balanced\" nor an object of weights"
            )),
        }
    }
}

fn weights(named: Map<String, Value>) -> std::result::Result<Vec<(String, f64)>, String> {
    let pair = |(name, value): (String, Value)| match value.as_f64() {
        Some(weight) => Ok((name, weight)),
        None => Err(format!(
            "the weight {value} of the class {name} is not a number"
        )),
    };
    named.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Options {
        #[serde(flatten)]
        class_weight: ClassWeight,
    }

    #[test]
    fn files_have_it_as_users_write_it_and_files_of_before_are_read() {
        let check = |before: Value, now: Value, expected: ClassWeight| {
            for stored in [before, now.clone()] {
                let options: Options = serde_json::from_value(stored).expect("class weights");
                assert_eq!(options.class_weight, expected);
                assert_eq!(serde_json::to_value(options).expect("JSON"), now);
            }
        };
        check(json!({}), json!({"class_weight": null}), ClassWeight::Equal);
        check(
            json!({"balanced": false, "named_class_weights": [], "class_weights": []}),
            json!({"class_weight": null}),
            ClassWeight::Equal,
        );
        check(
            json!({"balanced": true, "named_class_weights": []}),
            json!({"class_weight": "balanced"}),
            ClassWeight::Balanced,
        );
        check(
            json!({"balanced": false, "named_class_weights": [["b", 2.0], ["a", 0.5]]}),
            json!({"class_weight": {"b": 2.0, "a": 0.5}}),
            ClassWeight::Named(vec![("b".to_owned(), 2.0), ("a".to_owned(), 0.5)]),
        );
        for wrong in [
            json!({"class_weight": "balance"}),
            json!({"class_weight": {"a": "2"}}),
        ] {
            assert!(serde_json::from_value::<Options>(wrong).is_err());
        }
    }
}
