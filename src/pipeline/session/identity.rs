//! The identity of a run: the options, files and codes that its result depends on.
//!
//! A checkpoint and a learner's file keep it. `--resume` compares it with the identity of the run that
//! continues, and names the first difference as the user writes it.

use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    learner::ModelSpec,
    source::DataFile,
};

/// Options that may differ when a run goes on: they change no byte of the trees that are there.
const FREE_OPTIONS: [&str; 16] = [
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
    "trees",
    "early_stopping_rounds",
];

/// Options that are made of options, which are told apart by their own names.
const CONTAINERS: [&str; 5] = ["model", "constraints", "prune", "rules", "incremental"];

/// Options whose flags have other names than their own.
const FLAGS: &[(&str, &str)] = &[
    ("batch_rows", "--batch-size"),
    ("rows_expected", "--expected-rows"),
    ("weight", "--weight-col"),
    ("group", "--group-col"),
    ("split_column", "--split-col"),
    ("split_rule", "--split"),
    ("exclude_if_there", "--exclude-file"),
    ("prune", "--prune-features"),
    ("correlation", "--corr-thr"),
    ("variance", "--var-thr"),
    ("report", "--corr-report"),
    ("exact", "--exact-correlation"),
    ("learner", "--model"),
];

/// Options that say which groups are held out, where no column does.
const SPLIT_OPTIONS: [&str; 4] = ["seed", "split_rule", "test_size", "valid_size"];

/// Options of a learner that users write under other names than their own.
const MODEL_NAMES: &[(&str, &str)] = &[
    ("trees", "n_estimators"),
    ("growth", "grow_policy"),
    ("regression_loss", "objective"),
    ("eval_metrics", "eval_metric"),
    ("watched_metric", "early_stopping_metric"),
    ("shrinkage", "learning_rate"),
    ("depth_max", "max_depth"),
    ("leaves_max", "num_leaves"),
    ("bins_max", "max_bin"),
    ("child_hessian_min", "min_child_weight"),
    ("child_rows_min", "min_child_samples"),
    ("gain_min", "gamma"),
    ("lambda_l2", "reg_lambda"),
    ("lambda_l1", "reg_alpha"),
    ("feature_fraction", "colsample_bytree"),
    ("level_fraction", "colsample_bylevel"),
    ("node_fraction", "colsample_bynode"),
    ("value_max", "max_delta_step"),
    ("monotone", "monotone_constraints"),
    ("monotone_of_all", "monotone_constraints"),
    ("interactions", "interaction_constraints"),
    ("feature_constraints", "monotone_constraints"),
    ("positive_weight", "scale_pos_weight"),
    ("class_weights", "class_weight"),
    ("balanced", "class_weight"),
    ("named_class_weights", "class_weight"),
    ("inverse_strength", "C"),
    ("passes_max", "max_iter"),
    ("tolerance", "tol"),
    ("categories_max", "max_categories"),
];

/// What a checkpoint was made by and from.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RunIdentity {
    /// The version of rowmill: another one may grow other trees.
    pub rowmill_version: String,
    /// All options that the trees depend on.
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

/// What tells whether a file is the one it was.
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

    /// Refuses to go on with other codes or another sampling.
    ///
    /// # Errors
    /// [`Error::Usage`] saying what differs.
    pub fn check_found(&self, now: &Self) -> Result<()> {
        if self.codes_hash != now.codes_hash {
            return Err(Error::Usage(
                "--resume: labels, groups, splits or cut points are not those of the checkpoint; the data have \
                 changed, so start anew with --overwrite"
                    .to_owned(),
            ));
        }
        if self.sampling != now.sampling {
            return Err(Error::Usage(format!(
                "--resume: --sampling was {} and is {}; the memory limit decides it, so give the --memory of \
                 before, or start anew with --overwrite",
                self.sampling, now.sampling
            )));
        }
        Ok(())
    }

    /// The first option that says otherwise which groups are held out: its name, what it was and what it is now.
    pub fn split_difference(&self, now: &Self) -> Option<(String, Value, Value)> {
        let of_split = |about: &Self| {
            let named = |name: &&str| ((*name).to_owned(), about.options[*name].clone());
            Value::Object(SPLIT_OPTIONS.iter().map(named).collect())
        };
        difference("", &of_split(self), &of_split(now))
    }

    /// Refuses to go on where trees, options or data do not belong together. What only the passes
    /// find is for [`Self::check_found`].
    ///
    /// # Errors
    /// [`Error::Usage`] naming the option or the file.
    pub fn check(&self, now: &Self) -> Result<()> {
        let refuse = |what: String| {
            Err(Error::Usage(format!(
                "--resume: {what}; start anew with --overwrite"
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

/// How users write an option: as a flag of its own, or as one of `--model`.
pub(crate) fn command_line_name(container: &str, option: &str) -> String {
    let renamed = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(own, _)| *own == option);
        found.map(|(_, name)| *name)
    };
    if let Some(flag) = renamed(FLAGS) {
        return flag.to_owned();
    }
    if container == "model" && option != "seed" {
        return format!("--model {}", renamed(MODEL_NAMES).unwrap_or(option));
    }
    format!("--{}", option.replace('_', "-"))
}
