use super::BoosterCheckpoint;
use crate::{
    data::Split,
    learner::gbdt::{
        BoosterOptions, Loss,
        harness::{Outcome, SIMPLE, Schedule, Table},
        tests::{LOSSES, options, packed_layout, table, table_of, truth},
    },
    limits::BLOCK_ROWS,
    model::Node,
};

/// A checkpoint as it lies on the disk.
type Stored = Vec<u8>;

fn stored(checkpoint: &BoosterCheckpoint<'_>) -> Stored {
    postcard::to_allocvec(checkpoint).expect("plain data")
}

fn read(bytes: &[u8]) -> BoosterCheckpoint<'_> {
    postcard::from_bytes(bytes).expect("what was stored")
}

/// Trains from nothing; answers the checkpoints there were after each pass, without repetitions.
fn straight(table: &Table, options: &BoosterOptions, loss: Loss) -> (Outcome, Vec<Stored>) {
    let mut checkpoints: Vec<Stored> = Vec::new();
    let outcome = table.train_from(
        options,
        loss,
        &packed_layout(),
        SIMPLE,
        None,
        &mut |booster| {
            let bytes = booster.checkpoint().as_ref().map(stored);
            if let Some(bytes) = bytes
                && checkpoints.last() != Some(&bytes)
            {
                checkpoints.push(bytes);
            }
        },
    );
    (outcome.expect("trains"), checkpoints)
}

fn resumed(
    table: &Table,
    options: &BoosterOptions,
    loss: Loss,
    schedule: Schedule,
    checkpoint: &[u8],
) -> crate::error::Result<Outcome> {
    let checkpoint = Some(read(checkpoint));
    table.train_from(
        options,
        loss,
        &packed_layout(),
        schedule,
        checkpoint,
        &mut |_| {},
    )
}

/// The same trees, losses, and margins of train and valid rows; others have none that mean anything.
fn assert_same(table: &Table, found: &Outcome, expected: &Outcome, what: &str) {
    assert!(found.ensemble == expected.ensemble, "trees of {what}");
    assert_eq!(found.curve, expected.curve, "{what}");
    let bits = |outcome: &Outcome| -> Vec<u32> {
        let rows = outcome.margins.iter().zip(&table.split);
        let learned = rows.filter(|(_, split)| **split <= Split::Valid as u8);
        let margins = learned.flat_map(|(margins, _)| margins);
        margins.map(|margin| margin.to_bits()).collect()
    };
    assert!(bits(found) == bits(expected), "margins of {what}");
}

#[test]
fn going_on_from_every_round_is_training_straight_through() {
    for loss in LOSSES {
        let table = table_of(loss, BLOCK_ROWS + 1_234);
        let options = BoosterOptions {
            colsample_bytree: 0.7,
            ..options()
        };
        let (expected, checkpoints) = straight(&table, &options, loss);
        let rounds: Vec<u32> = checkpoints
            .iter()
            .map(|bytes| read(bytes).rounds())
            .collect();
        assert_eq!(rounds, [0, 1, 2, 3, 4, 5], "{loss:?}");
        for (round, checkpoint) in checkpoints.iter().enumerate() {
            let schedule = Schedule {
                threads: 1 + round % 3,
                backwards: round % 2 == 1,
                ..SIMPLE
            };
            let found = resumed(&table, &options, loss, schedule, checkpoint).expect("trains");
            assert_same(
                &table,
                &found,
                &expected,
                &format!("{loss:?} from round {round}"),
            );
        }
    }
}

#[test]
fn more_rounds_after_the_end_are_more_rounds_from_the_start() {
    for loss in LOSSES {
        let table = table_of(loss, 9_000);
        let fewer = BoosterOptions {
            n_estimators: 3,
            ..options()
        };
        let (_, checkpoints) = straight(&table, &fewer, loss);
        let (expected, _) = straight(&table, &options(), loss);
        let last = checkpoints.last().expect("checkpoints");
        assert_eq!(read(last).rounds(), 3);
        let found = resumed(&table, &options(), loss, SIMPLE, last).expect("trains");
        assert_same(&table, &found, &expected, &format!("{loss:?}"));
    }
}

