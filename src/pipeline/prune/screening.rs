//! The screen: pairs of columns that survey and sample cannot clear, and that all rows have to decide.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::{
    data::{Schema, ValueType},
    engine::{Context, parallel_map},
    error::{Error, Result},
    pipeline::prepare::{
        bins::read_sample,
        survey::{FeatureSurvey, SurveyedValues},
    },
    scratch::BlockFile,
    stats::{CoMomentsPlan, Moments, comoments::Shift},
    transform::prune::{
        components,
        screen::{self, NearPair},
    },
};

/// The columns that have to be compared on all rows, by the indices of their features.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct ScreenResult {
    /// Features whose correlations with each other are taken, two or more each.
    pub components: Vec<Vec<usize>>,
    /// Features whose values are hashed: each agrees with another in all that the survey knows.
    pub hashed: Vec<usize>,
    /// Pairs that the screen judged; none in exact mode.
    pub screened_pairs: u64,
    /// Pairs within the screen's margin of the threshold, those of unjudged columns among them.
    pub candidates: u64,
    /// Columns that the sample could not judge.
    pub unjudged: u64,
    /// True if there were too many candidates: then all columns are one component.
    pub overflowed: bool,
}

/// The inputs of the screen.
#[derive(Clone, Copy)]
pub(crate) struct ScreenSpec<'a> {
    /// The columns' names and types.
    pub schema: &'a Schema,
    /// The features, as indexes into the schema.
    pub columns: &'a [usize],
    /// Their statistics.
    pub survey: &'a [FeatureSurvey],
    /// Its sample: an array a feature.
    pub sample: &'a BlockFile,
    /// Rows of the sample to read, about.
    pub rows_max: u64,
    /// The threshold of |r|.
    pub threshold: f64,
    /// Pairs that the coarse net may let through.
    pub pairs_max: usize,
    /// Bytes for the sums of all threads.
    pub sums_bytes: u64,
}

/// The features that vary: numbers for correlations, and those that look like another one.
pub(crate) fn varying(survey: &[FeatureSurvey]) -> Vec<usize> {
    let varies = |feature: &usize| match &survey[*feature].values {
        SurveyedValues::Numeric(moments) => moments.count > 1 && moments.min < moments.max,
        SurveyedValues::Text(_) => false,
    };
    (0..survey.len()).filter(varies).collect()
}

/// Features that agree with another one in everything that the survey knows of them.
pub(crate) fn alike(survey: &[FeatureSurvey]) -> Vec<usize> {
    let mut groups: HashMap<Vec<u64>, Vec<usize>> = HashMap::new();
    for (feature, found) in survey.iter().enumerate() {
        let key = match &found.values {
            SurveyedValues::Numeric(m) if !m.is_constant() => vec![
                m.count,
                m.missing,
                m.pos_inf,
                m.neg_inf,
                m.min.to_bits(),
                m.max.to_bits(),
                m.mean.to_bits(),
                m.m2.to_bits(),
            ],
            SurveyedValues::Text(counts) => {
                let found = counts.finish(1);
                if found.distinct < 2 {
                    continue;
                }
                let most = found.kept.first().map_or(0, |(_, rows)| *rows);
                vec![found.distinct, found.missing_rows, most]
            }
            SurveyedValues::Numeric(_) => continue,
        };
        groups.entry(key).or_default().push(feature);
    }
    let mut alike: Vec<usize> = groups
        .into_values()
        .filter(|group| group.len() > 1)
        .flatten()
        .collect();
    alike.sort_unstable();
    alike
}

/// All varying features in one component.
pub(crate) fn all_pairs(survey: &[FeatureSurvey]) -> ScreenResult {
    let all = varying(survey);
    ScreenResult {
        components: if all.len() > 1 { vec![all] } else { Vec::new() },
        hashed: alike(survey),
        ..ScreenResult::default()
    }
}

