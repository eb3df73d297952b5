use std::path::Path;

use super::{Fixture, ROWS, WORDS, bins, bits, linear, split_rows, surveyed, trees, with_context};
use crate::{
    data::{Absent, Split, ValueType, Values, pack},
    engine::{ParquetPass, Silent},
    error::{Error, Result},
    group::{assign::Shares, hash::hash_number, table::GroupTable},
    learner::{
        ModelSpec,
        gbdt::{BoosterOptions, BoosterPlan, Loss},
        logistic::Logistic,
    },
    limits::BLOCK_ROWS,
    model::{Binning, Bins, FeatureSpec},
    pipeline::{
        coding::binning::{BinningSpec, write_codes},
        fit::{
            boost::{BoostSpec, boost},
            linear_spec::LinearSpec,
            newton::{design, newton_pass},
        },
        open::target::{DistinctValues, Target},
        options::SplitRule,
        prepare::{
            assign::{Assigned, assign},
            assign_spec::{AssignSpec, SplitSource},
            splitting::SplitRows,
            survey::SurveyedValues,
        },
        storage::{
            block_memory::block_memory_bytes,
            rows::RowsFile,
            selection::{RowSample, takes},
        },
    },
    platform::stop::Stop,
    run::admission::{Admitted, admit},
    scratch::BlockFile,
    stats::sample,
};

/// Calls with a run whose rows are assigned.
fn assigned<T>(
    fixture: &Fixture,
    model: ModelSpec,
    call: impl FnOnce(&mut Admitted<'_>, &SplitRows) -> T,
) -> T {
    let options = fixture.options("run", model, 2, 100);
    let stop = Stop::default();
    let mut run = admit(&options, &stop, &Silent).unwrap();
    let split = split_rows(&mut run);
    call(&mut run, &split)
}

fn splits(rows: &RowsFile) -> Vec<u8> {
    let mut splits = Vec::new();
    rows.read_splits(0, rows.rows() as usize, &mut splits)
        .unwrap();
    splits
}

#[test]
fn the_scan_writes_labels_and_hashes_of_all_rows() {
    let fixture = Fixture::new();
    assigned(&fixture, trees(), |_, split| {
        let (rows, found) = (&split.rows, &split.assigned);
        let (mut labels, mut groups) = (Vec::new(), Vec::new());
        rows.read_labels(0, ROWS, &mut labels).unwrap();
        rows.read_groups(0, ROWS, &mut groups).unwrap();
        assert_eq!(labels, fixture.table.label);
        let hashes = fixture
            .table
            .group
            .iter()
            .map(|key| hash_number(*key as f64));
        assert!(hashes.eq(groups));
        let proof = found.proof.expect("rows have groups");
        assert_eq!(proof.groups, ROWS.div_ceil(7) as u64);
        assert_eq!(proof.split_rows.iter().sum::<u64>(), ROWS as u64);
    });
}

#[test]
fn the_survey_agrees_with_the_training_rows() {
    let fixture = Fixture::new();
    assigned(&fixture, trees(), |run, split| {
        let rows = &split.rows;
        let survey = surveyed(run, split);
        let splits = splits(rows);
        let train = |row: &usize| splits[*row] == Split::Train as u8;
        let train: Vec<usize> = (0..ROWS).filter(train).collect();
        let names: Vec<&str> = run
            .data
            .roles
            .features
            .iter()
            .map(|column| run.data.schema().fields[*column].name.as_str())
            .collect();
        assert_eq!(
            names,
            ["strong", "weak", "flag", "ternary", "constant", "text"]
        );

        let SurveyedValues::Numeric(moments) = &survey.features[0].values else {
            panic!("a number");
        };
        let strong = train
            .iter()
            .map(|row| f64::from(fixture.table.strong[*row]));
        let there: Vec<f64> = strong.filter(|value| !value.is_nan()).collect();
        let mean = there.iter().sum::<f64>() / there.len() as f64;
        assert_eq!(moments.count, there.len() as u64);
        assert_eq!(moments.missing, (train.len() - there.len()) as u64);
        assert!((moments.mean - mean).abs() < 1e-12);
        assert!(survey.features[0].missing_anywhere && !survey.features[1].missing_anywhere);

        let SurveyedValues::Text(counts) = &survey.features[5].values else {
            panic!("a text");
        };
        for (value, rows) in counts.finish(10).kept {
            let of_value = |row: &&usize| WORDS[fixture.table.text[**row] as usize] == value;
            assert_eq!(
                train.iter().filter(of_value).count() as u64,
                rows,
                "{value}"
            );
        }

        // All training rows are sampled here, in order.
        let mut sampled = vec![0.0f64; train.len()];
        survey.sample.read(1, 0, &mut sampled).unwrap();
        let weak: Vec<f64> = train.iter().map(|row| fixture.table.weak[*row]).collect();
        assert_eq!(bits(&Values::F64(sampled)), bits(&Values::F64(weak)));
    });
}

fn binning_spec<'a>(
    run: &'a Admitted<'_>,
    bins: &'a Bins,
    path: &'a Path,
    slice_rows_max: usize,
) -> BinningSpec<'a> {
    BinningSpec {
        data: &run.data,
        bins,
        path,
        slice_rows_max,
        sums: None,
    }
}

