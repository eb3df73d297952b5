//! The choice of the training rows that grow a tree, as the user gives it.

use std::fmt;

/// The share of the largest gradients that `goss` keeps unless it is given (LightGBM's `top_rate`).
pub(crate) const GOSS_TOP: f64 = 0.2;
/// The share of the other rows that `goss` draws unless it is given (LightGBM's `other_rate`).
pub(crate) const GOSS_OTHER: f64 = 0.1;
/// The rows of a sample unless they are given or memory is short.
pub(crate) const SAMPLE_ROWS_DEFAULT: u64 = 1 << 19;

/// The most rounds that a sample serves.
pub(crate) const SAMPLE_KEEP_MAX: u32 = 1_000;

/// The size of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleSize {
    /// As many as the memory plan has room for, at most [`SAMPLE_ROWS_DEFAULT`].
    #[default]
    Planned,
    /// So many, at least 1.
    Rows(u64),
    /// A share of the training rows, in (0, 1].
    Share(f64),
}

/// The training rows that grow a tree.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// All of them, from scratch: a pass a level.
    #[default]
    Exact,
    /// [`Sampling::Mvs`] where training rows clearly outnumber the sample, else [`Sampling::Exact`].
    Auto,
    /// Minimal-variance sampling: rows by the size of their derivatives.
    Mvs {
        /// Rows kept.
        size: SampleSize,
    },
    /// The rows with the largest gradients, and some of the others at random.
    Goss {
        /// Share of the training rows that is kept for its gradients.
        top: f64,
        /// Share of the training rows that is drawn from the others.
        other: f64,
    },
    /// Rows at random, all alike.
    Uniform {
        /// Rows kept.
        size: SampleSize,
    },
}

impl Sampling {
    /// Reads `exact`, `auto`, `mvs[:ROWS]`, `goss[:TOP,OTHER]` or `uniform[:SHARE or ROWS]`.
    ///
    /// # Errors
    /// The flaw of the text and what would be right, for a message that names the option.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let plain = |sampling: Self| match value {
            None => Ok(sampling),
            Some(value) => Err(format!(
                "{name} takes no value such as `{value}`; write {name}"
            )),
        };
        match name {
            "exact" => plain(Self::Exact),
            "auto" => plain(Self::Auto),
            "mvs" => size(value).map(|size| Self::Mvs { size }),
            "uniform" => size(value).map(|size| Self::Uniform { size }),
            "goss" => goss(value),
            _ => Err(format!(
                "`{name}` is not known; use exact, auto, mvs, mvs:ROWS, goss, goss:TOP,OTHER, uniform:SHARE \
                 or uniform:ROWS"
            )),
        }
    }

    /// [`Sampling::Goss`] of two shares.
    ///
    /// # Errors
    /// The flaw, unless both are at least 0 and their sum is above 0 and at most 1.
    pub fn goss(top: f64, other: f64) -> Result<Self, String> {
        let sum = top + other;
        if top >= 0.0 && other >= 0.0 && sum > 0.0 && sum <= 1.0 {
            return Ok(Self::Goss { top, other });
        }
        Err(format!(
            "goss keeps a share {top} of the rows for their gradients (`top_rate`) and draws a share {other} \
             (`other_rate`); both must be 0 or more, and their sum above 0 and at most 1"
        ))
    }

    /// The most rows a sample of a dataset can have, given how many the plan would take by itself.
    pub fn rows_max(self, rows: u64, planned: u64) -> u64 {
        let wanted = match self {
            Self::Exact => 0,
            Self::Auto => planned,
            Self::Mvs { size } | Self::Uniform { size } => match size {
                SampleSize::Planned => planned,
                SampleSize::Rows(wanted) => wanted,
                SampleSize::Share(share) => rows_of(share, rows),
            },
            Self::Goss { top, other } => rows_of(top, rows) + rows_of(other, rows),
        };
        wanted.min(rows)
    }

    /// The choice and the rows that a run works by, once its training rows are counted; `planned`
    /// are the rows that the plan has room for by itself.
    #[must_use]
    pub fn resolve(self, train_rows: u64, planned: u64) -> Self {
        let resolved = |size: SampleSize| match size {
            SampleSize::Planned => SampleSize::Rows(planned),
            SampleSize::Share(share) => SampleSize::Rows(rows_of(share, train_rows)),
            SampleSize::Rows(rows) => SampleSize::Rows(rows),
        };
        match self {
            Self::Auto if 2 * planned <= train_rows => Self::Mvs {
                size: SampleSize::Rows(planned),
            },
            Self::Auto => Self::Exact,
            Self::Mvs { size } => Self::Mvs {
                size: resolved(size),
            },
            Self::Uniform { size } => Self::Uniform {
                size: resolved(size),
            },
            Self::Exact | Self::Goss { .. } => self,
        }
    }
}

