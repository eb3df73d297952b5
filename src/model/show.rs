//! A model as text for a person, what `rowmill show` prints.
//!
//! Names come from data, so control characters in them are escaped: a terminal must not obey a
//! column's name.

use std::fmt::{self, Write};

use serde_json::Value;

use crate::{
    format::file::Saved,
    model::{
        bundle::Model,
        summary::{FeatureImportance, Summary},
    },
    text::size::{format_bytes, grouped},
};

/// Features that are listed by name.
const FEATURES_SHOWN: usize = 20;
/// Classes that are listed by name.
const CLASSES_SHOWN: usize = 20;
/// Lines of metrics or options.
const LINES_SHOWN: usize = 40;
/// Width of the first column.
const NAME_WIDTH: usize = 28;

/// The text. `file` is what is known of the file the model came from.
pub fn text(model: &Model, file: Option<&Saved>) -> String {
    let mut text = String::new();
    write_text(&mut text, model, file).expect("writing to a string does not fail");
    text
}

fn write_text(out: &mut String, model: &Model, file: Option<&Saved>) -> fmt::Result {
    let summary = Summary::of(model);
    write_head(out, model, &summary, file)?;
    write_body(out, &summary)?;
    write_importance(out, &summary)?;
    write_shares(out, model)?;
    write_metrics(out, model)?;
    write_flat(out, "Options", &model.options)
}

fn write_head(
    out: &mut String,
    model: &Model,
    summary: &Summary,
    file: Option<&Saved>,
) -> fmt::Result {
    let roles = &model.about.roles;
    line(
        out,
        "model",
        &format!("{}, {}", summary.learner, summary.task.name()),
    )?;
    line(out, "target", &escaped(&summary.target))?;
    if !summary.classes.is_empty() {
        let shown = summary.classes.iter().take(CLASSES_SHOWN).enumerate();
        let mut classes: Vec<String> = shown
            .map(|(index, class)| format!("{index} = {}", escaped(class)))
            .collect();
        if summary.classes.len() > CLASSES_SHOWN {
            classes.push(format!(
                "and {} more",
                summary.classes.len() - CLASSES_SHOWN
            ));
        }
        line(out, "classes", &classes.join(", "))?;
    }
    for (name, column) in [
        ("groups", &roles.group),
        ("weights", &roles.weight),
        ("split column", &roles.split),
    ] {
        if let Some(column) = column {
            line(out, name, &escaped(column))?;
        }
    }
    let numbers = summary.features - summary.text_features;
    let features = format!(
        "{} ({numbers} numeric, {} text; {} bins), {} columns excluded",
        summary.features, summary.text_features, summary.bins, summary.excluded
    );
    line(out, "features", &features)?;
    let rows = format!("{} rows", grouped(summary.train_rows));
    line(out, "trained on", &rows)?;
    if let Some(validation) = validation(&model.split) {
        line(out, "validated on", &validation)?;
    }
    line(out, "labels and splits", &summary.data_fingerprint)?;
    line(out, "seed", &model.about.seed.to_string())?;
    line(
        out,
        "made by",
        &format!("rowmill {}", escaped(&summary.rowmill_version)),
    )?;
    if let Some(file) = file {
        let size = format!("{} ({} bytes)", format_bytes(file.bytes), file.bytes);
        line(out, "file", &size)?;
        line(out, "sha256", &file.sha256)?;
    }
    Ok(())
}

/// Validation rows from elsewhere, where the model says so.
fn validation(split: &Value) -> Option<String> {
    let validation = split.get("validation")?;
    let rows = validation.get("rows")?.as_u64()?;
    let dataset = validation.get("dataset")?.as_str()?;
    Some(format!("{} rows of {}", grouped(rows), escaped(dataset)))
}

fn write_body(out: &mut String, summary: &Summary) -> fmt::Result {
    if let Some(trees) = &summary.trees {
        let leaves = trees.leaves as f64 / trees.trees.max(1) as f64;
        let figures = format!(
            "{} in {} rounds, depth up to {}, {leaves:.1} leaves each, {} nodes",
            trees.trees, trees.rounds, trees.depth_max, trees.nodes
        );
        line(out, "trees", &figures)?;
        line(out, "base margin", &format!("{:?}", trees.base_margin))?;
    }
    if let Some(linear) = &summary.linear {
        line(out, "columns", &linear.columns.to_string())?;
        line(out, "intercepts", &format!("{:?}", linear.intercepts))?;
    }
    Ok(())
}

