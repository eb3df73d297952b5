mod constraints;
mod reference;

use crate::{
    data::Task,
    error::{Error, Result},
    learner::{
        ClassWeight, ModelChoice, ModelSpec,
        gbdt::{BoosterOptions, Growth, Loss, Sampling, sample::SampleSize},
        logistic::{LogisticOptions, Solver},
    },
    limits::Limits,
};

fn parse(text: &str) -> Result<ModelChoice> {
    ModelChoice::parse(text, 42, &Limits::default())
}

fn trees(text: &str) -> BoosterOptions {
    match parse(text).unwrap().spec {
        ModelSpec::Gbdt(options) => options,
        ModelSpec::Logistic(_) => panic!("{text} is no gbdt"),
    }
}

fn logistic(text: &str) -> LogisticOptions {
    match parse(text).unwrap().spec {
        ModelSpec::Logistic(options) => options,
        ModelSpec::Gbdt(_) => panic!("{text} is no logistic"),
    }
}

/// Checks options against gbdt's defaults with a change.
fn check_trees(text: &str, change: impl FnOnce(&mut BoosterOptions)) {
    let mut expected = BoosterOptions {
        n_estimators: 120,
        learning_rate: 0.12,
        grow_policy: Growth::LeafWise,
        max_depth: 64,
        num_leaves: 63,
        sampling: Sampling::Auto,
        sample_keep: 8,
        ..BoosterOptions::default()
    };
    change(&mut expected);
    assert_eq!(trees(text), expected, "{text}");
}

/// Checks a library's preset against depth-wise trees of all rows with a change.
fn check_preset(name: &str, change: impl FnOnce(&mut BoosterOptions)) {
    let mut expected = BoosterOptions::depth_wise();
    change(&mut expected);
    assert_eq!(trees(name), expected, "{name}");
}

fn check_logistic(text: &str, change: impl FnOnce(&mut LogisticOptions)) {
    let mut expected = LogisticOptions::default();
    change(&mut expected);
    assert_eq!(logistic(text), expected, "{text}");
}

fn check_error(text: &str, words: &str) {
    let error = parse(text).unwrap_err();
    assert!(matches!(error, Error::Usage(_)));
    let message = error.to_string();
    assert!(message.contains(words), "{text}: {message}\nlacks: {words}");
}

#[test]
fn names_and_objects_are_understood() {
    check_trees("gbdt", |_| ());
    assert_eq!(trees("gbdt"), BoosterOptions::default(), "both doors");
    check_trees("{}", |_| ());
    check_trees("  {\"name\": \"gbdt\"} ", |_| ());
    check_logistic("logistic", |_| ());
    check_logistic("log_reg", |o| o.c = Some(1.0));
    check_logistic("sgd_logistic", |o| o.l2 = 1e-4);
    check_preset("xgboost", |o| {
        o.learning_rate = 0.3;
        o.min_child_weight = 1.0;
        o.min_child_samples = 1;
    });
    check_preset("lightgbm", |o| {
        o.grow_policy = Growth::LeafWise;
        o.num_leaves = 31;
        o.max_depth = 64;
        o.reg_lambda = 0.0;
    });
    check_trees("{\"learning_rate\":0.05,\"n_estimators\":500}", |o| {
        o.learning_rate = 0.05;
        o.n_estimators = 500;
    });
}

