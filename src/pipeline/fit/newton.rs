//! Logistic regression on all rows: a start on the sample, then Newton passes over Parquet. A fit by
//! gradient descent shares the design and the model.

use crate::{
    data::{Batch, Task},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::Result,
    learner::logistic::{
        Accumulator, Logistic, LogisticFit, LogisticOptions, NewtonPass, NewtonSums, Solver,
    },
    model::{Binning, FeatureSpec, Linear},
    pipeline::{
        fit::{
            linear_spec::LinearSpec,
            newton_start::{NewtonStart, start_rows},
            sgd,
            slice::{TrainingRows, TrainingSlice},
        },
        open::training_data::TrainingData,
        prepare::survey::{FeatureSurvey, SurveyedValues},
    },
    transform::standardize::{Design, FeatureSummary, Input},
};

/// Values of a slice, in one lane.
const SLICE_BYTES_MAX: usize = 32 << 20;

/// Rows of a slice at the least, whatever they take.
const SLICE_ROWS_MIN: usize = 1 << 12;

/// Rows of a slice at the most.
const SLICE_ROWS_MAX: usize = 1 << 16;

/// Values of the slices of all lanes in a Newton pass, if that is more: in two lanes, row groups of
/// 131,072 rows and 100 columns are whole.
const PASS_BYTES_MAX: u64 = 160 << 20;

/// They take at most one part in so many of the memory allowed.
const PASS_SHARE_OF_MEMORY: u64 = 3;

/// Rows of a slice in a Newton pass at the most.
const PASS_SLICE_ROWS_MAX: usize = 1 << 20;

