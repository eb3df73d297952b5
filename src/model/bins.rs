//! The bins of all features of a dataset, and where their codes lie.

use crate::{
    data::{CodeLayout, pack},
    limits::CODES_MAX,
    model::features::FeatureSpec,
};

/// The bins of all features, and the places of their codes.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bins {
    /// One a feature, in feature order.
    pub features: Vec<FeatureSpec>,
    /// Codes of each feature: one more than it has bins where missing values have one.
    pub radices: Vec<u16>,
    /// The byte columns. Features with a single code are in none.
    pub layout: CodeLayout,
    /// Of each byte column of a codes file, whether it is in `layout`: not if all its features were left
    /// out.
    pub in_layout: Vec<bool>,
}

impl Bins {
    /// Bins whose codes file has the layout's byte columns and no others.
    pub fn new(features: Vec<FeatureSpec>, radices: Vec<u16>, layout: CodeLayout) -> Self {
        Self {
            features,
            radices,
            in_layout: vec![true; layout.len()],
            layout,
        }
    }

    /// Bins with a code for missing values in every feature, for later rows.
    pub fn with_missing_codes(features: Vec<FeatureSpec>) -> Self {
        let radices: Vec<u16> = features
            .iter()
            .map(FeatureSpec::codes_with_missing)
            .collect();
        let layout = pack::layout(&radices);
        Self::new(features, radices, layout)
    }

    /// Leaves out features; the others' codes stay where they are.
    pub fn leave_out(&mut self, kept: &[bool]) {
        assert_eq!(kept.len(), self.features.len(), "a word a feature");
        let is_kept = |feature: u32| kept[feature as usize];
        let has_members = self.layout.leave_out(is_kept, kept.len() as u32);
        let mut has_members = has_members.into_iter();
        for in_layout in self.in_layout.iter_mut().filter(|in_layout| **in_layout) {
            *in_layout = has_members.next().expect("a word a byte column");
        }
        let mut of_features = kept.iter();
        self.features.retain(|_| of_features.next() == Some(&true));
        let mut of_radices = kept.iter();
        self.radices.retain(|_| of_radices.next() == Some(&true));
    }

    /// Checks bins from an untrusted file.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        if self.radices.len() != self.features.len() {
            return Err("the number of radices differs from the number of features".to_owned());
        }
        for (feature, &radix) in self.features.iter().zip(&self.radices) {
            let flaw = |flaw: String| format!("the bins of `{}`: {flaw}", feature.name);
            feature.check().map_err(flaw)?;
            let values = feature.binning.codes_without_missing();
            if radix != values && radix != values + 1 {
                return Err(flaw(format!("{radix} codes for {values} values")));
            }
        }
        self.check_layout()?;
        let laid_out = self.in_layout.iter().filter(|is_in| **is_in).count();
        if laid_out != self.layout.len() {
            return Err("the number of byte columns differs from the layout's".to_owned());
        }
        Ok(())
    }

    /// Each feature lies in one byte column at the most, and products fit a byte.
    fn check_layout(&self) -> Result<(), String> {
        let mut seen = vec![false; self.features.len()];
        for members in &self.layout.byte_columns {
            let mut product = 1;
            for member in members {
                let radix = self.radices.get(member.feature as usize).copied();
                // Where codes of features were left out, strides are larger than the products.
                let stride = usize::from(member.stride);
                let fits = radix == Some(member.radix) && stride >= product;
                if !fits || std::mem::replace(&mut seen[member.feature as usize], true) {
                    return Err("the byte columns do not fit the bins".to_owned());
                }
                product = stride * usize::from(member.radix);
                if product > CODES_MAX {
                    return Err("a byte column has more codes than fit in a byte".to_owned());
                }
            }
        }
        if self.layout.is_empty() {
            return Err(
                "every feature is constant, so no split is possible; give other rows or features"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{Absent, ValueType},
        model::Binning,
    };

    fn bins() -> Bins {
        let feature = |name: &str, cuts: &[f64]| FeatureSpec {
            name: name.to_owned(),
            value_type: ValueType::F64,
            absent: Absent::Missing,
            binning: Binning::Numeric {
                cuts: cuts.to_vec(),
            },
            missing_in_training: false,
        };
        let radices = vec![3, 2, 255];
        let features = vec![
            feature("a", &[1.0]),
            feature("b", &[2.0]),
            feature("c", &(0..253).map(f64::from).collect::<Vec<f64>>()),
        ];
        let layout = pack::layout(&radices);
        Bins::new(features, radices, layout)
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        bins().check().expect("sound bins");
        let check = |change: &dyn Fn(&mut Bins), part: &str| {
            let mut bins = bins();
            change(&mut bins);
            let flaw = bins.check().expect_err(part);
            assert!(flaw.contains(part), "{flaw}");
        };
        check(
            &|bins| bins.radices.truncate(2),
            "number of radices differs",
        );
        check(&|bins| bins.radices[1] = 5, "`b`: 5 codes for 2 values");
        check(
            &|bins| {
                bins.features[0].binning = Binning::Numeric {
                    cuts: vec![f64::NAN],
                }
            },
            "`a`",
        );
        check(
            &|bins| bins.in_layout.push(true),
            "differs from the layout's",
        );
        check(
            &|bins| bins.layout.byte_columns.clear(),
            "no split is possible",
        );
        check(
            &|bins| bins.layout.byte_columns[1][0].feature = 9,
            "byte columns do not fit",
        );
        check(
            &|bins| bins.layout.byte_columns[1][1].stride = 2,
            "byte columns do not fit",
        );
        check(
            &|bins| {
                let again = bins.layout.byte_columns[0].clone();
                bins.layout.byte_columns.push(again);
            },
            "byte columns do not fit",
        );
    }
}
