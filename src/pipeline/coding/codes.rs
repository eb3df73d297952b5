//! Codes of all rows for trees: screening of features, cut points, the binning pass, and the verdicts of pruning.
//!
//! A feature that pruning may drop is coded with the others, and the binning pass compares it along the way.
//! If it is dropped it keeps its room in the file, and nothing reads it again.

use twox_hash::XxHash3_64;

use crate::{
    error::{Error, Result},
    learner::ModelSpec,
    limits::Limits,
    model::Bins,
    pipeline::{
        coding::binning::{self, BinningSpec, write_codes},
        open::training_data::TrainingData,
        prepare::{
            assign::Assigned,
            bins::{BinsSpec, find_bins},
            survey::Survey,
        },
        prune::{findings::RedundancySearch, in_training::PrunedInTraining, options::Pruning},
        session::Session,
        storage::rows::RowsFile,
    },
    scratch::BlockFile,
};

/// The name of the file of codes.
pub(crate) const CODES: &str = "codes";

/// Options of coding and pruning.
#[derive(Clone, Copy)]
pub(crate) struct CodingSpec<'a> {
    pub(crate) model: &'a ModelSpec,
    pub(crate) pruning: Option<&'a Pruning>,
    /// Bins of an earlier learner, which stay.
    pub(crate) bins: Option<&'a Bins>,
    pub(crate) limits: &'a Limits,
    pub(crate) memory_bytes: u64,
}

/// The features that are left, with their bins, and the codes of all rows for trees.
pub(crate) struct CodingResult {
    pub(crate) bins: Bins,
    /// `None` for a linear model, which reads values.
    pub(crate) codes: Option<BlockFile>,
    pub(crate) pruned: Option<PrunedInTraining>,
}

/// Bins and codes for trees. Where columns are pruned, the features of `data` and `survey` are reduced to
/// those that are kept.
///
/// # Errors
/// When data or scratch files fail, or no feature is left.
pub(crate) fn code(
    session: &mut Session<'_>,
    data: &mut TrainingData,
    spec: CodingSpec<'_>,
    rows: &RowsFile,
    survey: &mut Survey,
) -> Result<CodingResult> {
    let context = session.context;
    let search = search(data, spec, rows, survey)?;
    let comparison = match &search {
        Some(search) => Some(search.screen(&context)?),
        None => None,
    };
    let is_candidate = |feature| comparison.as_ref().is_some_and(|of| of.compares(feature));
    let mut bins = bins(session, data, spec, survey, is_candidate)?;
    constants(&bins)?;
    let sums = match (&search, &comparison) {
        (Some(search), Some(comparison)) => search.sums(comparison),
        _ => None,
    };
    let slice_rows = sums.map_or(usize::MAX, |(_, slice_rows)| slice_rows);
    let binned = write_codes(
        &context,
        &BinningSpec {
            data,
            bins: &bins,
            path: &session.codes_file(CODES),
            slice_rows_max: slice_rows.min(binning::SLICE_ROWS_MAX),
            sums: sums.map(|(sums, _)| sums),
        },
    )?;
    session.passes.push(binned.report);
    let mut codes = binned.codes;
    let mut pruned = None;
    if let (Some(search), Some(comparison)) = (search, comparison) {
        let (findings, mut reports) = search.compare(&context, comparison, binned.sums)?;
        session.passes.append(&mut reports);
        let found = PrunedInTraining::new(findings, data, survey);
        bins.leave_out(&found.kept());
        codes = codes.with_arrays(&bins.in_layout);
        pruned = Some(found);
    }
    Ok(CodingResult {
        bins,
        codes: Some(codes),
        pruned,
    })
}

/// Categories and features of a linear model. A linear model must know its columns before it reads them all,
/// so a pass over the candidates precedes it where columns are pruned.
///
/// # Errors
/// When data or sample cannot be read, or no feature is left.
pub(crate) fn prune_and_bin(
    session: &mut Session<'_>,
    data: &mut TrainingData,
    spec: CodingSpec<'_>,
    rows: &RowsFile,
    survey: &mut Survey,
) -> Result<CodingResult> {
    let context = session.context;
    let mut pruned = None;
    if let Some(search) = search(data, spec, rows, survey)? {
        let (findings, mut reports) = search.run(&context)?;
        session.passes.append(&mut reports);
        pruned = Some(PrunedInTraining::new(findings, data, survey));
    }
    Ok(CodingResult {
        bins: bins(session, data, spec, survey, |_| false)?,
        codes: None,
        pruned,
    })
}

/// The search for redundant columns, if columns are pruned.
fn search<'a>(
    data: &'a TrainingData,
    spec: CodingSpec<'a>,
    rows: &'a RowsFile,
    survey: &'a Survey,
) -> Result<Option<RedundancySearch<'a>>> {
    let Some(pruning) = spec.pruning else {
        return Ok(None);
    };
    let mut protected = pruning.protected(data)?;
    for (feature, protected) in protected.iter_mut().enumerate() {
        *protected |= spec.model.is_monotone(feature);
    }
    Ok(Some(RedundancySearch {
        data,
        rows,
        survey,
        pruning,
        protected,
        limits: spec.limits,
        memory_bytes: spec.memory_bytes,
    }))
}

/// Cut points and categories. Features that `may_go` are packed apart.
fn bins(
    session: &Session<'_>,
    data: &TrainingData,
    spec: CodingSpec<'_>,
    survey: &Survey,
    may_go: impl Fn(usize) -> bool,
) -> Result<Bins> {
    if let Some(bins) = spec.bins {
        return Ok(bins.clone());
    }
    let bins_spec = BinsSpec::of(spec.model, spec.limits);
    find_bins(&session.context, data, survey, bins_spec, may_go)
}

/// Features of a single code, in which no node can be split.
///
/// # Errors
/// [`Error::Dataset`] if all are.
pub(crate) fn constants(bins: &Bins) -> Result<Vec<(u32, &'static str)>> {
    let features = bins.radices.iter().enumerate();
    let constant: Vec<(u32, &str)> = features
        .filter(|(_, radix)| **radix <= 1)
        .map(|(feature, _)| (feature as u32, "constant in the training rows"))
        .collect();
    if constant.len() == bins.features.len() {
        return Err(Error::Dataset(format!(
            "all {} features are constant in the training rows, so trees cannot be trained; check --exclude and \
             the split",
            constant.len()
        )));
    }
    Ok(constant)
}

/// A hash of labels, groups, splits and the meaning of the codes.
pub(crate) fn codes_hash(assigned: &Assigned, bins: &Bins) -> u64 {
    let hashed = (
        assigned.content_hash,
        &bins.features,
        &bins.radices,
        &bins.layout,
    );
    XxHash3_64::oneshot(&postcard::to_allocvec(&hashed).expect("plain data"))
}
