//! The target: the task, the classes in order, and the coding of a column's values as labels.

use crate::{
    columns::profile::Profile,
    data::{Task, Values, batch::MISSING_TEXT},
    error::{Error, Result},
};

/// The distinct values of a target column, sorted; at most one more than classes are allowed.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DistinctValues {
    /// Distinct texts, sorted.
    pub texts: Vec<String>,
    /// Distinct numbers, ascending.
    pub numbers: Vec<f64>,
}

impl DistinctValues {
    /// The number of distinct values.
    pub fn len(&self) -> usize {
        self.texts.len() + self.numbers.len()
    }

    /// True without any value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a batch's values; beyond `values_max` + 1 distinct ones no more are kept.
    pub fn update(&mut self, values: &Values, values_max: usize) {
        match values {
            Values::F32(values) => {
                for value in values {
                    self.add_number(f64::from(*value), values_max);
                }
            }
            Values::F64(values) => {
                for value in values {
                    self.add_number(*value, values_max);
                }
            }
            Values::Text(text) => {
                for id in 0..text.dictionary_len() as u32 {
                    self.add_text(text.value(id), values_max);
                }
            }
        }
    }

    /// Adds another's values.
    pub fn merge(&mut self, other: &Self, values_max: usize) {
        for text in &other.texts {
            self.add_text(text, values_max);
        }
        for number in &other.numbers {
            self.add_number(*number, values_max);
        }
    }

    fn add_number(&mut self, value: f64, values_max: usize) {
        if value.is_nan() || self.numbers.len() > values_max {
            return;
        }
        // The sign of zero is no class; most rows repeat a value that is there.
        let value = value + 0.0;
        if let Err(at) = self
            .numbers
            .binary_search_by(|probe| probe.total_cmp(&value))
        {
            self.numbers.insert(at, value);
        }
    }

    fn add_text(&mut self, value: &str, values_max: usize) {
        if self.texts.len() > values_max {
            return;
        }
        if let Err(at) = self
            .texts
            .binary_search_by(|probe| probe.as_str().cmp(value))
        {
            self.texts.insert(at, value.to_owned());
        }
    }
}

/// The coding of values as labels.
#[derive(Debug, Clone, PartialEq)]
enum Coding {
    /// By the profile's spellings: the label of each of its classes, and of a null.
    Profile {
        profile: Box<Profile>,
        labels: Vec<f32>,
        null: f32,
    },
    /// The index in this sorted list.
    Texts(Vec<String>),
    /// The index in this ascending list.
    Numbers(Vec<f64>),
    /// The number itself.
    Value {
        /// It must not be negative.
        is_count: bool,
    },
}

/// The target of a run: its task and classes, and the coding of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The target column's name.
    pub name: String,
    /// The kind of target.
    pub task: Task,
    /// The classes in label order; empty for regression.
    pub classes: Vec<String>,
    coding: Coding,
}

impl Target {
    /// The target that the profile describes, for any data.
    ///
    /// # Errors
    /// [`Error::Usage`] when the task does not go with it.
    pub fn from_profile(name: &str, profile: &Profile, choice: Option<Task>) -> Result<Self> {
        let null = profile.class_of_null();
        let negative = profile.negative_class();
        let binary = match choice {
            Some(Task::Binary) => true,
            None => negative.is_some(),
            Some(Task::Multiclass) => false,
            Some(Task::Regression) => {
                return Err(Error::Usage(format!(
                    "--task regression needs a number; `{name}` has classes in the profile {}",
                    profile.name
                )));
            }
        };
        let names = profile.binary_names();
        if choice == Some(Task::Binary) && names.is_none() && profile.classes.len() > 2 {
            return Err(Error::Usage(format!(
                "--task binary: `{name}` has {} classes in the profile {}, which does not say how they become two; \
                 give it a [binary] table or use --task multiclass",
                profile.classes.len(),
                profile.name
            )));
        }
        let class_label = |class: usize| match (binary, negative) {
            (true, Some(negative)) => f32::from(u8::from(class != negative)),
            _ => class as f32,
        };
        let classes = match names {
            Some(names) if binary => names.to_vec(),
            _ => profile.class_names(),
        };
        let task = if classes.len() == 2 {
            Task::Binary
        } else {
            Task::Multiclass
        };
        Ok(Self {
            name: name.to_owned(),
            task,
            coding: Coding::Profile {
                labels: (0..profile.classes.len()).map(class_label).collect(),
                null: null.map_or(f32::NAN, class_label),
                profile: Box::new(profile.clone()),
            },
            classes,
        })
    }

    /// A number as it is; a count is not negative.
    pub fn regression(name: &str, is_count: bool) -> Self {
        Self {
            name: name.to_owned(),
            task: Task::Regression,
            classes: Vec::new(),
            coding: Coding::Value { is_count },
        }
    }

