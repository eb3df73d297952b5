use proptest::prelude::*;

use super::*;

/// The naive twin: two passes over the finite values.
fn naive(values: &[f64]) -> Moments {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let count = finite.len() as f64;
    let mean = if finite.is_empty() {
        0.0
    } else {
        finite[0] + finite.iter().map(|v| v - finite[0]).sum::<f64>() / count
    };
    let kind = |test: fn(&f64) -> bool| values.iter().filter(|value| test(value)).count() as u64;
    Moments {
        count: finite.len() as u64,
        missing: kind(|v| v.is_nan()),
        pos_inf: kind(|v| *v == f64::INFINITY),
        neg_inf: kind(|v| *v == f64::NEG_INFINITY),
        min: finite.iter().copied().fold(f64::INFINITY, f64::min),
        max: finite.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        mean,
        m2: finite.iter().map(|v| (v - mean).powi(2)).sum(),
    }
}

fn assert_close(actual: &Moments, expected: &Moments, tolerance: f64) {
    assert_eq!(
        [actual.count, actual.missing, actual.pos_inf, actual.neg_inf],
        [
            expected.count,
            expected.missing,
            expected.pos_inf,
            expected.neg_inf
        ]
    );
    assert_eq!((actual.min, actual.max), (expected.min, expected.max));
    let sd = (expected.m2 / expected.count.max(1) as f64).sqrt();
    let scale = sd + expected.mean.abs() * 1e-3;
    assert!(
        (actual.mean - expected.mean).abs() <= tolerance * scale,
        "{actual:?} {expected:?}"
    );
    let error = (actual.m2 - expected.m2).abs();
    let floor = expected.mean.abs() * 1e-16 * expected.count as f64 * expected.mean.abs() * 1e-3;
    assert!(
        error <= tolerance * expected.m2 + floor,
        "{actual:?} {expected:?}"
    );
}

/// A column with its share of values that are not finite.
fn column(rows: usize, mean: f64, holes: bool) -> Vec<f64> {
    let mut state = 12_345u64;
    (0..rows)
        .map(|i| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            match i % 97 {
                3 if holes => f64::NAN,
                11 if holes => f64::INFINITY,
                50 if holes => f64::NEG_INFINITY,
                _ => mean + (state >> 33) as f64 / f64::from(1 << 30) - 1.0,
            }
        })
        .collect()
}

#[test]
fn agrees_with_two_passes() {
    for rows in [0, 1, 2, 3, 5, 255, 256, 257, 1023, 1024, 1025, 10_000] {
        for mean in [0.0, 1.0, -1e6, 1e9] {
            for holes in [false, true] {
                let values = column(rows, mean, holes);
                assert_close(&Moments::of(&values), &naive(&values), 1e-10);
            }
        }
    }
}

#[test]
fn golden_numbers_of_numpy() {
    // numpy: x = np.array([...]); x.mean(), x.var(ddof=1), x.var()
    let moments = Moments::of(&[1e8 + 1.0, 1e8 + 2.0, 1e8 + 4.0, f64::NAN, 1e8 + 8.0]);
    assert_eq!(moments.mean, 100_000_003.75);
    assert!((moments.variance().expect("4 values") - 9.583_333_333_333_334).abs() < 1e-14);
    assert_eq!(moments.population_variance(), Some(7.1875));
    assert_eq!(
        moments.standard_deviation(),
        Some(moments.variance().expect("4").sqrt())
    );
    assert_eq!(moments.rows(), 5);
}

#[test]
fn constants_are_exact() {
    for value in [0.0, -0.0, 0.1, -3.7e200, 1e-310, f64::MAX] {
        let moments = Moments::of(&vec![value; 5_000]);
        assert_eq!((moments.min, moments.max), (value, value));
        assert_eq!(moments.mean, value);
        assert_eq!(moments.m2, 0.0);
        assert!(moments.is_constant());
    }
    assert!(Moments::of(&[f64::NAN; 7]).is_constant());
    assert!(Moments::of(&[f64::INFINITY; 7]).is_constant());
    assert!(Moments::default().is_constant());
    assert!(!Moments::of(&[1.0, f64::NAN]).is_constant());
    assert!(!Moments::of(&[f64::INFINITY, f64::NEG_INFINITY]).is_constant());
    assert!(!Moments::of(&[1.0, 1.0 + f64::EPSILON]).is_constant());
}

#[test]
fn the_sign_of_zero_does_not_depend_on_the_order() {
    for values in [[0.0, -0.0], [-0.0, 0.0]] {
        let moments = Moments::of(&values);
        assert!(moments.min.is_sign_positive() && moments.max.is_sign_positive());
    }
}

#[test]
fn huge_values_give_an_infinite_spread_and_no_nan() {
    let values: Vec<f64> = (0..3_000)
        .map(|i| if i % 2 == 0 { f64::MAX } else { f64::MIN })
        .collect();
    let moments = Moments::of(&values);
    assert_eq!(moments.count, 3_000);
    assert!(moments.mean.is_finite(), "{moments:?}");
    assert_eq!(moments.variance(), Some(f64::INFINITY));
}

#[test]
fn f32_and_selections_agree_with_f64() {
    let values: Vec<f32> = column(3_000, 5.0, true).iter().map(|&v| v as f32).collect();
    let wide: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
    let mut stream = MomentsStream::default();
    stream.update_f32(&values);
    assert_eq!(stream.finish(), Moments::of(&wide));

    // Scattered indexes, then a run of them.
    let indexes: Vec<u32> = (0..3_000).filter(|i| *i > 1_700 || i % 3 != 1).collect();
    let chosen: Vec<f64> = indexes.iter().map(|&i| wide[i as usize]).collect();
    let mut narrow_stream = MomentsStream::default();
    let mut wide_stream = MomentsStream::default();
    narrow_stream.update_f32_selected(&values, &indexes);
    wide_stream.update_f64_selected(&wide, &indexes);
    assert_eq!(narrow_stream.finish(), Moments::of(&chosen));
    assert_eq!(wide_stream.finish(), Moments::of(&chosen));
}

fn any_values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        8 => -1e3..1e3f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-0.0),
        1 => Just(1e12),
    ];
    prop::collection::vec(value, 0..3_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_cut_into_batches_gives_the_same_bits(
        values in any_values(),
        cuts in prop::collection::vec(0usize..700, 1..8),
    ) {
        let mut stream = MomentsStream::default();
        let mut rest = &values[..];
        for cut in cuts.iter().cycle() {
            let (head, tail) = rest.split_at((*cut).clamp(1, 700).min(rest.len()));
            stream.update_f64(head);
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        let cut = stream.finish();
        let whole = Moments::of(&values);
        prop_assert_eq!(cut, whole);
        prop_assert_eq!(cut.mean.to_bits(), whole.mean.to_bits());
    }

    #[test]
    fn merge_has_an_identity_and_is_associative(
        a in any_values(), b in any_values(), c in any_values(),
    ) {
        let [a, b, c] = [&a, &b, &c].map(|values| Moments::of(values));
        let merged = |x: Moments, y: &Moments| {
            let mut x = x;
            x.merge(y);
            x
        };
        prop_assert_eq!(merged(a, &Moments::default()), a);
        prop_assert_eq!(merged(Moments::default(), &a), a);
        let left = merged(merged(a, &b), &c);
        let right = merged(a, &merged(b, &c));
        assert_close(&left, &right, 1e-12);
        assert_close(&merged(a, &b), &merged(b, &a), 1e-12);
    }
}
