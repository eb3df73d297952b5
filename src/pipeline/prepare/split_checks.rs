//! Checks of the splits after the assignment: refusals and warnings.

use crate::{
    data::Split,
    error::{Error, Result},
    pipeline::{
        open::target::Target,
        prepare::assign_spec::{AssignSpec, SplitSource},
    },
};

/// Refuses splits that are too small to train on or to measure.
pub(crate) fn check_splits(spec: &AssignSpec<'_>, class_rows: &[Vec<u64>; 3]) -> Result<()> {
    let remedy = |split: Split| match (spec.source, spec.validation.is_some()) {
        (_, true) if split == Split::Valid => "give --val-dir rows of every class, or leave it out",
        (SplitSource::Groups { .. }, true) => {
            "use another --seed, a finer --group-col, or another --test-size; a class that --val-dir alone has \
             must be removed there"
        }
        (SplitSource::Groups { .. }, false) => {
            "use another --seed, a finer --group-col, or other --test-size and --valid-size"
        }
        (SplitSource::Column, _) => "correct the column of --split-col",
    };
    if let Some(validation) = spec.validation {
        let rows = class_rows[Split::Valid as usize].iter().sum();
        validation.check_labelled(rows, &spec.target.name)?;
    }
    if !spec.classes_declared {
        refuse_constant_target(spec.target, class_rows)?;
        refuse_tiny_class(spec.target, class_rows)?;
    }
    for split in Split::ALL {
        let rows = &class_rows[split as usize];
        let total: u64 = rows.iter().sum();
        let name = split.name();
        if split == Split::Train && total == 0 {
            return Err(Error::Dataset(format!(
                "no row is in the {name} split; {}",
                remedy(split)
            )));
        }
        let absent = rows.iter().position(|count| *count == 0);
        let matters = total > 0 && rows.len() > 1 && !spec.classes_declared;
        if let (Some(class), true) = (absent, matters) {
            return Err(Error::Dataset(format!(
                "none of the {total} rows in the {name} split is of the class `{}`; {}",
                spec.target.classes[class],
                remedy(split)
            )));
        }
    }
    Ok(())
}

/// Refuses a target with one class in all of the data.
fn refuse_constant_target(target: &Target, class_rows: &[Vec<u64>; 3]) -> Result<()> {
    let rows_of = |class: usize| class_rows.iter().map(|rows| rows[class]).sum::<u64>();
    let mut present = (0..target.classes.len()).filter(|class| rows_of(*class) > 0);
    match (present.next(), present.next()) {
        (Some(only), None) => Err(Error::Dataset(format!(
            "the target `{}` is always `{}`, so there is nothing to learn; choose another with \
             --target",
            target.name, target.classes[only]
        ))),
        _ => Ok(()),
    }
}

/// Refuses a class that has fewer rows than there are splits: no other way to split would help.
fn refuse_tiny_class(target: &Target, class_rows: &[Vec<u64>; 3]) -> Result<()> {
    let splits = class_rows.iter().filter(|rows| rows.iter().any(|n| *n > 0));
    let splits = splits.count() as u64;
    for (class, name) in target.classes.iter().enumerate() {
        let rows: u64 = class_rows.iter().map(|rows| rows[class]).sum();
        if rows < splits {
            let rows = match rows {
                1 => "1 labelled row".to_owned(),
                rows => format!("{rows} labelled rows"),
            };
            return Err(Error::Dataset(format!(
                "the class `{name}` of the target `{}` has {rows}, and each of the {splits} splits \
                 needs one; merge it with another class, or remove its rows",
                target.name
            )));
        }
    }
    Ok(())
}

/// Refuses training rows that all have weight 0.
pub(crate) fn check_train_weight(train_weight: f64) -> Result<()> {
    if train_weight > 0.0 {
        return Ok(());
    }
    Err(Error::Dataset(
        "all training rows have weight 0, so there is nothing to learn; correct the weight \
         column, or choose another with --weight-col"
            .to_owned(),
    ))
}

/// Warnings on rows without a label, and on classes with one training row or none.
pub(crate) fn row_warnings(
    target: &Target,
    class_rows: &[Vec<u64>; 3],
    unlabelled_rows: u64,
) -> Vec<String> {
    let name = &target.name;
    let mut warnings = Vec::new();
    if unlabelled_rows > 0 {
        warnings.push(format!(
            "{unlabelled_rows} rows have no value of the target `{name}` and are skipped"
        ));
    }
    let train_rows = &class_rows[Split::Train as usize];
    for (class, rows) in target.classes.iter().zip(train_rows) {
        match rows {
            0 => warnings.push(format!(
                "the class `{class}` of the target `{name}` has no training rows yet; its probability stays near 0 \
                 until it has some"
            )),
            1 => warnings.push(format!(
                "the class `{class}` of the target `{name}` has only 1 training row; merge it with another class, or \
                 remove its rows"
            )),
            _ => {}
        }
    }
    warnings
}

/// Refuses a numeric target with the same value in all training rows; `ranges` are those of blocks.
pub(crate) fn check_labels(
    target: &Target,
    ranges: impl Iterator<Item = (f32, f32)>,
) -> Result<()> {
    let (least, greatest) = ranges
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        .expect("a dataset has rows");
    if least < greatest {
        return Ok(());
    }
    Err(Error::Dataset(format!(
        "the target `{}` is always {least} in the training rows, so there is nothing to learn; choose another with --target",
        target.name
    )))
}
