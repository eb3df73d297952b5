//! The rows of a tree, under the names of XGBoost, LightGBM and our own.

use crate::learner::spec::{
    preset::Preset,
    reader::{OptionReader, Range},
};
use crate::{
    error::{Error, Result},
    learner::gbdt::{
        BoosterOptions, Sampling,
        sample::{GOSS_OTHER, GOSS_TOP, SAMPLE_KEEP_MAX, SampleSize},
    },
};

/// Reads the options of sampling.
pub(super) fn read(
    reader: &mut OptionReader,
    preset: Preset,
    options: &mut BoosterOptions,
) -> Result<()> {
    let own = reader.text(&["sampling"])?;
    let share = reader.real(
        &["subsample", "bagging_fraction", "sub_row", "bagging"],
        Range::Fraction,
    )?;
    let method = reader.text(&["sampling_method", "data_sample_strategy"])?;
    let top = reader.real(&["top_rate"], Range::NotNegative)?;
    let other = reader.real(&["other_rate"], Range::NotNegative)?;
    let keep = reader.integer(
        &["sample_keep", "bagging_freq", "subsample_freq"],
        0..=i64::from(SAMPLE_KEEP_MAX),
    )?;
    options.sample_keep = keep.map_or(options.sample_keep, |keep| keep.max(1) as u32);
    if let Some(text) = own {
        if share.is_some() || method.is_some() || top.is_some() || other.is_some() {
            return Err(Error::Usage(
                "--model: `sampling` says all about the rows of a tree; leave out `subsample`, \
                 `sampling_method`, `data_sample_strategy`, `top_rate` and `other_rate`, or `sampling`"
                    .to_owned(),
            ));
        }
        options.sampling = Sampling::parse(&text).map_err(|why| wrong("sampling", &text, &why))?;
        return Ok(());
    }
    let method = method.as_deref().unwrap_or("uniform");
    let is_goss = method == "goss";
    if (top.is_some() || other.is_some()) && !is_goss {
        return Err(Error::Usage(
            "--model: `top_rate` and `other_rate` are for `data_sample_strategy`: \"goss\"; give that too, \
             or leave them out"
                .to_owned(),
        ));
    }
    if share.is_some() || is_goss {
        // What the libraries do that these names come from.
        options.sample_keep = keep.map_or(1, |keep| keep.max(1) as u32);
    }
    let size = SampleSize::Share(share.unwrap_or(1.0));
    options.sampling = match method {
        "goss" if share.is_none() => {
            let (top, other) = (top.unwrap_or(GOSS_TOP), other.unwrap_or(GOSS_OTHER));
            Sampling::goss(top, other).map_err(|why| wrong("data_sample_strategy", method, &why))?
        }
        "goss" => {
            let why = "the shares of goss are `top_rate` and `other_rate`; leave out `subsample`";
            return Err(wrong("data_sample_strategy", method, why));
        }
        "uniform" | "bagging" | "gradient_based" if share.is_none() => return Ok(()),
        "uniform" | "bagging" | "gradient_based" if share == Some(1.0) => Sampling::Exact,
        "uniform" | "bagging" => Sampling::Uniform { size },
        "gradient_based" => Sampling::Mvs { size },
        _ => {
            let why = "use \"uniform\" (\"bagging\"), \"gradient_based\" or \"goss\"";
            return Err(wrong("sampling_method", method, why));
        }
    };
    if preset == Preset::Lightgbm && !is_goss && keep.is_none_or(|keep| keep == 0) {
        reader
            .note("LightGBM draws rows only where bagging_freq is above 0; here it is taken as 1");
    }
    Ok(())
}

fn wrong(option: &str, value: &str, why: &str) -> Error {
    Error::Usage(format!("--model: `{option}` is \"{value}\": {why}"))
}