#[test]
fn every_alias_is_taken() {
    for name in [
        "n_estimators",
        "num_iterations",
        "num_boost_round",
        "num_trees",
        "max_iter",
    ] {
        check_trees(&format!("{{\"{name}\": 7}}"), |o| o.n_estimators = 7);
    }
    for name in ["learning_rate", "eta"] {
        check_trees(&format!("{{\"{name}\": 0.5}}"), |o| o.learning_rate = 0.5);
    }
    for name in ["num_leaves", "max_leaves"] {
        check_trees(&format!("{{\"{name}\": 9}}"), |o| o.num_leaves = 9);
    }
    for name in ["reg_lambda", "lambda_l2"] {
        check_trees(&format!("{{\"{name}\": 3}}"), |o| o.reg_lambda = 3.0);
    }
    for name in ["reg_alpha", "lambda_l1"] {
        check_trees(&format!("{{\"{name}\": 3}}"), |o| o.reg_alpha = 3.0);
    }
    for name in ["min_child_weight", "min_sum_hessian_in_leaf"] {
        check_trees(&format!("{{\"{name}\": 0}}"), |o| o.min_child_weight = 0.0);
    }
    for name in ["gamma", "min_split_gain"] {
        check_trees(&format!("{{\"{name}\": 2}}"), |o| o.min_split_gain = 2.0);
    }
    for name in ["colsample_bytree", "feature_fraction"] {
        check_trees(&format!("{{\"{name}\": 0.8}}"), |o| {
            o.colsample_bytree = 0.8
        });
    }
    for name in ["random_state", "seed"] {
        check_trees(&format!("{{\"{name}\": 7}}"), |o| o.seed = 7);
    }
    check_trees("{\"min_child_samples\": 5.0}", |o| o.min_child_samples = 5);
    check_trees("{\"min_child_samples\": 0}", |o| o.min_child_samples = 1);
    check_trees("{\"scale_pos_weight\": 9.5}", |o| o.scale_pos_weight = 9.5);
    check_trees("{\"early_stopping_rounds\": 20}", |o| {
        o.early_stopping_rounds = Some(20)
    });
    check_trees("{\"early_stopping_rounds\": 0}", |_| ());
    check_trees("{\"early_stopping_rounds\": null}", |_| ());
    check_trees("{\"max_bin\": 63}", |o| o.max_bin = 63);
    check_trees("{\"eta\": 0.5, \"learning_rate\": 0.5}", |o| {
        o.learning_rate = 0.5
    });
    check_logistic("{\"name\":\"logistic\",\"C\":0.5}", |o| o.c = Some(0.5));
    check_logistic("{\"name\":\"log_reg\",\"alpha\":0.5}", |o| o.l2 = 0.5);
    check_logistic("{\"name\":\"logistic\",\"l1\":0.1}", |o| o.l1 = 0.1);
    check_logistic("{\"name\":\"logistic\",\"solver\":\"sgd\"}", |o| {
        (o.solver, o.max_iter) = (Solver::Sgd, 1);
    });
    let sgd =
        "{\"name\":\"logistic\",\"solver\":\"sgd\",\"eta0\":0.5,\"adaptive\":true,\"max_iter\":3}";
    check_logistic(sgd, |o| {
        (o.solver, o.max_iter) = (Solver::Sgd, 3);
        (o.step_size, o.adaptive) = (Some(0.5), true);
    });
    check_logistic("{\"name\":\"logistic\",\"add_indicator\":true}", |o| {
        o.missing_indicator = true;
    });
    check_logistic("{\"name\":\"log_reg\",\"l1\":0.1,\"l2\":0.2}", |o| {
        (o.l1, o.l2) = (0.1, 0.2);
    });
    check_logistic(
        "{\"name\":\"logistic\",\"alpha\":2,\"l1_ratio\":0.25}",
        |o| {
            (o.l1, o.l2) = (0.5, 1.5);
        },
    );
    check_logistic("{\"name\":\"logistic\",\"C\":3,\"penalty\":\"l1\"}", |o| {
        (o.c, o.l1_ratio) = (Some(3.0), 1.0);
    });
    check_logistic(
        "{\"name\":\"log_reg\",\"penalty\":\"elasticnet\",\"l1_ratio\":0.5}",
        |o| {
            (o.c, o.l1_ratio) = (Some(1.0), 0.5);
        },
    );
    check_logistic("{\"name\":\"logistic\",\"max_iter\":3,\"tol\":0}", |o| {
        o.max_iter = 3;
        o.tol = 0.0;
    });
}

#[test]
fn depth_and_leaves_go_together() {
    for (text, depth, leaves) in [
        ("{\"max_depth\": 8}", 8, 256),
        ("{\"max_depth\": 3}", 3, 8),
        ("{\"max_depth\": -1}", 64, 63),
        ("{\"max_depth\": 0, \"num_leaves\": 100}", 64, 100),
        ("{\"num_leaves\": 31}", 64, 31),
        ("{\"max_leaves\": 0}", 64, 65_535),
        ("{\"grow_policy\": \"depthwise\"}", 6, 64),
        ("{\"name\": \"lightgbm\", \"max_depth\": 6}", 6, 31),
        ("{\"name\": \"lightgbm\", \"num_leaves\": 63}", 64, 63),
        ("{\"grow_policy\": \"lossguide\"}", 64, 63),
        ("{\"grow_policy\": \"lossguide\", \"max_depth\": 3}", 3, 8),
        (
            "{\"name\": \"lightgbm\", \"grow_policy\": \"depthwise\"}",
            6,
            31,
        ),
        (
            "{\"name\": \"xgboost\", \"grow_policy\": \"lossguide\"}",
            6,
            64,
        ),
    ] {
        let options = trees(text);
        assert_eq!(
            (options.max_depth, options.num_leaves),
            (depth, leaves),
            "{text}"
        );
    }
}

