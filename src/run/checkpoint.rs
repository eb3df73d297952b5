//! The checkpoint of a run of trees, from which `--resume` goes on.
//!
//! ```text
//!   checkpoint.rowmill          the newest
//!   checkpoint-before.rowmill   the one before it, should the newest be damaged
//! ```
//!
//! Both are whole or not there. A run that finished keeps its newest, so that more trees can be added.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Map, Value};

use crate::{
    engine::Progress,
    error::{Error, Result},
    format::container::{self, FileKind, Section},
    learner::{
        ModelSpec,
        gbdt::{Booster, BoosterCheckpoint},
    },
    platform::atomic,
    run::{
        directory::{CHECKPOINT, CHECKPOINT_BEFORE, RunDirectory},
        options::train::TrainOptions,
    },
    source::DataFile,
};

/// The layout of both sections.
const VERSION: u16 = 1;

const ABOUT: u32 = 1;
const BOOSTER: u32 = 2;

/// Bytes of a checkpoint that is opened.
const CHECKPOINT_BYTES_MAX: u64 = 4 << 30;

/// A checkpoint is written at most in one part of so many of the time.
const TIME_SHARE: u32 = 20;

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
    "predictions",
    "trimmed",
    "trees",
    "early_stopping_rounds",
];

/// Options that are made of options, which are told apart by their own names.
const CONTAINERS: [&str; 5] = ["model", "constraints", "prune", "rules", "online"];

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
pub struct CheckpointAbout {
    /// The version of rowmill: another one may grow other trees.
    pub rowmill_version: String,
    /// All options that the trees depend on.
    pub options: Value,
    /// The data's files.
    pub files: Vec<FileMark>,
    /// A hash of labels, groups, splits, cut points and layout.
    pub known_hash: u64,
    /// The sampling of rows that was used: the memory limit may have decided it.
    #[serde(default)]
    pub sampling: Value,
}

/// What tells whether a file is the one it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileMark {
    name: String,
    bytes: u64,
    footer_hash: u64,
}

/// A checkpoint that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// What it was made by and from.
    pub about: CheckpointAbout,
    /// The booster's part.
    pub booster: BoosterCheckpoint<'static>,
}

impl CheckpointAbout {
    /// For a run of these options on these files.
    pub fn new(options: &TrainOptions, files: &[DataFile], known_hash: u64) -> Self {
        let mark = |file: &DataFile| FileMark {
            name: match file.is_beside {
                true => format!("--val-dir: {}", file.name),
                false => file.name.clone(),
            },
            bytes: file.bytes,
            footer_hash: file.footer_hash(),
        };
        let mut value = serde_json::to_value(options).expect("options are numbers and text");
        remove_free(&mut value);
        Self {
            rowmill_version: env!("CARGO_PKG_VERSION").to_owned(),
            options: value,
            files: files.iter().map(mark).collect(),
            known_hash,
            sampling: Value::Null,
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
        if self.known_hash != now.known_hash {
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

impl Checkpoint {
    /// The newest checkpoint of a run's directory that is whole; `None` without any.
    ///
    /// # Errors
    /// [`Error::Format`] when there are checkpoints and all are damaged.
    pub fn load(directory: &Path, progress: &dyn Progress) -> Result<Option<Self>> {
        let mut failed = None;
        for name in [CHECKPOINT, CHECKPOINT_BEFORE] {
            let path = directory.join(name);
            if !path.exists() {
                continue;
            }
            match read(&path) {
                Ok(checkpoint) => return Ok(Some(checkpoint)),
                Err(error) => {
                    if name == CHECKPOINT && directory.join(CHECKPOINT_BEFORE).exists() {
                        progress.warning(&format!("{error}; the one before it is tried"));
                    }
                    failed = Some(error);
                }
            }
        }
        match failed {
            None => Ok(None),
            Some(Error::Format { path, message }) => Err(Error::format(
                path,
                format!("{message}; start anew with --overwrite"),
            )),
            Some(error) => Err(error),
        }
    }

    /// Decodes a file's bytes.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let opened = container::open(FileKind::Checkpoint, bytes)?;
        Ok(Self {
            about: opened.json(ABOUT, VERSION)?,
            booster: opened.postcard(BOOSTER, VERSION)?,
        })
    }
}

/// The file's bytes.
pub fn to_bytes(about: &CheckpointAbout, booster: &BoosterCheckpoint<'_>) -> Vec<u8> {
    let header = format!(
        "{{\"made_by\":\"rowmill {}\",\"rounds\":{}}}",
        about.rowmill_version,
        booster.rounds()
    );
    let sections = [
        Section::json(ABOUT, VERSION, about),
        Section::postcard(BOOSTER, VERSION, booster),
    ];
    container::seal(FileKind::Checkpoint, header.as_bytes(), &sections)
}

/// Removes what only an unfinished run needs.
///
/// # Errors
/// [`Error::Io`] when the file cannot be removed.
pub fn remove_before(directory: &Path) -> Result<()> {
    let path = directory.join(CHECKPOINT_BEFORE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", &path, error))
        }
        _ => Ok(()),
    }
}

/// Writes checkpoints while trees grow: at most so often, and at the end.
pub struct CheckpointWriter<'a> {
    directory: &'a RunDirectory,
    about: CheckpointAbout,
    every: Duration,
    progress: &'a dyn Progress,
    written: Instant,
    /// How long the last one took.
    cost: Duration,
    /// Rounds of the newest checkpoint.
    rounds: u32,
    /// Rounds of the last one that was tried.
    tried: u32,
}

impl<'a> CheckpointWriter<'a> {
    /// Into a run's directory, whose newest checkpoint has so many rounds.
    pub fn new(
        directory: &'a RunDirectory,
        about: CheckpointAbout,
        every: Duration,
        rounds: u32,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            directory,
            about,
            every,
            progress,
            written: Instant::now(),
            cost: Duration::ZERO,
            rounds,
            tried: rounds,
        }
    }

