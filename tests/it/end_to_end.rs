//! The canonical run of `cargo bench --bench end_to_end`, on little data: never a time, always a hash.

#[path = "../../benches/shared/end_to_end.rs"]
pub(crate) mod run;

#[test]
fn the_benchmark_ends_with_one_hash_for_any_number_of_threads() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    run::make_data(&data, 8_000, 16).unwrap();
    let measured = |threads: usize| {
        let out_dir = directory.path().join(format!("run-{threads}"));
        let mut options = run::options(&data, &out_dir, r#"{"n_estimators": 5}"#).unwrap();
        options.resources.threads = threads;
        run::run(&options).unwrap()
    };
    let (one, two) = (measured(1), measured(2));
    assert_eq!(one.model_sha256, two.model_sha256);
    assert_eq!(one.test_auc, two.test_auc);
    assert_eq!((one.rows, one.features), (8_000, two.features));
    let line = one.to_string();
    assert!(line.contains(&one.model_sha256) && !line.contains('\n'));
}