#[test]
fn class_weights_are_read_and_resolved() {
    check_trees("{\"class_weight\": \"balanced\"}", |o| {
        o.class_weight = ClassWeight::Balanced
    });
    check_trees("{\"class_weight\": null}", |_| ());
    let mut spec = parse("{\"class_weight\": {\"donor\": 2, \"neither\": 0.5}}")
        .unwrap()
        .spec;
    let classes = [("neither", 90), ("donor", 10)];
    spec.resolve(&classes, 100.0).unwrap();
    let ModelSpec::Gbdt(options) = &spec else {
        panic!("gbdt")
    };
    assert_eq!(options.class_weights, [0.5, 2.0]);

    let mut spec = parse("{\"name\": \"log_reg\", \"class_weight\": \"balanced\"}")
        .unwrap()
        .spec;
    spec.resolve(&classes, 100.0).unwrap();
    let ModelSpec::Logistic(options) = &spec else {
        panic!("logistic")
    };
    assert_eq!(options.class_weights, [100.0 / 180.0, 5.0]);
    assert_eq!(options.l2, 0.01);

    let mut spec = parse("{\"class_weight\": {\"doner\": 2}}").unwrap().spec;
    let message = spec.resolve(&classes, 100.0).unwrap_err().to_string();
    assert!(
        message.contains("`doner`") && message.contains("did you mean `donor`?"),
        "{message}"
    );
    let message = spec.resolve(&[], 100.0).unwrap_err().to_string();
    assert!(message.contains("a regression has no classes"), "{message}");
    let mut plain = parse("gbdt").unwrap().spec;
    plain.resolve(&[], 100.0).unwrap();
}

#[test]
fn objectives_of_numbers_choose_the_loss() {
    let check = |text: &str, loss| {
        let choice = parse(text).unwrap();
        assert_eq!(choice.task, Some(Task::Regression), "{text}");
        assert_eq!(choice.spec.regression_loss(), loss, "{text}");
    };
    check("{\"objective\": \"l2\"}", Loss::SquaredError);
    for name in ["mae", "l1", "regression_l1", "reg:absoluteerror"] {
        check(
            &format!("{{\"objective\": \"{name}\"}}"),
            Loss::AbsoluteError,
        );
    }
    let poisson = |delta_step_max| Loss::Poisson { delta_step_max };
    check("{\"objective\": \"count:poisson\"}", poisson(0.7));
    check(
        "{\"objective\": \"poisson\", \"poisson_max_delta_step\": 0.2}",
        poisson(0.2),
    );
    let quantile = |alpha| Loss::Quantile { alpha };
    check(
        "{\"objective\": \"reg:quantileerror\", \"quantile_alpha\": 0.2}",
        quantile(0.2),
    );
    check(
        "{\"objective\": \"quantile\", \"alpha\": 0.2}",
        quantile(0.2),
    );
    check(
        "{\"name\": \"lightgbm\", \"objective\": \"quantile\"}",
        quantile(0.9),
    );
    // XGBoost's `alpha` is its L1 penalty whatever the objective.
    let text = "{\"name\": \"xgboost\", \"objective\": \"reg:quantileerror\", \"quantile_alpha\": 0.3, \"alpha\": 2}";
    check(text, quantile(0.3));
    let ModelSpec::Gbdt(options) = parse(text).unwrap().spec else {
        panic!("trees");
    };
    assert_eq!(options.reg_alpha, 2.0);
}