    /// Writes one if it is time. A failure is a warning: training goes on.
    pub fn after_pass(&mut self, booster: &Booster) {
        let pause = self.every.max(self.cost * TIME_SHARE);
        if self.every.is_zero() || self.written.elapsed() >= pause {
            self.write(booster, self.tried);
        }
    }

    /// Writes the last one, unless nothing came since.
    pub fn last(&mut self, booster: &Booster) {
        self.write(booster, self.rounds);
    }

    /// Writes one if it has more rounds than these.
    fn write(&mut self, booster: &Booster, rounds_before: u32) {
        let Some(checkpoint) = booster.checkpoint() else {
            return;
        };
        let rounds = checkpoint.rounds();
        if rounds <= rounds_before {
            return;
        }
        self.tried = rounds;
        let started = Instant::now();
        let bytes = to_bytes(&self.about, &checkpoint);
        let written = self.directory.begin().and_then(|()| {
            replace_newest(self.directory.path(), |newest| {
                atomic::write(newest, |writer| writer.write_all(&bytes))
            })
        });
        match written {
            Ok(()) => self.rounds = rounds,
            Err(error) => self.progress.warning(&format!(
                "no checkpoint of {rounds} rounds: {error}; training goes on, and the checkpoint of {} rounds stays",
                self.rounds
            )),
        }
        self.written = Instant::now();
        self.cost = self.written - started;
    }
}

/// Makes the newest checkpoint the one before, and has `write` write a newest. If that fails, the
/// newest stays what it was.
fn replace_newest(directory: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let newest = directory.join(CHECKPOINT);
    let before = directory.join(CHECKPOINT_BEFORE);
    if newest.exists() {
        fs::rename(&newest, &before).map_err(|source| Error::io("rename", &newest, source))?;
    }
    write(&newest).inspect_err(|_| {
        // Under either name it is found.
        let _ = fs::rename(&before, &newest);
    })
}

fn read(path: &Path) -> Result<Checkpoint> {
    let failed = |source| Error::io("read", path, source);
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(CHECKPOINT_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Checkpoint::from_bytes(&bytes).map_err(|flaw| Error::format(path, flaw))
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

#[cfg(test)]
mod tests;
