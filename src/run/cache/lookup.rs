//! The cache of a run: the codes that it may use, and those that it leaves for later runs.

use std::path::{Path, PathBuf};

use crate::{
    engine::{Context, PassReport, Progress},
    error::{Error, Result},
    group::GroupTable,
    learner::{ModelSpec, gbdt::BoosterOptions},
    pipeline::{
        coding::codes::CodingResult,
        open::{
            classes::{find_target, known_target, task_choice},
            target::Target,
            training_data::TrainingData,
        },
        options::IncrementalOptions,
        prepare::{assign::ungrouped_warning, splitting::SplitRows, survey::Survey},
        session::{
            Session,
            output::{CHECKPOINT, FINISHED},
        },
    },
    run::{
        cache::{
            code_cache::{self, CachedCodes, CachedRows, CodeCache},
            contents::PassResults,
            key::ingredients,
        },
        options::TrainOptions,
    },
};

/// The trees' options where codes follow from data and options alone, so that runs can share them: not
/// where an earlier learner or the first rows fix the bins. Only trees have codes.
fn sharing(options: &TrainOptions) -> Option<&BoosterOptions> {
    let fixes_bins =
        |incremental: &IncrementalOptions| incremental.one_pass || incremental.init_model.is_some();
    match &options.model {
        ModelSpec::Gbdt(trees) if !options.incremental.as_ref().is_some_and(fixes_bins) => {
            Some(trees)
        }
        ModelSpec::Gbdt(_) | ModelSpec::Logistic(_) => None,
    }
}

/// Codes of the same data, if there are any.
pub(crate) fn find(
    data: &TrainingData,
    options: &TrainOptions,
    progress: &dyn Progress,
) -> Option<CachedCodes> {
    let wanted = ingredients(data, options, sharing(options)?);
    code_cache::find(options.scratch_parent(), &wanted, progress)
}

/// The target. A pass asks the data for its classes only where neither options nor cache have them.
///
/// # Errors
/// As [`find_target`].
pub(crate) fn cached_target(
    context: &Context<'_>,
    data: &TrainingData,
    options: &TrainOptions,
    cached: Option<&CachedCodes>,
    passes: &mut Vec<PassReport>,
) -> Result<Target> {
    let spec = options.target_spec();
    if let Some(target) = known_target(data, spec)? {
        return Ok(target);
    }
    let Some(values) = cached.and_then(CachedCodes::values) else {
        return find_target(context, data, spec, passes);
    };
    let name = &data.schema().fields[data.target_column()].name;
    Target::from_values(name, values, task_choice(data, spec.task), spec.classes_max)
}

/// The data whose codes are opened.
pub(crate) struct CacheLookup<'a> {
    pub(crate) data: &'a TrainingData,
    pub(crate) options: &'a TrainOptions,
    pub(crate) target: &'a Target,
    /// The directory to which groups spill.
    pub(crate) spill: &'a Path,
}

/// The directory of codes of a run, with its contents if an earlier run sealed it. A linear model has none.
///
/// # Errors
/// When a directory cannot be made, or the run was asked to stop.
pub(crate) fn open_or_create(
    context: &Context<'_>,
    lookup: &CacheLookup<'_>,
    cached: Option<CachedCodes>,
    passes: &mut Vec<PassReport>,
) -> Result<(Option<CodeCache>, Option<CachedRows>)> {
    let CacheLookup { data, options, .. } = lookup;
    let Some(trees) = sharing(options) else {
        return Ok((None, None));
    };
    let run_files = run_files(&options.output.out_dir)?;
    let ingredients = ingredients(data, options, trees);
    if let Some(cached) = cached {
        let shape = (data.dataset.rows(), data.roles.weight.is_some());
        let groups = data.roles.group.map(|_| {
            let groups_max = options.resources.limits.groups_in_memory_max;
            GroupTable::new(lookup.target.classes.len(), groups_max, lookup.spill)
        });
        if let Some((directory, rows, report)) = cached.open(context, shape, groups, &run_files)? {
            passes.push(report);
            let cache = CodeCache {
                directory,
                ingredients,
            };
            return Ok((Some(cache), Some(rows)));
        }
    }
    let parent = options.scratch_parent();
    let allow_tmpfs = options.resources.allow_tmpfs;
    let cache = CodeCache::create(parent, ingredients, allow_tmpfs, &run_files)?;
    Ok((Some(cache), None))
}

/// The paths of a run's checkpoint and of its mark, whatever the working directory.
fn run_files(out_dir: &Path) -> Result<[PathBuf; 2]> {
    let directory =
        std::path::absolute(out_dir).map_err(|source| Error::io("find", out_dir, source))?;
    Ok([CHECKPOINT, FINISHED].map(|name| directory.join(name)))
}

/// Seals rows and codes for other runs.
///
/// # Errors
/// When files cannot be read back or the seal cannot be written.
pub(crate) fn seal(
    cache: &CodeCache,
    session: &Session<'_>,
    lookup: &CacheLookup<'_>,
    split: &SplitRows,
    survey: &Survey,
    coded: &CodingResult,
) -> Result<()> {
    let CacheLookup { data, options, .. } = lookup;
    let of_options = ungrouped_warning(data, &options.columns.group);
    let warnings = split.assigned.warnings.iter();
    let warnings = warnings.filter(|warning| Some(*warning) != of_options.as_ref());
    let results = PassResults::new(
        lookup.target,
        &split.assigned,
        warnings.cloned().collect(),
        &survey.features,
        &coded.bins,
    )
    .with_pruned(coded.pruned.as_ref());
    let codes = coded.codes.as_ref().expect("trees have codes");
    let files = [split.rows.block_file(), codes];
    cache.seal(
        &session.context,
        &options.data.dataset,
        options.resources.keep_scratch,
        &results,
        files,
    )
}