/// Screens all pairs of varying features on the sample.
///
/// Memory: `sums_bytes`, a panel and two columns of the sample a thread, and the pairs let through.
///
/// # Errors
/// When the sample cannot be read.
pub(crate) fn screened(context: &Context<'_>, spec: &ScreenSpec<'_>) -> Result<ScreenResult> {
    let sample = Sample::new(spec);
    let features = varying(spec.survey);
    let judged = parallel_map(context, "screen", features.len(), |index| {
        let feature = features[index];
        let SurveyedValues::Numeric(moments) = &spec.survey[feature].values else {
            unreachable!("varying features are numbers");
        };
        let values = sample.column(feature)?;
        Ok((Moments::of(&values), screen::is_judged(&values, moments)))
    })?;
    let plan = CoMomentsPlan::new(judged.iter().map(|(moments, _)| moments));
    let unjudged: Vec<u32> = (0..features.len())
        .filter(|index| !judged[*index].1)
        .map(|index| index as u32)
        .collect();
    let pairs = features.len() as u64 * (features.len() as u64).saturating_sub(1) / 2;
    let is_judged: Vec<bool> = judged.iter().map(|(_, is_judged)| *is_judged).collect();
    let Some(near) = near_pairs(context, &sample, &features, &plan, &is_judged)? else {
        return Ok(ScreenResult {
            overflowed: true,
            screened_pairs: pairs,
            ..all_pairs(spec.survey)
        });
    };
    let shifts: Vec<Shift> = judged
        .iter()
        .map(|(moments, _)| Shift::of(moments))
        .collect();
    let candidates = candidates(context, spec, &sample, &features, &shifts, &near)?;
    let unjudged_pairs = unjudged.len() as u64 * (unjudged.len() as u64).saturating_sub(1) / 2;
    let found = candidates.len() as u64 + unjudged_pairs;
    // Columns that cannot be judged are one component: each is compared with each other.
    let chain = unjudged.windows(2).map(|pair| [pair[0], pair[1]]);
    let joined = components(features.len(), candidates.iter().copied().chain(chain));
    let of_features = |component: Vec<usize>| component.iter().map(|i| features[*i]).collect();
    Ok(ScreenResult {
        components: joined.into_iter().map(of_features).collect(),
        hashed: alike(spec.survey),
        screened_pairs: pairs,
        candidates: found,
        unjudged: unjudged.len() as u64,
        overflowed: false,
    })
}

/// The most frequent value of each numeric candidate in the sample; NaN for all other features.
///
/// # Errors
/// When the sample cannot be read.
pub(crate) fn majorities(
    context: &Context<'_>,
    spec: &ScreenSpec<'_>,
    result: &ScreenResult,
) -> Result<Vec<f64>> {
    let sample = Sample::new(spec);
    let features: Vec<usize> = result.components.concat();
    let found = parallel_map(context, "screen", features.len(), |index| {
        let values = sample.column(features[index])?;
        Ok::<_, Error>(screen::majority(&values))
    })?;
    let mut majorities = vec![f64::NAN; spec.survey.len()];
    for (feature, majority) in features.into_iter().zip(found) {
        majorities[feature] = majority;
    }
    Ok(majorities)
}

/// The sample, thinned to the rows that the screen reads.
struct Sample<'a> {
    spec: ScreenSpec<'a>,
    stride: usize,
    rows: usize,
}

impl<'a> Sample<'a> {
    fn new(spec: &ScreenSpec<'a>) -> Self {
        let rows = spec.sample.rows();
        let stride = rows.div_ceil(spec.rows_max.max(1)).max(1) as usize;
        Self {
            spec: *spec,
            stride,
            rows: rows as usize / stride,
        }
    }

    fn value_type(&self, feature: usize) -> Option<ValueType> {
        self.spec.schema.fields[self.spec.columns[feature]].value_type
    }

    /// All values of a feature.
    fn column(&self, feature: usize) -> Result<Vec<f64>> {
        let all = read_sample(self.spec.sample, feature, self.value_type(feature))?;
        let every = all.into_iter().step_by(self.stride);
        Ok(every.take(self.rows).collect())
    }

