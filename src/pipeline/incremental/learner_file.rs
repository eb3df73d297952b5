//! `learner.rowmill`: the current model, the learner, and its position in the data.
//!
//! A run writes it after batches, for `--resume`, and keeps it at the end, for `--init-model`.

use std::path::Path;

use crate::{
    engine::Progress,
    error::{Error, Result},
    format::{
        container::{self, Codec, FileKind, Section},
        file,
    },
    limits::Limits,
    model::Model,
    pipeline::{
        evaluate::progressive::Curve,
        incremental::stored_learner::{LearnerRef, StoredLearner},
        session::{RunIdentity, output},
    },
};

/// The layout of every section so far.
const VERSION: u16 = 1;

/// The sections' numbers, apart from those of a learner's own file.
mod id {
    pub(crate) const ABOUT: u32 = 16;
    pub(crate) const MODEL: u32 = 17;
    pub(crate) const LEARNER: u32 = 18;
    pub(crate) const POSITION: u32 = 19;
}

/// The first rows of the data, by everything but their features. A resumed run recognises them by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Mark {
    /// Their number, in all splits.
    pub(crate) rows: u64,
    /// A hash of their labels, groups, splits and weights.
    pub(crate) hash: u64,
}

/// The position of a run in its data.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Position {
    /// The first row of the slice in which the last batch ended: all rows before it are done.
    pub(crate) slice_first_row: u64,
    /// Training rows of that slice that are done.
    pub(crate) taken: u64,
    /// Training rows of this run that are done.
    pub(crate) rows: u64,
    pub(crate) batches: u64,
    /// True after the last batch.
    pub(crate) is_done: bool,
    /// The mark of rows that are read once, by which a resumed run checks that it reads the same.
    pub(crate) mark: Mark,
    /// The progressive validation of the batches.
    pub(crate) curve: Curve,
}

impl Position {
    /// Shows the progressive validation.
    pub(crate) fn announce(&self, progress: &dyn Progress) {
        if let Some(loss) = self.curve.mean_log_loss() {
            progress.message(&format!(
                "{} batches: mean log-loss {loss:.6} (progressive validation)",
                self.batches
            ));
        }
    }
}

/// The contents of a learner's file.
#[derive(Debug)]
pub(crate) struct LearnerFile {
    pub(crate) identity: RunIdentity,
    /// The current model; its columns are the learner's design.
    pub(crate) model: Model,
    pub(crate) learner: StoredLearner,
    pub(crate) position: Position,
}

impl LearnerFile {
    /// Reads a file that may come from anywhere.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses, [`Error::Format`] for a damaged file or one of another kind.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let limits = Limits::default();
        let bytes = file::read(path, limits.model_bytes_max)?;
        Self::from_bytes(&bytes, &limits).map_err(|flaw| Error::format(path, flaw))
    }

    fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, String> {
        let opened = container::open(FileKind::Learner, bytes)?;
        // A learner's own file has the same kind and other sections.
        if opened.find(id::MODEL).is_none() {
            return Err(
                "the file contains no learner; use a file that `rowmill incremental` wrote"
                    .to_owned(),
            );
        }
        let model = Model::from_bytes(opened.section(id::MODEL, VERSION)?, limits)?;
        let learner = StoredLearner::from_bytes(opened.section(id::LEARNER, VERSION)?, &model)?;
        Ok(Self {
            identity: opened.json(id::ABOUT, VERSION)?,
            position: opened.postcard(id::POSITION, VERSION)?,
            model,
            learner,
        })
    }
}

/// The file's bytes: the same for the same state.
pub(crate) fn to_bytes(
    identity: &RunIdentity,
    model: &Model,
    learner: LearnerRef<'_>,
    position: &Position,
) -> Result<Vec<u8>, String> {
    let header = format!(
        "{{\"made_by\":\"rowmill {}\",\"rows\":{}}}",
        identity.rowmill_version,
        learner.rows()
    );
    let file = |id: u32, bytes: Vec<u8>| Section::new(id, VERSION, Codec::Postcard, bytes);
    let sections = [
        Section::json(id::ABOUT, VERSION, identity),
        file(id::MODEL, model.to_bytes()?),
        file(id::LEARNER, learner.to_bytes()),
        Section::postcard(id::POSITION, VERSION, position),
    ];
    Ok(container::seal(
        FileKind::Learner,
        header.as_bytes(),
        &sections,
    ))
}

