//! Rows with their splits: the scan and the assignment, one after the other.

use crate::{
    engine::PassReport,
    error::Result,
    group::{assign::Shares, table::GroupTable},
    limits::Limits,
    pipeline::{
        open::{target::Target, training_data::TrainingData},
        options::SplitOptions,
        prepare::{
            assign::{Assigned, assign},
            assign_spec::{AssignSpec, SplitSource},
            scan::scan,
            survey::{Survey, SurveySpec, survey},
        },
        session::Session,
        storage::rows::RowsFile,
    },
};

/// The name of the rows file.
pub(crate) const ROWS: &str = "rows";

/// The rows file, and the split of every group.
pub(crate) struct SplitRows {
    pub(crate) rows: RowsFile,
    pub(crate) assigned: Assigned,
}

/// Options of the splits.
#[derive(Clone, Copy)]
pub(crate) struct SplittingSpec<'a> {
    pub(crate) data: &'a TrainingData,
    pub(crate) target: &'a Target,
    pub(crate) split: &'a SplitOptions,
    pub(crate) limits: &'a Limits,
    /// The classes were declared, and some may have no rows.
    pub(crate) classes_declared: bool,
}

/// Labels and groups of all rows, then the split of every row.
///
/// # Errors
/// As [`scan`] and [`assign`].
pub(crate) fn scan_and_assign(
    session: &mut Session<'_>,
    spec: SplittingSpec<'_>,
) -> Result<SplitRows> {
    let (rows, names, report) = scan_rows(session, spec)?;
    session.passes.push(report);
    let data = spec.data;
    let source = match data.roles.split {
        Some(_) => SplitSource::Column,
        None => SplitSource::Groups {
            rule: spec.split.split_rule,
            shares: Shares::new(spec.split.valid_size, spec.split.test_size)?,
        },
    };
    let assign_spec = AssignSpec {
        source,
        target: spec.target,
        classes_declared: spec.classes_declared,
        validation: data.validation.as_ref(),
        seed: spec.split.seed,
        sample_rows: spec.limits.cut_sample_rows,
        grouped: data.roles.group.is_some(),
        groups_max: spec.limits.groups_in_memory_max,
        spill: session.scratch.path(),
    };
    let assigned = assign(&session.context, &assign_spec, &rows, names)?;
    Ok(SplitRows { rows, assigned })
}

fn scan_rows(
    session: &Session<'_>,
    spec: SplittingSpec<'_>,
) -> Result<(RowsFile, GroupTable, PassReport)> {
    let data = spec.data;
    let rows = RowsFile::create(
        &session.codes_file(ROWS),
        data.dataset.rows(),
        data.roles.weight.is_some(),
    )?;
    let mut names = GroupTable::new(
        spec.target.classes.len(),
        spec.limits.groups_in_memory_max,
        session.scratch.path(),
    )
    .with_validation(data.validation_source());
    let grouped = data.roles.group.is_some();
    let report = scan(&session.context, data, spec.target, &rows, |run| {
        if grouped {
            names.name(run.hash, &run.name)
        } else {
            Ok(())
        }
    })?;
    Ok((rows, names, report))
}

/// Statistics and sample of the training rows.
///
/// # Errors
/// As [`survey`].
pub(crate) fn survey_rows(
    session: &mut Session<'_>,
    spec: SplittingSpec<'_>,
    split: &SplitRows,
) -> Result<Survey> {
    let survey_spec = SurveySpec {
        data: spec.data,
        rows: &split.rows,
        sample: &split.assigned.sample,
        sample_path: &session.scratch.file("sample"),
        categories_max: spec.limits.categories_tracked_max,
    };
    let survey = survey(&session.context, &survey_spec)?;
    session.passes.push(survey.report.clone());
    Ok(survey)
}
