//! Items for the benchmarks, fuzz targets and tests of this repository. They are no part of the library's
//! interface, and may change at any time.

#[cfg(feature = "cli")]
pub use crate::cli::command::takes_train_config;

/// Baseline tables.
pub mod baseline {
    pub use crate::baseline::{Baseline, BaselineColumns};
}

/// Parts of columns.
pub mod columns {
    pub use crate::columns::profile::Profile;
}

/// Batches, blocks and schemas.
pub mod data {
    pub use crate::data::{CodeBlock, CodeLayout, Tile, ValueType};
}

/// Passes over data.
pub mod engine {
    pub use crate::engine::Context;
}

/// Files of rowmill's own.
pub mod format {
    pub use crate::format::{container::reseal, file::sha256};
}

/// Kernels of the learners.
pub mod learner {
    /// Boosted trees.
    pub mod gbdt {
        pub use crate::learner::gbdt::{
            features::FeatureCodes,
            histogram::{PackedHistograms, WideHistograms},
            kernel::{lanes, pack, unpack},
            loss::{CHUNK_ROWS, Derivatives, Magnitudes, Rows, objective},
            partition::{NO_SLOT, PartitionRule, RowLists, partition_rows},
            quantise::{RoundingKey, Scale, quantise_into},
            replay::CompiledTree,
        };
    }

    /// Logistic regression.
    pub mod logistic {
        pub use crate::learner::logistic::{
            Logistic,
            gram::{GramScratch, add_gram},
            kernel::{add_gradient, margins_into, triangle_len},
        };
    }
}

/// Bounds.
pub mod limits {
    pub use crate::limits::{BLOCK_ROWS, CODES_MAX};
}

/// Models and their predictors.
pub mod model {
    pub use crate::model::{
        Binning, ByteTrees, Ensemble, FeatureSpec, Leaf, Link, Node, NodeSplit, Rule, Tree,
        show::text as model_text,
    };
}

/// Steps of a training.
pub mod pipeline {
    pub use crate::pipeline::{
        fit::checkpoint::{Checkpoint, to_bytes as checkpoint_to_bytes},
        open::training_data::TrainingData,
        prepare::survey::{SurveySpec, survey},
        storage::{
            rows::RowsFile,
            selection::{RowSample, takes},
        },
    };
}

/// The operating system.
pub mod platform {
    pub use crate::platform::memory::peak_rss_bytes;
}

/// Runs.
pub mod run {
    pub use crate::run::planning::plan;
}

/// Scratch files.
pub mod scratch {
    pub use crate::scratch::Seal;
}

/// Datasets.
pub mod source {
    pub use crate::source::{
        Dataset, LaneReader, OpenOptions,
        write::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
    };
}

/// Statistics.
pub mod stats {
    pub use crate::stats::sample::threshold as sample_threshold;
}

/// Generated data.
pub mod synth {
    pub use crate::synth::{SynthOptions, SynthSummary, generate};
}

/// Sizes as text.
pub mod text {
    pub use crate::text::size::format_bytes;
}

/// Standardisation of features.
pub mod transform {
    pub use crate::transform::standardize::{Design, FeatureSummary, Input};
}