#[test]
fn codes_are_packed_across_batches_and_slices() {
    let fixture = Fixture::new();
    assigned(&fixture, trees(), |run, split| {
        let survey = surveyed(run, split);
        let bins = bins(run, &trees(), &survey);
        let packs = bins
            .layout
            .byte_columns
            .iter()
            .filter(|members| members.len() > 1);
        assert!(packs.count() > 0, "{:?}", bins.layout);
        for slice_rows_max in [1 << 20, 250, 77] {
            let path = run.session.scratch.file(&format!("codes-{slice_rows_max}"));
            let spec = binning_spec(run, &bins, &path, slice_rows_max);
            let codes = write_codes(&run.session.context, &spec).unwrap().codes;
            for (name, values) in [
                ("flag", &fixture.table.flag),
                ("ternary", &fixture.table.ternary),
                ("strong", &fixture.table.strong),
            ] {
                let is_it = |feature: &FeatureSpec| feature.name == name;
                let feature = bins.features.iter().position(is_it).unwrap();
                let (byte_column, member) = bins.layout.find(feature as u32).unwrap();
                let mut bytes = vec![0u8; ROWS];
                codes.read(byte_column, 0, &mut bytes).unwrap();
                let binning = &bins.features[feature].binning;
                for (byte, value) in bytes.iter().zip(values) {
                    let expected = binning.code_of_number(f64::from(*value));
                    assert_eq!(member.code(*byte), expected, "{name} {value}");
                }
            }
        }
    });
}

#[test]
fn a_value_without_a_code_means_that_the_data_changed() {
    let fixture = Fixture::new();
    assigned(&fixture, trees(), |run, split| {
        let survey = surveyed(run, split);
        let mut bins = bins(run, &trees(), &survey);
        bins.radices = bins.radices.iter().map(|radix| radix - 1).collect();
        bins.layout = pack::layout(&bins.radices);
        let path = run.session.scratch.file("codes");
        let written = write_codes(&run.session.context, &binning_spec(run, &bins, &path, 1000));
        let error = written.map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::InputChanged { .. }), "{error}");
    });
}

#[test]
fn newton_sums_have_the_same_bits_in_slices() {
    let fixture = Fixture::new();
    assigned(&fixture, linear(), |run, split| {
        let (rows, found) = (&split.rows, &split.assigned);
        let ModelSpec::Logistic(options) = linear() else {
            unreachable!("a linear model")
        };
        let survey = surveyed(run, split);
        let bins = bins(run, &linear(), &survey);
        let spec = LinearSpec {
            options: &options,
            data: &run.data,
            features: &bins.features,
            survey: &survey,
            rows,
            sample: &found.sample,
            classes: 2,
            train_rows: found.rows(Split::Train),
            memory_bytes: run.options.resources.memory_bytes,
            lanes: run.plan.lanes,
        };
        let columns = &run.data.roles.features;
        let design = design(&bins.features, columns, &survey.features, &options).unwrap();
        let pass = Logistic::new(&options, design.len(), 2)
            .unwrap()
            .next_pass()
            .unwrap();
        let read: Vec<usize> = design.schema_columns().collect();
        let sums = |slice_rows_max, threads, batch| {
            let parquet = ParquetPass {
                name: "newton",
                row_groups: &run.data.row_ranges,
                columns: &read,
                slice_rows_max,
                first_row: 0,
            };
            with_context(threads, batch, |context| {
                newton_pass(context, &spec, &design, &parquet, &pass).map(|(_, sums)| sums)
            })
            .unwrap()
        };
        let whole = sums(1 << 20, 1, 1 << 16);
        assert_eq!(whole.rows, found.rows(Split::Train));
        for (slice_rows_max, threads, batch) in [(256, 2, 1000), (77, 1, 10), (500, 3, 499)] {
            assert_eq!(sums(slice_rows_max, threads, batch), whole);
        }
    });
}

