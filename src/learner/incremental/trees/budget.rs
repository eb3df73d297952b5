//! The budget of trees and rows, and its extension for more rows.

use crate::{
    error::{Error, Result},
    learner::{
        gbdt::stream::StreamState,
        incremental::trees::learner::{OnlineTrees, Stage},
    },
    model::Bins,
    platform::parallel::Parallel,
    text::size::grouped,
};

impl OnlineTrees {
    /// Rows seen so far, trained on or not.
    pub fn rows_came(&self) -> u64 {
        match &self.stage {
            Stage::FirstRows(_) => self.rows,
            Stage::Trees(trainer) => trainer.booster.rows_seen(),
        }
    }

    /// Grows the rest of the trees on the stored rows: for a stream that ended with fewer rows than were
    /// expected.
    ///
    /// # Errors
    /// [`Error::Dataset`] without any rows; the error of a task of `parallel`.
    pub fn spend_budget(&mut self, parallel: &dyn Parallel) -> Result<()> {
        if self.rows == 0 {
            return Err(Error::Dataset(
                "no rows have arrived yet, so no tree can grow; give a batch first".to_owned(),
            ));
        }
        if matches!(self.stage, Stage::FirstRows(_)) {
            self.fix_bins(None, parallel)?;
        }
        self.trainer().booster.spend_budget(parallel)
    }

    /// Adds to the expected rows and rounds of trees. Rows that were expected before and did not arrive
    /// are no longer expected. If `rounds` is `None`, the rounds per row are those so far, at least one
    /// round.
    ///
    /// # Errors
    /// [`Error::Usage`] where no rows are expected or there would be too many trees; the learner is as it
    /// was.
    pub fn extend_budget(&mut self, rows: u64, rounds: Option<u32>) -> Result<()> {
        let (came, grown) = (self.rows_came(), self.rounds());
        let in_proportion = || {
            let rounds = u128::from(grown) * u128::from(rows) / u128::from(came.max(1));
            u32::try_from(rounds).unwrap_or(u32::MAX).max(1)
        };
        let mut options = self.options.clone();
        options.booster.n_estimators = grown.saturating_add(rounds.unwrap_or_else(in_proportion));
        options.rows_expected = rows;
        options.check(self.schema.classes().len())?;
        options.rows_expected = came.saturating_add(rows);
        (self.options, self.spent) = (options, (came, grown));
        if let Stage::Trees(trainer) = &self.stage {
            let state = trainer.booster.state().into_owned();
            self.rebuild(trainer.bins.clone(), state)?;
        }
        Ok(())
    }

    /// Gives every feature a code for missing values, even if the given bins have none: later
    /// rows may have missing values where earlier ones had none.
    ///
    /// # Errors
    /// [`Error::Usage`] where trees cannot be planned.
    pub fn expect_missing(&mut self) -> Result<()> {
        if let Stage::Trees(trainer) = &self.stage {
            let bins = Bins::with_missing_codes(trainer.bins.features.clone());
            let state = trainer.booster.state().into_owned();
            let state = state.recoded(&trainer.bins.layout, &bins.layout);
            self.rebuild(bins, state)?;
        }
        Ok(())
    }

    /// Goes on with other bins and this state of theirs.
    fn rebuild(&mut self, bins: Bins, state: StreamState<'static>) -> Result<()> {
        let mut trainer = self.new_trainer(bins)?;
        let restored = trainer.booster.restore(state);
        restored.expect("the state is a sound learner's");
        self.stage = Stage::Trees(Box::new(trainer));
        Ok(())
    }

    /// Refuses a batch after the last tree.
    pub(crate) fn check_budget(&self) -> Result<()> {
        let trees = self.options.booster.n_estimators;
        if self.rounds() < trees {
            return Ok(());
        }
        Err(Error::Dataset(format!(
            "all {trees} rounds of trees are grown: {} rows were expected, and {} arrived; finish, or start \
             over with a larger number of expected rows",
            grouped(self.options.rows_expected),
            grouped(self.rows_came())
        )))
    }
}
