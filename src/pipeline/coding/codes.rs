//! Codes of all rows, from survey to seal: suspicion, cut points, the binning pass, and the verdicts.
//!
//! A column under suspicion is coded with the others, and what it tells is compared in the same
//! pass. One that is dropped then keeps its room in the file, and nothing reads it again.

use crate::{
    error::{Error, Result},
    learner::ModelSpec,
    pipeline::{
        coding::binning::{self, BinningSpec, write_codes},
        prepare::{assign::Assigned, bins::Bins, survey::Survey},
        prune::{findings::Finding, in_training::PrunedInTraining, options::Pruning},
        storage::rows::RowsFile,
    },
    run::{cache::reuse, train::Run},
    scratch::BlockFile,
};

impl Run<'_> {
    /// The codes for trees, sealed. Where columns are pruned, the job's features and the survey are
    /// reduced to what is kept.
    ///
    /// # Errors
    /// When data or scratch files fail, or nothing would be left to learn from.
    pub(crate) fn code(
        &mut self,
        spec: &ModelSpec,
        rows: &RowsFile,
        assigned: &Assigned,
        survey: &mut Survey,
    ) -> Result<(Bins, BlockFile)> {
        let context = self.context;
        let finding = self.finding(spec, rows, survey)?;
        let suspicion = (finding.as_ref())
            .map(|finding| finding.screen(&context))
            .transpose()?;
        let suspected = |feature| suspicion.as_ref().is_some_and(|of| of.is_of(feature));
        let mut bins = self.bins(spec, survey, suspected)?;
        constants(&bins)?;
        let sums = (finding.as_ref().zip(suspicion.as_ref()))
            .and_then(|(finding, suspicion)| finding.sums(suspicion));
        let slice_rows = sums.map_or(usize::MAX, |(_, slice_rows)| slice_rows);
        let binned = write_codes(
            &context,
            &BinningSpec {
                job: &self.job,
                bins: &bins,
                path: &self.data_file(reuse::CODES),
                slice_rows_max: slice_rows.min(binning::SLICE_ROWS_MAX),
                sums: sums.map(|(sums, _)| sums),
            },
        )?;
        let mut reports = vec![binned.report];
        let mut codes = binned.codes;
        let mut found = None;
        if let Some((finding, suspicion)) = finding.zip(suspicion) {
            let (findings, more) = finding.compare(&context, suspicion, binned.sums)?;
            reports.extend(more);
            found = Some(findings);
        }
        self.passes.append(&mut reports);
        if let Some(findings) = found {
            let pruned = PrunedInTraining::new(findings, &mut self.job, survey);
            bins.leave_out(&pruned.kept());
            codes = codes.with_arrays(&bins.in_layout);
            self.pruned = Some(pruned);
        }
        self.seal(rows, assigned, survey, &bins, &codes)?;
        Ok((bins, codes))
    }

    /// Leaves out columns that add nothing, where that is asked for and no codes are made: a linear
    /// model must know its columns before it reads them all, so the columns under suspicion are read
    /// once more.
    ///
    /// # Errors
    /// When data or sample cannot be read, or nothing would be left.
    pub(crate) fn prune(
        &mut self,
        spec: &ModelSpec,
        rows: &RowsFile,
        survey: &mut Survey,
    ) -> Result<()> {
        let context = self.context;
        let Some(finding) = self.finding(spec, rows, survey)? else {
            return Ok(());
        };
        let (findings, mut reports) = finding.run(&context)?;
        self.passes.append(&mut reports);
        self.pruned = Some(PrunedInTraining::new(findings, &mut self.job, survey));
        Ok(())
    }

    /// What is looked for, if anything is.
    fn finding<'a>(
        &'a self,
        spec: &ModelSpec,
        rows: &'a RowsFile,
        survey: &'a Survey,
    ) -> Result<Option<Finding<'a>>> {
        let finding = |pruning: &'a Pruning| {
            let mut protected = pruning.protected(&self.job)?;
            for (feature, protected) in protected.iter_mut().enumerate() {
                *protected |= spec.is_monotone(feature);
            }
            Ok(Finding {
                job: &self.job,
                rows,
                survey,
                pruning,
                protected,
                limits: &self.options.limits,
                memory_bytes: self.options.memory_bytes,
            })
        };
        self.options.prune.as_ref().map(finding).transpose()
    }
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
            "none of the {} features varies in the training rows, so there is nothing to learn from; \
             check --exclude and the split",
            constant.len()
        )));
    }
    Ok(constant)
}