fn write_importance(out: &mut String, summary: &Summary) -> fmt::Result {
    let Some(first) = summary.importance.first() else {
        return Ok(());
    };
    let (measure, columns) = match first.splits {
        Some(_) => ("gain", "     share     splits        cover"),
        None => ("coefficients", "     share"),
    };
    writeln!(
        out,
        "\nTop features by {measure}\n  {:NAME_WIDTH$}{columns}",
        ""
    )?;
    for feature in summary.importance.iter().take(FEATURES_SHOWN) {
        write_feature(out, feature)?;
    }
    match summary.importance.len().checked_sub(FEATURES_SHOWN) {
        Some(more) if more > 0 => writeln!(out, "  and {more} more"),
        _ => Ok(()),
    }
}

fn write_feature(out: &mut String, feature: &FeatureImportance) -> fmt::Result {
    write!(
        out,
        "  {:NAME_WIDTH$}  {:>7.2}%",
        escaped(&feature.name),
        feature.share * 100.0
    )?;
    if let Some(splits) = feature.splits {
        let cover = grouped(splits.cover.round() as u64);
        write!(out, " {:>10} {cover:>12}", grouped(splits.count))?;
    }
    writeln!(out)
}

/// Rows and groups of each split, where the metrics say.
fn write_shares(out: &mut String, model: &Model) -> fmt::Result {
    let Some(splits) = model.metrics.get("splits").and_then(Value::as_object) else {
        return Ok(());
    };
    let rows_of = |split: &Value| split.get("rows").and_then(Value::as_u64);
    let total: u64 = splits.values().filter_map(rows_of).sum();
    if total == 0 {
        return Ok(());
    }
    writeln!(out, "\nSplits")?;
    for (name, split) in splits {
        let Some(rows) = rows_of(split) else { continue };
        let share = 100.0 * rows as f64 / total as f64;
        write!(
            out,
            "  {:NAME_WIDTH$}  {share:>7.2}% {:>12} rows",
            escaped(name),
            grouped(rows)
        )?;
        if let Some(groups) = split.get("groups").and_then(Value::as_u64) {
            write!(out, " {:>9} groups", grouped(groups))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The headline metrics of the test; of the other splits where there is no test.
fn write_metrics(out: &mut String, model: &Model) -> fmt::Result {
    let Some(object) = model.metrics.as_object() else {
        return Ok(());
    };
    let is_of = |name: &str, split: &str| name.trim_start_matches("base_").starts_with(split);
    let has_test = (object.iter()).any(|(name, value)| is_of(name, "test_") && !value.is_null());
    let is_unmeasured = |name: &str, value: &Value| name.starts_with("base_") && value.is_null();
    let is_shown = |name: &str, value: &Value| match has_test {
        true => !is_of(name, "train_") && !is_of(name, "valid_") && !is_unmeasured(name, value),
        false => !value.is_null(),
    };
    let shown = object.iter().filter(|(name, value)| is_shown(name, value));
    let shown = shown.map(|(name, value)| (name.clone(), value.clone()));
    write_flat(out, "Metrics", &Value::Object(shown.collect()))
}

/// The plain values of a JSON object, one a line; nested objects are left to the files.
fn write_flat(out: &mut String, title: &str, value: &Value) -> fmt::Result {
    let Some(object) = value.as_object() else {
        return Ok(());
    };
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    let plain: Vec<_> = object.iter().filter(|(_, value)| is_plain(value)).collect();
    if plain.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    for (name, value) in plain.iter().take(LINES_SHOWN) {
        let value = match value {
            Value::String(text) => escaped(text),
            Value::Number(number) => number_text(number),
            Value::Null => "not defined".to_owned(),
            other => other.to_string(),
        };
        writeln!(out, "  {:NAME_WIDTH$}  {value}", escaped(name))?;
    }
    match plain.len().checked_sub(LINES_SHOWN) {
        Some(more) if more > 0 => writeln!(out, "  and {more} more"),
        _ => Ok(()),
    }
}

fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() && (1e-3..1e6).contains(&value.abs()) => {
            let text = format!("{value:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => number.to_string(),
    }
}

fn line(out: &mut String, name: &str, value: &str) -> fmt::Result {
    writeln!(out, "{name:<18}{value}")
}

/// The name with control characters made visible, cut where it would fill the screen.
fn escaped(name: &str) -> String {
    const CHARACTERS_SHOWN: usize = 120;
    let mut text = String::new();
    for (index, character) in name.chars().enumerate() {
        if index == CHARACTERS_SHOWN {
            text.push('…');
            break;
        }
        if is_unsafe(character) {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

/// Controls, and the invisible marks that turn the direction of text.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
