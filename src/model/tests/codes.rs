//! Bins: the fast coder against the definition.

use proptest::prelude::*;

use crate::{
    data::{TextValues, batch::MISSING_TEXT},
    model::{
        binning::{Binning, CUTS_MAX},
        cut_table::round_down,
        tests::{Draws, text},
    },
};

/// Values that sit on every border there is, and between.
fn awkward(cuts: &[f64]) -> Vec<f64> {
    let mut values = vec![
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        -f64::from_bits(1),
        f64::from(f32::MAX),
        f64::from(f32::from_bits(1)),
    ];
    for cut in cuts {
        values.extend([*cut, cut.next_down(), cut.next_up()]);
        let single = *cut as f32;
        let around = [single.next_down(), single, single.next_up()];
        values.extend(around.map(f64::from));
    }
    values
}

fn check(cuts: &[f64], values: &[f64]) {
    let binning = Binning::Numeric {
        cuts: cuts.to_vec(),
    };
    binning.check().expect("sound cuts");
    let mut codes = vec![77; values.len()];
    binning.coder().code_f64(values, &mut codes);
    for (value, code) in values.iter().zip(&codes) {
        assert_eq!(
            *code,
            binning.code_of_number(*value),
            "{value:e} with cuts {cuts:?}"
        );
    }
    let singles: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    binning.coder().code_f32(&singles, &mut codes);
    for (value, code) in singles.iter().zip(&codes) {
        let expected = binning.code_of_number(f64::from(*value));
        assert_eq!(*code, expected, "single {value:e} with cuts {cuts:?}");
    }
}

#[test]
fn the_coder_agrees_with_the_definition() {
    let mut draws = Draws::new(1);
    for count in (0..40).chain([63, 64, 65, 127, 128, 200, 253, CUTS_MAX]) {
        let mut cuts: Vec<f64> = (0..count).map(|_| draws.unit() * 3.0).collect();
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let mut values = awkward(&cuts);
        values.extend((0..200).map(|_| draws.unit() * 4.0));
        check(&cuts, &values);
    }
}

#[test]
fn the_ends_of_the_number_line_have_bins_of_their_own() {
    check(&[f64::NEG_INFINITY, 0.0, f64::MAX], &awkward(&[f64::MAX]));
    check(&[f64::MIN, -1e-310, 0.0, 1e-310], &awkward(&[1e-310]));
    check(&[-f64::from_bits(1), f64::from_bits(1)], &awkward(&[0.0]));
    check(&[1e300, 1.5e300], &awkward(&[1e300]));
    check(&[-1.5e300, -1e300], &awkward(&[-1e300]));
}

#[test]
fn cuts_that_crowd_one_stretch_of_the_line_are_told_apart() {
    for outlier in [f64::MAX, 1e300, 2.0] {
        let mut cuts: Vec<f64> = (1..254).map(|cut| 1.0 + f64::from(cut) * 1e-12).collect();
        cuts.push(outlier);
        cuts.insert(0, -outlier);
        cuts.truncate(CUTS_MAX);
        check(&cuts, &awkward(&cuts));
        let singles: Vec<f64> = (0..254).map(|cut| 1e6 + f64::from(cut) / 16.0).collect();
        check(&singles, &awkward(&singles));
    }
}

#[test]
fn codes_are_as_documented() {
    let binning = Binning::Numeric {
        cuts: vec![f64::NEG_INFINITY, 1.0, f64::MAX],
    };
    let values = [
        f64::NEG_INFINITY,
        -5.0,
        1.0,
        1.5,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
    ];
    let mut codes = [0; 7];
    binning.coder().code_f64(&values, &mut codes);
    assert_eq!(codes, [0, 1, 1, 2, 2, 3, 4]);
    assert_eq!(
        (binning.codes_without_missing(), binning.missing_code()),
        (4, 4)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_cuts_and_values(bits in prop::collection::vec(any::<u64>(), 0..CUTS_MAX),
                           values in prop::collection::vec(any::<u64>(), 0..50)) {
        let finite = |bits: &u64| Some(f64::from_bits(*bits)).filter(|cut| cut.is_finite());
        let mut cuts: Vec<f64> = bits.iter().filter_map(finite).collect();
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let mut all = awkward(&cuts);
        all.extend(values.into_iter().map(f64::from_bits));
        check(&cuts, &all);
    }

    #[test]
    fn a_single_is_below_the_cut_if_below_the_rounded_cut(cut in any::<f64>(), value in any::<f32>()) {
        prop_assume!(!cut.is_nan() && cut != f64::INFINITY);
        let rounded = round_down(cut);
        for value in [value, rounded, rounded.next_up(), rounded.next_down()] {
            prop_assert_eq!(f64::from(value) <= cut, value <= rounded);
        }
    }
}

fn batch(values: &[Option<&str>]) -> TextValues {
    let mut text = TextValues::default();
    text.push_value("in the dictionary, on no row");
    for value in values {
        let id = value.map_or(MISSING_TEXT, |value| text.push_value(value));
        text.ids.push(id);
    }
    text
}

#[test]
fn texts_are_coded_as_defined() {
    let rows = [
        Some("b"),
        None,
        Some("rare"),
        Some("a"),
        Some("b"),
        Some(""),
    ];
    for (pooled, expected) in [(true, [1, 3, 2, 0, 1, 2]), (false, [1, 3, 3, 0, 1, 3])] {
        let feature = text("letter", &["a", "b"], pooled);
        let mut codes = [77; 6];
        feature.binning.coder().code_text(&batch(&rows), &mut codes);
        assert_eq!(codes, expected);
        assert_eq!(codes, rows.map(|row| feature.binning.code_of_text(row)));
    }
}

#[test]
fn a_text_that_training_never_met_is_found() {
    let known = text("letter", &["a", "b"], false).binning.coder();
    assert_eq!(known.find_unseen(&batch(&[Some("a"), None])), None);
    assert_eq!(
        known.find_unseen(&batch(&[Some("a"), Some("z")])),
        Some((1, "z"))
    );
    let pooled = text("letter", &["a", "b"], true).binning.coder();
    assert_eq!(pooled.find_unseen(&batch(&[Some("z")])), None);
}

#[test]
fn cuts_and_categories_that_cannot_be_are_refused() {
    let numeric = |cuts: &[f64]| Binning::Numeric {
        cuts: cuts.to_vec(),
    };
    let many: Vec<f64> = (0..255).map(f64::from).collect();
    let flaws = [
        (numeric(&[f64::NAN]), "a cut point is NaN"),
        (numeric(&[1.0, f64::INFINITY]), "a cut point is inf"),
        (numeric(&[1.0, 1.0]), "cut point 1 is not below the next, 1"),
        (
            numeric(&[0.0, -0.0]),
            "cut point 0 is not below the next, -0",
        ),
        (
            numeric(&[0.0, f64::NEG_INFINITY]),
            "cut point 0 is not below the next, -inf",
        ),
        (numeric(&many), "255 cut points, at most 254 fit"),
        (
            text("t", &["a", "a"], true).binning,
            "category `a` occurs twice",
        ),
        (
            text("t", &["a"; 255], true).binning,
            "255 categories, at most 254 fit",
        ),
    ];
    for (binning, flaw) in flaws {
        assert_eq!(binning.check(), Err(flaw.to_owned()));
    }
}
