use super::*;
use crate::{
    columns::{profile::Profile, roles::Selection},
    data::{Field, ValueType},
};

fn schema(names: &[String]) -> Schema {
    let field = |name: &String| Field {
        name: name.clone(),
        value_type: Some(ValueType::F64),
        file_type: "double".to_owned(),
        absent: if name.contains("mer_") {
            Absent::Zero
        } else {
            Absent::Missing
        },
    };
    Schema {
        fields: names.iter().map(field).collect(),
    }
}

fn splice_like() -> Inspection {
    let mut names: Vec<String> = ["gene_id", "splice_type", "pred_type", "gc_content"]
        .map(str::to_owned)
        .to_vec();
    names.extend((0..64).map(|i| format!("3mer_{i}")));
    let schema = schema(&names);
    let roles = Roles::resolve(&schema, Some(&Profile::splice()), &Selection::default()).unwrap();
    Inspection {
        dataset: "master".to_owned(),
        files: (0..20)
            .map(|i| FileLine {
                name: format!("part-{i}.parquet"),
                rows: 1_000,
                row_groups: 2,
                bytes: 2_048,
            })
            .collect(),
        columns: column_lines(&schema, Some(&roles)),
        profile: "splice".to_owned(),
        roles_error: None,
        problems: vec!["column `x` is a number here and a text there".to_owned()],
        estimates: vec![(
            "scratch".to_owned(),
            1 << 20,
            "a byte per feature and row".to_owned(),
        )],
    }
}

#[test]
fn pages_have_parts_and_sums() {
    let text = render(&splice_like(), false);
    for words in [
        "master: 20,000 rows in 40 row groups of 20 files, 40.0 KiB",
        "profile splice; 68 columns, 65 of them features",
        "part-9.parquet",
        "and 10 more (--all lists them)",
        "gene_id      double  group     keeps rows together (the group column)",
        "pred_type    double  excluded  leaks the answer, says the profile splice",
        "3mer_0       double  feature   0 where absent",
        "... 62 more",
        "a run would fail: column `x` is a number here",
        "scratch  1.0 MiB  a byte per feature and row",
    ] {
        assert!(text.contains(words), "{text}\nlacks: {words}");
    }
    assert!(
        !text.contains("part-15") && !text.contains("3mer_7 "),
        "{text}"
    );
}

#[test]
fn all_means_all() {
    let text = render(&splice_like(), true);
    assert!(
        text.contains("part-15.parquet") && text.contains("3mer_7 ") && !text.contains("more"),
        "{text}"
    );
}

#[test]
fn columns_without_parts_say_why() {
    let schema = schema(&["a".to_owned()]);
    let inspection = Inspection {
        columns: column_lines(&schema, None),
        roles_error: Some("the target is not known".to_owned()),
        ..Inspection::default()
    };
    let text = render(&inspection, false);
    assert!(
        text.contains("the roles of the columns are not known: the target is not known"),
        "{text}"
    );
    assert!(text.contains("a       double  -"), "{text}");
}

#[test]
fn families_of_mixed_types_are_folded() {
    let line = |i: usize| ColumnLine {
        name: format!("kmer_{i}"),
        file_type: if i.is_multiple_of(2) {
            "int32"
        } else {
            "float"
        }
        .to_owned(),
        role: "feature",
        why: String::new(),
    };
    let mut columns: Vec<ColumnLine> = (0..9).map(line).collect();
    columns.push(ColumnLine {
        name: "other_1".to_owned(),
        file_type: "float".to_owned(),
        ..line(1)
    });
    let text = column_table(&columns, false);
    assert!(
        text.contains("... 7 more  float or int32  feature"),
        "{text}"
    );
    assert!(
        text.contains("kmer_8") && text.contains("other_1"),
        "{text}"
    );
    assert_eq!(column_table(&columns, true).lines().count(), 11);
}
