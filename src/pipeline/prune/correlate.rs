//! The passes that compute exact correlations, each over the columns of one step.

use twox_hash::XxHash3_128;

use crate::{
    data::Batch,
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::{Error, Place, Result},
    pipeline::{
        open::training_data::TrainingData,
        prepare::survey::FeatureSurvey,
        prune::{
            gather::{Gatherer, Part},
            work::{ClosePair, Component, Step, Work, moments_of},
        },
        storage::rows::RowsFile,
    },
    stats::{CoMoments, PairMoments, comoments::Shift},
    transform::prune::{Pair, is_reached},
};

/// Rows of a slice, at the least and at the most.
const SLICE_ROWS: std::ops::RangeInclusive<usize> = 4_096..=(1 << 20);

/// The correlations that the passes found, by feature.
#[derive(Debug, Clone, Default)]
pub(crate) struct Correlations {
    /// Pairs with an |r| of interest, and pairs of the same values. The later feature is second.
    pub pairs: Vec<Pair>,
    /// Pairs that were compared on all rows.
    pub verified: u64,
    /// |r| with the target of each feature that was compared.
    pub with_target: Vec<Option<f64>>,
    /// Rows that differ from the most frequent value, likewise.
    pub varied_rows: Vec<Option<u64>>,
}

/// The sums of a step as a pass takes them.
#[derive(Clone, Copy)]
pub(crate) struct SumsSpec<'a> {
    pub(crate) step: &'a Step,
    pub(crate) components: &'a [Component],
    /// The number of all features.
    pub features: usize,
    /// Labels and splits; training rows count.
    pub rows: &'a RowsFile,
}

impl<'a> SumsSpec<'a> {
    /// A gatherer for one lane.
    pub(crate) fn gatherer(&self) -> Gatherer<'a> {
        Gatherer::new(self.step, self.components, self.features, self.rows)
    }
}

/// The inputs of the exact correlations.
#[derive(Clone, Copy)]
pub(crate) struct CorrelateSpec<'a> {
    /// The data.
    pub data: &'a TrainingData,
    /// Labels and splits; training rows count.
    pub rows: &'a RowsFile,
    /// Statistics of each feature.
    pub survey: &'a [FeatureSurvey],
    /// The smallest |r| of interest.
    pub interest: f64,
    /// The most pairs of interest in memory.
    pub pairs_max: usize,
    /// Bytes of a slice's values, a lane.
    pub slice_bytes: u64,
}

/// The sums of a step, merged in row order.
pub(crate) struct StepSums {
    sums: Vec<CoMoments>,
    varied_rows: Vec<Vec<u64>>,
    pairs: Vec<PairMoments>,
    hashes: Vec<u128>,
}

impl StepSums {
    /// The sums of no rows.
    pub(crate) fn new(step: &Step) -> Self {
        Self {
            sums: step
                .items
                .iter()
                .map(|item| CoMoments::new(&item.plan))
                .collect(),
            varied_rows: (step.items.iter())
                .map(|item| vec![0; item.plan.strip().len()])
                .collect(),
            pairs: vec![PairMoments::default(); step.pairs.len()],
            hashes: vec![0; step.hashed.len()],
        }
    }

    /// Adds the next slice.
    pub(crate) fn merge(&mut self, part: &Part) {
        for (sums, part) in self.sums.iter_mut().zip(&part.sums) {
            sums.merge(part);
        }
        let varied = self.varied_rows.iter_mut().flatten();
        for (rows, part) in varied.zip(part.varied_rows.iter().flatten()) {
            *rows += part;
        }
        for (pair, part) in self.pairs.iter_mut().zip(&part.pairs) {
            pair.merge(part);
        }
        for (hash, part) in self.hashes.iter_mut().zip(&part.hashes) {
            // Chained, not xored: the hash of a column must depend on the order of its slices.
            let mut chain = XxHash3_128::new();
            chain.write(&hash.to_le_bytes());
            chain.write(&part.to_le_bytes());
            *hash = chain.finish_128();
        }
    }
}

impl Correlations {
    /// Without any result, for this number of features.
    pub(crate) fn new(features: usize) -> Self {
        Self {
            with_target: vec![None; features],
            varied_rows: vec![None; features],
            ..Self::default()
        }
    }

