//! Checks of a decoded model, before anything walks it.
//!
//! A checksum proves nothing about a file that was written to harm. After these checks prediction
//! indexes nothing outside and ends on every row, and sums of leaves stay finite.

use std::collections::HashSet;

use crate::{
    data::Task,
    limits::Limits,
    model::{
        bundle::{Body, Model},
        ensemble::Ensemble,
        features::FeatureSpec,
        linear::{Linear, Reading},
        tree::{Node, NodeSplit, Rule, Tree},
    },
};

/// Checks everything.
///
/// # Errors
/// A sentence that names the part, the value and the bound.
pub(crate) fn check(model: &Model, limits: &Limits) -> Result<(), String> {
    let classes = &model.about.classes;
    check_classes(model.about.task, classes, limits)?;
    check_features(&model.features, limits)?;
    let (link, outputs) = match &model.body {
        Body::Trees(ensemble) => (ensemble.link, ensemble.outputs),
        Body::Linear(linear) => (linear.link, linear.outputs),
    };
    let expected = match model.about.task {
        Task::Multiclass => classes.len(),
        Task::Binary | Task::Regression => 1,
    };
    if !model.about.task.allows(link) || outputs != expected {
        return Err(format!(
            "{outputs} outputs do not fit the task, which has {expected}"
        ));
    }
    match &model.body {
        Body::Trees(ensemble) => check_ensemble(ensemble, &model.features, limits),
        Body::Linear(linear) => check_linear(linear, &model.features),
    }
}

fn check_classes(task: Task, classes: &[String], limits: &Limits) -> Result<(), String> {
    let fits = match task {
        Task::Binary => classes.len() == 2,
        Task::Multiclass => (2..=limits.classes_max).contains(&classes.len()),
        Task::Regression => classes.is_empty(),
    };
    if !fits {
        return Err(format!(
            "{} classes do not fit a {} task",
            classes.len(),
            task.name()
        ));
    }
    match first_repeated(classes) {
        Some(class) => Err(format!("class `{}` occurs twice", class.escape_debug())),
        None => Ok(()),
    }
}

fn check_features(features: &[FeatureSpec], limits: &Limits) -> Result<(), String> {
    if features.len() > limits.columns_max {
        let (found, allowed) = (features.len(), limits.columns_max);
        return Err(format!("{found} features, at most {allowed} are allowed"));
    }
    for feature in features {
        let at = |flaw| format!("feature `{}`: {flaw}", feature.name.escape_debug());
        feature.check().map_err(at)?;
    }
    match first_repeated(features.iter().map(|feature| &feature.name)) {
        Some(name) => Err(format!("feature `{}` occurs twice", name.escape_debug())),
        None => Ok(()),
    }
}

fn first_repeated<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = HashSet::new();
    names.into_iter().find(|name| !seen.insert(name.as_str()))
}

fn check_ensemble(
    ensemble: &Ensemble,
    features: &[FeatureSpec],
    limits: &Limits,
) -> Result<(), String> {
    let (trees, outputs) = (ensemble.trees.len(), ensemble.outputs);
    if ensemble.base_margin.len() != outputs || outputs == 0 {
        return Err(format!(
            "{} base margins for {outputs} outputs",
            ensemble.base_margin.len()
        ));
    }
    if ensemble
        .base_margin
        .iter()
        .any(|margin| !margin.is_finite())
    {
        return Err("a base margin is not finite".to_owned());
    }
    if !trees.is_multiple_of(outputs) {
        return Err(format!(
            "{trees} trees are not a whole number of rounds of {outputs}"
        ));
    }
    if trees > limits.trees_max {
        return Err(format!(
            "{trees} trees, at most {} are allowed",
            limits.trees_max
        ));
    }
    for (index, tree) in ensemble.trees.iter().enumerate() {
        check_tree(tree, features, limits).map_err(|flaw| format!("tree {index}: {flaw}"))?;
    }
    check_margins(ensemble)
}

/// No sum of leaf values may leave the finite numbers, whatever the row.
fn check_margins(ensemble: &Ensemble) -> Result<(), String> {
    for output in 0..ensemble.outputs {
        let mut largest = f64::from(ensemble.base_margin[output].abs());
        for tree in ensemble.trees.iter().skip(output).step_by(ensemble.outputs) {
            let values = tree.leaves().map(|leaf| f64::from(leaf.value.abs()));
            largest += values.fold(0.0, f64::max);
        }
        if largest > f64::from(f32::MAX) {
            return Err(format!(
                "margins of output {output} could reach {largest:e}"
            ));
        }
    }
    Ok(())
}

