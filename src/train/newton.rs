//! Fitting logistic regression: a start on the sample, then Newton passes over Parquet. The design and
//! the model of a fit by gradient descent are made here as well.

use std::{collections::HashMap, ops::RangeInclusive};

use crate::{
    data::{Batch, Split, TextValues, Tile, ValueType, Values, batch::MISSING_TEXT},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::Result,
    learner::logistic::{
        Accumulator, Fitted, Logistic, LogisticOptions, NewtonPass, NewtonSums, Solver,
    },
    limits::BLOCK_ROWS,
    model::{Binning, FeatureSpec, Linear, link::Task},
    stats::sample,
    train::{
        bins::read_sample,
        job::Job,
        rows::{RowsBuffer, RowsFile},
        selection::{RowSample, takes},
        sgd,
        survey::{FeatureSurvey, Survey, SurveyedValues, sampled_text},
    },
    transform::standardize::{Design, Input, Summary},
};

/// Values of a slice, in one lane.
const SLICE_BYTES_MAX: usize = 32 << 20;

/// Rows of a slice, at the least and at the most.
const SLICE_ROWS: RangeInclusive<usize> = 4096..=(1 << 16);

/// Values of the design on which the solver starts: fewer rows where there are many columns.
const START_VALUES_MAX: usize = 1 << 24;

/// What a linear model is fitted from.
pub struct NewtonSpec<'a> {
    /// What the user asked for, class weights filled in.
    pub options: &'a LogisticOptions,
    /// The data.
    pub job: &'a Job,
    /// The features, texts with their categories.
    pub features: &'a [FeatureSpec],
    /// What the training rows say about them.
    pub survey: &'a Survey,
    /// Labels and splits.
    pub rows: &'a RowsFile,
    /// The sampled rows.
    pub sample: &'a RowSample,
    /// How many classes.
    pub classes: usize,
    /// Training rows.
    pub train_rows: u64,
}