    /// Adds the results of a step, and returns the pairs that need sums of their own.
    ///
    /// # Errors
    /// [`Error::Dataset`] when more pairs reach the threshold than can be held.
    pub(crate) fn add(
        &mut self,
        spec: &CorrelateSpec<'_>,
        components: &[Component],
        step: &Step,
        merged: &StepSums,
    ) -> Result<Vec<ClosePair>> {
        let mut doubtful = Vec::new();
        let items = merged.sums.iter().zip(&merged.varied_rows);
        for (item, (sums, varied_rows)) in step.items.iter().zip(items) {
            let features = &components[item.component].features;
            let strip = item.plan.strip();
            for column in strip.clone().filter(|column| *column > 0) {
                let later = features[column - 1];
                self.varied_rows[later] = Some(varied_rows[column - strip.start]);
                let with_target = sums.coefficient(&item.plan, column, 0);
                if !with_target.doubtful && !with_target.r.is_nan() {
                    self.with_target[later] = Some(with_target.r.abs());
                }
                // Column 0 of the triangle is the target, so features start at 1.
                for earlier in 1..column {
                    let found = sums.coefficient(&item.plan, column, earlier);
                    let pair = [features[earlier - 1], later];
                    self.verified += 1;
                    // Shared sums are shifted by the mean over all rows. Over few common rows that shift can cost too many
                    // digits, so such a pair gets sums around its own means.
                    if found.doubtful {
                        let shift = |feature: usize| Shift::of(moments_of(&spec.survey[feature]));
                        doubtful.push(ClosePair {
                            features: pair,
                            shifts: pair.map(shift),
                        });
                    } else if is_reached(found.r, spec.interest) {
                        self.push(spec, pair, found.r, found.count)?;
                    }
                }
            }
        }
        for (pair, moments) in step.pairs.iter().zip(&merged.pairs) {
            let found = moments.coefficient();
            if is_reached(found.r, spec.interest) {
                self.push(spec, pair.features, found.r, found.count)?;
            }
        }
        self.add_identical(spec, &step.hashed, &merged.hashes)?;
        Ok(doubtful)
    }

    /// Adds every pair of features with the same hash.
    fn add_identical(
        &mut self,
        spec: &CorrelateSpec<'_>,
        hashed: &[usize],
        hashes: &[u128],
    ) -> Result<()> {
        let mut by_hash: Vec<(u128, usize)> =
            hashes.iter().copied().zip(hashed.iter().copied()).collect();
        by_hash.sort_unstable();
        for group in by_hash.chunk_by(|a, b| a.0 == b.0) {
            for (index, (_, later)) in group.iter().enumerate() {
                for (_, earlier) in &group[..index] {
                    // Texts have no coefficient; numbers that do get it from the sums and are joined later.
                    self.push(spec, [*earlier, *later], f64::NAN, 0)?;
                    if let Some(pair) = self.pairs.last_mut() {
                        pair.identical = true;
                    }
                }
            }
        }
        Ok(())
    }

    fn push(
        &mut self,
        spec: &CorrelateSpec<'_>,
        features: [usize; 2],
        r: f64,
        count: u64,
    ) -> Result<()> {
        if self.pairs.len() >= spec.pairs_max {
            return Err(Error::Dataset(format!(
                "more than {} pairs of columns have a correlation of {} or more; raise --corr-thr or --corr-report, or --exclude columns",
                spec.pairs_max, spec.interest
            )));
        }
        self.pairs.push(Pair {
            columns: features.map(|feature| feature as u32),
            r,
            count,
            identical: false,
        });
        Ok(())
    }

    /// Joins results on the same pair by coefficient and by hash, and sorts by columns.
    pub(crate) fn sort_and_join(&mut self) {
        self.pairs
            .sort_by_key(|pair| (pair.columns, pair.identical));
        self.pairs.dedup_by(|later, first| {
            let same = later.columns == first.columns;
            if same {
                first.identical |= later.identical;
            }
            same
        });
    }
}

/// Computes all sums of a plan; `taken` are the first step's, where another pass accumulated them.
///
/// Memory: a slice's values and a part of the sums a lane, and the sums.
///
/// # Errors
/// When the data cannot be read or have changed since the survey, or too many pairs are found.
pub(crate) fn correlate(
    context: &Context<'_>,
    spec: &CorrelateSpec<'_>,
    work: &Work,
    mut taken: Option<StepSums>,
) -> Result<(Correlations, Vec<PassReport>)> {
    let mut found = Correlations::new(spec.survey.len());
    let mut reports = Vec::new();
    let mut doubtful = Vec::new();
    for step in &work.steps {
        let merged = match taken.take() {
            Some(merged) => merged,
            None => {
                let (merged, report) = run_step(context, spec, &work.components, step)?;
                reports.push(report);
                merged
            }
        };
        doubtful.extend(found.add(spec, &work.components, step, &merged)?);
    }
    // Last and in one pass, because each further pass decodes the columns again.
    reports.extend(take_again(
        context,
        spec,
        &work.components,
        doubtful,
        &mut found,
    )?);
    found.sort_and_join();
    Ok((found, reports))
}