    /// The target whose classes are the values that the data have.
    ///
    /// # Errors
    /// [`Error::Dataset`] when there is one value or none, or more than the task allows.
    pub fn from_values(
        name: &str,
        values: &DistinctValues,
        choice: Option<Task>,
        classes_max: usize,
    ) -> Result<Self> {
        let (classes, coding): (Vec<String>, Coding) = if values.texts.is_empty() {
            let names = values.numbers.iter().map(f64::to_string).collect();
            (names, Coding::Numbers(values.numbers.clone()))
        } else {
            (values.texts.clone(), Coding::Texts(values.texts.clone()))
        };
        let listed = || {
            let first: Vec<&str> = classes.iter().take(5).map(String::as_str).collect();
            format!(
                "{}{}",
                first.join(", "),
                if classes.len() > 5 { ", ..." } else { "" }
            )
        };
        let fail = |message: String| Err(Error::Dataset(format!("the target `{name}` {message}")));
        match classes.len() {
            0 => return fail("has no value at all; choose another with --target".to_owned()),
            1 => {
                return fail(format!(
                    "is always {}, so there is nothing to learn; choose another with --target",
                    classes[0]
                ));
            }
            _ => {}
        }
        let wholes = values.numbers.iter().all(|number| number.fract() == 0.0);
        let task = match choice {
            Some(Task::Binary) if classes.len() > 2 => {
                return fail(format!(
                    "has more than two classes ({}); use --task multiclass, or another --target",
                    listed()
                ));
            }
            Some(Task::Multiclass) | None if classes.len() > classes_max => {
                let remedy = if values.texts.is_empty() {
                    "use `rowmill train --task regression` for a number"
                } else {
                    "choose another with --target"
                };
                return fail(format!(
                    "has more than {classes_max} distinct values; {remedy}"
                ));
            }
            None if values.texts.is_empty() && (classes.len() > 2 || !wholes) => {
                return fail(format!(
                    "is a number with {} distinct values ({}); use --task multiclass, or `rowmill train --task regression`",
                    classes.len(),
                    listed()
                ));
            }
            _ if classes.len() == 2 => Task::Binary,
            _ => Task::Multiclass,
        };
        Ok(Self {
            name: name.to_owned(),
            task,
            classes,
            coding,
        })
    }

    /// The values that the classes came from; `None` where the data were not asked.
    pub fn values(&self) -> Option<DistinctValues> {
        match &self.coding {
            Coding::Texts(texts) => Some(DistinctValues {
                texts: texts.clone(),
                ..DistinctValues::default()
            }),
            Coding::Numbers(numbers) => Some(DistinctValues {
                numbers: numbers.clone(),
                ..DistinctValues::default()
            }),
            Coding::Profile { .. } | Coding::Value { .. } => None,
        }
    }

    /// True if this profile defines its classes.
    pub fn is_of(&self, other: &Profile) -> bool {
        matches!(&self.coding, Coding::Profile { profile, .. } if **profile == *other)
    }

    /// The labels of a batch of the target column: class indexes or numbers, NaN where missing.
    ///
    /// # Errors
    /// A sentence about the first value that is no label; `labels` then are those before it.
    pub fn labels_into(&self, values: &Values, labels: &mut Vec<f32>) -> Result<(), String> {
        labels.clear();
        match values {
            Values::Text(text) => {
                let of_value: Vec<Result<f32, String>> = (0..text.dictionary_len() as u32)
                    .map(|id| self.label_of_text(text.value(id)))
                    .collect();
                let null = self.label_of_null();
                for &id in &text.ids {
                    labels.push(match id {
                        MISSING_TEXT => null,
                        id => of_value[id as usize].clone()?,
                    });
                }
                Ok(())
            }
            Values::F32(values) => {
                self.labels_of_numbers(values.iter().copied().map(f64::from), labels)
            }
            Values::F64(values) => self.labels_of_numbers(values.iter().copied(), labels),
        }
    }

    fn label_of_null(&self) -> f32 {
        match &self.coding {
            Coding::Profile { null, .. } => *null,
            _ => f32::NAN,
        }
    }

    fn label_of_text(&self, value: &str) -> Result<f32, String> {
        let class = match &self.coding {
            Coding::Profile {
                profile, labels, ..
            } => profile.class_of_text(value).map(|class| labels[class]),
            Coding::Texts(classes) => classes
                .binary_search_by(|probe| probe.as_str().cmp(value))
                .ok()
                .map(|class| class as f32),
            Coding::Numbers(_) | Coding::Value { .. } => {
                return Err(
                    "it is text, but the task is regression; use another --target".to_owned(),
                );
            }
        };
        class.ok_or_else(|| self.unknown(&format!("`{}`", value.escape_debug())))
    }