/// Valid rows soon do not get better.
fn stalling() -> (Table, BoosterOptions) {
    let table = table(6_000, |codes, noise| {
        f32::from(noise < 0.5 + 0.001 * truth(codes))
    });
    let options = BoosterOptions {
        n_estimators: 60,
        learning_rate: 0.5,
        early_stopping_rounds: Some(4),
        ..options()
    };
    (table, options)
}

#[test]
fn early_stopping_stops_at_the_same_round_and_takes_the_same_trees_back() {
    let (table, options) = stalling();
    let (expected, checkpoints) = straight(&table, &options, Loss::BinaryLogLoss);
    for checkpoint in &checkpoints {
        let found = resumed(&table, &options, Loss::BinaryLogLoss, SIMPLE, checkpoint);
        let round = read(checkpoint).rounds();
        assert_same(
            &table,
            &found.expect("trains"),
            &expected,
            &format!("round {round}"),
        );
    }
    let last = read(checkpoints.last().expect("checkpoints"));
    assert!(last.trees.len() > expected.ensemble.trees.len());
}

#[test]
fn a_longer_patience_goes_on_where_a_shorter_one_stopped() {
    let (table, short) = stalling();
    let (_, checkpoints) = straight(&table, &short, Loss::BinaryLogLoss);
    let long = BoosterOptions {
        early_stopping_rounds: Some(9),
        ..short
    };
    let (expected, _) = straight(&table, &long, Loss::BinaryLogLoss);
    let last = checkpoints.last().expect("checkpoints");
    let found = resumed(&table, &long, Loss::BinaryLogLoss, SIMPLE, last).expect("trains");
    assert_same(&table, &found, &expected, "a longer patience");
}

#[test]
fn trees_of_other_data_are_noticed() {
    let (_, checkpoints) = straight(&table_of(LOSSES[0], 5_000), &options(), LOSSES[0]);
    let mut other = table_of(LOSSES[0], 5_000);
    let row = other
        .split
        .iter()
        .position(|split| *split == 0)
        .expect("training rows");
    other.label[row] = 1.0 - other.label[row];
    let error = resumed(&other, &options(), LOSSES[0], SIMPLE, &checkpoints[2]);
    let error = error.expect_err("another loss").to_string();
    assert!(error.contains("belong to other data"), "{error}");
}

#[test]
fn a_checkpoint_that_cannot_be_is_refused() {
    let table = table_of(LOSSES[0], 5_000);
    let (_, checkpoints) = straight(&table, &options(), LOSSES[0]);
    let check = |change: &dyn Fn(&mut BoosterCheckpoint<'_>), part: &str| {
        let mut checkpoint = read(checkpoints.last().expect("checkpoints"));
        change(&mut checkpoint);
        let bytes = stored(&checkpoint);
        let error = resumed(&table, &options(), LOSSES[0], SIMPLE, &bytes).expect_err(part);
        assert!(error.to_string().contains(part), "{error}");
    };
    let first_split = |checkpoint: &mut BoosterCheckpoint<'_>, change: &dyn Fn(&mut Node)| {
        let tree = &mut checkpoint.trees.to_mut()[0];
        change(&mut tree.nodes[0]);
    };
    check(&|it| it.outputs = 2, "2 trees per round");
    check(
        &|it| it.trees.to_mut().truncate(4),
        "different numbers of rounds",
    );
    check(
        &|it| it.curve.to_mut().truncate(5),
        "different numbers of rounds",
    );
    check(&|it| it.curve.to_mut()[1].rounds = 7, "order of the rounds");
    check(&|it| it.trees.to_mut()[1].nodes.clear(), "has no node");
    let split = |change: fn(&mut crate::model::NodeSplit)| {
        move |node: &mut Node| match node {
            Node::Split(split) => change(split),
            Node::Leaf(_) => panic!("the root is split"),
        }
    };
    check(
        &|it| first_split(it, &split(|split| split.feature = 99)),
        "splits on feature 99",
    );
    check(
        &|it| first_split(it, &split(|split| split.left = 0)),
        "no parent, or has two",
    );
    check(
        &|it| first_split(it, &split(|split| split.right = split.left)),
        "no parent, or has two",
    );
    let two_more = |it: &mut BoosterCheckpoint<'_>| {
        let point = it.curve[5].clone();
        for _ in 0..2 {
            let tree = it.trees[0].clone();
            it.trees.to_mut().push(tree);
            it.curve.to_mut().push(point.clone());
        }
    };
    check(&two_more, "7 rounds, but n_estimators is 5");
}
