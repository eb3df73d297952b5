//! Takes options out of a JSON object one by one; what is left at the end is an error.

use std::{fmt, ops::RangeInclusive};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::{
    error::{Error, Result},
    learner::ClassWeight,
    text::nearest,
};

/// An option that is known and not offered, unless it has the value that changes nothing.
pub(super) struct Refused {
    /// Its names.
    pub(super) names: &'static [&'static str],
    /// JSON texts of the values that mean what rowmill does anyway.
    pub(super) neutral: &'static [&'static str],
    /// Why it is refused and what to do instead.
    pub(super) why: &'static str,
}

/// The range of a real option.
#[derive(Clone, Copy)]
pub(super) enum Range {
    /// (0, 1]
    Fraction,
    /// [0, ..)
    NotNegative,
    /// (0, ..)
    Positive,
    /// (0, 1)
    Inside,
}

impl Range {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Fraction => value > 0.0 && value <= 1.0,
            Self::NotNegative => value >= 0.0,
            Self::Positive => value > 0.0,
            Self::Inside => value > 0.0 && value < 1.0,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Fraction => "above 0 and at most 1",
            Self::NotNegative => "0 or more",
            Self::Positive => "above 0",
            Self::Inside => "above 0 and below 1",
        }
    }
}

/// The options of a JSON object that are not taken yet.
pub(super) struct OptionReader {
    pairs: Vec<(String, Value)>,
    /// Names asked for so far: what an unknown key is compared with.
    pub(super) known: Vec<&'static str>,
    notes: Vec<String>,
}

