//! The exact fit on all rows that ends an incremental run where it can.

use crate::{
    data::Split,
    engine::Progress,
    pipeline::{options::IncrementalOptions, prepare::assign::Assigned},
};

/// Whether the passes of `train` make the model after the batches. They need training rows of every class; a
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