/// As [`Sampling::parse`] reads it.
impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, size) = match self {
            Self::Exact => return f.write_str("exact"),
            Self::Auto => return f.write_str("auto"),
            Self::Goss { top, other } => return write!(f, "goss:{top},{other}"),
            Self::Mvs { size } => ("mvs", size),
            Self::Uniform { size } => ("uniform", size),
        };
        match size {
            SampleSize::Planned => f.write_str(name),
            SampleSize::Rows(rows) => write!(f, "{name}:{rows}"),
            SampleSize::Share(share) => write!(f, "{name}:{share}"),
        }
    }
}

/// A share of some rows, at least one row.
pub(crate) fn rows_of(share: f64, rows: u64) -> u64 {
    if share == 0.0 {
        return 0;
    }
    ((share * rows as f64).round() as u64).clamp(1, rows.max(1))
}

/// Rows, or a share where the number has a point or is 1.
fn size(value: Option<&str>) -> Result<SampleSize, String> {
    let Some(value) = value else {
        return Ok(SampleSize::Planned);
    };
    let wrong = || {
        format!(
            "`{value}` must be a number of rows such as 200_000, or a share of the training rows above 0 \
             and at most 1"
        )
    };
    let digits = value.replace('_', "");
    if let Ok(rows) = digits.parse::<u64>() {
        return match rows {
            0 => Err(wrong()),
            1 => Ok(SampleSize::Share(1.0)),
            rows => Ok(SampleSize::Rows(rows)),
        };
    }
    match digits.parse::<f64>() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(SampleSize::Share(share)),
        _ => Err(wrong()),
    }
}

fn goss(value: Option<&str>) -> Result<Sampling, String> {
    let Some(value) = value else {
        return Sampling::goss(GOSS_TOP, GOSS_OTHER);
    };
    let shares: Vec<Option<f64>> = value.split(',').map(|share| share.parse().ok()).collect();
    match shares[..] {
        [Some(top), Some(other)] => Sampling::goss(top, other),
        _ => Err(format!(
            "`{value}` must be two shares such as {GOSS_TOP},{GOSS_OTHER}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_help_says_and_what_is_printed() {
        let check = |text: &str, expected: Sampling| {
            assert_eq!(Sampling::parse(text).expect(text), expected);
            let printed = expected.to_string();
            assert_eq!(Sampling::parse(&printed).expect(text), expected);
        };
        let mvs = |size| Sampling::Mvs { size };
        let uniform = |size| Sampling::Uniform { size };
        check("exact", Sampling::Exact);
        check("auto", Sampling::Auto);
        check("mvs", mvs(SampleSize::Planned));
        check("mvs:200_000", mvs(SampleSize::Rows(200_000)));
        check("mvs:0.1", mvs(SampleSize::Share(0.1)));
        check("uniform", uniform(SampleSize::Planned));
        check("uniform:0.5", uniform(SampleSize::Share(0.5)));
        check("uniform:1", uniform(SampleSize::Share(1.0)));
        check("uniform:2", uniform(SampleSize::Rows(2)));
        let goss = |top, other| Sampling::Goss { top, other };
        check("goss", goss(0.2, 0.1));
        check("goss:0.3,0.05", goss(0.3, 0.05));
    }

    #[test]
    fn refuses_the_rest_by_name() {
        let check = |text: &str, part: &str| {
            let message = Sampling::parse(text).expect_err(text);
            assert!(message.contains(part), "{message}");
        };
        check("mvs:0", "`0` must be a number of rows");
        check("mvs:abc", "`abc` must be a number of rows");
        check("mvs:-5", "`-5` must be");
        check("mvs:1.5", "`1.5` must be");
        check("mvs:", "`` must be");
        check("uniform:NaN", "`NaN` must be");
        check("exact:3", "exact takes no value");
        check("gos", "`gos` is not known");
        check("goss:0.9,0.2", "at most 1");
        check("goss:0,0", "above 0");
        check("goss:-0.1,0.2", "0 or more");
        check("goss:0.2", "two shares");
        check("goss:a,b", "two shares");
        check("goss:nan,0.1", "at most 1");
    }

    #[test]
    fn auto_samples_where_rows_clearly_outnumber_the_sample() {
        let rows = |rows| Sampling::Mvs {
            size: SampleSize::Rows(rows),
        };
        assert_eq!(Sampling::Auto.resolve(200, 100), rows(100));
        assert_eq!(Sampling::Auto.resolve(199, 100), Sampling::Exact);
        assert_eq!(
            Sampling::Mvs {
                size: SampleSize::Share(0.25)
            }
            .resolve(400, 7),
            rows(100)
        );
        assert_eq!(rows(50).resolve(10, 7), rows(50));
    }

    #[test]
    fn the_most_rows_are_known_before_training_rows_are_counted() {
        let check = |text: &str, expected| {
            let sampling = Sampling::parse(text).expect(text);
            assert_eq!(sampling.rows_max(1_000, 300), expected, "{text}");
        };
        check("exact", 0);
        check("auto", 300);
        check("mvs", 300);
        check("mvs:400", 400);
        check("mvs:4000", 1_000);
        check("uniform:0.5", 500);
        check("goss:0.2,0.1", 300);
    }
}
