//! What a run finds on the disk before it begins, and what it leaves for a later one: its checkpoint,
//! and codes that are shared.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    engine::{Context, PassReport, Progress},
    error::{Error, Result},
    group::GroupTable,
    learner::{ModelSpec, gbdt::BoosterOptions},
    pipeline::{
        fit::fitting::FitSpec,
        open::{
            classes::{find_target, known_target, task_choice},
            target::Target,
            training_data::Job,
        },
        prepare::{
            assign::{Assigned, ungrouped_warning},
            bins::Bins,
            survey::{FeatureSurvey, Survey},
        },
        storage::rows::RowsFile,
    },
    run::{
        cache::{
            known::{self, Known},
            reuse::{self, Found, Reused, Shared, run_files},
        },
        checkpoint::{Checkpoint, CheckpointAbout, CheckpointWriter},
        directory::{Claim, RunDirectory},
        identity::ingredients,
        options::{incremental::OnlineOptions, train::TrainOptions},
        train::Run,
    },
    scratch::{BlockFile, ScratchDirectory},
    text::size::format_bytes,
};

/// Where codes are looked for and written.
fn parent(options: &TrainOptions) -> &Path {
    options.scratch_dir.as_ref().unwrap_or(&options.out_dir)
}

/// The run's directory, and the one in which its scratch directories will be; what runs that died left in either
/// is removed.
///
/// # Errors
/// As [`Claim::take`].
pub(crate) fn take_directories<'o>(
    claim: Claim<'_>,
    options: &'o TrainOptions,
    progress: &dyn Progress,
) -> Result<(RunDirectory, &'o Path)> {
    let directory = claim.take()?;
    let unfinished = directory.remove_leftovers()?;
    if unfinished > 0 {
        progress.warning(&format!(
            "removed {unfinished} unfinished file(s) of a run that died from {}",
            options.out_dir.display()
        ));
    }
    for dead in ScratchDirectory::remove_dead(parent(options)) {
        let size = format_bytes(dead.bytes);
        progress.warning(&format!(
            "removed the scratch files of a run that died: {} ({size})",
            dead.path.display()
        ));
    }
    Ok((directory, parent(options)))
}

/// The checkpoint that the run goes on from, once options and files are found to be the same.
///
/// # Errors
/// [`Error::Usage`] naming what differs; a checkpoint that cannot be read.
pub(crate) fn checkpoint_of(
    job: &Job,
    options: &TrainOptions,
    progress: &dyn Progress,
) -> Result<Option<Checkpoint>> {
    if !options.resume {
        return Ok(None);
    }
    let Some(checkpoint) = Checkpoint::load(&options.out_dir, progress)? else {
        if options.online.is_some() {
            return Ok(None);
        }
        progress.message("there is no checkpoint to go on from: the run starts from the beginning");
        return Ok(None);
    };
    let now = CheckpointAbout::new(options, job.dataset.files(), checkpoint.about.known_hash);
    checkpoint.about.check(&now)?;
    let rounds = checkpoint.booster.rounds();
    progress.message(&format!("going on after round {rounds}"));
    Ok(Some(checkpoint))
}

/// The trees' options where codes follow from data and options alone, so that runs can share them: not
/// where an earlier learner or the first rows fix the bins. Only trees have codes.
fn sharing(options: &TrainOptions) -> Option<&BoosterOptions> {
    let fixes_bins = |online: &OnlineOptions| online.one_pass || online.init_model.is_some();
    match &options.model {
        ModelSpec::Gbdt(trees) if !options.online.as_ref().is_some_and(fixes_bins) => Some(trees),
        ModelSpec::Gbdt(_) | ModelSpec::Logistic(_) => None,
    }
}

/// Codes of the same data, if there are any.
pub(crate) fn find(job: &Job, options: &TrainOptions, progress: &dyn Progress) -> Option<Found> {
    let wanted = ingredients(job, options, sharing(options)?);
    reuse::find(parent(options), &wanted, progress)
}

/// The target; the data are asked for its classes only where nothing else tells them.
///
/// # Errors
/// As [`find_target`].
pub(crate) fn target_of(
    context: &Context<'_>,
    job: &Job,
    options: &TrainOptions,
    found: Option<&Found>,
    passes: &mut Vec<PassReport>,
) -> Result<Target> {
    let values = found.and_then(Found::values);
    match (known_target(job, options)?, values) {
        (None, Some(values)) => {
            let name = &job.schema().fields[job.target_column()].name;
            let choice = task_choice(job, options);
            Target::from_values(name, values, choice, options.limits.classes_max)
        }
        (Some(target), _) => Ok(target),
        (None, None) => find_target(context, job, options, passes),
    }
}

/// What is needed to open codes.
pub(crate) struct Opening<'a> {
    pub(crate) job: &'a Job,
    pub(crate) options: &'a TrainOptions,
    pub(crate) target: &'a Target,
    /// Where groups spill to.
    pub(crate) spill: &'a Path,
}

/// The directory of codes that a run works with.
pub(crate) struct Claimed {
    pub(crate) shared: Option<Shared>,
    /// What is in it, if it is not empty.
    pub(crate) known: Option<Reused>,
}

