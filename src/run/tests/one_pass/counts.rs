//! Counts, groups and warnings of one pass beside those of a naive twin.

use std::sync::Mutex;

use super::{GROUP_ROWS, Groups, Place, Rows, TEST_SIZE, UNEVEN, groups};
use crate::{
    data::Split,
    engine::Progress,
    group::assign::Warning,
    learner::ModelSpec,
    pipeline::prepare::survey::SurveyedValues,
    platform::stop::Stop,
    run::tests::{fitted, leaked, linear, trees},
};

/// Remembers warnings.
#[derive(Default)]
struct Warnings {
    given: Mutex<Vec<String>>,
}

impl Progress for Warnings {
    fn pass_started(&self, _name: &str, _rows_total: u64) {}
    fn advanced(&self, _rows: u64, _bytes: u64) {}
    fn pass_finished(&self, _name: &str, _seconds: f64, _rows: u64, _bytes: u64) {}
    fn message(&self, _text: &str) {}
    fn warning(&self, text: &str) {
        self.given.lock().unwrap().push(text.to_owned());
    }
}

/// The expected counts of a run, made row by row.
#[derive(Default)]
struct Twin {
    class_rows: [[u64; CLASSES]; 3],
    unlabelled_rows: u64,
    train_weight: f64,
    groups: Groups,
    strong: Vec<f64>,
}

const CLASSES: usize = 4;

impl Twin {
    fn of(rows: &Rows, valid_size: f64, test_size: f64) -> Self {
        let mut twin = Self::default();
        for (row, split) in rows.splits(valid_size, test_size).into_iter().enumerate() {
            let group = twin.groups.entry(rows.group[row].to_string());
            let group = group.or_insert((Split::None, 0, 0, vec![0; CLASSES]));
            if split == Split::None {
                twin.unlabelled_rows += 1;
                group.2 += 1;
                continue;
            }
            let class = rows.label[row] as usize;
            twin.class_rows[split as usize][class] += 1;
            group.0 = split;
            group.1 += 1;
            group.3[class] += 1;
            if split == Split::Train {
                twin.train_weight += rows.weight[row];
                twin.strong.push(f64::from(rows.strong[row]));
            }
        }
        twin
    }
}

#[test]
fn rows_groups_and_warnings_are_those_of_a_naive_count() {
    let place = Place::new();
    let mut rows = Rows::new(6_000);
    // So small a share that no group is in it.
    let valid_size = 1e-5;
    let splits = rows.splits(valid_size, TEST_SIZE);
    let mut train_rows = (0..rows.len()).filter(|row| splits[*row] == Split::Train);
    // One training row of a class; none of another one.
    rows.label[train_rows.next_back().unwrap()] = 3.0;
    let whole_group = 70..70 + GROUP_ROWS;
    rows.label[whole_group].fill(f32::NAN);
    let twin = Twin::of(&rows, valid_size, TEST_SIZE);
    rows.write(&place.file("run"), rows.len(), &UNEVEN);
    let empty = Warning::EmptySplit {
        split: Split::Valid,
        share: valid_size,
    };
    let expected = [
        format!(
            "{} rows have no value of the target `y` and are skipped",
            twin.unlabelled_rows
        ),
        "the class `2` of the target `y` has no training rows yet; its probability stays near 0 until it has some".to_owned(),
        "the class `3` of the target `y` has only 1 training row; merge it with another class, or remove \
         its rows"
            .to_owned(),
        empty.to_string(),
    ];
    for (model, groups_in_memory_max) in [(linear(), 100), (trees(), 200_000)] {
        let mut options = place.options("run", &model);
        options.split.valid_size = valid_size;
        options.output.overwrite = true;
        options.resources.limits.groups_in_memory_max = groups_in_memory_max;
        let classes = ["0", "1", "2", "3"].map(str::to_owned).to_vec();
        options.incremental.as_mut().unwrap().classes = Some(classes);
        let warnings = leaked(Warnings::default());
        let mut trained = fitted(&options, leaked(Stop::default()), warnings).unwrap();
        assert_eq!(*warnings.given.lock().unwrap(), expected);
        let assigned = &trained.learned.split.assigned;
        assert_eq!(assigned.warnings, expected);
        assert_eq!(assigned.class_rows, twin.class_rows);
        assert_eq!(assigned.unlabelled_rows, twin.unlabelled_rows);
        assert_eq!(assigned.train_weight, twin.train_weight);
        let proof = assigned.proof.expect("groups");
        let rows_of = |split: &[u64; CLASSES]| split.iter().sum::<u64>();
        assert_eq!(proof.split_rows, twin.class_rows.each_ref().map(rows_of));
        assert_eq!(proof.rows_unused, twin.unlabelled_rows);
        let has_rows = twin.groups.values().filter(|group| group.1 > 0);
        assert_eq!(proof.groups, has_rows.count() as u64);
        let about = &trained.learned.fitted.model.about;
        let weighed = |row: &usize| match model {
            ModelSpec::Logistic(_) => rows.weight[*row] > 0.0,
            ModelSpec::Gbdt(_) => true,
        };
        let splits = rows.splits(valid_size, TEST_SIZE);
        let learned = (0..rows.len()).filter(|row| splits[*row] == Split::Train);
        assert_eq!(about.train_rows, learned.filter(weighed).count() as u64);
        let strong = trained.data.features();
        let strong = strong
            .iter()
            .position(|(name, _)| *name == "strong")
            .unwrap();
        let SurveyedValues::Numeric(moments) = &trained.learned.survey[strong].values else {
            panic!("a number");
        };
        let missing = twin.strong.iter().filter(|value| value.is_nan()).count();
        let rows = (moments.count + moments.missing, moments.missing);
        assert_eq!(rows, (twin.strong.len() as u64, missing as u64));
        assert_eq!(groups(&mut trained), twin.groups);
    }
}