/// A fitted model and how it came about.
pub struct NewtonFit {
    /// The model.
    pub linear: Linear,
    /// The solver's result.
    pub fitted: Fitted,
    /// One a pass.
    pub reports: Vec<PassReport>,
    /// The features that are not in the model, and why: (feature, reason).
    pub left_out: Vec<(u32, &'static str)>,
}

/// The design of the features: which columns a linear model has.
///
/// # Errors
/// When no feature varies.
pub fn design(
    features: &[FeatureSpec],
    columns: &[usize],
    survey: &[FeatureSurvey],
    options: &LogisticOptions,
) -> Result<Design> {
    let inputs = inputs(features, columns, survey, options);
    Design::new(&inputs, options.categories_max)
}

/// What a design is made of: the features, and what the survey says of them.
pub(super) fn inputs(
    features: &[FeatureSpec],
    columns: &[usize],
    survey: &[FeatureSurvey],
    options: &LogisticOptions,
) -> Vec<Input> {
    let input = |(index, spec): (usize, &FeatureSpec)| {
        let (summary, missing) = match &survey[index].values {
            SurveyedValues::Numeric(moments) => {
                let missing = moments.missing + moments.pos_inf + moments.neg_inf;
                let summary = Summary::Numeric {
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
                (Summary::Categorical { values }, missing)
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

/// Rows of the sample on which the solver starts.
pub fn start_rows(design_columns: usize, start_rows_max: u64) -> usize {
    (START_VALUES_MAX / design_columns.max(1)).min(start_rows_max as usize)
}

/// Rows that a lane assembles at a time, for a row of so many bytes.
pub fn slice_rows(row_bytes: usize) -> usize {
    (SLICE_BYTES_MAX / row_bytes.max(1)).clamp(*SLICE_ROWS.start(), *SLICE_ROWS.end())
}

/// Fits the model.
///
/// # Errors
/// When the data cannot be read or the labels cannot be learned from.
pub fn fit(context: &Context<'_>, spec: &NewtonSpec<'_>, start_rows_max: u64) -> Result<NewtonFit> {
    let columns = &spec.job.roles.features;
    let options = spec.options;
    let design = design(spec.features, columns, &spec.survey.features, options)?;
    let read: Vec<usize> = design.schema_columns().collect();
    let row_bytes = spec.job.dataset.decode_estimate(&read).row_bytes;
    let passes = ParquetPass {
        name: match options.solver {
            Solver::Newton => "newton",
            Solver::Sgd => "sgd",
        },
        row_groups: &spec.job.row_ranges,
        columns: &read,
        slice_rows_max: slice_rows(row_bytes as usize),
        first_row: 0,
    };
    let (fitted, reports) = match options.solver {
        Solver::Newton => newton(context, spec, &design, &passes, start_rows_max)?,
        Solver::Sgd => sgd::fit(context, spec, &design, &passes)?,
    };
    let task = if spec.classes == 2 {
        Task::Binary
    } else {
        Task::Multiclass
    };
    Ok(NewtonFit {
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
    spec: &NewtonSpec<'_>,
    design: &Design,
    passes: &ParquetPass<'_>,
    start_rows_max: u64,
) -> Result<(Fitted, Vec<PassReport>)> {
    let mut learner = Logistic::new(spec.options, design.len(), spec.classes)?;
    let start = Start::read(
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
    Ok((learner.into_fitted(), reports))
}

/// The sampled rows on which the solver starts.
struct Start {
    tile: Tile,
    labels: Vec<f32>,
    weights: Vec<f32>,
}

impl Start {
    fn read(spec: &NewtonSpec<'_>, design: &Design, rows_wanted: u64) -> Result<Self> {
        let threshold = sample::threshold(rows_wanted, spec.train_rows);
        let rows_max = sample::rows_max(rows_wanted, spec.train_rows) as usize;
        let Chosen {
            ranks,
            labels,
            weights,
        } = chosen_rows(spec, threshold, rows_max)?;
        let mut columns = Vec::new();
        for schema_column in design.schema_columns() {
            let feature = spec
                .job
                .roles
                .features
                .iter()
                .position(|column| *column == schema_column);
            let feature = feature.expect("the design is of the features");
            columns.push((schema_column, sampled_values(spec, feature, &ranks)?));
        }
        let mut tile = Tile::new(design.len(), ranks.len());
        let all: Vec<u32> = (0..ranks.len() as u32).collect();
        if !all.is_empty() {
            design
                .view(&columns)
                .fill(&all, &mut tile.append(ranks.len()));
        }
        Ok(Self {
            tile,
            labels,
            weights,
        })
    }
}

/// Sampled rows: their ranks in the sample, labels and weights.
#[derive(Default)]
struct Chosen {
    ranks: Vec<usize>,
    labels: Vec<f32>,
    weights: Vec<f32>,
}

/// The rows of the sample that are below a smaller threshold.
fn chosen_rows(spec: &NewtonSpec<'_>, threshold: u64, rows_max: usize) -> Result<Chosen> {
    let mut chosen = Chosen::default();
    let mut rank = 0;
    let mut buffer = RowsBuffer::default();
    for block in 0..spec.rows.blocks() {
        buffer.read_splits(spec.rows, block)?;
        buffer.read_labels(spec.rows, block)?;
        let lent = buffer.block();
        for (index, split) in lent.split.iter().enumerate() {
            let row = (block * BLOCK_ROWS + index) as u64;
            if *split != Split::Train as u8 || !spec.sample.takes(row) {
                continue;
            }
            if takes(spec.sample.seed(), threshold, row) && chosen.ranks.len() < rows_max {
                chosen.ranks.push(rank);
                chosen.labels.push(lent.label[index]);
                chosen.weights.push(lent.weight[index]);
            }
            rank += 1;
        }
    }
    Ok(chosen)
}

/// A feature's sampled values at some ranks. Texts come back by their hashes.
fn sampled_values(spec: &NewtonSpec<'_>, feature: usize, ranks: &[usize]) -> Result<Values> {
    let file = &spec.survey.sample;
    let array = spec.survey.arrays[feature];
    let features = &spec.features[feature];
    if features.value_type != ValueType::Text {
        let sample = read_sample(file, array, Some(features.value_type))?;
        return Ok(Values::F64(
            ranks.iter().map(|rank| sample[*rank]).collect(),
        ));
    }
    let mut hashes = vec![0u32; file.rows() as usize];
    file.read(array, 0, &mut hashes)?;
    let mut text = TextValues::default();
    let mut ids = HashMap::new();
    if let Binning::Categorical { values, .. } = &features.binning {
        for value in values {
            let id = text.push_value(value);
            ids.insert(sampled_text(value), id);
        }
    }
    let id_of = |rank: &usize| ids.get(&hashes[*rank]).copied().unwrap_or(MISSING_TEXT);
    text.ids = ranks.iter().map(id_of).collect();
    Ok(Values::Text(text))
}

/// One pass over the training rows. How row groups are sliced changes no bit of the sums.
pub(super) fn newton_pass(
    context: &Context<'_>,
    spec: &NewtonSpec<'_>,
    design: &Design,
    parquet: &ParquetPass<'_>,
    pass: &NewtonPass,
) -> Result<(PassReport, NewtonSums)> {
    let sinks = (0..context.threads)
        .map(|_| NewtonSink {
            job: spec.job,
            design,
            rows: spec.rows,
            accumulator: pass.accumulator(),
            pass,
            slice: Slice::default(),
            columns: parquet
                .columns
                .iter()
                .map(|column| (*column, Values::F32(Vec::new())))
                .collect(),
            next_column: 0,
            train: Vec::new(),
            buffer: RowsBuffer::default(),
        })
        .collect();
    let mut sums = pass.sums();
    let lanes = spec.job.lanes(context);
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
    job: &'a Job,
    design: &'a Design,
    rows: &'a RowsFile,
    accumulator: Accumulator,
    pass: &'a NewtonPass,
    slice: Slice,
    /// The slice's values, in the order of the pass's columns.
    columns: Vec<(usize, Values)>,
    /// The column after the one that is being read.
    next_column: usize,
    train: Vec<u32>,
    buffer: RowsBuffer,
}

impl Sink for NewtonSink<'_> {
    type Part = Option<NewtonSums>;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        self.next_column = 0;
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        if batch.first_row == self.slice.first_row {
            self.columns[self.next_column].1.clear();
            self.next_column += 1;
        }
        self.columns[self.next_column - 1].1.append(&batch.values);
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<NewtonSums>> {
        let Slice {
            row_group,
            first_row,
            rows,
        } = self.slice;
        let lent = self.buffer.read_range(self.rows, first_row, rows)?;
        self.train.clear();
        let train = lent
            .split
            .iter()
            .enumerate()
            .filter(|(_, split)| **split == Split::Train as u8);
        self.train.extend(train.map(|(index, _)| index as u32));
        let view = self.design.view(&self.columns);
        self.accumulator
            .update(&self.train, lent.label, lent.weight, |rows, tile| {
                view.fill(rows, tile)
            });
        if first_row + (rows as u64) < self.job.row_ranges[row_group].end {
            return Ok(None);
        }
        let mut finished = self.pass.sums();
        self.accumulator.finish_row_group_into(&mut finished);
        Ok(Some(finished))
    }
}