/// Takes the codes that were found, or a new directory for them.
///
/// # Errors
/// When a directory cannot be made, or the run was asked to stop.
pub(crate) fn claim(
    context: &Context<'_>,
    opening: &Opening<'_>,
    found: Option<Found>,
    passes: &mut Vec<PassReport>,
) -> Result<Claimed> {
    let Opening { job, options, .. } = opening;
    let Some(trees) = sharing(options) else {
        return Ok(Claimed {
            shared: None,
            known: None,
        });
    };
    let run_files = run_files(&options.out_dir)?;
    let ingredients = ingredients(job, options, trees);
    if let Some(found) = found {
        let data = (job.dataset.rows(), job.roles.weight.is_some());
        let groups = job.roles.group.map(|_| {
            let groups_max = options.limits.groups_in_memory_max;
            GroupTable::new(opening.target.classes.len(), groups_max, opening.spill)
        });
        let opened = found.open(context, data, groups, &run_files)?;
        if let Some((directory, known, report)) = opened {
            passes.push(report);
            return Ok(Claimed {
                shared: Some(Shared {
                    directory,
                    ingredients,
                }),
                known: Some(known),
            });
        }
    }
    let shared = Shared::create(
        parent(options),
        ingredients,
        options.allow_tmpfs,
        &run_files,
    )?;
    Ok(Claimed {
        shared: Some(shared),
        known: None,
    })
}

impl Run<'_> {
    /// The path of a file that other runs may use where there are such, else of this run's own.
    pub(crate) fn data_file(&self, name: &str) -> PathBuf {
        match &self.shared {
            Some(shared) => shared.directory.file(name),
            None => self.scratch.file(name),
        }
    }

    /// A survey whose statistics are known already; its sample is an empty file of this name.
    ///
    /// # Errors
    /// When the empty sample cannot be created.
    pub(crate) fn known_survey(
        &self,
        sample: &str,
        features: Vec<FeatureSurvey>,
    ) -> Result<Survey> {
        let sample = BlockFile::create(&self.scratch.file(sample), 0, &vec![8; features.len()])?;
        Ok(Survey {
            arrays: (0..features.len()).collect(),
            features,
            sample,
            report: PassReport {
                name: "survey".to_owned(),
                seconds: 0.0,
                rows: 0,
                bytes_read: 0,
            },
        })
    }

    /// Seals rows and codes for other runs.
    ///
    /// # Errors
    /// When files cannot be read back or the seal not be written.
    pub(crate) fn seal(
        &self,
        rows: &RowsFile,
        assigned: &Assigned,
        survey: &Survey,
        bins: &Bins,
        codes: &BlockFile,
    ) -> Result<()> {
        let Some(shared) = &self.shared else {
            return Ok(());
        };
        let of_options = ungrouped_warning(&self.job, self.options);
        let warnings = assigned.warnings.iter();
        let warnings = warnings.filter(|warning| Some(*warning) != of_options.as_ref());
        let known = Known::new(
            &self.target,
            assigned,
            warnings.cloned().collect(),
            &survey.features,
            bins,
        )
        .with_pruned(self.pruned.as_ref());
        let files = [rows.block_file(), codes];
        shared.seal(&self.context, self.options, &known, files)
    }

    /// What writes checkpoints while trees grow. A checkpoint that the run goes on from must be of the
    /// same codes.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is not.
    pub(crate) fn checkpoints(
        &self,
        spec: &FitSpec<'_>,
        resumed: Option<&Checkpoint>,
    ) -> Result<CheckpointWriter<'_>> {
        let known_hash = known::hash_of(spec.assigned, &spec.bins);
        let about = CheckpointAbout::new(self.options, self.job.dataset.files(), known_hash)
            .sampling_of(spec.model);
        if let Some(checkpoint) = resumed {
            checkpoint.about.check_found(&about)?;
        }
        Ok(CheckpointWriter::new(
            &self.directory,
            about,
            Duration::from_secs(self.options.checkpoint_seconds),
            resumed.map_or(0, |checkpoint| checkpoint.booster.rounds()),
            self.context.progress,
        ))
    }

    /// After a failure: codes wait for the run that goes on from the checkpoint, if there is one.
    pub(crate) fn keep_for_resume(&mut self, error: &Error) {
        if !self.directory.has_checkpoint() {
            return;
        }
        let mut codes = String::new();
        if let Some(shared) = &mut self.shared {
            shared.directory.leave();
            codes = format!(", with {} of scratch files", shared.size());
        }
        let out_dir = self.directory.path().display();
        let is_online = self.options.online.is_some();
        let kept = if is_online {
            "the learner so far is"
        } else {
            "the trees so far are"
        };
        let next = match error {
            Error::Dataset(_) if is_online => format!(
                "go on with --resume when the cause is mended, learn other rows with --init-model {out_dir}, or"
            ),
            _ => "go on with --resume, or".to_owned(),
        };
        self.context.progress.message(&format!(
            "{kept} kept in {out_dir}{codes}; {next} start anew with --overwrite"
        ));
    }
}
