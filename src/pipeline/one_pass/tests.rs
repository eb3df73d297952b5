use ndarray::{Array2, ArrayView1, s};

use crate::{
    data::{RowBlock, Split, Task, Tile},
    error::Error,
    learner::{
        incremental::{Batch, BatchSchema, Learner, OnlineNewton},
        logistic::LogisticOptions,
    },
    pipeline::{
        evaluate::evaluation::{Evaluation, EvaluationSpec},
        evaluate::progressive,
        one_pass::held_out::HeldOut,
    },
    stats::metrics::Deviation,
};

const COLUMNS: usize = 3;

/// Rows of more than two parts that are scored at a time.
const ROWS: usize = 9_001;

/// Rows and what a learner of them says.
struct Rows {
    features: Array2<f32>,
    label: Vec<f32>,
    weight: Vec<f32>,
    group: Vec<u64>,
    split: Vec<u8>,
    learner: OnlineNewton,
}

impl Rows {
    fn new() -> Self {
        let number = |row: usize, column: usize| {
            let hash = (row as u64 * 31 + column as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (hash >> 40) as f32 / (1u32 << 24) as f32 - 0.5
        };
        let features = Array2::from_shape_fn((ROWS, COLUMNS), |(row, column)| number(row, column));
        let label = |row: usize| f32::from(u8::from(features[[row, 0]] + number(row, 7) > 0.0));
        let label: Vec<f32> = (0..ROWS).map(label).collect();
        let declared = BatchSchema::new(&["a", "b", "c"], &["no", "yes"]).unwrap();
        let mut learner = OnlineNewton::new(declared, &LogisticOptions::default()).unwrap();
        let labels: Vec<f64> = label.iter().map(|label| f64::from(*label)).collect();
        let batch = Batch::new(features.view(), ArrayView1::from(&labels));
        learner.partial_fit(&batch).unwrap();
        Self {
            group: (0..ROWS as u64).map(|row| row / 5).collect(),
            split: (0..ROWS).map(|row| (row / 5 % 4) as u8).collect(),
            weight: vec![1.0; ROWS],
            features,
            label,
            learner,
        }
    }

    fn block(&self) -> RowBlock<'_> {
        RowBlock {
            label: &self.label,
            weight: &self.weight,
            group: &self.group,
            split: &self.split,
        }
    }

    /// The places of held-out rows.
    fn held_out(&self) -> Vec<u32> {
        let held = [Split::Valid as u8, Split::Test as u8];
        let rows = 0..ROWS as u32;
        rows.filter(|row| held.contains(&self.split[*row as usize]))
            .collect()
    }

    fn tile(&self, at: &[u32]) -> Tile {
        let mut tile = Tile::new(COLUMNS, at.len().max(1));
        let mut rows = tile.append(at.len());
        for column in 0..COLUMNS {
            let values = at.iter().map(|row| self.features[[*row as usize, column]]);
            rows.column_mut(column)
                .copy_from_slice(&values.collect::<Vec<f32>>());
        }
        tile
    }
}

fn spec(directory: &std::path::Path) -> EvaluationSpec {
    EvaluationSpec {
        task: Task::Binary,
        classes: 2,
        label_center: 0.0,
        deviation: Deviation::None,
        grouped: true,
        // Fewer than there are.
        groups_max: 100,
        spill: directory.to_path_buf(),
    }
}

/// Chunks of any size, longer than what is scored at a time and empty ones too, are scored as row by row.
#[test]
fn held_out_rows_are_scored_as_they_were_however_they_are_cut() {
    let directory = tempfile::tempdir().unwrap();
    let (rows, spec) = (Rows::new(), spec(directory.path()));
    let at = rows.held_out();
    let mut expected = Evaluation::new(&spec);
    for row in &at {
        let row = *row as usize;
        let features = rows.features.slice(s![row..=row, ..]);
        let probabilities = rows.learner.predict(features.into()).unwrap();
        let margins = progressive::margins(Task::Binary, probabilities.view());
        let block = RowBlock {
            label: &rows.label[row..=row],
            weight: &rows.weight[row..=row],
            group: &rows.group[row..=row],
            split: &rows.split[row..=row],
        };
        expected.update(&Split::ALL, &block, &margins).unwrap();
    }
    let expected_f1 = expected.group_f1().unwrap();
    assert!(expected_f1.is_some() && expected.metrics(Split::Train).is_none());
    for (index, sizes) in [&[ROWS][..], &[1, 4_096, 37], &[0, 1_000]]
        .into_iter()
        .enumerate()
    {
        let path = directory.path().join(format!("held-{index}"));
        let mut held_out = HeldOut::create(&path, COLUMNS).unwrap();
        let mut left = &at[..];
        let mut sizes = sizes.iter().cycle();
        while !left.is_empty() {
            let (part, rest) = left.split_at(left.len().min(*sizes.next().unwrap()));
            held_out
                .append(&rows.block(), part, &rows.tile(part))
                .unwrap();
            left = rest;
        }
        let mut found = held_out.evaluate(&rows.learner, &spec).unwrap();
        for split in Split::ALL {
            assert_eq!(
                found.metrics(split),
                expected.metrics(split),
                "{}",
                split.name()
            );
        }
        assert_eq!(found.group_f1().unwrap(), expected_f1);
    }
}

#[test]
fn held_out_rows_are_not_written_over_a_file_and_may_be_none() {
    let directory = tempfile::tempdir().unwrap();
    let (rows, spec) = (Rows::new(), spec(directory.path()));
    let path = directory.path().join("held");
    let held_out = HeldOut::create(&path, COLUMNS).unwrap();
    let error = HeldOut::create(&path, COLUMNS)
        .err()
        .expect("a file is there");
    assert!(matches!(error, Error::Io { .. }), "{error}");
    let found = held_out.evaluate(&rows.learner, &spec).unwrap();
    for split in Split::ALL {
        assert_eq!(found.metrics(split), None);
    }
}
