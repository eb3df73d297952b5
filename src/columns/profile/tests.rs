use super::*;
use crate::data::schema::{Absent, Field, ValueType};

fn schema(names: &[&str]) -> Schema {
    let field = |name: &&str| Field {
        name: (*name).to_owned(),
        value_type: Some(ValueType::F64),
        file_type: "double".to_owned(),
        absent: Absent::Missing,
    };
    Schema {
        fields: names.iter().map(field).collect(),
    }
}

#[test]
fn splice_has_the_contract() {
    let splice = Profile::splice();
    assert_eq!(splice.class_names(), ["neither", "donor", "acceptor"]);
    assert_eq!(splice.target.as_deref(), Some("splice_type"));
    assert_eq!(splice.group.as_deref(), Some("gene_id"));
    assert_eq!(splice.task, Some(Task::Binary));
    assert_eq!(splice.negative_class(), Some(0));
    assert_eq!(splice.class_of_null(), Some(0));
    assert_eq!(
        splice.base_score_columns(),
        ["neither_score", "donor_score", "acceptor_score"]
    );
    assert_eq!(
        splice.binary_names(),
        Some(["neither".to_owned(), "splice_site".to_owned()])
    );
    assert!(splice.leakage.iter().any(|name| name == "pred_type"));
    assert!(splice.metadata.iter().any(|name| name == "chrom"));
    assert!(splice.describes_target("splice_type"));
    assert!(!splice.describes_target("other"));
}

#[test]
fn spellings_become_classes() {
    let splice = Profile::splice();
    for (value, expected) in [
        ("neither", Some(0)),
        ("0", Some(0)),
        ("donor", Some(1)),
        ("acceptor", Some(2)),
        ("Donor", None),
        ("", None),
    ] {
        assert_eq!(splice.class_of_text(value), expected, "{value}");
    }
    for (value, expected) in [
        (0.0, Some(0)),
        (-0.0, Some(0)),
        (2.0, Some(2)),
        (3.0, None),
        (0.5, None),
        (f64::NAN, None),
        (f64::INFINITY, None),
        (1e300, None),
    ] {
        assert_eq!(splice.class_of_number(value), expected, "{value}");
    }
}

#[test]
fn absent_counts_are_zero() {
    let splice = Profile::splice();
    assert!(splice.is_zero_when_absent("3mer_GTN"));
    assert!(!splice.is_zero_when_absent("donor_score"));
    assert!(!splice.is_zero_when_absent("kmer_AAA"));
}

#[test]
fn marker_selects_the_profile() {
    assert!(Profile::detect(&schema(&["a", "splice_type"])).is_some());
    assert!(Profile::detect(&schema(&["a", "label"])).is_none());
}

#[test]
fn to_toml_round_trips() {
    let splice = Profile::splice();
    assert_eq!(Profile::parse(&splice.to_toml(), "model").unwrap(), splice);
    let small = Profile::parse("name = \"mine\"", "mine").unwrap();
    assert_eq!(Profile::parse(&small.to_toml(), "model").unwrap(), small);
}

#[test]
fn baseline_keys_have_their_usual_values_unless_given() {
    let usual = Profile::splice().baseline;
    let small = Profile::parse("name = \"mine\"", "mine").unwrap();
    assert_eq!(small.baseline, usual);
    let text = "name = \"mine\"\n[baseline]\nfiles = []\ngroup_columns = [\"shop\"]\n";
    let mine = Profile::parse(text, "mine").unwrap().baseline;
    assert!(mine.files.is_empty());
    assert_eq!(mine.columns().groups, ["shop"]);
    assert_eq!(mine.class_columns, usual.class_columns);
}

#[test]
fn wrong_profiles_are_explained() {
    let two = "[[classes]]\nname = \"a\"\nvalues = [\"0\"]\n[[classes]]\nname = \"b\"\nvalues = [\"1\"]\n";
    let head = "name = \"mine\"\ntarget = \"y\"\n";
    for (text, words) in [
        ("target = \"y\"\n".to_owned(), "missing field `name`"),
        (
            "name = \"x\"\nmarkr = \"a\"\n".to_owned(),
            "line 2: unknown field `markr`",
        ),
        (
            "name = \"x\"\ntask = \"clustering\"\n".to_owned(),
            "line 2: unknown variant `clustering`",
        ),
        ("name = ".to_owned(), "mine.toml: line 1"),
        ("name = \"\"".to_owned(), "`name` is empty"),
        (
            "name = \"x\"\nabsent_is_zero = [\"[a\"]\n".to_owned(),
            "absent_is_zero: the pattern `[a`",
        ),
        (format!("name = \"mine\"\n{two}"), "without `target`"),
        (
            format!("{head}[[classes]]\nname = \"a\"\nvalues = [\"0\"]\n"),
            "has 1 class",
        ),
        (
            format!("{head}{}", two.replace("\"b\"", "\"a\"")),
            "two classes have the name `a`",
        ),
        (
            format!("{head}{}", two.replace("\"1\"", "\"0\"")),
            "belongs to both classes `a` and `b`",
        ),
        (
            format!("{head}{}", two.replace("[\"1\"]", "[]")),
            "`b` has no `values`",
        ),
        (
            format!("{head}null_label = \"c\"\n{two}"),
            "`null_label` names the class `c`",
        ),
        (
            format!("{head}{two}[binary]\nnegative = \"A\"\npositive_name = \"p\"\n"),
            "`binary.negative` names the class `A`, which is not in `classes` (did you mean `a`?)",
        ),
        (
            format!("{head}{two}[base_scores]\na = \"s\"\n"),
            "no column for the class `b`",
        ),
        (
            format!("{head}{two}[base_scores]\nz = \"s\"\n"),
            "`base_scores` names the class `z`",
        ),
        (
            format!("{head}task = \"regression\"\n{two}"),
            "`task` is regression",
        ),
        (
            format!("{head}[baseline]\ngroup_columns = []\n"),
            "`baseline.group_columns` is empty",
        ),
    ] {
        let error = Profile::parse(&text, "mine.toml").unwrap_err();
        assert!(matches!(error, Error::Usage(_)));
        let message = error.to_string();
        assert!(message.contains(words), "{text}\n{message}");
        assert!(message.starts_with("the profile mine.toml: "), "{message}");
    }
}

#[test]
fn files_are_read_with_their_name_in_errors() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    let error = Profile::load(&path).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    fs::write(&path, "name = \"mine\"\ngroup = \"site\"\n").unwrap();
    assert_eq!(Profile::load(&path).unwrap().group.as_deref(), Some("site"));
    fs::write(&path, vec![b'#'; PROFILE_BYTES_MAX as usize + 1]).unwrap();
    let message = Profile::load(&path).unwrap_err().to_string();
    assert!(message.contains("mine.toml"), "{message}");
    assert!(message.contains("check that it is a profile"), "{message}");
}
