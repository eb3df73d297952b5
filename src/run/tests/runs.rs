use std::fs;

use super::{Fixture, fitted, leaked, linear, trees};
use crate::{
    data::Split,
    engine::Silent,
    error::Error,
    learner::{
        ModelSpec,
        gbdt::{BoosterOptions, stream::RESERVOIR_ROWS_DEFAULT},
    },
    memory_plan::ALWAYS,
    model::Binning,
    pipeline::{evaluate::evaluation::Metrics, options::IncrementalOptions, session::output},
    platform::stop::Stop,
    run::planning::plan,
    run::trained::{Trained, predict_with_saved},
};

fn auc(trained: &Trained<'_>, split: Split) -> f64 {
    match trained.learned.fitted.evaluation.metrics(split) {
        Some(Metrics::Binary(metrics)) => metrics.auc_roc.expect("two classes").value,
        other => panic!("not the metrics of two classes: {other:?}"),
    }
}

/// The model's bytes do not depend on threads and batches, it has learned something, and the raw
/// data give it the scores that the training gave.
fn check(spec: fn() -> ModelSpec, auc_min: f64) {
    let fixture = Fixture::new();
    let mut models = Vec::new();
    for (name, threads, batch) in [("whole", 1, 1 << 16), ("lanes", 3, 100), ("odd", 2, 333)] {
        let options = fixture.options(name, spec(), threads, batch);
        let trained = fitted(&options, leaked(Stop::default()), &Silent).unwrap();
        assert!(
            auc(&trained, Split::Test) > auc_min,
            "{}",
            auc(&trained, Split::Test)
        );
        assert!(
            trained
                .learned
                .fitted
                .left_out
                .iter()
                .any(|(_, reason)| reason.contains("constant"))
        );
        let (again, _) = predict_with_saved(&trained).unwrap();
        let again = again.expect("the run is verified");
        assert_eq!(
            again.metrics(Split::Test),
            trained.learned.fitted.evaluation.metrics(Split::Test)
        );
        models.push(fs::read(options.output.out_dir.join(output::MODEL)).unwrap());
        drop(trained);
        let is_trees = matches!(options.model, ModelSpec::Gbdt(_));
        let left = fs::read_dir(&options.output.out_dir).unwrap().count();
        assert_eq!(left, 1 + usize::from(is_trees), "model and checkpoint");
    }
    assert!(models.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn trees_have_the_same_bits_however_they_are_cut_and_scored() {
    check(trees, 0.8);
}

#[test]
fn linear_models_have_the_same_bits_however_they_are_cut() {
    check(linear, 0.8);
}

#[test]
fn a_plan_has_a_line_for_every_step_and_covers_what_is_held() {
    let fixture = Fixture::new();
    let phases = |spec: ModelSpec| {
        let options = fixture.options("plan", spec, 2, 1000);
        let (_, plan) = plan(&options, &Silent).unwrap();
        let lines = &plan.memory.lines;
        assert!(lines.iter().all(|line| line.bytes > 0), "{lines:?}");
        assert!(lines.iter().any(|line| line.phase == ALWAYS));
        let phases = plan.memory.phases().into_iter();
        phases.map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = "scan survey cut points binning seal trees evaluation prediction";
    assert_eq!(phases(trees()).join(" "), expected);
    let expected = "scan survey cut points start newton prediction";
    assert_eq!(phases(linear()).join(" "), expected);

    let options = fixture.options("held", trees(), 2, 1000);
    let trained = fitted(&options, leaked(Stop::default()), &Silent).unwrap();
    let planned = |what: &str| {
        let lines = trained.plan.memory.lines.iter();
        let of_line = lines
            .filter(|line| line.what == what)
            .map(|line| line.bytes);
        of_line.max().expect("a line of that name")
    };
    let groups = trained
        .learned
        .split
        .assigned
        .groups
        .as_ref()
        .expect("groups");
    assert!(groups.heap_bytes() as u64 <= planned("group table"));
    let index =
        trained.data.dataset.heap_bytes() + trained.learned.split.assigned.sample.heap_bytes();
    assert!(index as u64 <= planned("dataset index"));
}

#[test]
fn what_learns_from_batches_is_planned_whatever_the_threads() {
    let fixture = Fixture::new();
    let planned = |spec: ModelSpec, threads: usize, memory_bytes: u64| {
        let mut options = fixture.options("plan", spec, threads, 1000);
        options.resources.memory_bytes = memory_bytes;
        options.incremental = Some(IncrementalOptions {
            batch_rows: 1000,
            one_pass: true,
            init_model: None,
            classes: None,
            rows_expected: None,
            more_trees: None,
        });
        plan(&options, &Silent).unwrap().1
    };
    // So many trees that batches take the most memory, of which there is a little more than the least.
    let forest = || {
        ModelSpec::Gbdt(BoosterOptions {
            n_estimators: 10_000,
            ..BoosterOptions::depth_wise()
        })
    };
    let does = |mib: &u64| planned(forest(), 2, mib << 20).memory.fits();
    let memory_bytes = ((1..2048).find(does).unwrap() + 20) << 20;
    let two = planned(forest(), 2, memory_bytes);
    let (reservoir_rows, batch_rows) = two.stream_rows;
    let is_bound = 16_384 < reservoir_rows && reservoir_rows < RESERVOIR_ROWS_DEFAULT;
    assert!(is_bound && two.memory.fits(), "{:?}", two.stream_rows);
    for threads in [1, 3] {
        let plan = planned(forest(), threads, memory_bytes);
        assert!(plan.memory.fits(), "{threads} threads");
        assert_eq!(
            plan.stream_rows,
            (reservoir_rows, batch_rows),
            "{threads} threads"
        );
        assert_eq!(plan.first_rows, two.first_rows, "{threads} threads");
    }
    // Lanes are as many as fit, four at the most.
    for spec in [trees, linear] {
        assert_eq!(planned(spec(), 16, 8 << 30).lanes, 4);
        assert_eq!(planned(spec(), 3, 8 << 30).lanes, 3);
    }
    let does = |mib: &u64| planned(forest(), 3, mib << 20).memory.fits();
    let least = (1..2048).find(does).unwrap() << 20;
    assert_eq!(planned(forest(), 3, least).lanes, 1);
}

#[test]
fn a_run_that_does_not_fit_is_refused_before_it_starts() {
    let fixture = Fixture::new();
    let mut options = fixture.options("small", trees(), 2, 1000);
    options.resources.memory_bytes = 32 << 20;
    let refused = fitted(&options, leaked(Stop::default()), &Silent).err();
    let error = refused.expect("an error");
    assert!(matches!(error, Error::Memory { .. }), "{error}");
    assert!(error.to_string().contains("--memory"), "{error}");
    assert!(!options.output.out_dir.join(output::MODEL).exists());
}

#[test]
fn a_request_to_stop_ends_the_run_without_scratch() {
    let fixture = Fixture::new();
    let options = fixture.options("stopped", trees(), 2, 1000);
    let stop = leaked(Stop::default());
    stop.request(2);
    let error = fitted(&options, stop, &Silent).err().expect("an error");
    assert_eq!(error.exit_code(), 130);
    let left = fs::read_dir(&options.output.out_dir).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}

#[test]
fn weights_that_mean_nothing_are_refused_by_row_and_column() {
    let fixture = Fixture::new();
    let mut options = fixture.options("weighted", trees(), 1, 1000);
    let mut check = |column: &str, part: &str| {
        options.columns.weight = Some(column.to_owned());
        let refused = fitted(&options, leaked(Stop::default()), &Silent).err();
        let error = refused.expect("an error").to_string();
        assert!(error.contains(part), "{error}");
        assert!(error.contains(column), "{error}");
        assert!(error.contains("row "), "{error}");
    };
    // Of numbers in (-1, 1), the first negative one; of numbers with missing ones, one or the other.
    check(
        "weak",
        "for its weight, which must be a number from 0 to 1e12",
    );
    check("strong", "for its weight");
}

/// Rows that all weigh 4 are as many rows; penalties are four times as large then.
#[test]
fn texts_beyond_the_dictionary_are_pooled_and_too_many_are_refused() {
    let fixture = Fixture::new();
    let with = |name: &str, kept: usize, tracked: usize| {
        let mut options = fixture.options(name, trees(), 2, 1000);
        options.resources.limits.categories_kept_max = kept;
        options.resources.limits.categories_tracked_max = tracked;
        fitted(&options, leaked(Stop::default()), &Silent)
    };
    let pooled = with("pooled", 2, 3).unwrap();
    let text = pooled
        .learned
        .fitted
        .model
        .features
        .iter()
        .find(|one| one.name == "text");
    let Binning::Categorical { values, pooled } = &text.expect("a feature").binning else {
        panic!("a text is a category");
    };
    assert_eq!((values.len(), *pooled), (2, true));
    let error = with("refused", 2, 2).err().expect("three words");
    let message = error.to_string();
    assert!(
        message.contains("`text` has more than 2 distinct"),
        "{message}"
    );
    assert!(message.contains("--exclude text"), "{message}");
}

#[test]
fn equal_weights_change_nothing_and_others_do() {
    let fixture = Fixture::new();
    let trees_with = |factor: f64| {
        ModelSpec::Gbdt(BoosterOptions {
            n_estimators: 8,
            reg_lambda: factor,
            min_child_weight: 1e-3 * factor,
            ..BoosterOptions::depth_wise()
        })
    };
    for (name, model, heavy) in [
        ("trees", trees_with(1.0), trees_with(4.0)),
        ("linear", linear(), linear()),
    ] {
        let run = |weight: Option<&str>, model: &ModelSpec| {
            let out = format!("{name}-{}", weight.unwrap_or("none"));
            let mut options = fixture.options(&out, model.clone(), 2, 1000);
            // Weights are no features, and the penalty of categories is not scaled here.
            options.columns.exclude = vec!["text".to_owned(), "ternary".to_owned()];
            options
                .columns
                .exclude
                .retain(|column| Some(column.as_str()) != weight);
            options.columns.weight = weight.map(str::to_owned);
            let trained = fitted(&options, leaked(Stop::default()), &Silent).unwrap();
            assert_eq!(
                trained.learned.fitted.model.about.roles.weight.as_deref(),
                weight
            );
            let Some(Metrics::Binary(metrics)) =
                trained.learned.fitted.evaluation.metrics(Split::Test)
            else {
                panic!("two classes");
            };
            metrics.log_loss.expect("test rows")
        };
        let plain = run(None, &model);
        let equal = run(Some("constant"), &heavy);
        assert!((equal - plain).abs() < 1e-9, "{name}: {equal} {plain}");
        let other = run(Some("ternary"), &model);
        assert!((other - plain).abs() > 1e-6, "{name}: {other} {plain}");
    }
}

#[test]
fn a_saved_model_that_was_damaged_is_not_verified() {
    let fixture = Fixture::new();
    let options = fixture.options("damaged", linear(), 1, 1000);
    let trained = fitted(&options, leaked(Stop::default()), &Silent).unwrap();
    let path = options.output.out_dir.join(output::MODEL);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = predict_with_saved(&trained).unwrap_err();
    assert!(matches!(error, Error::Format { .. }), "{error}");
}