#[test]
fn metrics_are_read_in_order_and_the_last_is_watched() {
    use crate::stats::metrics::Metric::{Auc, LogLoss, Rmse, SquaredError};
    let check = |text: &str, metrics: &[_], watched| {
        let options = trees(text);
        assert_eq!(options.eval_metric, metrics, "{text}");
        assert_eq!(options.early_stopping_metric, watched, "{text}");
    };
    check("gbdt", &[], None);
    check("{\"eval_metric\": \"auc\"}", &[Auc], Some(Auc));
    check(
        "{\"metric\": \"auc, binary_logloss,auc\"}",
        &[Auc, LogLoss],
        Some(LogLoss),
    );
    check(
        "{\"metrics\": [\"l2\", \"rmse\"], \"early_stopping_metric\": \"mse\"}",
        &[SquaredError, Rmse],
        Some(SquaredError),
    );
    check(
        "{\"metric\": \"auc\", \"early_stopping_metric\": \"loss\"}",
        &[Auc],
        None,
    );
    check("{\"early_stopping_metric\": \"auc\"}", &[Auc], Some(Auc));
    check_error(
        "{\"eval_metric\": \"acu\"}",
        "names the metric `acu`, which is not computed after each round",
    );
    check_error("{\"eval_metric\": 3}", "must be a metric or a list of them");
    check_error("{\"first_metric_only\": true}", "`early_stopping_metric`");
    let spec = parse("{\"eval_metric\": \"rmse\"}").unwrap().spec;
    assert!(spec.check_metrics(Loss::SquaredError).is_ok());
    let error = spec.check_metrics(Loss::BinaryLogLoss).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("`rmse` does not go with two classes")
            && error.contains("use logloss, error, auc, aucpr"),
        "{error}"
    );
}

#[test]
fn objectives_ask_for_tasks() {
    for (objective, expected) in [
        ("binary:logistic", Task::Binary),
        ("multi:softprob", Task::Multiclass),
        ("reg:squarederror", Task::Regression),
    ] {
        let choice = parse(&format!("{{\"objective\": \"{objective}\"}}")).unwrap();
        assert_eq!(choice.task, Some(expected));
    }
    assert_eq!(parse("gbdt").unwrap().task, None);
    check_error(
        "{\"objective\": \"rank:pairwise\"}",
        "the objective `rank:pairwise` is not supported",
    );
    check_error(
        "{\"objective\": \"quantile\"}",
        "needs `quantile_alpha`, above 0 and below 1",
    );
    check_error(
        "{\"objective\": \"quantile\", \"alpha\": 1}",
        "`alpha` is 1; it must be above 0 and below 1",
    );
    check_error(
        "{\"quantile_alpha\": 0.2}",
        "give that `objective`, or leave it out",
    );
    check_error("{\"objective\": 1}", "`objective` is 1; it must be a text");
}

#[test]
fn rows_are_sampled_under_every_name() {
    let share = SampleSize::Share(0.8);
    let check = |text: &str, sampling| {
        check_trees(text, |o| {
            o.sampling = sampling;
            // Rounds that a sample serves are one where a library's names are used.
            o.sample_keep = if text.contains("mvs") { 8 } else { 1 };
        });
    };
    check("{\"subsample\": 1}", Sampling::Exact);
    for name in ["subsample", "bagging_fraction", "sub_row"] {
        let uniform = Sampling::Uniform { size: share };
        check(&format!("{{\"{name}\": 0.8}}"), uniform);
    }
    check(
        "{\"subsample\": 0.8, \"sampling_method\": \"gradient_based\"}",
        Sampling::Mvs { size: share },
    );
    let goss = |top, other| Sampling::Goss { top, other };
    check("{\"data_sample_strategy\": \"goss\"}", goss(0.2, 0.1));
    check(
        "{\"data_sample_strategy\": \"goss\", \"top_rate\": 0.3, \"other_rate\": 0.2}",
        goss(0.3, 0.2),
    );
    let rows = SampleSize::Rows(5_000);
    check("{\"sampling\": \"mvs:5000\"}", Sampling::Mvs { size: rows });
    check_trees("{\"sampling\": \"auto\", \"sample_keep\": 3}", |o| {
        o.sampling = Sampling::Auto;
        o.sample_keep = 3;
    });
    check_error("{\"subsample\": 0}", "`subsample` is 0");
    check_error("{\"sampling\": \"mvs:0\"}", "`sampling` is \"mvs:0\"");
    check_error("{\"top_rate\": 0.3}", "`data_sample_strategy`: \"goss\"");
    check_error(
        "{\"data_sample_strategy\": \"goss\", \"top_rate\": 0.9, \"other_rate\": 0.2}",
        "at most 1",
    );
    check_error(
        "{\"sampling\": \"mvs\", \"subsample\": 0.5}",
        "leave out `subsample`",
    );
    check_error("{\"sampling_method\": \"magic\"}", "gradient_based");
}

