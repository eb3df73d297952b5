//! Options in files of before, when they had other names than their flags and the options of `--model`.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use crate::learner::ModelSpec;

/// Options of a run: the parts that they lie in, their earlier name, and the one of today.
const RENAMED: [(&[&str], &str, &str); 13] = [
    (&[], "online", "incremental"),
    (&[], "exclude_if_there", "exclude_file"),
    (&[], "weight", "weight_col"),
    (&[], "group", "group_col"),
    (&[], "split_column", "split_col"),
    (&[], "split_rule", "split"),
    (&[], "prune", "prune_features"),
    (&["prune_features"], "exact", "exact_correlation"),
    (&["prune_features"], "report", "corr_report"),
    (&["prune_features", "rules"], "correlation", "corr_thr"),
    (&["prune_features", "rules"], "variance", "var_thr"),
    (&["incremental"], "batch_rows", "batch_size"),
    (&["incremental"], "rows_expected", "expected_rows"),
];

/// Reads the options of a run under today's names.
///
/// # Errors
/// For an unknown model or option in a file of an earlier version.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let mut options = Value::deserialize(deserializer)?;
    for (path, earlier, name) in RENAMED {
        let part = path
            .iter()
            .try_fold(&mut options, |part, step| part.get_mut(step));
        if let Some(Value::Object(fields)) = part
            && let Some(value) = fields.remove(earlier)
        {
            fields.insert(name.to_owned(), value);
        }
    }
    if let Some(Value::Object(model)) = options.get_mut("model")
        && is_of_before(model)
    {
        rename_model(model).map_err(D::Error::custom)?;
    }
    Ok(options)
}

fn is_of_before(model: &Map<String, Value>) -> bool {
    ["shrinkage", "passes_max"]
        .iter()
        .any(|name| model.contains_key(*name))
}

/// Renames the options of a learner, by way of its type, which knows the earlier names.
fn rename_model(model: &mut Map<String, Value>) -> serde_json::Result<()> {
    // The number of trees may differ between runs and is not stored.
    model.insert("n_estimators".to_owned(), 1.into());
    let spec: ModelSpec = serde_json::from_value(Value::Object(std::mem::take(model)))?;
    if let Value::Object(renamed) = serde_json::to_value(spec)? {
        *model = renamed;
    }
    model.remove("n_estimators");
    model.remove("early_stopping_rounds");
    Ok(())
}
