//! The optimum is scikit-learn's: `LogisticRegression(C = 1 / (l2 * sum of weights), tol = 1e-12)`
//! (1.x, lbfgs run to convergence) on the same standardised rows in `f64`.

use super::*;

fn check(fitted: &Fitted, intercepts: &[f64], coefficients: &[&[f64]], tolerance: f64) {
    let close = |ours: f64, theirs: f64| {
        assert!(
            (ours - theirs).abs() <= tolerance,
            "{ours} {theirs}: {fitted:?}"
        );
    };
    for (ours, theirs) in fitted.intercepts.iter().zip(intercepts) {
        close(*ours, *theirs);
    }
    for (ours, theirs) in fitted.coefficients.iter().zip(coefficients) {
        ours.iter()
            .zip(*theirs)
            .for_each(|(ours, theirs)| close(*ours, *theirs));
    }
    assert_eq!(fitted.coefficients.len(), coefficients.len());
    assert!(fitted.converged);
}

const BINARY_LOSS: f64 = 0.584_979_895_317_763_2;
const BINARY_INTERCEPT: f64 = -0.346_652_503_342_829_3;
const BINARY: [f64; 5] = [
    0.775_620_078_304_497,
    -0.480_010_944_091_214_4,
    0.404_182_110_291_968_77,
    0.427_277_581_829_596,
    -0.281_646_541_885_08,
];

#[test]
fn binary_reaches_the_optimum_with_and_without_a_sample() {
    let rows = Rows::binary();
    for sample_rows in [0, 600, 3000] {
        let fitted = rows.fit(&options(1e-3), 2, sample_rows);
        check(&fitted, &[BINARY_INTERCEPT], &[&BINARY], 3e-4);
        let excess = rows.binary_loss(&fitted) / BINARY_LOSS - 1.0;
        // The penalised optimum is not the smallest loss, so the excess may be negative.
        assert!(excess.abs() < 1e-6, "excess {excess}");
    }
    let tight = LogisticOptions {
        tolerance: 1e-12,
        ..options(1e-3)
    };
    check(
        &rows.fit(&tight, 2, 600),
        &[BINARY_INTERCEPT],
        &[&BINARY],
        3e-6,
    );
}

#[test]
fn one_pass_after_a_sample_is_within_a_ten_thousandth() {
    let rows = Rows::binary();
    let options = LogisticOptions {
        passes_max: 1,
        ..options(1e-3)
    };
    let fitted = rows.fit(&options, 2, 1000);
    assert_eq!(fitted.passes, 1);
    let excess = rows.binary_loss(&fitted) / BINARY_LOSS - 1.0;
    assert!(excess.abs() < 1e-4, "excess {excess}");
}

#[test]
fn rows_sorted_by_label_give_the_same_model() {
    let rows = Rows::binary();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rows.labels[*a].total_cmp(&rows.labels[*b]));
    let fitted = rows.ordered(&order).fit(&options(1e-3), 2, 750);
    check(&fitted, &[BINARY_INTERCEPT], &[&BINARY], 3e-4);
}

#[test]
fn weights_of_rows_and_classes_multiply() {
    let mut rows = Rows::binary();
    for (row, weight) in rows.weights.iter_mut().enumerate() {
        *weight = 1.0 + (row % 3) as f32;
    }
    let options = LogisticOptions {
        class_weights: vec![1.0, 2.5],
        ..options(1e-3)
    };
    let coefficients = [
        0.802_385_139_292_035_4,
        -0.482_084_067_854_275_27,
        0.400_109_135_612_978_06,
        0.411_581_015_778_896_7,
        -0.276_460_515_743_342_4,
    ];
    let fitted = rows.fit(&options, 2, 600);
    check(&fitted, &[0.568_962_677_710_074_8], &[&coefficients], 3e-4);
}

#[test]
fn three_percent_positives_reach_the_optimum() {
    let mut x = signals(3000);
    let labels = binary_labels(&x, &[0.8, -0.5, 0.1, 0.6, -0.3], -4.1);
    assert_eq!(labels.iter().sum::<f32>(), 89.0);
    standardise(&mut x);
    let rows = Rows::new(x, labels);
    let coefficients = [
        0.836_177_101_971_662_5,
        -0.369_140_041_160_534_95,
        0.308_086_387_648_093_1,
        0.566_232_364_515_711_9,
        -0.393_376_501_494_583,
    ];
    let tight = LogisticOptions {
        tolerance: 1e-10,
        ..options(1e-4)
    };
    for sample_rows in [0, 1500] {
        let fitted = rows.fit(&tight, 2, sample_rows);
        check(&fitted, &[-3.981_149_710_719_241], &[&coefficients], 1e-4);
    }
}

#[test]
fn three_classes_reach_the_optimum() {
    let rows = Rows::three_classes();
    let intercepts = [
        0.474_599_803_695_47,
        0.003_462_755_007_214_453_5,
        -0.478_062_558_702_718_1,
    ];
    let coefficients: [&[f64]; 3] = [
        &[
            0.536_939_458_911_400_8,
            -0.017_755_919_338_662_954,
            0.049_990_025_227_374_724,
            -0.390_602_720_393_852_1,
            -0.270_935_890_660_104,
        ],
        &[
            -0.494_886_288_300_495_75,
            0.199_816_847_356_696_66,
            0.336_318_367_912_673_33,
            0.327_539_462_854_397_8,
            -0.366_013_608_416_830_06,
        ],
        &[
            -0.042_053_170_610_904_744,
            -0.182_060_928_017_033_66,
            -0.386_308_393_140_048_4,
            0.063_063_257_539_453_43,
            0.636_949_499_076_934_3,
        ],
    ];
    for sample_rows in [0, 1000] {
        let fitted = rows.fit(&options(1e-3), 3, sample_rows);
        check(&fitted, &intercepts, &coefficients, 3e-3);
    }
    let tight = LogisticOptions {
        tolerance: 1e-11,
        ..options(1e-3)
    };
    let fitted = rows.fit(&tight, 3, 1000);
    check(&fitted, &intercepts, &coefficients, 1e-5);
    assert!(
        (fitted.loss - 0.853_213_433_299_053_5).abs() < 1e-7,
        "{}",
        fitted.loss
    );
}
