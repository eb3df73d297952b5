//! Files that were damaged, or written to harm.

use std::path::Path;

use crate::{
    data::{Task, TextValues, Values},
    format::container::{self, FileKind, Section},
    limits::Limits,
    model::{
        codec, show,
        tests::{Draws, linear_model, tree_model},
        *,
    },
};

/// How many mutations to try: few by default, all where slow tests are asked for.
fn mutations() -> usize {
    let is_slow = std::env::var_os("RUN_SLOW_TESTS").is_some();
    if is_slow { 40_000 } else { 2_000 }
}

/// Whatever was accepted must be usable to the end.
fn exercise(model: &Model) {
    let column = |feature: &FeatureSpec| match feature.is_text() {
        true => Values::Text(TextValues {
            ids: vec![u32::MAX; 3],
            ..TextValues::default()
        }),
        false => Values::F64(vec![f64::NAN, -1.0, 1e9]),
    };
    let columns: Vec<Values> = model.features.iter().map(column).collect();
    let mut predictor = Predictor::new(model, Unseen::Missing);
    let mut margins = vec![0.0; 3 * predictor.outputs()];
    predictor
        .margins_into(columns.iter(), 3, &mut margins)
        .expect("no text is refused");
    if matches!(model.body, Body::Trees(_)) {
        assert!(margins.iter().all(|margin| margin.is_finite()));
    }
    assert!(!show::text(model, None).is_empty());
    model.to_bytes().expect("what was accepted can be saved");
}

fn mutate(bytes: &mut Vec<u8>, draws: &mut Draws) {
    if bytes.is_empty() {
        bytes.push(draws.below(256) as u8);
        return;
    }
    let at = draws.below(bytes.len());
    let end = (at + 8).min(bytes.len());
    match draws.below(7) {
        0 => bytes[at] ^= 1 << draws.below(8),
        1 => bytes[at] = draws.below(256) as u8,
        2 => bytes.truncate(at),
        3 => bytes[at..end].fill(0xff),
        4 => bytes[at..end].fill(0),
        5 => bytes.insert(at, draws.below(256) as u8),
        _ => {
            for byte in &mut bytes[at..end] {
                *byte = draws.below(256) as u8;
            }
        }
    }
}

fn small_models() -> [Model; 3] {
    // Without large trees, so that mutations meet all parts alike.
    let small = |outputs: usize, seed: u64| {
        let mut model = tree_model(outputs, seed);
        let ensemble = trees(&mut model);
        ensemble.trees.truncate(3 * outputs);
        ensemble.trees.retain(|tree| tree.nodes.len() < 100);
        ensemble
            .trees
            .truncate(ensemble.trees.len() / outputs * outputs);
        model
    };
    [small(1, 1), small(3, 2), linear_model(3, 3)]
}

#[test]
fn no_mutation_of_a_file_is_taken_for_a_model() {
    let limits = Limits::default();
    for (index, model) in small_models().iter().enumerate() {
        let good = model.to_bytes().expect("a sound model");
        let mut draws = Draws::new(index as u64);
        for case in 0..mutations() / 3 {
            let mut bytes = good.clone();
            mutate(&mut bytes, &mut draws);
            if bytes != good {
                let loaded = Model::from_bytes(&bytes, &limits);
                assert!(loaded.is_err(), "model {index}, case {case}");
            }
        }
    }
}

/// Mutations behind good checksums: here meaning alone stands between a file and a walk.
#[test]
fn resealed_mutations_are_refused_or_harmless() {
    let limits = Limits::default();
    for (index, model) in small_models().iter().enumerate() {
        let good = model.to_bytes().expect("a sound model");
        let opened = container::open(FileKind::Model, &good).expect("its own bytes");
        let mut draws = Draws::new(100 + index as u64);
        let (mut refused, mut accepted) = (0, 0);
        for _ in 0..mutations() / 3 {
            let own = |section: &Section<&[u8]>| Section {
                id: section.id,
                version: section.version,
                codec: section.codec,
                bytes: section.bytes.to_vec(),
            };
            let mut sections: Vec<Section<Vec<u8>>> = opened.sections.iter().map(own).collect();
            let section = draws.below(sections.len());
            mutate(&mut sections[section].bytes, &mut draws);
            let bytes = container::seal(FileKind::Model, b"{}", &sections);
            match Model::from_bytes(&bytes, &limits) {
                Ok(model) => {
                    exercise(&model);
                    accepted += 1;
                }
                Err(_) => refused += 1,
            }
        }
        assert!(
            refused > 100 && accepted > 0,
            "{refused} refused, {accepted} accepted"
        );
    }
}

