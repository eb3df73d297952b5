//! Marks: what tells whether the rows that come again are those that were learned.

use std::ops::Range;

use super::{Place, Rows, TEST_SIZE, VALID_SIZE, assignment};
use crate::{
    data::{Task, Values},
    pipeline::{
        incremental::learner_file::Mark,
        one_pass::rows::{Counts, Places, SliceRows},
        open::{
            target::{DistinctValues, Target},
            training_data::TrainingData,
        },
    },
    run::tests::linear,
};

/// What reads slices of rows that are in memory.
struct Reader {
    data: TrainingData,
    target: Target,
    _place: Place,
}

impl Reader {
    fn new() -> Self {
        let place = Place::new();
        Rows::new(10).write(&place.file("job"), 10, &[10]);
        let values = DistinctValues {
            numbers: vec![0.0, 1.0],
            ..DistinctValues::default()
        };
        let options = place.options("job", &linear());
        Self {
            data: TrainingData::open(&options.data, &options.columns, &options.resources.limits)
                .unwrap(),
            target: Target::from_values("y", &values, Some(Task::Binary), 2).unwrap(),
            _place: place,
        }
    }

    fn slice(&self, rows: &Rows, at: Range<usize>, test_size: f64) -> SliceRows {
        let group = rows.group[at.clone()].iter().map(|group| *group as f64);
        let values = [
            Values::F64(rows.weight[at.clone()].to_vec()),
            Values::F32(rows.label[at.clone()].to_vec()),
            Values::F64(group.collect()),
        ];
        let places = Places {
            weight: Some(0),
            target: 1,
            group: Some(2),
            split: None,
        };
        let assignment = assignment(VALID_SIZE, test_size);
        let (data, target) = (&self.data, &self.target);
        let mut slice = SliceRows::default();
        let first_row = at.start as u64;
        slice
            .read(data, target, places, first_row, &values, Some(&assignment))
            .unwrap();
        slice
    }

    /// What the first rows are, read as one slice.
    fn mark(&self, rows: &Rows, count: usize) -> Mark {
        let mut counts = Counts::new(2, None);
        counts.add(&self.slice(rows, 0..count, TEST_SIZE)).unwrap();
        counts.mark()
    }
}

#[test]
fn a_mark_says_what_the_rows_before_it_are_however_they_are_cut() {
    let reader = Reader::new();
    let rows = Rows::new(1_000);
    for sizes in [&[1, 2, 99, 300][..], &[64], &[1_000]] {
        let mut counts = Counts::new(2, None);
        let mut sizes = sizes.iter().cycle();
        let mut start = 0;
        while start < rows.len() {
            let end = rows.len().min(start + sizes.next().unwrap());
            let slice = reader.slice(&rows, start..end, TEST_SIZE);
            for count in [1, start, start + 1, (start + end) / 2, end, rows.len()] {
                let mark = reader.mark(&rows, count);
                assert!(counts.agrees(&slice, mark), "{count} of {start}..{end}");
            }
            counts.add(&slice).unwrap();
            start = end;
            assert_eq!(counts.mark(), reader.mark(&rows, start));
        }
        assert_eq!(counts.mark(), reader.mark(&rows, rows.len()));
        assert_eq!(counts.rows, rows.len() as u64);
    }
}

#[test]
fn a_mark_of_other_rows_does_not_agree() {
    let reader = Reader::new();
    let rows = Rows::new(1_000);
    let (cut, marked) = (400, 700);
    let mark = reader.mark(&rows, marked);
    let agrees = |rows: &Rows, test_size: f64| {
        let mut counts = Counts::new(2, None);
        let first = reader.slice(rows, 0..cut, test_size);
        assert!(counts.agrees(&first, mark), "the mark is not in the slice");
        counts.add(&first).unwrap();
        counts.agrees(&reader.slice(rows, cut..rows.len(), test_size), mark)
    };
    assert!(agrees(&rows, TEST_SIZE));
    assert!(!agrees(&rows, 0.5), "other splits");
    let is_labelled = |row: &usize| !rows.label[*row].is_nan();
    let changed = [0, cut - 1, cut, marked - 1, marked, rows.len() - 1];
    for row in changed.into_iter().filter(is_labelled) {
        let mut others = [rows.clone(), rows.clone(), rows.clone()];
        others[0].label[row] = 1.0 - others[0].label[row];
        others[1].weight[row] += 0.25;
        others[2].group[row] += 1_000;
        for (what, other) in ["label", "weight", "group"].iter().zip(&others) {
            assert_eq!(agrees(other, TEST_SIZE), row >= marked, "{what} of {row}");
        }
    }
    // Two rows that change places.
    let mut other = rows.clone();
    let one = (0..cut).find(|row| rows.label[*row] == 1.0).unwrap();
    let zero = (0..cut).find(|row| rows.label[*row] == 0.0).unwrap();
    other.label.swap(one, zero);
    assert!(!agrees(&other, TEST_SIZE), "rows that changed places");
}