    fn labels_of_numbers(
        &self,
        values: impl Iterator<Item = f64>,
        labels: &mut Vec<f32>,
    ) -> Result<(), String> {
        let mut last = (f64::NAN, f32::NAN);
        for value in values {
            if value.is_nan() {
                labels.push(self.label_of_null());
                continue;
            }
            if value != last.0 {
                last = (value, self.label_of_number(value)?);
            }
            labels.push(last.1);
        }
        Ok(())
    }

    fn label_of_number(&self, value: f64) -> Result<f32, String> {
        let class = match &self.coding {
            Coding::Profile {
                profile, labels, ..
            } => profile.class_of_number(value).map(|class| labels[class]),
            Coding::Numbers(classes) => classes
                .binary_search_by(|probe| probe.total_cmp(&(value + 0.0)))
                .ok()
                .map(|class| class as f32),
            Coding::Texts(_) => None,
            Coding::Value { is_count } => {
                if *is_count && value < 0.0 {
                    return Err(format!(
                        "the label {value} is negative, and the objective `poisson` is for counts; mend such rows or use another objective"
                    ));
                }
                if !(value as f32).is_finite() {
                    return Err(format!(
                        "the label {value} is not a finite single-precision number; remove such rows or use another --target"
                    ));
                }
                Some(value as f32)
            }
        };
        class.ok_or_else(|| self.unknown(&value.to_string()))
    }

    fn unknown(&self, value: &str) -> String {
        let classes = self.classes.join(", ");
        let declare = match self.coding {
            Coding::Profile { .. } => "describe the classes with --profile FILE.toml",
            _ => "name all classes from the beginning (`rowmill incremental --classes`)",
        };
        format!(
            "the label {value} is none of the classes {classes}; correct the data, or {declare}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(target: &Target, values: &Values) -> Result<Vec<f32>, String> {
        let mut labels = Vec::new();
        target.labels_into(values, &mut labels)?;
        Ok(labels)
    }

    fn distinct(numbers: &[f64], texts: &[&str]) -> DistinctValues {
        let mut values = DistinctValues::default();
        values.update(&Values::F64(numbers.to_vec()), 10);
        for text in texts {
            values.add_text(text, 10);
        }
        values
    }

    #[test]
    fn the_splice_profile_is_binary_by_default_and_has_three_classes_on_demand() {
        let values = Values::F64(vec![0.0, 1.0, 2.0, f64::NAN]);
        for (choice, task, expected) in [
            (None, Task::Binary, [0.0, 1.0, 1.0, 0.0]),
            (
                Some(Task::Multiclass),
                Task::Multiclass,
                [0.0, 1.0, 2.0, 0.0],
            ),
        ] {
            let target = Target::from_profile("splice_type", &Profile::splice(), choice).unwrap();
            assert_eq!(target.task, task);
            assert_eq!(labels(&target, &values).unwrap(), expected);
        }
        let target = Target::from_profile("splice_type", &Profile::splice(), None).unwrap();
        let error = labels(&target, &Values::F64(vec![7.0])).unwrap_err();
        assert!(
            error.starts_with("the label 7 is none of the classes"),
            "{error}"
        );
    }

    #[test]
    fn classes_come_from_the_values_in_order() {
        let target = Target::from_values("y", &distinct(&[3.0, -1.0, 3.0], &[]), None, 10).unwrap();
        assert_eq!(target.classes, ["-1", "3"]);
        let values = Values::F32(vec![3.0, -1.0, f32::NAN]);
        let labels = labels(&target, &values).unwrap();
        assert_eq!(labels[..2], [1.0, 0.0]);
        assert!(labels[2].is_nan());
    }

    #[test]
    fn targets_that_cannot_be_meant_are_errors() {
        let check = |numbers: &[f64], texts: &[&str], choice, part: &str| {
            let error = Target::from_values("y", &distinct(numbers, texts), choice, 5).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        };
        check(&[], &[], None, "no value at all");
        check(&[1.0], &[], None, "always 1");
        check(&[0.5, 1.5], &[], None, "--task regression");
        check(&[1.0, 2.0, 3.0], &[], None, "use --task");
        check(
            &[],
            &["a", "b", "c"],
            Some(Task::Binary),
            "more than two classes (a, b, c)",
        );
        check(&[], &["a", "b", "c", "d", "e", "f"], None, "more than 5");
    }

    #[test]
    fn an_infinite_number_is_no_label_and_a_count_is_not_negative() {
        let check = |is_count, value, part: &str| {
            let target = Target::regression("y", is_count);
            let mut labels = Vec::new();
            let read = target.labels_into(&Values::F64(vec![0.0, 1.0, value]), &mut labels);
            let error = read.unwrap_err();
            assert!(error.contains(part), "{error}");
            assert_eq!(labels, [0.0, 1.0]);
        };
        check(false, f64::INFINITY, "inf is not a finite");
        check(true, -1.0, "-1 is negative");
    }
}
