//! The optimum is scikit-learn's, run to convergence on the same standardised rows in `f64`: lbfgs, and
//! saga where there is an L1 penalty. The script beside this file printed the values.

use super::*;

fn check(fitted: &LogisticFit, intercepts: &[f64], coefficients: &[&[f64]], tolerance: f64) {
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
        tol: 1e-12,
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
        max_iter: 1,
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
        tol: 1e-10,
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
        tol: 1e-11,
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

#[test]
fn an_l1_penalty_sets_the_same_coefficients_to_zero() {
    let rows = Rows::binary();
    let lasso = [
        0.454_448_997_883_906_25,
        -0.204_595_031_801_524_72,
        0.118_995_445_749_388_97,
        0.0,
        0.0,
    ];
    let elastic_net = [
        0.509_510_576_900_972,
        -0.271_973_398_845_130_1,
        0.195_492_095_368_254_9,
        0.070_873_973_142_779_7,
        0.0,
    ];
    for (l1, l2, intercept, expected) in [
        (0.05, 0.0, -0.303_286_466_086_553_6, lasso),
        (0.03, 0.02, -0.310_039_690_913_806_73, elastic_net),
    ] {
        for sample_rows in [0, 600] {
            let penalised = LogisticOptions {
                l1,
                tol: 1e-13,
                ..options(l2)
            };
            let fitted = rows.fit(&penalised, 2, sample_rows);
            check(&fitted, &[intercept], &[&expected], 3e-6);
            for (ours, expected) in fitted.coefficients[0].iter().zip(expected) {
                assert_eq!(*ours == 0.0, expected == 0.0, "{fitted:?}");
            }
            assert_eq!(fitted.covariance, None);
            assert!(fitted.passes <= 6, "{fitted:?}");
        }
    }
}

#[test]
fn an_elastic_net_over_three_classes_reaches_the_optimum() {
    let intercepts = [
        0.414_346_356_730_867_4,
        -0.001_699_883_389_350_944,
        -0.412_646_473_341_500_95,
    ];
    let coefficients: [&[f64]; 3] = [
        &[
            0.429_249_191_256_916_63,
            0.0,
            0.0,
            -0.426_511_745_212_509_34,
            0.0,
        ],
        &[
            -0.300_584_182_962_365_2,
            0.086_603_987_314_793_03,
            0.128_464_854_104_619_5,
            0.0,
            0.0,
        ],
        &[
            0.0,
            -0.009_433_515_341_971_58,
            -0.201_419_420_583_911_2,
            0.0,
            0.548_791_341_859_639_4,
        ],
    ];
    let penalised = LogisticOptions {
        l1: 0.03,
        tol: 1e-11,
        ..options(0.01)
    };
    for sample_rows in [0, 1000] {
        let fitted = Rows::three_classes().fit(&penalised, 3, sample_rows);
        check(&fitted, &intercepts, &coefficients, 1e-5);
    }
}

/// The standard errors of all parameters, output by output with the intercept last.
fn check_standard_errors(fitted: &LogisticFit, expected: &[f64]) {
    let covariance = fitted.covariance.as_ref().unwrap();
    for (i, expected) in expected.iter().enumerate() {
        let error = covariance[i * (i + 1) / 2 + i].sqrt();
        assert!(
            (error / expected - 1.0).abs() < 1e-3,
            "{i}: {error} {expected}"
        );
    }
    assert_eq!(covariance.len(), expected.len() * (expected.len() + 1) / 2);
}

#[test]
fn standard_errors_are_those_of_the_inverse_hessian() {
    let tight = LogisticOptions {
        tol: 1e-10,
        ..options(1e-3)
    };
    let binary = [
        0.045_005_625_408_961_63,
        0.042_315_747_481_288_41,
        0.046_363_402_078_911_45,
        0.056_416_506_642_654_976,
        0.055_932_467_983_909_426,
        0.041_030_082_550_151_27,
    ];
    check_standard_errors(&Rows::binary().fit(&tight, 2, 600), &binary);
    let three_classes = [
        0.031_652_480_961_308_474,
        0.028_153_497_324_217_82,
        0.030_006_757_993_251_986,
        0.039_757_761_813_461_245,
        0.040_080_369_891_337_73,
        0.030_051_460_315_383_922,
        0.032_809_375_619_383_48,
        0.029_739_297_218_277_082,
        0.034_854_052_336_061_31,
        0.041_766_804_901_927_954,
        0.042_463_595_416_383_72,
        0.033_423_959_601_980_67,
        0.034_862_034_758_186_51,
        0.032_995_527_795_356_35,
        0.038_652_499_224_323_01,
        0.045_626_961_960_609_06,
        0.048_128_692_994_594_78,
        0.038_778_260_919_198_615,
    ];
    check_standard_errors(&Rows::three_classes().fit(&tight, 3, 1000), &three_classes);
}