/// Reads the learner of `--init-model`: the file itself, or that of a run's directory or model.
///
/// # Errors
/// [`Error::Usage`] for a model without a learner beside it; as [`LearnerFile::load`].
pub(crate) fn load_initial(path: &Path) -> Result<LearnerFile> {
    let beside = if path.is_dir() {
        Some(path.join(output::LEARNER))
    } else if path.file_name().is_some_and(|name| name == output::MODEL) {
        Some(path.with_file_name(output::LEARNER))
    } else {
        None
    };
    match beside {
        Some(learner) if learner.exists() => LearnerFile::load(&learner),
        Some(_) => Err(Error::Usage(format!(
            "--init-model {}: it has no {} beside it, so no learner can continue; use a run of `rowmill \
             incremental`",
            path.display(),
            output::LEARNER
        ))),
        None => LearnerFile::load(path),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        data::{Absent, Task, ValueType},
        format::container::lengthened,
        learner::logistic::LogisticOptions,
        model::{About, Binning, Column, FeatureSpec, Link, Reading, Roles},
        pipeline::incremental::{linear_learner::LinearLearner, stored_learner::model_of},
    };

    /// A learner's file of one feature.
    fn bytes() -> Vec<u8> {
        let features = [FeatureSpec {
            name: "x".to_owned(),
            value_type: ValueType::F64,
            absent: Absent::Missing,
            binning: Binning::Numeric { cuts: vec![0.5] },
            missing_in_training: false,
        }];
        let column = Column {
            feature: 0,
            reading: Reading::Number,
            mean: 1.0,
            sd: 2.0,
            imputation: 1.0,
        };
        let classes = ["no", "yes"].map(str::to_owned);
        let options = LogisticOptions::default();
        let learner =
            LinearLearner::new(options, &features, &[column], &classes, Link::Sigmoid).unwrap();
        let about = About {
            rowmill_version: "0.1.0".to_owned(),
            task: Task::Binary,
            classes: classes.to_vec(),
            roles: Roles::default(),
            profile: None,
            data_fingerprint: 7,
            train_rows: 0,
            seed: 42,
        };
        let identity = RunIdentity {
            rowmill_version: "0.1.0".to_owned(),
            options: Value::Null,
            files: Vec::new(),
            codes_hash: 9,
            sampling: Value::Null,
        };
        let learner = LearnerRef::Linear(&learner);
        let model = model_of(about, &features, learner);
        to_bytes(&identity, &model, learner, &Position::default()).unwrap()
    }

    fn read(bytes: &[u8]) -> Result<LearnerFile, String> {
        LearnerFile::from_bytes(bytes, &Limits::default())
    }

    #[test]
    fn a_file_comes_back() {
        let read = read(&bytes()).unwrap();
        let learner = LearnerRef::Linear(linear(&read));
        let again = to_bytes(&read.identity, &read.model, learner, &read.position).unwrap();
        assert!(again == bytes());
    }

    fn linear(file: &LearnerFile) -> &LinearLearner {
        match &file.learner {
            StoredLearner::Linear(learner) => learner,
            StoredLearner::Trees(_) => panic!("no trees were written"),
        }
    }

    #[test]
    fn bytes_behind_a_section_s_value_are_refused() {
        // Model and learner are files of their own, which say it in other words.
        let words = [
            "truncated or has extra bytes",
            "truncated or has extra bytes",
            "1 extra bytes",
        ];
        let longer = lengthened(FileKind::Learner, &bytes());
        assert_eq!(longer.len(), words.len());
        for (bytes, words) in longer.iter().zip(words) {
            let error = read(bytes).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_learner_s_own_file_is_not_one_of_a_run() {
        let file = read(&bytes()).unwrap();
        let error = read(&linear(&file).as_dyn().to_bytes()).unwrap_err();
        assert!(error.contains("contains no learner"), "{error}");
    }
}
