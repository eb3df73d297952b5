//! Everything that the rows file and the codes depend on, and nothing else: a run with the same
//! ingredients may use the files of another.

use std::hash::Hasher;

use serde::Serialize;
use twox_hash::XxHash3_64;

use crate::{
    data::task_or_auto,
    learner::gbdt::BoosterOptions,
    pipeline::open::{classes::task_choice, training_data::TrainingData},
    run::options::TrainOptions,
    scratch::Ingredient,
};

/// The ingredients of a run of trees, in a fixed order.
///
/// Files are told by names, sizes, footers and times of change: a footer alone does not show that values
/// were replaced by others of the same length.
pub(crate) fn ingredients(
    data: &TrainingData,
    options: &TrainOptions,
    trees: &BoosterOptions,
) -> Vec<Ingredient> {
    let mut list = List::default();
    let version = env!("CARGO_PKG_VERSION");
    list.add("the version of rowmill", version);
    let files = "the hash of the files' names, sizes and footers";
    list.hash(files, data.dataset.fingerprint());
    let mut times = XxHash3_64::new();
    for file in data.dataset.files() {
        times.write(&file.modified_nanoseconds().to_le_bytes());
    }
    list.hash("the hash of the files' times of change", times.finish());

    let schema = data.schema();
    let field = |column: usize| &schema.fields[column];
    let name = |column: Option<usize>| column.map_or("none", |column| &field(column).name);
    let roles = &data.roles;
    list.add("the target", name(roles.target));
    list.add("the group column", name(roles.group));
    list.add("the weight column", name(roles.weight));
    list.add("the split column", name(roles.split));
    let features: Vec<_> = roles.features.iter().map(|column| field(*column)).collect();
    list.json("the hash of the features", &features);
    let profile = data.profile.as_ref().map(|profile| profile.to_toml());
    list.json("the hash of the profile", &profile);
    list.add(
        "the task",
        task_or_auto::name(task_choice(data, options.columns.task)),
    );

    list.add("--seed", options.split.seed.to_string());
    if roles.split.is_none() {
        list.add(
            "--split",
            format!("{:?}", options.split.split_rule).to_lowercase(),
        );
        list.add("--test-size", options.split.test_size.to_string());
        list.add("--valid-size", options.split.valid_size.to_string());
    }
    let first = data.validation.as_ref().map(|rows| rows.first_row);
    let first = first.map_or("none".to_owned(), |row| row.to_string());
    list.add("the first row of --val-dir", first);
    if let Some(pruning) = &options.prune {
        // Constrained features are kept.
        let pruning = (pruning, &trees.constraints.monotone);
        list.json("the hash of --prune-features", &pruning);
    }
    list.add("max_bin", trees.max_bin.to_string());
    let limits = &options.resources.limits;
    let bounds = [
        limits.cut_sample_rows,
        limits.categories_tracked_max as u64,
        limits.categories_kept_max as u64,
        limits.classes_max as u64,
    ];
    list.json("the hash of the limits", &bounds);
    list.ingredients
}

#[derive(Default)]
struct List {
    ingredients: Vec<Ingredient>,
}

impl List {
    fn add(&mut self, name: &str, value: impl Into<String>) {
        self.ingredients.push(Ingredient {
            name: name.to_owned(),
            value: value.into(),
        });
    }

    fn hash(&mut self, name: &str, hash: u64) {
        self.add(name, format!("{hash:016x}"));
    }

    fn json(&mut self, name: &str, value: &impl Serialize) {
        let text = serde_json::to_vec(value).expect("plain data");
        self.hash(name, XxHash3_64::oneshot(&text));
    }
}
