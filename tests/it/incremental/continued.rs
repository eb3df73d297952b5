//! What a run takes over from the learner of `--init-model`, and what it says of data that differ.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rowmill::internals::source::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions};

use super::words;
use crate::command::{Outcome, fails, succeeds, text};

/// Few and small trees.
const TREES: &str = r#"{"name": "gbdt", "n_estimators": 3, "num_leaves": 4}"#;

/// Writes 200 rows of a text column `target` with the first `classes` of three classes, a text column
/// `shop` of ten groups if it is among `columns`, and the others of `columns` as numbers.
fn table(path: &Path, target: &str, classes: usize, columns: &[&str]) {
    let rows = 200;
    let names = ["acceptor", "donor", "neither"];
    let shops = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let labels: Vec<_> = (0..rows).map(|row| Some(names[row % classes])).collect();
    let groups: Vec<_> = (0..rows).map(|row| Some(shops[row / 7 % 10])).collect();
    let number = |row: usize| (row * 37 % 101) as f64 + (row % classes) as f64 * 20.0 + 1.0;
    let numbers: Vec<f64> = (0..rows).map(number).collect();
    let mut specs = vec![ColumnSpec::nullable(target, ColumnKind::Text)];
    let mut data = vec![ColumnData::Text(&labels)];
    for column in columns {
        let (kind, values) = match *column {
            "shop" => (ColumnKind::Text, ColumnData::Text(&groups)),
            _ => (ColumnKind::F64, ColumnData::F64(&numbers)),
        };
        specs.push(ColumnSpec::nullable(*column, kind));
        data.push(values);
    }
    let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
    writer.write_row_group(&data).unwrap();
    writer.finish().unwrap();
}

/// A directory with a run on a first table and a further table.
struct Continued {
    dir: tempfile::TempDir,
}

