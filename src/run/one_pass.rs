//! `rowmill incremental --one-pass`: one pass in which rows are split, learned and held out as they come.

use crate::{
    error::Result,
    pipeline::{
        one_pass::{
            one_pass_fit::{OnePassSpec, fit_in_one_pass},
            source::Source,
        },
        options::IncrementalOptions,
        prepare::splitting::{ROWS, SplitRows},
        storage::rows::RowsFile,
    },
    run::{admission::Admitted, trained::Learned},
};

/// The recipe.
pub(crate) fn learn(run: &mut Admitted<'_>, incremental: &IncrementalOptions) -> Result<Learned> {
    let earlier = run.earlier.take();
    let source = std::mem::replace(&mut run.source, Source::Files);
    let evaluation = run.evaluation(0.0);
    let spec = OnePassSpec {
        model: &run.options.model,
        incremental,
        split: &run.options.split,
    };
    let mut learned = fit_in_one_pass(&run.fit_context(&evaluation), spec, earlier, source)?;
    run.session.passes.append(&mut learned.fitted.passes);
    if run.data.dataset.files().is_empty() {
        run.data.dataset.set_stream_rows(learned.rows);
    }
    let weighted = run.data.roles.weight.is_some();
    run.warn(&mut learned.assigned);
    Ok(Learned {
        split: SplitRows {
            rows: RowsFile::create(&run.session.codes_file(ROWS), 0, weighted)?,
            assigned: learned.assigned,
        },
        survey: learned.survey,
        pruned: None,
        spec: learned.model,
        fitted: learned.fitted,
        base: None,
        evaluation,
    })
}