/// A fitted model and the passes that made it.
pub(crate) struct LinearFit {
    pub(crate) linear: Linear,
    /// The solver's result.
    pub(crate) fitted: LogisticFit,
    /// One a pass.
    pub(crate) reports: Vec<PassReport>,
    /// The features that are not in the model, each with the reason.
    pub(crate) left_out: Vec<(u32, &'static str)>,
}

/// The design of the features: which columns a linear model has.
///
/// # Errors
/// When no feature varies.
pub(crate) fn design(
    features: &[FeatureSpec],
    columns: &[usize],
    survey: &[FeatureSurvey],
    options: &LogisticOptions,
) -> Result<Design> {
    let inputs = inputs(features, columns, survey, options);
    Design::new(&inputs, options.max_categories)
}

/// The inputs of a design: features with their statistics.
pub(crate) fn inputs(
    features: &[FeatureSpec],
    columns: &[usize],
    survey: &[FeatureSurvey],
    options: &LogisticOptions,
) -> Vec<Input> {
    let input = |(index, spec): (usize, &FeatureSpec)| {
        let (summary, missing) = match &survey[index].values {
            SurveyedValues::Numeric(moments) => {
                let missing = moments.missing + moments.pos_inf + moments.neg_inf;
                let summary = FeatureSummary::Numeric {
                    mean: moments.mean,
                    sd: moments.standard_deviation().unwrap_or(0.0),
                    min: moments.min,
                    max: moments.max,
                };
                (summary, missing > 0 && moments.count > 0)
            }
            SurveyedValues::Text(_) => {
                let values = match &spec.binning {
                    Binning::Categorical { values, .. } => values.clone(),
                    Binning::Numeric { .. } => Vec::new(),
                };
                let missing = spec.missing_in_training && !values.is_empty();
                (FeatureSummary::Categorical { values }, missing)
            }
        };
        Input {
            feature: index as u32,
            schema_column: columns[index],
            summary,
            missing_indicator: options.missing_indicator && missing,
        }
    };
    features.iter().enumerate().map(input).collect()
}

/// Rows of a slice, for a row of `row_bytes`: a function of the data alone.
pub(crate) fn slice_rows(row_bytes: usize) -> usize {
    (SLICE_BYTES_MAX / row_bytes.max(1)).clamp(SLICE_ROWS_MIN, SLICE_ROWS_MAX)
}

/// Rows of a slice of a Newton pass: more where memory allows, because each slice of a row group decodes the
/// dictionaries again. The sums do not depend on the slices.
pub(crate) fn pass_slice_rows(row_bytes: usize, threads: usize, memory_bytes: u64) -> usize {
    let all = PASS_BYTES_MAX.min(memory_bytes / PASS_SHARE_OF_MEMORY) as usize;
    let rows = all / threads / row_bytes.max(1);
    rows.clamp(slice_rows(row_bytes), PASS_SLICE_ROWS_MAX)
}

/// Fits the model.
///
/// # Errors
/// When the data cannot be read or the labels do not suit the model.
pub(crate) fn fit(
    context: &Context<'_>,
    spec: &LinearSpec<'_>,
    start_rows_max: u64,
) -> Result<LinearFit> {
    let columns = &spec.data.roles.features;
    let options = spec.options;
    let design = design(spec.features, columns, &spec.survey.features, options)?;
    let read: Vec<usize> = design.schema_columns().collect();
    let row_bytes = spec.data.dataset.decode_estimate(&read).row_bytes as usize;
    let (name, slice_rows_max) = match options.solver {
        Solver::Newton => (
            "newton",
            pass_slice_rows(row_bytes, context.threads, spec.memory_bytes),
        ),
        Solver::Sgd => ("sgd", slice_rows(row_bytes)),
    };
    let passes = ParquetPass {
        name,
        row_groups: &spec.data.row_ranges,
        columns: &read,
        slice_rows_max,
        first_row: 0,
    };
    let (fitted, reports) = match options.solver {
        Solver::Newton => newton(context, spec, &design, &passes, start_rows_max)?,
        Solver::Sgd => {
            let context = Context {
                threads: spec.lanes,
                ..*context
            };
            sgd::fit(&context, spec, &design, &passes)?
        }
    };
    let task = if spec.classes == 2 {
        Task::Binary
    } else {
        Task::Multiclass
    };
    Ok(LinearFit {
        linear: design.linear(task.link(), &fitted.intercepts, &fitted.coefficients),
        fitted,
        reports,
        left_out: design
            .left_out()
            .iter()
            .map(|left| (left.feature, left.reason))
            .collect(),
    })
}

/// The start on the sample, and the passes.
fn newton(
    context: &Context<'_>,
    spec: &LinearSpec<'_>,
    design: &Design,
    passes: &ParquetPass<'_>,
    start_rows_max: u64,
) -> Result<(LogisticFit, Vec<PassReport>)> {
    let mut learner = Logistic::new(spec.options, design.len(), spec.classes)?;
    let start = NewtonStart::read(
        context,
        spec,
        design,
        start_rows(design.len(), start_rows_max) as u64,
    )?;
    learner.start_from_sample(&start.tile, &start.labels, &start.weights)?;
    drop(start);
    let mut reports = Vec::new();
    while let Some(pass) = learner.next_pass() {
        let (report, sums) = newton_pass(context, spec, design, passes, &pass)?;
        let found = learner.finish_pass(&sums)?;
        context.progress.message(&format!(
            "pass {} over the data: log-loss {:.6}{}",
            reports.len() + 1,
            found.loss,
            if found.converged { ", converged" } else { "" }
        ));
        reports.push(report);
    }
    Ok((learner.into_fit(), reports))
}

/// One pass over the training rows. The length of the slices changes no bit of the sums.
pub(crate) fn newton_pass(
    context: &Context<'_>,
    spec: &LinearSpec<'_>,
    design: &Design,
    parquet: &ParquetPass<'_>,
    pass: &NewtonPass,
) -> Result<(PassReport, NewtonSums)> {
    let sinks = (0..context.threads)
        .map(|_| NewtonSink {
            data: spec.data,
            design,
            accumulator: pass.accumulator(),
            pass,
            slice: TrainingSlice::new(parquet.columns, spec.rows),
        })
        .collect();
    let mut sums = pass.sums();
    let lanes = spec.data.lanes(context);
    let (report, _) = parquet_pass(
        context,
        parquet,
        lanes,
        sinks,
        |_, part: Option<NewtonSums>| {
            if let Some(part) = part {
                sums.merge(&part);
            }
            Ok(())
        },
    )?;
    Ok((report, sums))
}

/// One lane's sums of one row group at a time, from slices of whole rows.
struct NewtonSink<'a> {
    data: &'a TrainingData,
    design: &'a Design,
    accumulator: Accumulator,
    pass: &'a NewtonPass,
    slice: TrainingSlice<'a>,
}

impl Sink for NewtonSink<'_> {
    type Part = Option<NewtonSums>;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice.start(slice);
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        self.slice.push(batch);
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<NewtonSums>> {
        let TrainingRows {
            slice,
            columns,
            labels,
            weights,
            train,
        } = self.slice.finish()?;
        let view = self.design.view(columns);
        self.accumulator
            .update(train, labels, weights, |rows, tile| view.fill(rows, tile));
        if slice.first_row + (slice.rows as u64) < self.data.row_ranges[slice.row_group].end {
            return Ok(None);
        }
        let mut finished = self.pass.sums();
        self.accumulator.finish_row_group_into(&mut finished);
        Ok(Some(finished))
    }
}