impl Continued {
    /// Learns a table of `target` and `columns`.
    fn new(target: &str, classes: usize, columns: &[&str], more: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let one = dir.path().join("one.parquet");
        table(&one, target, classes, columns);
        let more = [&["--valid-size", "0"][..], more].concat();
        succeeds(&words(&one, &dir.path().join("run"), &more));
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Goes on with another table.
    fn goes_on(&self, target: &str, classes: usize, columns: &[&str], more: &[&str]) -> Outcome {
        let (two, first) = self.further(target, classes, columns);
        let more = [&["--init-model", text(&first), "--overwrite"], more].concat();
        let more = [&["--valid-size", "0"], &more[..]].concat();
        succeeds(&words(&two, &self.path("again"), &more))
    }

    /// Does not go on with another table, and leaves nothing.
    fn refuses(
        &self,
        (target, columns): (&str, &[&str]),
        more: &[&str],
        code: i32,
        needed: &[&str],
    ) {
        let (two, first) = self.further(target, 3, columns);
        let out_dir = self.path("refused");
        let more = [&["--init-model", text(&first)], more].concat();
        fails(&words(&two, &out_dir, &more), code, needed);
        assert!(!out_dir.join("learner.rowmill").exists());
    }

    /// A further table, and the run that came before.
    fn further(&self, target: &str, classes: usize, columns: &[&str]) -> (PathBuf, PathBuf) {
        let two = self.path("two.parquet");
        table(&two, target, classes, columns);
        (two, self.path("run"))
    }

    /// The line of `rowmill show` that begins so, of the further model.
    fn shown(&self, name: &str) -> String {
        let shown = succeeds(&["show", text(&self.path("again").join("model.rowmill"))]).stdout;
        let line = shown.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{shown}")).trim().to_owned()
    }
}

#[test]
fn target_group_and_weight_are_those_of_the_learner() {
    let parts = [
        "--target",
        "kind",
        "--group-col",
        "shop",
        "--weight-col",
        "w",
    ];
    for model in ["logistic", TREES] {
        let columns = ["shop", "w", "x", "y"];
        let more = [&["--model", model][..], &parts].concat();
        let continued = Continued::new("kind", 3, &columns, &more);
        let outcome = continued.goes_on("kind", 3, &columns, &[]);
        assert!(!outcome.stderr.contains("--init-model:"), "{outcome:#?}");
        let shown = ["target", "groups", "weights"].map(|name| continued.shown(name));
        assert_eq!(shown, ["kind", "shop", "w"]);
        // Without the columns, rows are what they are elsewhere by default, and that is said.
        let outcome = continued.goes_on("kind", 3, &["x", "y"], &[]);
        for needed in [
            "no column `shop`",
            "no column `w`",
            "every row weighs 1",
            "--weight-col",
        ] {
            assert!(outcome.stderr.contains(needed), "{needed}: {outcome:#?}");
        }
        // What is asked for goes before.
        let outcome = continued.goes_on("kind", 3, &columns, &["--group-col", "none"]);
        assert!(!outcome.stderr.contains("no column `shop`"), "{outcome:#?}");
        let needed = ["no column `kind`", "--init-model", "rename"];
        continued.refuses(("sort", &columns), &[], 1, &needed);
        let needed = ["the learner's target is `kind`", "--target kind"];
        continued.refuses(("kind", &["x", "sort"]), &["--target", "sort"], 2, &needed);
    }
}

#[test]
fn columns_that_are_not_there_any_more_are_counted_and_named() {
    let target = ["--target", "kind", "--group-col", "none"];
    for model in ["logistic", TREES] {
        let more = [&["--model", model][..], &target].concat();
        let continued = Continued::new("kind", 3, &["a", "b", "c", "d", "e", "f", "g"], &more);
        let outcome = continued.goes_on("kind", 3, &["b", "new"], &[]);
        for needed in [
            "6 feature(s) of --init-model are not in the data",
            "their values are missing",
            ": a, c, d, e, f, ...",
            "1 new column(s) are ignored, because --init-model was trained without them: new",
        ] {
            assert!(outcome.stderr.contains(needed), "{needed}: {outcome:#?}");
        }
        let needed = [
            "none of the 7 feature(s)",
            "a, b, c, d, e, ...",
            "--init-model",
        ];
        for columns in [&["new", "shop"][..], &[]] {
            continued.refuses(("kind", columns), &[], 1, &needed);
        }
    }
}

/// A profile of the target `splice_type` whose three classes stay three by default.
const THREE: &str = r#"
name = "three"
target = "splice_type"
task = "multiclass"
[[classes]]
name = "neither"
values = ["neither"]
[[classes]]
name = "donor"
values = ["donor"]
[[classes]]
name = "acceptor"
values = ["acceptor"]
[binary]
negative = "neither"
positive_name = "splice_site"
"#;

#[test]
fn the_task_is_that_of_the_learner() {
    let columns = ["shop", "x", "y"];
    let splice = ["--target", "splice_type", "--group-col", "shop"];
    let three = [&["--task", "multiclass"][..], &splice].concat();
    for model in ["logistic", TREES] {
        let with = |more: &[&'static str]| [&["--model", model][..], more].concat();
        let check = |continued: &Continued, classes: usize, more: &[&str], expected: &str| {
            continued.goes_on("splice_type", classes, &columns, more);
            assert_eq!(continued.shown("classes"), expected, "{model} {more:?}");
        };
        // The profile of the data is binary unless it is told otherwise.
        let continued = Continued::new("splice_type", 3, &columns, &with(&three));
        let expected = "0 = neither, 1 = donor, 2 = acceptor";
        check(&continued, 3, &[], expected);
        check(&continued, 2, &["--task", "multiclass"], expected);
        // Without a profile, the learner's says how classes are written, and their order.
        check(&continued, 3, &["--profile", "none"], expected);
        for task in ["binary", "regression"] {
            let more = ["--task", task];
            let needed = [&more.join(" "), "class"];
            continued.refuses(("splice_type", &columns), &more, 2, &needed);
        }
        // A profile that says more classes.
        let continued = Continued::new("splice_type", 3, &columns, &with(&splice));
        let profile = continued.path("three.toml");
        fs::write(&profile, THREE).unwrap();
        let more = ["--profile", text(&profile)];
        check(&continued, 3, &more, "0 = neither, 1 = splice_site");
        let more = [&more[..], &["--task", "multiclass"]].concat();
        let needed = ["--task multiclass", "leave out --task"];
        continued.refuses(("splice_type", &columns), &more, 2, &needed);
        // Classes that no profile had.
        let none = [&["--profile", "none"][..], &splice].concat();
        let continued = Continued::new("splice_type", 2, &columns, &with(&none));
        check(&continued, 2, &[], "0 = acceptor, 1 = donor");
        let needed = ["`neither`", "acceptor, donor"];
        continued.refuses(("splice_type", &columns), &[], 1, &needed);
    }
}

#[test]
fn a_learner_is_not_given_up_by_the_run_that_goes_on_from_it() {
    let columns = ["shop", "x"];
    let more = ["--target", "kind", "--group-col", "shop"];
    let continued = Continued::new("kind", 3, &columns, &more);
    let (two, run) = continued.further("kind", 3, &columns);
    let before = fs::read(run.join("learner.rowmill")).unwrap();
    for name in ["", "learner.rowmill", "model.rowmill"] {
        let learner = run.join(name);
        let more = ["--init-model", text(&learner), "--overwrite"];
        fails(&words(&two, &run, &more), 2, &["--init-model", "--out-dir"]);
        assert!(
            fs::read(run.join("learner.rowmill")).unwrap() == before,
            "{name}"
        );
    }
}

#[test]
fn another_split_than_the_learner_had_is_said() {
    let columns = ["shop", "x"];
    let more = ["--target", "kind", "--group-col", "shop"];
    let continued = Continued::new("kind", 3, &columns, &more);
    for (more, needed) in [
        (&["--seed", "43"][..], Some("--seed was 42 and is now 43")),
        (
            &["--test-size", "0.3"],
            Some("--test-size was 0.2 and is now 0.3"),
        ),
        (&["--one-pass"], Some("--split was")),
        (&[], None),
    ] {
        let outcome = continued.goes_on("kind", 3, &columns, more);
        let said = outcome.stderr.contains("may have been training groups");
        let is_as_needed = needed.map_or(!said, |needed| said && outcome.stderr.contains(needed));
        assert!(is_as_needed, "{more:?}: {outcome:#?}");
    }
}