/// Writes a model without the check that saving makes, and reads it with the one loading makes.
fn refused(spoil: impl Fn(&mut Model), model: Model, expected: &str) {
    let mut model = model;
    spoil(&mut model);
    let bytes = codec::write(&model).expect("any model can be written");
    let flaw = Model::from_bytes(&bytes, &Limits::default()).expect_err(expected);
    assert!(flaw.contains(expected), "{flaw:?} instead of {expected:?}");
}

fn trees(model: &mut Model) -> &mut Ensemble {
    match &mut model.body {
        Body::Trees(ensemble) => ensemble,
        Body::Linear(_) => panic!("not trees"),
    }
}

fn root(model: &mut Model) -> &mut NodeSplit {
    match &mut trees(model).trees[0].nodes[0] {
        Node::Split(split) => split,
        Node::Leaf(_) => panic!("the first tree has splits"),
    }
}

fn first_leaf(model: &mut Model) -> &mut Leaf {
    let mut nodes = trees(model).trees[0].nodes.iter_mut();
    let leaf = nodes.find_map(|node| match node {
        Node::Leaf(leaf) => Some(leaf),
        Node::Split(_) => None,
    });
    leaf.expect("every tree has leaves")
}

#[test]
fn trees_that_lead_astray_are_refused() {
    let check = |spoil: &dyn Fn(&mut Model), expected: &str| {
        refused(spoil, tree_model(1, 1), expected);
    };
    check(&|model| root(model).left = 0, "tree 0: node 0: child 0 of");
    check(
        &|model| root(model).right = 100_000,
        "tree 0: node 0: child 100000 of",
    );
    check(&|model| root(model).right = 1, "child 1 has another parent");
    check(&|model| root(model).feature = 6, "node 0: feature 6 of 6");
    check(
        &|model| root(model).rule = Rule::AtMost(255),
        "code 255, below",
    );
    check(&|model| root(model).gain = f64::NAN, "the gain is NaN");
    check(
        &|model| root(model).cover = f64::INFINITY,
        "the cover is inf",
    );
    check(
        &|model| first_leaf(model).value = f32::NAN,
        "the leaf value is NaN",
    );
    check(
        &|model| first_leaf(model).value = f32::INFINITY,
        "the leaf value is inf",
    );
    check(
        &|model| trees(model).trees[0].nodes.clear(),
        "tree 0: 0 nodes",
    );
    check(
        &|model| trees(model).base_margin[0] = f32::NAN,
        "a base margin is not finite",
    );
    check(
        &|model| trees(model).base_margin.clear(),
        "0 outputs do not fit",
    );
    check(
        &|model| trees(model).link = Link::Identity,
        "do not fit the task",
    );
    check(
        &|model| trees(model).link = Link::Exponential,
        "do not fit the task",
    );
    let huge = |model: &mut Model| {
        first_leaf(model).value = f32::MAX;
        trees(model).base_margin[0] = f32::MAX;
    };
    check(&huge, "margins of output 0 could reach 6.8");
    let set_of_numbers = |model: &mut Model| {
        let split = root(model);
        split.feature = 0;
        split.rule = Rule::subset([1]);
    };
    check(&set_of_numbers, "a set of codes for a numeric feature");
    let wide_set = |model: &mut Model| {
        let split = root(model);
        split.feature = 3;
        split.rule = Rule::subset([1, 200]);
    };
    check(&wide_set, "code 200 in a set of codes to 3");
}

#[test]
fn trees_without_measure_are_refused() {
    let orphan = |model: &mut Model| {
        let nodes = &mut trees(model).trees[0].nodes;
        let last = *nodes.last().expect("a node");
        nodes.push(last);
    };
    refused(
        orphan,
        tree_model(1, 1),
        "is not a child of an earlier node",
    );
    let rounds = |model: &mut Model| {
        trees(model).trees.pop();
    };
    refused(
        rounds,
        tree_model(3, 1),
        "14 trees are not a whole number of rounds of 3",
    );
    let deep = |model: &mut Model| {
        let (split, leaf) = (*root(model), *first_leaf(model));
        let mut nodes = Vec::new();
        for level in 0..65 {
            let (left, right) = (2 * level + 1, 2 * level + 2);
            nodes.extend([
                Node::Split(NodeSplit {
                    left,
                    right,
                    ..split
                }),
                Node::Leaf(leaf),
            ]);
        }
        // Right children are the next splits; the list starts root, leaf, split, leaf, split.
        nodes.push(Node::Leaf(leaf));
        trees(model).trees[0] = Tree { nodes };
    };
    refused(deep, tree_model(1, 1), "depth 65, at most 64 is allowed");
    let bushy = |model: &mut Model| {
        let leaf = *first_leaf(model);
        trees(model).trees[0].nodes = vec![Node::Leaf(leaf); 131_071];
    };
    refused(
        bushy,
        tree_model(1, 1),
        "131071 nodes, 1 to 131069 are allowed",
    );
}