fn check_tree(tree: &Tree, features: &[FeatureSpec], limits: &Limits) -> Result<(), String> {
    let nodes = tree.nodes.len();
    let nodes_max = 2 * limits.leaves_max - 1;
    if nodes == 0 || nodes > nodes_max {
        return Err(format!("{nodes} nodes, 1 to {nodes_max} are allowed"));
    }
    let mut has_parent = vec![false; nodes];
    for (index, node) in tree.nodes.iter().enumerate() {
        if index > 0 && !has_parent[index] {
            return Err(format!("node {index} is not a child of an earlier node"));
        }
        let at = |flaw: String| format!("node {index}: {flaw}");
        match node {
            Node::Leaf(leaf) => {
                check_number("leaf value", f64::from(leaf.value)).map_err(at)?;
                check_number("cover", leaf.cover).map_err(at)?;
            }
            Node::Split(split) => {
                check_split(split, features).map_err(at)?;
                for child in [split.left, split.right] {
                    let child = child as usize;
                    if child <= index || child >= nodes {
                        return Err(at(format!("child {child} of {nodes} nodes")));
                    }
                    if std::mem::replace(&mut has_parent[child], true) {
                        return Err(at(format!("child {child} has another parent")));
                    }
                }
            }
        }
    }
    let depth = tree.depth() as usize;
    if depth > limits.depth_max {
        return Err(format!(
            "depth {depth}, at most {} is allowed",
            limits.depth_max
        ));
    }
    Ok(())
}

fn check_split(split: &NodeSplit, features: &[FeatureSpec]) -> Result<(), String> {
    check_number("gain", split.gain)?;
    check_number("cover", split.cover)?;
    let Some(feature) = features.get(split.feature as usize) else {
        return Err(format!("feature {} of {}", split.feature, features.len()));
    };
    let missing_code = feature.binning.missing_code();
    match split.rule {
        Rule::AtMost(code) if code < missing_code => Ok(()),
        Rule::AtMost(code) => Err(format!("code {code}, below {missing_code} is allowed")),
        Rule::Subset(_) if !feature.is_text() => {
            Err("a set of codes for a numeric feature".to_owned())
        }
        Rule::Subset(_) => {
            let is_beyond = |code: &u8| split.rule.is_left(*code);
            match (missing_code..=u8::MAX).skip(1).find(is_beyond) {
                Some(code) => Err(format!("code {code} in a set of codes to {missing_code}")),
                None => Ok(()),
            }
        }
    }
}

fn check_linear(linear: &Linear, features: &[FeatureSpec]) -> Result<(), String> {
    let columns = linear.columns.len();
    let expected = columns.checked_mul(linear.outputs);
    if linear.intercepts.len() != linear.outputs || Some(linear.coefficients.len()) != expected {
        return Err("intercepts and coefficients do not fit the outputs".to_owned());
    }
    for number in linear.intercepts.iter().chain(&linear.coefficients) {
        check_number("coefficient", *number)?;
    }
    let mut previous: Option<(u32, Reading)> = None;
    for (index, column) in linear.columns.iter().enumerate() {
        let at = |flaw: String| format!("column {index}: {flaw}");
        check_number("mean", column.mean).map_err(at)?;
        check_number("imputation", column.imputation).map_err(at)?;
        if !(column.sd > 0.0 && column.sd.is_finite()) {
            return Err(at(format!("standard deviation {}", column.sd)));
        }
        let Some(feature) = features.get(column.feature as usize) else {
            return Err(at(format!(
                "feature {} of {}",
                column.feature,
                features.len()
            )));
        };
        let fits = match column.reading {
            Reading::Number => !feature.is_text(),
            Reading::Category(code) => {
                feature.is_text() && Some(code) < feature.binning.other_code()
            }
            Reading::Missing => true,
        };
        if !fits {
            return Err(at(
                "it reads a value that its feature does not have".to_owned()
            ));
        }
        let current = (column.feature, column.reading);
        if previous.is_some_and(|previous| !is_before(previous, current)) {
            return Err(at("the columns are not in ascending order".to_owned()));
        }
        previous = Some(current);
    }
    Ok(())
}

/// Columns ascend by feature, and within one by code, the one for missing values last.
fn is_before(previous: (u32, Reading), current: (u32, Reading)) -> bool {
    (previous.0, previous.1.order()) < (current.0, current.1.order())
}

fn check_number(name: &str, number: f64) -> Result<(), String> {
    if number.is_finite() {
        Ok(())
    } else {
        Err(format!("the {name} is {number}"))
    }
}
