//! Trees from rows that are read once. Their codes go to scratch, for the batches and the evaluation.

use crate::{
    data::{PackMember, pack::pack_into},
    engine::{Context, TaskThreads},
    error::Result,
    learner::incremental::OnlineTrees,
    model::{Coder, FeatureSpec},
    pipeline::{
        evaluate::code_pass::Files,
        fit::{
            context::{FitContext, Fitted},
            finished_model,
        },
        incremental::{
            learner_file::{Mark, Position},
            saver::Saver,
            stored_learner::LearnerRef,
            tree_feeder::{CodedRows, TreeFeeder},
            trees::of_learner,
        },
        one_pass::slice::OnePassSlice,
        options::IncrementalOptions,
        prepare::assign::Assigned,
        storage::appended::AppendedRows,
    },
};

/// Trees during the pass, and the codes of all rows so far.
pub(crate) struct OnePassTrees<'a> {
    context: Context<'a>,
    threads: TaskThreads,
    /// By byte column, its members and their coders.
    coders: Vec<Vec<(PackMember, Coder)>>,
    appended: AppendedRows,
    feeder: TreeFeeder<'a>,
    codes: Vec<u8>,
}

impl<'a> OnePassTrees<'a> {
    /// Starts before the first row. A resumed run reads all rows again and skips those of before the stop.
    ///
    /// # Errors
    /// When the scratch files cannot be created, or threads not be started.
    pub(crate) fn new(
        fit: &FitContext<'a>,
        (learner, from): (OnlineTrees, Position),
        options: &IncrementalOptions,
        saver: impl FnOnce(&[FeatureSpec]) -> Saver<'a>,
    ) -> Result<Self> {
        let bins = learner.bins().expect("a run gives the bins").clone();
        let room = options.rows_expected(fit.data.rows_of_files())?;
        let coder = |member: &PackMember| {
            let feature = &bins.features[member.feature as usize];
            (*member, feature.binning.coder())
        };
        let byte_columns = bins.layout.byte_columns.iter();
        Ok(Self {
            context: fit.session.context,
            threads: TaskThreads::new(fit.session.context.threads)?,
            coders: byte_columns
                .map(|members| members.iter().map(coder).collect())
                .collect(),
            appended: AppendedRows::create(fit.session.scratch.path(), room, bins.layout.len())?,
            feeder: TreeFeeder::new(
                learner,
                from,
                options.batch_rows,
                fit.evaluation,
                saver(&bins.features),
            ),
            codes: Vec::new(),
        })
    }

    /// Codes a slice's rows, and trains on the batches that are complete.
    ///
    /// # Errors
    /// As [`AppendedRows::append_columns`] and [`TreeFeeder::feed`].
    pub(crate) fn take(&mut self, columns: &OnePassSlice) -> Result<()> {
        let codes = &mut self.codes;
        self.appended
            .append_columns(&columns.rows.block(), |byte_column, bytes| {
                codes.resize(bytes.len(), 0);
                bytes.fill(0);
                for (member, coder) in &mut self.coders[byte_column] {
                    let (_, values) = &columns.values[member.feature as usize];
                    coder.code(values, codes);
                    pack_into(codes, *member, bytes);
                }
            })?;
        let available = self.appended.len();
        let Self {
            feeder,
            appended,
            context,
            threads,
            ..
        } = self;
        feeder.mark(columns.before);
        feeder.feed(coded(context, threads, appended), available)
    }

    /// True while rows of before a stop are missing from the data.
    pub(crate) fn is_behind(&self) -> bool {
        self.feeder.is_behind(self.appended.len())
    }

    /// Takes the last, shorter batch and grows the remaining trees; `all` marks all rows.
    ///
    /// # Errors
    /// As [`TreeFeeder::finish`].
    pub(crate) fn finish_batches(&mut self, all: Mark) -> Result<()> {
        self.feeder.mark(all);
        let rows = self.appended.len();
        self.appended.close()?;
        let coded = coded(&self.context, &self.threads, &self.appended);
        self.feeder.finish(coded, rows)
    }

    /// Saves the model and evaluates it.
    ///
    /// # Errors
    /// When it cannot be saved, or the codes not be read.
    pub(crate) fn finish(self, fit: &FitContext<'_>, assigned: &Assigned) -> Result<Fitted> {
        let (learner, position, saver) = self.feeder.into_parts();
        let mut model = saver.model(LearnerRef::Trees(&learner));
        model.about = finished_model::about_of(fit, assigned.content_hash, model.about.train_rows);
        let files = Files {
            codes: self.appended.codes(),
            rows: self.appended.rows(),
            state: None,
        };
        let mut fitted = of_learner(fit, assigned, &learner, model, files)?;
        fitted.progressive = position.curve;
        Ok(fitted)
    }
}

fn coded<'a>(
    context: &'a Context<'a>,
    threads: &'a TaskThreads,
    appended: &'a AppendedRows,
) -> CodedRows<'a> {
    CodedRows {
        context,
        threads,
        codes: appended.codes(),
        rows: appended.rows(),
    }
}