#[test]
fn ranks_count_the_sampled_training_rows_before_a_row() {
    let directory = tempfile::tempdir().unwrap();
    let count = 2 * BLOCK_ROWS + 500;
    let rows = RowsFile::create(&directory.path().join("rows"), count as u64, false).unwrap();
    let splits: Vec<u8> = (0..count).map(|row| (row % 4) as u8).collect();
    rows.write_splits(0, &splits).unwrap();
    let threshold = sample::threshold(1, 10);
    let is_sampled = |row: usize| splits[row] == 0 && takes(5, threshold, row as u64);
    let blocks = (0..count).step_by(BLOCK_ROWS).map(|start| {
        let end = (start + BLOCK_ROWS).min(count);
        (start..end).filter(|row| is_sampled(*row)).count() as u32
    });
    let sample = RowSample::new(5, threshold, blocks);
    let mut buffer = Vec::new();
    for row in [0, 1, 1000, BLOCK_ROWS - 1, BLOCK_ROWS, 2 * BLOCK_ROWS + 7] {
        let expected = (0..row).filter(|row| is_sampled(*row)).count() as u64;
        let found = sample.rank_of(row as u64, &rows, &mut buffer).unwrap();
        assert_eq!(found, expected, "row {row}");
    }
    let all = (0..count).filter(|row| is_sampled(*row)).count() as u64;
    assert_eq!(sample.rows(), all);
}

/// Rows files of eight groups in a row, the labels given; assigned by the groups or a column.
fn check_assign(labels: &[f32], column: Option<&[u8]>) -> Result<(Assigned, Vec<u8>)> {
    let directory = tempfile::tempdir().unwrap();
    let rows = RowsFile::create(&directory.path().join("rows"), labels.len() as u64, false)?;
    let groups: Vec<u64> = (0..labels.len())
        .map(|row| hash_number((row / 8) as f64))
        .collect();
    rows.write_labels(0, labels)?;
    rows.write_groups(0, &groups)?;
    let source = match column {
        Some(splits) => {
            rows.write_splits(0, splits)?;
            SplitSource::Column
        }
        None => SplitSource::Groups {
            rule: SplitRule::Balanced,
            shares: Shares::new(0.1, 0.2)?,
        },
    };
    let values = DistinctValues {
        texts: vec!["no".to_owned(), "yes".to_owned()],
        numbers: Vec::new(),
    };
    let spec = AssignSpec {
        classes_declared: false,
        source,
        target: &Target::from_values("y", &values, None, 10)?,
        validation: None,
        seed: 1,
        sample_rows: 100,
        grouped: true,
        groups_max: 1000,
        spill: directory.path(),
    };
    let names = GroupTable::new(2, 1000, directory.path());
    let found = with_context(2, 100, |context| assign(context, &spec, &rows, names))?;
    let splits = splits(&rows);
    Ok((found, splits))
}

#[test]
fn no_row_without_a_label_is_in_a_split_and_no_group_in_two() {
    let label = |row: usize| {
        if row % 100 == 3 {
            f32::NAN
        } else {
            (row % 2) as f32
        }
    };
    let labels: Vec<f32> = (0..4000).map(label).collect();
    let (found, splits) = check_assign(&labels, None).unwrap();
    assert_eq!(found.unlabelled_rows, 40);
    assert!(
        found
            .warnings
            .iter()
            .any(|warning| warning.starts_with("40 rows"))
    );
    for (rows, labels) in splits.chunks(8).zip(labels.chunks(8)) {
        let mut used: Vec<u8> = rows.iter().copied().filter(|split| *split < 3).collect();
        used.dedup();
        assert_eq!(used.len(), 1);
        let is_none = |split: &u8| *split == Split::None as u8;
        assert!(
            rows.iter()
                .map(is_none)
                .eq(labels.iter().map(|label| label.is_nan()))
        );
    }
    let of_split = |split: Split| splits.iter().filter(|at| **at == split as u8).count() as u64;
    for split in Split::ALL {
        assert_eq!(found.rows(split), of_split(split));
    }
}