#[test]
fn what_is_not_there_is_refused_by_name() {
    check_error(
        "{\"pos_bagging_fraction\": 0.8}",
        "`pos_bagging_fraction` (0.8) is not supported",
    );
    check_error(
        "{\"grow_policy\": \"losguide\"}",
        "`grow_policy` is \"losguide\" (did you mean `lossguide`?)",
    );
    check_error("{\"booster\": \"dart\"}", "`booster`");
    check_error("{\"n_jobs\": 4}", "--threads");
    check_error(
        "{\"name\":\"sgd_logistic\",\"power_t\":0.1}",
        "`power_t` (0.1) is not supported",
    );
    check_error(
        "{\"name\":\"sgd_logistic\",\"loss\":\"hinge\"}",
        "the loss is the logistic loss",
    );
    // Values that mean what is done anyway pass.
    check_trees(
        "{\"subsample\": 1.0, \"bagging_freq\": 0, \"grow_policy\": \"depthwise\"}",
        |o| {
            o.grow_policy = Growth::DepthWise;
            (o.max_depth, o.num_leaves) = (6, 64);
            (o.sampling, o.sample_keep) = (Sampling::Exact, 1);
        },
    );
    check_trees(
        "{\"subsample\": null, \"tree_method\": \"hist\", \"device\": \"cpu\"}",
        |_| (),
    );
    check_logistic(
        "{\"name\":\"logistic\",\"penalty\":\"l2\",\"fit_intercept\":true}",
        |_| (),
    );
}

#[test]
fn mistakes_are_named_with_value_and_limit() {
    check_error("", "--model is empty");
    check_error(
        "catboost",
        "`catboost` is no learner of rowmill; choose gbdt, logistic, xgboost",
    );
    check_error("xgbost", "did you mean `xgboost`?");
    check_error("{\"name\": \"lightbgm\"}", "did you mean `lightgbm`?");
    check_error("{\"name\": 3}", "`name` is 3; it must be a text");
    check_error(
        "{\"max_dept\": 3}",
        "`max_dept` is no option of gbdt (did you mean `max_depth`?)",
    );
    check_error(
        "{\"name\":\"logistic\",\"max_itr\":3}",
        "`max_itr` is no option of logistic (did you mean `max_iter`?)",
    );
    check_error(
        "{\"eta\": 0}",
        "`eta` is 0; it must be above 0 and at most 1",
    );
    check_error(
        "{\"learning_rate\": 1.5}",
        "`learning_rate` is 1.5; it must be above 0 and at most 1",
    );
    check_error(
        "{\"learning_rate\": \"0.1\"}",
        "`learning_rate` is \"0.1\"; it must be a number, without quotes",
    );
    check_error(
        "{\"n_estimators\": 0}",
        "`n_estimators` is 0; it must be an integer from 1 to 1000000",
    );
    check_error(
        "{\"n_estimators\": 1.5}",
        "`n_estimators` is 1.5; it must be an integer",
    );
    check_error(
        "{\"max_depth\": 65}",
        "`max_depth` is 65; it must be an integer from -1 to 64",
    );
    check_error(
        "{\"num_leaves\": 1}",
        "`num_leaves` is 1; it must be an integer from 2 to 65535",
    );
    check_error(
        "{\"max_bin\": 512}",
        "`max_bin` is 512; it must be an integer from 2 to 256",
    );
    check_error(
        "{\"reg_lambda\": -1}",
        "`reg_lambda` is -1; it must be 0 or more",
    );
    check_error(
        "{\"scale_pos_weight\": 0}",
        "`scale_pos_weight` is 0; it must be above 0",
    );
    check_error(
        "{\"seed\": -1}",
        "`seed` is -1; it must be an integer from 0",
    );
    check_error(
        "{\"class_weight\": \"balance\"}",
        "`class_weight` is \"balance\"; it must be \"balanced\"",
    );
    check_error(
        "{\"class_weight\": {\"a\": 0}}",
        "`class_weight.a` is 0; it must be above 0",
    );
    check_error(
        "{\"eta\": 0.1, \"learning_rate\": 0.3}",
        "`eta` is 0.1 and `learning_rate` is 0.3, but they are one option",
    );
    check_error(
        "{\"eta\": 0.1, \"eta\": 0.3}",
        "`eta` is given twice, as 0.1 and as 0.3",
    );
    check_error(
        "{\"scale_pos_weight\": 2, \"class_weight\": \"balanced\"}",
        "give one of them",
    );
    check_error(
        "{\"name\":\"logistic\",\"C\":1,\"alpha\":1}",
        "`C` and `l2` (`alpha`) both set the penalty",
    );
    check_error(
        "{\"name\":\"logistic\",\"C\":1,\"l1\":1}",
        "`C` and `l1` both set the penalty",
    );
    check_error(
        "{\"name\":\"logistic\",\"l1\":1,\"l1_ratio\":1}",
        "`l1` and `l1_ratio` (`penalty`) both set the penalty",
    );
    check_error(
        "{\"name\":\"logistic\",\"l1_ratio\":1.5}",
        "`l1_ratio` is 1.5; it must be from 0 to 1",
    );
    check_error(
        "{\"name\":\"logistic\",\"penalty\":\"l1\",\"l1_ratio\":0.5}",
        "`penalty` is \"l1\" and `l1_ratio` is 0.5",
    );
    check_error(
        "{\"name\":\"logistic\",\"penalty\":\"elasticnet\"}",
        "give `l1_ratio` from 0 to 1 as well",
    );
    check_error(
        "{\"name\":\"logistic\",\"penalty\":\"l0\"}",
        "`penalty` is \"l0\"; it must be",
    );
    check_error(
        "{\"name\":\"sgd_logistic\",\"eta0\":0.1}",
        "`step_size` is of the solver sgd only",
    );
    check_error(
        "{\"name\":\"logistic\",\"solver\":\"saga\"}",
        "`solver` is \"saga\"; it must be \"newton\" (the default) or \"sgd\"",
    );
    check_error(
        "{\"name\":\"logistic\",\"solver\":\"sgd\",\"average\":false}",
        "the solver sgd always averages",
    );
    check_error(
        "{\"name\":\"logistic\",\"C\":0}",
        "`C` is 0; it must be above 0",
    );
    check_error(
        "{\"name\":\"logistic\",\"missing_indicator\":1}",
        "`missing_indicator` is 1; it must be true or false",
    );
    check_error("{\"eta\": 0.1", "the JSON cannot be read");
    check_error("{\"eta\": 1e999}", "the JSON cannot be read");
}