#[test]
fn features_and_classes_that_cannot_be_are_refused() {
    let check = |spoil: &dyn Fn(&mut Model), expected: &str| {
        refused(spoil, tree_model(3, 1), expected);
    };
    let cuts = |cuts: &[f64]| Binning::Numeric {
        cuts: cuts.to_vec(),
    };
    check(
        &|model| model.features[5].binning = cuts(&[2.0, 1.0, 3.0]),
        "feature `counts`: cut",
    );
    check(
        &|model| model.features[5].binning = cuts(&[1.0, f64::NAN]),
        "a cut point is NaN",
    );
    check(
        &|model| model.features[3].binning = cuts(&[]),
        "not of the column's type",
    );
    check(
        &|model| model.features[1].name = "wide".to_owned(),
        "feature `wide` occurs twice",
    );
    check(
        &|model| model.about.classes[1] = "neither".to_owned(),
        "class `neither` occurs",
    );
    check(
        &|model| model.about.classes.truncate(1),
        "1 classes do not fit a multiclass task",
    );
    check(
        &|model| model.about.classes.truncate(2),
        "3 outputs do not fit the task, which has 2",
    );
    check(
        &|model| model.about.task = Task::Regression,
        "3 classes do not fit a regression task",
    );
    check(
        &|model| model.about.task = Task::Binary,
        "3 classes do not fit a binary task",
    );
}

#[test]
fn coefficients_that_cannot_be_are_refused() {
    fn linear(model: &mut Model) -> &mut Linear {
        match &mut model.body {
            Body::Linear(linear) => linear,
            Body::Trees(_) => panic!("not linear"),
        }
    }
    let check = |spoil: &dyn Fn(&mut Linear), expected: &str| {
        refused(|model| spoil(linear(model)), linear_model(1, 1), expected);
    };
    check(
        &|linear| linear.coefficients[3] = f64::NAN,
        "the coefficient is NaN",
    );
    check(
        &|linear| linear.intercepts[0] = f64::INFINITY,
        "the coefficient is inf",
    );
    check(
        &|linear| linear.columns[0].sd = 0.0,
        "column 0: standard deviation 0",
    );
    check(
        &|linear| linear.columns[0].sd = f64::NAN,
        "column 0: standard deviation NaN",
    );
    check(
        &|linear| linear.columns[0].mean = f64::NAN,
        "the mean is NaN",
    );
    check(
        &|linear| linear.columns[0].imputation = f64::NAN,
        "the imputation is NaN",
    );
    check(
        &|linear| linear.columns[0].feature = 9,
        "column 0: feature 9 of 6",
    );
    check(
        &|linear| linear.columns[0].feature = 3,
        "reads a value that its feature does not have",
    );
    check(
        &|linear| linear.columns[2].reading = Reading::Category(2),
        "does not have",
    );
    check(
        &|linear| linear.columns.swap(2, 3),
        "column 3: the columns are not in ascending order",
    );
    check(
        &|linear| linear.columns[1] = linear.columns[0],
        "column 1: the columns are not",
    );
    check(
        &|linear| linear.columns.truncate(3),
        "do not fit the outputs",
    );
    check(
        &|linear| linear.outputs = 0,
        "0 outputs do not fit the task, which has 1",
    );
}

/// The kept corpus of the fuzz target, as it does it: every file loads or is refused, no panic.
#[test]
fn the_fuzz_corpus_is_harmless() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/model_file");
    // A packaged crate has no fuzz directory.
    let Ok(entries) = std::fs::read_dir(corpus) else {
        return;
    };
    for entry in entries {
        let mut bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        let as_it_is = Model::from_bytes(&bytes, &Limits::default());
        container::reseal(&mut bytes);
        let resealed = Model::from_bytes(&bytes, &Limits::default());
        for model in [as_it_is, resealed].iter().flatten() {
            exercise(model);
        }
    }
}
