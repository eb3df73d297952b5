use super::{Fixture, ROWS, bins, fitted, leaked, split_rows, surveyed, trees, with_context};
use crate::{
    data::{CodeBlock, RowBlock, Split},
    engine::Silent,
    learner::{
        ModelSpec,
        gbdt::{BoosterPlan, Loss, Sampling},
        incremental::{BatchSchema, Learner, OnlineTrees, TreesOptions},
    },
    limits::BLOCK_ROWS,
    model::{Bins, Body, Ensemble, Model},
    pipeline::{
        coding::binning::{BinningSpec, SLICE_ROWS_MAX, write_codes},
        fit::boost::{BoostSpec, boost},
        session::output,
        storage::{appended::AppendedRows, rows::RowsFile},
    },
    platform::parallel::Serial,
    platform::stop::Stop,
    run::admission::admit,
    scratch::BlockFile,
};

/// The trees of a whole run.
fn trained(fixture: &Fixture) -> Ensemble {
    let options = fixture.options("whole", trees(), 2, 1000);
    fitted(&options, leaked(Stop::default()), &Silent).unwrap();
    let model = Model::load(&options.output.out_dir.join(output::MODEL)).unwrap();
    match model.body {
        Body::Trees(ensemble) => ensemble,
        Body::Linear(_) => panic!("trees were asked for"),
    }
}

/// Calls with the bins, codes and rows of a run.
fn with_codes<T>(fixture: &Fixture, call: impl FnOnce(&Bins, &BlockFile, &RowsFile) -> T) -> T {
    let options = fixture.options("surveyed", trees(), 2, 100);
    let stop = Stop::default();
    let mut run = admit(&options, &stop, &Silent).unwrap();
    let split = split_rows(&mut run);
    let survey = surveyed(&mut run, &split);
    let bins = bins(&run, &trees(), &survey);
    let path = run.session.scratch.file("codes");
    let spec = BinningSpec {
        data: &run.data,
        bins: &bins,
        path: &path,
        slice_rows_max: SLICE_ROWS_MAX,
        sums: None,
    };
    let codes = write_codes(&run.session.context, &spec).unwrap().codes;
    call(&bins, &codes, &split.rows)
}

/// Calls with rows `first..first + len` as a block.
fn with_block(
    (codes, rows): (&BlockFile, &RowsFile),
    (first, len): (usize, usize),
    call: impl FnOnce(CodeBlock<'_>, RowBlock<'_>),
) {
    let mut bytes = vec![0; codes.arrays() * BLOCK_ROWS];
    for (byte_column, column) in bytes.chunks_exact_mut(BLOCK_ROWS).enumerate() {
        codes
            .read(byte_column, first as u64, &mut column[..len])
            .unwrap();
    }
    let (mut label, mut split) = (Vec::new(), Vec::new());
    rows.read_labels(first as u64, len, &mut label).unwrap();
    rows.read_splits(first as u64, len, &mut split).unwrap();
    let block = CodeBlock {
        first_row: first as u64,
        rows: len,
        codes: &bytes,
    };
    let of_rows = RowBlock {
        label: &label,
        weight: &vec![1.0; len],
        group: &[],
        split: &split,
    };
    call(block, of_rows);
}

#[test]
fn finishing_grows_the_trees_of_train_to_the_last_bit() {
    let fixture = Fixture::new();
    let expected = trained(&fixture);
    let ModelSpec::Gbdt(booster) = trees() else {
        panic!("trees were asked for");
    };
    let directory = tempfile::tempdir().unwrap();
    let finished = with_codes(&fixture, |bins, codes, rows| {
        let names = bins.features.iter().map(|feature| feature.name.as_str());
        let declared = BatchSchema::new(&names.collect::<Vec<_>>(), &["0", "1"]).unwrap();
        let options = TreesOptions {
            booster: booster.clone(),
            reservoir_rows: 700,
            ..TreesOptions::new(ROWS as u64)
        };
        let mut learner = OnlineTrees::with_bins(declared, options, bins.clone()).unwrap();
        // More room than rows, and a batch that is taken back and comes again.
        let room = ROWS as u64 + 500;
        let mut appended = AppendedRows::create(directory.path(), room, bins.layout.len()).unwrap();
        let batch_rows = 450;
        for first in (0..ROWS).step_by(batch_rows) {
            let len = batch_rows.min(ROWS - first);
            with_block((codes, rows), (first, len), |block, of_rows| {
                appended.append(&block, &of_rows).unwrap();
                if first == 900 {
                    appended.go_back(900);
                    appended.append(&block, &of_rows).unwrap();
                }
                learner
                    .partial_fit_codes(&Serial, |learn| learn(&block, &of_rows))
                    .unwrap();
            });
        }
        let came = (appended.len(), learner.rows_came());
        assert_eq!(came, (ROWS as u64, ROWS as u64));
        assert!(learner.rows() < ROWS as u64);
        assert_eq!(learner.rounds(), booster.n_estimators);
        with_block((codes, rows), (0, 501), |block, of_rows| {
            let error = appended.append(&block, &of_rows).unwrap_err();
            assert!(
                error.to_string().contains("--expected-rows allows 3,500"),
                "{error}"
            );
        });
        let loss = Loss::BinaryLogLoss;
        let plan = BoosterPlan::new(&booster, loss, &bins.layout, 2, 64 << 20).unwrap();
        appended.close().unwrap();
        let spec = BoostSpec {
            options: &booster,
            loss,
            bins: learner.bins().unwrap(),
            plan,
            codes: appended.codes(),
            rows: appended.rows(),
            resident_bytes: 0,
            state_path: &directory.path().join("state"),
            resumed: None,
            checkpoints: None,
        };
        assert_eq!(booster.sampling, Sampling::Exact);
        with_context(2, 1000, |context| boost(context, spec))
            .unwrap()
            .ensemble
    });
    assert_eq!(finished, expected);
}

#[test]
fn an_online_learner_learns_from_training_rows_alone() {
    let fixture = Fixture::new();
    let ModelSpec::Gbdt(booster) = trees() else {
        panic!("trees were asked for");
    };
    with_codes(&fixture, |bins, codes, rows| {
        let names = bins.features.iter().map(|feature| feature.name.as_str());
        let declared = BatchSchema::new(&names.collect::<Vec<_>>(), &["0", "1"]).unwrap();
        let grown = |spoil: bool| {
            let options = TreesOptions {
                booster: booster.clone(),
                ..TreesOptions::new(ROWS as u64)
            };
            let mut learner =
                OnlineTrees::with_bins(declared.clone(), options, bins.clone()).unwrap();
            with_block((codes, rows), (0, ROWS), |block, of_rows| {
                let spoiled = of_rows.label.iter().zip(of_rows.split);
                let label: Vec<f32> = spoiled
                    .map(|(label, split)| match *split == Split::Train as u8 {
                        false if spoil => f32::NAN,
                        _ => *label,
                    })
                    .collect();
                let of_rows = RowBlock {
                    label: &label,
                    ..of_rows
                };
                learner
                    .partial_fit_codes(&Serial, |learn| learn(&block, &of_rows))
                    .unwrap();
            });
            learner.ensemble().unwrap()
        };
        assert_eq!(grown(false), grown(true));
    });
}