#[test]
fn presets_say_what_differs() {
    let notes = |text: &str| parse(text).unwrap().notes.join("\n");
    assert!(notes("gbdt").is_empty());
    assert!(notes("xgboost").contains("max_bin 255"));
    assert!(notes("lightgbm").contains("leaf-wise"));
    assert!(notes("sgd_logistic").contains("Newton"));
    assert!(notes("{\"max_bin\": 256}").contains("taken as 255"));
    assert!(
        notes("{\"name\":\"logistic\",\"max_iter\":1000}").contains("max_iter 1000 is taken as 20")
    );
}

#[test]
fn descriptions_show_the_effective_options() {
    let text = parse("{\"name\":\"xgboost\",\"class_weight\":{\"a\":2}}")
        .unwrap()
        .describe();
    for words in [
        "model xgboost (preset of rowmill's gbdt)",
        "learning_rate          0.3",
        "class_weight           a: 2",
        "early_stopping_rounds  off",
        "note: XGBoost's defaults",
    ] {
        assert!(text.contains(words), "{text}\nlacks: {words}");
    }
    let text = parse("log_reg").unwrap().describe();
    assert!(text.contains("  C                      1"), "{text}");
}

#[test]
fn every_effective_option_is_accepted_back() {
    for name in ["gbdt", "xgboost", "logistic", "log_reg"] {
        let spec = parse(name).unwrap().spec;
        let mut object = serde_json::Map::new();
        object.insert("name".to_owned(), name.into());
        for (option, value) in spec.effective() {
            let value = serde_json::from_str(&value).unwrap_or(serde_json::Value::Null);
            object.insert(option.to_owned(), value);
        }
        let text = serde_json::Value::Object(object).to_string();
        assert_eq!(parse(&text).unwrap().spec, spec, "{text}");
    }
}

#[test]
fn specifications_serialise() {
    for name in ["gbdt", "log_reg"] {
        let spec = parse(name).unwrap().spec;
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ModelSpec>(&text).unwrap(), spec);
    }
}

#[test]
fn options_of_before_are_read_under_their_earlier_names() {
    let check = |before: &str, now: &str| {
        let spec: ModelSpec = serde_json::from_str(before).unwrap();
        let written = serde_json::to_value(&spec).unwrap();
        let expected: serde_json::Value = serde_json::from_str(now).unwrap();
        assert_eq!(written, expected);
        assert_eq!(serde_json::from_str::<ModelSpec>(now).unwrap(), spec);
    };
    check(
        include_str!("tests/gbdt_before.json"),
        include_str!("tests/gbdt_now.json"),
    );
    check(
        include_str!("tests/logistic_before.json"),
        include_str!("tests/logistic_now.json"),
    );
}
