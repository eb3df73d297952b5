//! The identity of a run: the options, files and codes that its result depends on.
//!
//! A checkpoint and a learner's file keep it. `--resume` compares it with the identity of the run that
//! continues, and names the first difference as the user writes it.

use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    learner::ModelSpec,
    pipeline::session::earlier_names,
    source::DataFile,
};

/// Options that may differ when a run goes on: they change no byte of the trees that are there.
const FREE_OPTIONS: [&str; 17] = [
    "dataset",
    "validation",
    "baseline",
    "out_dir",
    "overwrite",
    "resume",
    "checkpoint_seconds",
    "scratch_dir",
    "allow_tmpfs",
    "keep_scratch",
    "memory_bytes",
    "threads",
    "verify",
    "trimmed",
    "predictions",
    "n_estimators",
    "early_stopping_rounds",
];

/// Options that are made of options, which are told apart by their own names.
const CONTAINERS: [&str; 5] = [
    "model",
    "constraints",
    "prune_features",
    "rules",
    "incremental",
];

/// Options that say which groups are held out, where no column does.
const SPLIT_OPTIONS: [&str; 4] = ["seed", "split", "test_size", "valid_size"];

/// The version, options, files and codes behind a checkpoint or a learner: a run continues only from its own.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RunIdentity {
    /// The version of rowmill: another one may grow other trees.
    pub rowmill_version: String,
    /// All options that the trees depend on.
    #[serde(deserialize_with = "earlier_names::read")]
    pub options: Value,
    /// The data's files.
    pub files: Vec<FileMark>,
    /// A hash of labels, groups, splits, cut points and layout.
    #[serde(rename = "known_hash")]
    pub codes_hash: u64,
    /// The sampling of rows that was used: the memory limit may have decided it.
    #[serde(default)]
    pub sampling: Value,
}

/// The mark by which a run recognises a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileMark {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) footer_hash: u64,
}

impl RunIdentity {
    /// The identity of a run before any pass: its options as JSON, and its files.
    pub fn new(options: Value, files: &[DataFile]) -> Self {
        let mark = |file: &DataFile| FileMark {
            name: match file.is_beside {
                true => format!("--val-dir: {}", file.name),
                false => file.name.clone(),
            },
            bytes: file.bytes,
            footer_hash: file.footer_hash(),
        };
        let mut options = options;
        remove_free(&mut options);
        Self {
            rowmill_version: env!("CARGO_PKG_VERSION").to_owned(),
            options,
            files: files.iter().map(mark).collect(),
            codes_hash: 0,
            sampling: Value::Null,
        }
    }

    /// The same with the hash of labels, groups, splits, cut points and layout.
    #[must_use]
    pub fn with_codes(&self, codes_hash: u64) -> Self {
        Self {
            codes_hash,
            ..self.clone()
        }
    }

    /// With the sampling of a learner whose options are complete.
    #[must_use]
    pub fn sampling_of(mut self, model: &ModelSpec) -> Self {
        let model = serde_json::to_value(model).expect("options are numbers and text");
        self.sampling = model["sampling"].clone();
        self
    }

    /// Refuses to resume with other codes or another sampling.
    ///
    /// # Errors
    /// [`Error::Usage`] saying what differs.
    pub fn check_found(&self, now: &Self) -> Result<()> {
        if self.codes_hash != now.codes_hash {
            return Err(Error::Usage(
                "--resume: labels, groups, splits or cut points are not those of the checkpoint; the data have \
                 changed, so start over with --overwrite"
                    .to_owned(),
            ));
        }
        if self.sampling != now.sampling {
            return Err(Error::Usage(format!(
                "--resume: --sampling was {} and is now {}, because its size depends on --memory; use the earlier \
                 --memory, or start over with --overwrite",
                self.sampling, now.sampling
            )));
        }
        Ok(())
    }

    /// The first option that changes which groups are held out: its name, its earlier value and its value now.
    pub fn split_difference(&self, now: &Self) -> Option<(String, Value, Value)> {
        let of_split = |about: &Self| {
            let named = |name: &&str| ((*name).to_owned(), about.options[*name].clone());
            Value::Object(SPLIT_OPTIONS.iter().map(named).collect())
        };
        difference("", &of_split(self), &of_split(now))
    }

    /// Refuses to resume with other options or data. Values that only the passes find are compared by
    /// [`Self::check_found`].
    ///
    /// # Errors
    /// [`Error::Usage`] naming the option or the file.
    pub fn check(&self, now: &Self) -> Result<()> {
        let refuse = |what: String| {
            Err(Error::Usage(format!(
                "--resume: {what}; start over with --overwrite"
            )))
        };
        if self.rowmill_version != now.rowmill_version {
            return refuse(format!(
                "the checkpoint is of rowmill {} and this is {}",
                self.rowmill_version, now.rowmill_version
            ));
        }
        if let Some((name, was, is)) = difference("", &self.options, &now.options) {
            return refuse(format!("{name} was {was} and is {is}"));
        }
        for (was, is) in self.files.iter().zip(&now.files) {
            if was.name != is.name {
                return refuse(format!(
                    "the data have the file {} and had {}",
                    is.name, was.name
                ));
            }
            if was != is {
                return refuse(format!("the file {} has changed", is.name));
            }
        }
        if self.files.len() != now.files.len() {
            let (was, is) = (self.files.len(), now.files.len());
            return refuse(format!("the data have {is} files and had {was}"));
        }
        Ok(())
    }
}

/// Removes the options that may differ.
fn remove_free(value: &mut Value) {
    let Value::Object(fields) = value else {
        return;
    };
    fields.retain(|name, _| !FREE_OPTIONS.contains(&name.as_str()));
    if let Some(model) = fields.get_mut("model") {
        remove_free(model);
    }
}

/// The first option of a container that differs, under its name on the command line, with both values.
fn difference(container: &str, was: &Value, is: &Value) -> Option<(String, Value, Value)> {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (was, is) = (fields(was), fields(is));
    let names = was
        .keys()
        .chain(is.keys().filter(|name| !was.contains_key(*name)));
    let of =
        |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
    let mut found = names.map(|name| {
        let (was, is) = (of(&was, name), of(&is, name));
        if was.is_object() && is.is_object() && CONTAINERS.contains(&name.as_str()) {
            // Constraints are the model's.
            let is_inner = container == "model";
            return difference(if is_inner { container } else { name }, &was, &is);
        }
        (was != is).then(|| (command_line_name(container, name), was, is))
    });
    found.find_map(|found| found)
}

/// An option as users write it: a flag, or an option of `--model`.
pub(crate) fn command_line_name(container: &str, option: &str) -> String {
    match (container, option) {
        ("model", "learner") => "--model".to_owned(),
        ("model", option) if option != "seed" => format!("--model {option}"),
        (_, flag) => format!("--{}", flag.replace('_', "-")),
    }
}
