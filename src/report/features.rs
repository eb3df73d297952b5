//! `features.csv`: what became of each input column, and why.

use std::path::Path;

use crate::report::{csv_file, text};
use crate::{
    columns::roles::Role,
    data::Field,
    error::Result,
    pipeline::{
        open::training_data::TrainingData,
        prepare::survey::{FeatureSurvey, SurveyedValues},
    },
};

/// The file's name.
pub(crate) const NAME: &str = "features.csv";

/// The use of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeatureStatus {
    /// A feature of the model.
    #[default]
    Used,
    /// Not a feature: its role, its type, or the user's wish.
    Excluded,
    /// A feature until the data said it adds nothing.
    Pruned,
}

impl FeatureStatus {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Excluded => "excluded",
            Self::Pruned => "pruned",
        }
    }
}

/// One column of the dataset. Statistics are over the training rows; `None` where nobody looked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureRow {
    /// The column's name.
    pub name: String,
    /// Its type as the files name it.
    pub file_type: String,
    /// Its use.
    pub status: FeatureStatus,
    /// Why, in words: `feature`, `target`, `leakage (profile splice)`, `constant`.
    pub reason: String,
    /// The kept column that stands for a pruned one.
    pub kept_twin: Option<String>,
    /// The correlation with that twin.
    pub correlation: Option<f64>,
    /// Missing values.
    pub nulls: Option<u64>,
    /// Values of plus infinity.
    pub positive_infinities: Option<u64>,
    /// Values of minus infinity.
    pub negative_infinities: Option<u64>,
    /// Mean of the finite values.
    pub mean: Option<f64>,
    /// Standard deviation of the finite values.
    pub sd: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Distinct values of a text column.
    pub categories: Option<u64>,
    /// The cut points of a numeric feature of trees, ascending: x <= cut goes left.
    pub cuts: Option<Vec<f64>>,
    /// Its importance: for trees the share of the total gain, for logistic regression
    /// the absolute standardised coefficient (the largest over classes and categories).
    pub importance: Option<f64>,
    /// Node splits on it, in all trees.
    pub node_splits: Option<u64>,
    /// The hessians of the training rows of the nodes that it splits, summed over all trees: XGBoost's
    /// `total_cover`. Where trees grow from samples, estimates from them.
    pub cover: Option<f64>,
}

/// The columns of the file, in order.
const HEADER: [&str; 19] = [
    "feature",
    "type",
    "status",
    "reason",
    "kept_twin",
    "correlation",
    "nulls",
    "positive_infinities",
    "negative_infinities",
    "mean",
    "sd",
    "min",
    "max",
    "categories",
    "cut_points",
    "importance",
    "node_splits",
    "cover",
    "cut_values",
];

/// A row for each input column, with its part in the run. `describe` adds what is known of its values; it is
/// given the column's index and, for a feature, its index among the features.
pub(crate) fn rows_of(
    data: &TrainingData,
    describe: impl Fn(&mut FeatureRow, usize, Option<usize>),
) -> Vec<FeatureRow> {
    let fields = data.schema().fields.iter().enumerate();
    let row = |(column, field): (usize, &Field)| {
        let (role, why) = data.roles.role_of(column);
        let features = &data.roles.features;
        let feature = features.iter().position(|feature| *feature == column);
        assert_eq!(feature.is_some(), role == Role::Feature, "column {column}");
        let mut row = FeatureRow {
            name: field.name.clone(),
            file_type: field.file_type.clone(),
            status: match feature {
                Some(_) => FeatureStatus::Used,
                None => FeatureStatus::Excluded,
            },
            reason: if why.is_empty() { role.name() } else { why }.to_owned(),
            ..FeatureRow::default()
        };
        describe(&mut row, column, feature);
        row
    };
    fields.map(row).collect()
}

/// Writes the table, a row a column, in the order given.
///
/// # Errors
/// [`crate::error::Error::Io`] naming the file.
pub(crate) fn write(
    directory: &Path,
    features: impl IntoIterator<Item = FeatureRow>,
) -> Result<()> {
    csv_file::write(&directory.join(NAME), |csv| {
        csv.row(HEADER)?;
        for feature in features {
            csv.row(cells(feature))?;
        }
        Ok(())
    })
}

fn cells(feature: FeatureRow) -> [String; HEADER.len()] {
    let cut_points = feature.cuts.as_ref().map(|cuts| cuts.len() as u64);
    let cuts: Vec<String> = feature
        .cuts
        .iter()
        .flatten()
        .map(|&cut| text::number(cut))
        .collect();
    [
        feature.name,
        feature.file_type,
        feature.status.name().to_owned(),
        feature.reason,
        feature.kept_twin.unwrap_or_default(),
        text::optional(feature.correlation),
        text::count(feature.nulls),
        text::count(feature.positive_infinities),
        text::count(feature.negative_infinities),
        text::optional(feature.mean),
        text::optional(feature.sd),
        text::optional(feature.min),
        text::optional(feature.max),
        text::count(feature.categories),
        text::count(cut_points),
        text::optional(feature.importance),
        text::count(feature.node_splits),
        text::optional(feature.cover),
        cuts.join(";"),
    ]
}

/// Fills in the statistics of a feature.
pub(crate) fn describe(row: &mut FeatureRow, survey: &FeatureSurvey) {
    match &survey.values {
        SurveyedValues::Numeric(moments) => {
            let known = moments.count > 0;
            row.nulls = Some(moments.missing);
            row.positive_infinities = Some(moments.pos_inf);
            row.negative_infinities = Some(moments.neg_inf);
            row.mean = known.then_some(moments.mean);
            row.sd = moments.standard_deviation();
            row.min = known.then_some(moments.min);
            row.max = known.then_some(moments.max);
        }
        SurveyedValues::Text(counts) => {
            let categories = counts.finish(0);
            row.nulls = Some(categories.missing_rows);
            row.categories = Some(categories.distinct);
        }
    }
}