impl OptionReader {
    pub(super) fn empty() -> Self {
        Self {
            pairs: Vec::new(),
            known: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let Pairs(pairs) = serde_json::from_str(text).map_err(|error| {
            Error::Usage(format!(
                "--model: the JSON cannot be read: {error}; write for example '{{\"max_depth\": 8}}'"
            ))
        })?;
        let mut reader = Self::empty();
        reader.pairs = pairs;
        Ok(reader)
    }

    /// Adds an option that is given elsewhere, as if it stood in the object.
    pub(super) fn add(&mut self, name: &str, value: Value) {
        self.pairs.push((name.to_owned(), value));
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(super) fn into_notes(self) -> Vec<String> {
        self.notes
    }

    /// Takes an option by any of its names; null is as good as absent.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is given twice with different values.
    pub(super) fn take(&mut self, names: &[&'static str]) -> Result<Option<(String, Value)>> {
        self.known.extend(names);
        let mut found: Option<(String, Value)> = None;
        let mut rest = Vec::with_capacity(self.pairs.len());
        for (name, value) in self.pairs.drain(..) {
            if !names.contains(&name.as_str()) {
                rest.push((name, value));
                continue;
            }
            match &found {
                Some((first, other)) if !same(other, &value) => {
                    return Err(Error::Usage(if *first == name {
                        format!(
                            "--model: `{name}` is given twice, as {other} and as {value}; give it once"
                        )
                    } else {
                        format!(
                            "--model: `{first}` is {other} and `{name}` is {value}, but they are one option; give one of them"
                        )
                    }));
                }
                Some(_) => {}
                None => found = Some((name, value)),
            }
        }
        self.pairs = rest;
        Ok(found.filter(|(_, value)| !value.is_null()))
    }

    /// Takes a real number.
    pub(super) fn real(&mut self, names: &[&'static str], range: Range) -> Result<Option<f64>> {
        let Some((name, value)) = self.take(names)? else {
            return Ok(None);
        };
        let number = number(&name, &value)?;
        if !range.holds(number) {
            return Err(out_of_range(&name, &value, range.words()));
        }
        Ok(Some(number))
    }

    /// Takes an integer; `100.0` is one.
    pub(super) fn integer(
        &mut self,
        names: &[&'static str],
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>> {
        let Some((name, value)) = self.take(names)? else {
            return Ok(None);
        };
        integer(&name, &value, range).map(Some)
    }

    /// Takes an integer where everything below 1 means that there is no limit.
    pub(super) fn limit(
        &mut self,
        names: &[&'static str],
        max: i64,
    ) -> Result<Option<Option<i64>>> {
        let Some((name, value)) = self.take(names)? else {
            return Ok(None);
        };
        let limit = integer(&name, &value, -1..=max)?;
        Ok(Some((limit >= 1).then_some(limit)))
    }

    /// Takes a seed.
    pub(super) fn seed(&mut self) -> Result<Option<u64>> {
        let Some((name, value)) = self.take(&["seed", "random_state", "random_seed"])? else {
            return Ok(None);
        };
        match value.as_u64() {
            Some(seed) => Ok(Some(seed)),
            None => Err(out_of_range(&name, &value, "an integer from 0 to 2^64 - 1")),
        }
    }

    /// Takes a text.
    pub(super) fn text(&mut self, names: &[&'static str]) -> Result<Option<String>> {
        match self.take(names)? {
            None => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(text)),
            Some((name, value)) => Err(out_of_range(&name, &value, "a text in quotes")),
        }
    }

    /// Takes `true` or `false`.
    pub(super) fn flag(&mut self, names: &[&'static str]) -> Result<Option<bool>> {
        match self.take(names)? {
            None => Ok(None),
            Some((_, Value::Bool(flag))) => Ok(Some(flag)),
            Some((name, value)) => Err(out_of_range(&name, &value, "true or false")),
        }
    }

    /// Takes `class_weight`.
    pub(super) fn class_weight(&mut self) -> Result<ClassWeight> {
        let Some((name, value)) = self.take(&["class_weight", "class_weights"])? else {
            return Ok(ClassWeight::Equal);
        };
        let wanted = "\"balanced\" or an object of weights by class, such as {\"donor\": 2}";
        match &value {
            Value::String(text) if text == "balanced" => Ok(ClassWeight::Balanced),
            Value::Object(weights) if !weights.is_empty() => {
                let mut named = Vec::with_capacity(weights.len());
                for (class, weight) in weights {
                    let label = format!("{name}.{class}");
                    let number = number(&label, weight)?;
                    if !Range::Positive.holds(number) {
                        return Err(out_of_range(&label, weight, Range::Positive.words()));
                    }
                    named.push((class.clone(), number));
                }
                Ok(ClassWeight::Named(named))
            }
            _ => Err(out_of_range(&name, &value, wanted)),
        }
    }

    /// Ends the reading: what is left is refused by name, or unknown.
    ///
    /// # Errors
    /// [`Error::Usage`] for the first option left.
    pub(super) fn finish(&mut self, learner: &str, refused: &[Refused]) -> Result<()> {
        for (name, value) in std::mem::take(&mut self.pairs) {
            let entry = refused
                .iter()
                .find(|refused| refused.names.contains(&name.as_str()));
            match entry {
                Some(refused) => {
                    let neutral = refused.neutral.iter().any(|text| {
                        serde_json::from_str(text)
                            .is_ok_and(|neutral: Value| same(&neutral, &value))
                    });
                    if !neutral && !value.is_null() {
                        return Err(Error::Usage(format!(
                            "--model: `{name}` ({value}) is not supported: {}",
                            refused.why
                        )));
                    }
                }
                None => {
                    let hint = nearest::hint(&name, self.known.iter().copied());
                    return Err(Error::Usage(format!(
                        "--model: `{name}` is no option of {learner}{hint}; `rowmill train --help` lists them"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn number(name: &str, value: &Value) -> Result<f64> {
    match value.as_f64() {
        Some(number) if number.is_finite() => Ok(number),
        _ => Err(out_of_range(name, value, "a number, without quotes")),
    }
}

fn integer(name: &str, value: &Value, range: RangeInclusive<i64>) -> Result<i64> {
    let number = number(name, value)?;
    let words = match (*range.start(), *range.end()) {
        (min, i64::MAX) => format!("an integer of {min} or more"),
        (min, max) => format!("an integer from {min} to {max}"),
    };
    // 2^53: beyond it a float is not one integer.
    let integer = number as i64;
    if number.fract() != 0.0 || number.abs() > 9_007_199_254_740_992.0 || !range.contains(&integer)
    {
        return Err(out_of_range(name, value, &words));
    }
    Ok(integer)
}

/// The error for a value of an option that it must not have.
pub(super) fn out_of_range(name: &str, value: &Value, wanted: &str) -> Error {
    Error::Usage(format!("--model: `{name}` is {value}; it must be {wanted}"))
}

/// True if two values mean the same: 1 and 1.0 do.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// The pairs of a JSON object in their order, repeated keys kept.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of options")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}