#[test]
fn splits_that_cannot_be_meant_are_errors() {
    let labels: Vec<f32> = (0..160).map(|row| (row % 2) as f32).collect();
    let check = |column: &dyn Fn(usize) -> u8, part: &str| {
        let column: Vec<u8> = (0..160).map(column).collect();
        let error = check_assign(&labels, Some(&column))
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{error}");
    };
    check(&|_| 2, "no row is in the train split");
    check(&|row| if row % 8 == 0 { 2 } else { 0 }, "is in two splits");
    let mut single = [0.0; 160];
    single[3] = 1.0;
    let error = check_assign(&single, None).unwrap_err().to_string();
    assert!(
        error.contains("the class `yes` of the target `y` has 1 labelled row"),
        "{error}"
    );
    assert!(error.contains("each of the 3 splits"), "{error}");
    let none = check_assign(&[f32::NAN; 16], None).unwrap_err().to_string();
    assert!(none.contains("no row has a value"), "{none}");
}

#[test]
fn trees_learn_a_threshold_from_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let count = BLOCK_ROWS + 1000;
    let rows = RowsFile::create(&directory.path().join("rows"), count as u64, false).unwrap();
    let code = |row: usize| (row * 7 % 10) as u8;
    let labels: Vec<f32> = (0..count)
        .map(|row| f32::from(u8::from(code(row) >= 6)))
        .collect();
    rows.write_labels(0, &labels).unwrap();
    rows.write_splits(0, &vec![Split::Train as u8; count])
        .unwrap();
    let codes = BlockFile::create(&directory.path().join("codes"), count as u64, &[1]).unwrap();
    let bytes: Vec<u8> = (0..count).map(code).collect();
    codes.write(0, 0, &bytes).unwrap();
    let bins = Bins {
        features: vec![FeatureSpec {
            name: "x".to_owned(),
            value_type: ValueType::F32,
            absent: Absent::Missing,
            binning: Binning::Numeric {
                cuts: (0..9).map(f64::from).collect(),
            },
            missing_in_training: false,
        }],
        radices: vec![10],
        layout: pack::layout(&[10]),
        in_layout: vec![true],
    };
    let options = BoosterOptions {
        n_estimators: 3,
        early_stopping_rounds: None,
        ..BoosterOptions::depth_wise()
    };
    let loss = Loss::BinaryLogLoss;
    let margins = |threads: usize, resident_bytes: u64| {
        let name = format!("state-{threads}-{resident_bytes}");
        let state_path = directory.path().join(name);
        let spec = BoostSpec {
            options: &options,
            loss,
            bins: &bins,
            plan: BoosterPlan::new(&options, loss, &bins.layout, threads, 64 << 20).unwrap(),
            codes: &codes,
            rows: &rows,
            resident_bytes,
            state_path: &state_path,
            resumed: None,
            checkpoints: None,
        };
        let boosted = with_context(threads, 1000, |context| boost(context, spec)).unwrap();
        assert_eq!(boosted.ensemble.trees.len(), 3);
        let root = boosted.ensemble.trees[0].splits().count();
        assert_eq!(root, 1, "one node split tells the classes apart");
        let mut margins = Vec::new();
        let mut all = Vec::new();
        for block in 0..2 {
            boosted.state.read_margins(block, &mut margins).unwrap();
            all.extend_from_slice(&margins);
        }
        all
    };
    let one = margins(1, 0);
    let block = block_memory_bytes(&bins.layout, 1);
    for (threads, resident_bytes) in [(3, 0), (1, block), (3, block), (2, 9 * block)] {
        assert_eq!(one, margins(threads, resident_bytes));
    }
    for (row, margin) in one.iter().enumerate() {
        assert_eq!(*margin > 0.0, code(row) >= 6);
    }
}
