//! The decision for an exact fit on all rows at the end of an incremental run.

use crate::{
    data::Split,
    engine::Progress,
    pipeline::{options::IncrementalOptions, prepare::assign::Assigned},
};

/// True if a fit on all rows makes the model after the batches. It needs training rows of every class; a
/// message says if a class has none.
pub(crate) fn ends_with_exact_fit(
    progress: &dyn Progress,
    assigned: &Assigned,
    options: &IncrementalOptions,
) -> bool {
    if options.init_model.is_some() {
        return false;
    }
    let has_all_classes = !assigned.class_rows[Split::Train as usize].contains(&0);
    if !has_all_classes {
        progress.message(
            "keeping the incremental model: the final fit on all rows needs at least one training row of every \
             class",
        );
    }
    has_all_classes
}