    /// Some values of a feature from a row on, read through `buffers`.
    fn piece(
        &self,
        feature: usize,
        row: usize,
        buffers: &mut ReadBuffers,
        out: &mut [f64],
    ) -> Result<()> {
        let first = (row * self.stride) as u64;
        let rows = (out.len() - 1) * self.stride + 1;
        if self.value_type(feature) == Some(ValueType::F64) {
            buffers.f64.resize(rows, 0.0);
            self.spec.sample.read(feature, first, &mut buffers.f64)?;
            let every = buffers.f64.iter().step_by(self.stride);
            out.iter_mut()
                .zip(every)
                .for_each(|(out, value)| *out = *value);
        } else {
            buffers.f32.resize(rows, 0.0);
            self.spec.sample.read(feature, first, &mut buffers.f32)?;
            let every = buffers.f32.iter().step_by(self.stride);
            out.iter_mut()
                .zip(every)
                .for_each(|(out, value)| *out = f64::from(*value));
        }
        Ok(())
    }
}

/// Buffers for sampled values of either type.
#[derive(Default)]
struct ReadBuffers {
    f32: Vec<f32>,
    f64: Vec<f64>,
}

/// The coarse net, a strip of the triangle a task; `None` when it lets too many through.
fn near_pairs(
    context: &Context<'_>,
    sample: &Sample<'_>,
    features: &[usize],
    plan: &CoMomentsPlan,
    judged: &[bool],
) -> Result<Option<Vec<NearPair>>> {
    let spec = &sample.spec;
    let threads = context.threads as u64;
    // Several strips a thread, so that the last ones end together.
    let strip_bytes = (spec.sums_bytes / threads).min(plan.sums_bytes() / (4 * threads));
    let strips = plan.strips(strip_bytes.max(1 << 20));
    // Counted together, so that it does not depend on threads and memory whether they are too many.
    let pairs = AtomicUsize::new(0);
    let found = parallel_map(context, "screen", strips.len(), |index| {
        let strip = plan.for_strip(strips[index].clone());
        let (mut buffers, mut failed) = (ReadBuffers::default(), None);
        let read = |column: usize, row: usize, out: &mut [f64]| {
            let read = sample.piece(features[column], row, &mut buffers, out);
            if let Err(error) = read {
                out.fill(0.0);
                failed.get_or_insert(error);
            }
        };
        let near = screen::near_pairs(&strip, judged, sample.rows, spec.threshold, read);
        match failed {
            Some(error) => Err::<_, Error>(error),
            None => {
                let before = pairs.fetch_add(near.len(), Ordering::Relaxed);
                Ok((before + near.len() <= spec.pairs_max).then_some(near))
            }
        }
    })?;
    Ok(found
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .map(|strips| strips.concat()))
}

/// The fine net. Pairs come by their first columns, each of which is read once.
fn candidates(
    context: &Context<'_>,
    spec: &ScreenSpec<'_>,
    sample: &Sample<'_>,
    features: &[usize],
    shifts: &[Shift],
    near: &[NearPair],
) -> Result<Vec<[u32; 2]>> {
    let groups: Vec<&[NearPair]> = near.chunk_by(|a, b| a.columns[0] == b.columns[0]).collect();
    let found = parallel_map(context, "screen", groups.len(), |index| {
        let group = groups[index];
        let first = group[0].columns[0] as usize;
        let x = sample.column(features[first])?;
        let mut candidates = Vec::new();
        for pair in group {
            let second = pair.columns[1] as usize;
            let is_candidate = pair.unjudged || {
                let y = sample.column(features[second])?;
                screen::is_candidate(&x, &y, [shifts[first], shifts[second]], spec.threshold)
            };
            if is_candidate {
                candidates.push(pair.columns);
            }
        }
        Ok(candidates)
    })?;
    Ok(found.concat())
}
