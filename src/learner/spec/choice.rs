//! `--model`, read and checked.

use std::fmt::Write as _;

use crate::{
    data::Task,
    error::{Error, Result},
    learner::spec::{linear, model_spec::ModelSpec, preset::Preset, reader::OptionReader, trees},
    limits::Limits,
};

/// The learner and options of `--model`.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelChoice {
    /// The learner and its options.
    pub spec: ModelSpec,
    /// The name that was given, or the default's.
    pub name: &'static str,
    /// The task that an `objective` asked for.
    pub task: Option<Task>,
    /// Differences from the library of that name, and values that were changed.
    pub notes: Vec<String>,
}

impl ModelChoice {
    /// Reads a name or a JSON object. `seed` is used unless the object has its own.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the option, its value, its range or the nearest known name.
    pub fn parse(text: &str, seed: u64, limits: &Limits) -> Result<Self> {
        Self::parse_with(text, &[], seed, limits)
    }

    /// The same with options from elsewhere, which must not contradict the object's.
    ///
    /// # Errors
    /// As [`ModelChoice::parse`].
    pub fn parse_with(
        text: &str,
        more: &[(&str, &str)],
        seed: u64,
        limits: &Limits,
    ) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::Usage(format!(
                "--model is empty; choose {}, or give options as JSON",
                Preset::ALL.map(Preset::name).join(", ")
            )));
        }
        let mut reader = if text.starts_with('{') {
            OptionReader::parse(text)?
        } else {
            OptionReader::empty()
        };
        for (name, value) in more {
            reader.add(name, (*value).into());
        }
        let preset = if text.starts_with('{') {
            match reader.text(&["name"])? {
                Some(name) => Preset::named(&name)?,
                None => Preset::DEFAULT,
            }
        } else {
            Preset::named(text)?
        };
        let (spec, task) = match preset {
            Preset::Gbdt | Preset::Xgboost | Preset::Lightgbm => {
                let (options, task) = trees::read(&mut reader, preset, seed, limits)?;
                (ModelSpec::Gbdt(options), task)
            }
            Preset::Logistic | Preset::LogReg | Preset::SgdLogistic => {
                let (options, task) = linear::read(&mut reader, preset, seed, limits)?;
                (ModelSpec::Logistic(options), task)
            }
        };
        Ok(Self {
            spec,
            name: preset.name(),
            task,
            notes: reader.into_notes(),
        })
    }

    /// The effective options and the notes, for people.
    pub fn describe(&self) -> String {
        let mut text = format!("model {}", self.name);
        if self.name != self.spec.learner() {
            let _ = write!(text, " (preset of rowmill's {})", self.spec.learner());
        }
        for (option, value) in self.spec.effective() {
            let _ = write!(text, "\n  {option:<22} {value}");
        }
        for note in &self.notes {
            let _ = write!(text, "\n  note: {note}");
        }
        text
    }
}