/// Computes doubtful pairs around their own means, in a pass of their own.
///
/// # Errors
/// As [`correlate`].
fn take_again(
    context: &Context<'_>,
    spec: &CorrelateSpec<'_>,
    components: &[Component],
    doubtful: Vec<ClosePair>,
    found: &mut Correlations,
) -> Result<Option<PassReport>> {
    if doubtful.is_empty() {
        return Ok(None);
    }
    if doubtful.len() > spec.pairs_max {
        return Err(Error::Dataset(format!(
            "{} pairs of columns have too few common rows for the shared sums, and at most {} such pairs can be computed; use --exclude for columns that are nearly always missing",
            doubtful.len(),
            spec.pairs_max
        )));
    }
    let step = Step {
        pairs: doubtful,
        ..Step::default()
    };
    let (merged, report) = run_step(context, spec, components, &step)?;
    let again = found.add(spec, components, &step, &merged)?;
    assert!(again.is_empty(), "sums around own means are not doubted");
    Ok(Some(report))
}

fn run_step(
    context: &Context<'_>,
    spec: &CorrelateSpec<'_>,
    components: &[Component],
    step: &Step,
) -> Result<(StepSums, PassReport)> {
    let features = step.features(components);
    let columns: Vec<usize> = features
        .iter()
        .map(|feature| spec.data.roles.features[*feature])
        .collect();
    let sums = SumsSpec {
        step,
        components,
        features: spec.survey.len(),
        rows: spec.rows,
    };
    let sinks = (0..context.threads)
        .map(|_| CorrelateSink {
            data: spec.data,
            features: &features,
            gatherer: sums.gatherer(),
            slice: Slice::default(),
        })
        .collect();
    let pass = ParquetPass {
        name: "correlation",
        row_groups: &spec.data.row_ranges,
        columns: &columns,
        slice_rows_max: slice_rows_of(spec.data, &columns, spec.slice_bytes),
        first_row: 0,
    };
    let mut merged = StepSums::new(step);
    let lanes = spec.data.lanes(context);
    let (report, _) = parquet_pass(context, &pass, lanes, sinks, |_, part: Part| {
        merged.merge(&part);
        Ok(())
    })?;
    Ok((merged, report))
}

/// Rows of a slice whose gathered columns take so many bytes.
pub(crate) fn slice_rows_of(data: &TrainingData, columns: &[usize], slice_bytes: u64) -> usize {
    let row_bytes = data.dataset.decode_estimate(columns).row_bytes;
    slice_rows(slice_bytes, row_bytes)
}

/// Rows of a slice whose rows have so many bytes.
pub(crate) fn slice_rows(slice_bytes: u64, row_bytes: u64) -> usize {
    let rows = (slice_bytes / row_bytes.max(1)) as usize;
    rows.clamp(*SLICE_ROWS.start(), *SLICE_ROWS.end())
}

/// Gathers the sums of one lane's slices.
struct CorrelateSink<'a> {
    data: &'a TrainingData,
    /// The features in the pass's order.
    features: &'a [usize],
    gatherer: Gatherer<'a>,
    slice: Slice,
}

impl Sink for CorrelateSink<'_> {
    type Part = Part;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        self.gatherer.start(slice)
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        let first = (batch.first_row - self.slice.first_row) as usize;
        let feature = self.features[batch.column_position];
        debug_assert_eq!(self.data.roles.features[feature], batch.column);
        self.gatherer.batch(feature, first, &batch.values);
        Ok(())
    }

    fn finish(&mut self) -> Result<Part> {
        self.gatherer.finish().map_err(|feature| {
            let column = self.data.roles.features[feature];
            changed(self.data.place(self.slice.row_group, Some(column)))
        })
    }
}

/// The error of a value that is missing where the survey saw none.
pub(crate) fn changed(place: Place) -> Error {
    Error::InputChanged {
        path: place.path.clone(),
        what: format!("{place} has values missing that were there when the data were surveyed"),
    }
}
