use super::*;
use crate::{
    columns::roles::Role,
    data::schema::{Absent, Field},
};

/// `name:type`, the type `f`, `t` (text) or `l` (list).
fn schema(columns: &str) -> Schema {
    let field = |column: &str| {
        let (name, kind) = column.split_once(':').unwrap_or((column, "f"));
        let (value_type, file_type) = match kind {
            "t" => (Some(ValueType::Text), "string"),
            "l" => (None, "list"),
            _ => (Some(ValueType::F64), "double"),
        };
        Field {
            name: name.to_owned(),
            value_type,
            file_type: file_type.to_owned(),
            absent: Absent::Missing,
        }
    };
    Schema {
        fields: columns.split_whitespace().map(field).collect(),
    }
}

const SPLICE: &str = "gene_id:t chrom:t splice_type:t is_test pred_type:t donor_score acceptor_score \
                      neither_score gc_content 3mer_AAA 3mer_AAC";

fn names(schema: &Schema, columns: &[usize]) -> String {
    let names: Vec<&str> = columns
        .iter()
        .map(|column| schema.fields[*column].name.as_str())
        .collect();
    names.join(" ")
}

fn selection(build: impl FnOnce(&mut Selection)) -> Selection {
    let mut selection = Selection::default();
    build(&mut selection);
    selection
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The features that a selection leaves of the splice-like schema.
fn check_features(build: impl FnOnce(&mut Selection), expected: &str) {
    let schema = schema(SPLICE);
    let roles = Roles::resolve(&schema, Some(&Profile::splice()), &selection(build)).unwrap();
    assert_eq!(names(&schema, &roles.features), expected);
    let mut all: Vec<usize> = roles.features.clone();
    all.extend(roles.excluded.iter().map(|excluded| excluded.column));
    all.sort_unstable();
    assert_eq!(all, (0..schema.fields.len()).collect::<Vec<_>>());
}

/// The message of a selection that cannot be.
fn check_error(columns: &str, with_profile: bool, build: impl FnOnce(&mut Selection), words: &str) {
    let splice = Profile::splice();
    let profile = with_profile.then_some(&splice);
    let error = Roles::resolve(&schema(columns), profile, &selection(build)).unwrap_err();
    assert!(
        matches!(error, Error::Dataset(_) | Error::Usage(_)),
        "{error:?}"
    );
    let message = error.to_string();
    assert!(message.contains(words), "{message}\nlacks: {words}");
}

#[test]
fn the_profile_gives_the_parts() {
    let schema = schema(SPLICE);
    let roles = Roles::resolve(&schema, Some(&Profile::splice()), &Selection::default()).unwrap();
    assert_eq!(roles.target, schema.index_of("splice_type"));
    assert_eq!(roles.group, Some(0));
    assert_eq!(roles.split, None);
    assert_eq!(
        names(&schema, &roles.features),
        "donor_score acceptor_score neither_score gc_content 3mer_AAA 3mer_AAC"
    );
    let base: Vec<_> = roles
        .base_scores
        .iter()
        .map(|base| (base.column, base.class))
        .collect();
    assert_eq!(base, [(7, 0), (5, 1), (6, 2)]);
    for (column, role, why) in [
        (0, Role::Group, "keeps rows together"),
        (1, Role::Excluded, "metadata of the profile splice"),
        (2, Role::Target, "the target"),
        (
            4,
            Role::Excluded,
            "leaks the answer, says the profile splice",
        ),
        (5, Role::Feature, "base score"),
        (8, Role::Feature, ""),
    ] {
        let (found, reason) = roles.role_of(column);
        assert_eq!(found, role);
        assert!(reason.starts_with(why), "{reason}");
    }
}

#[test]
fn the_user_comes_before_the_profile() {
    check_features(
        |s| s.exclude = list(&["gc_content", "3mer_*"]),
        "donor_score acceptor_score neither_score",
    );
    check_features(
        |s| s.include = list(&["chrom"]),
        "chrom donor_score acceptor_score neither_score gc_content 3mer_AAA 3mer_AAC",
    );
    check_features(
        |s| s.exclude_if_there = list(&["gc_content", "not_there", "6mer_*", "3mer_AAA"]),
        "donor_score acceptor_score neither_score 3mer_AAC",
    );
    // A pattern that happens to cover the target leaves it the target.
    check_features(|s| s.exclude = list(&["*_*e*", "3mer_AAA"]), "3mer_AAC");
    // What is included by name survives a list that serves many datasets.
    check_features(
        |s| {
            s.exclude_if_there = list(&["*"]);
            s.include = list(&["gc_content"]);
        },
        "gc_content",
    );
    check_features(
        |s| s.group = GroupChoice::Column("chrom".to_owned()),
        "donor_score acceptor_score neither_score gc_content 3mer_AAA 3mer_AAC",
    );
}

#[test]
fn the_split_and_weight_columns_are_no_features() {
    let schema = schema("y x is_test w");
    let roles = Roles::resolve(
        &schema,
        None,
        &selection(|s| {
            s.target = Some("y".to_owned());
            s.split = Some("is_test".to_owned());
            s.weight = Some("w".to_owned());
        }),
    )
    .unwrap();
    assert_eq!(names(&schema, &roles.features), "x");
    assert_eq!(roles.role_of(2), (Role::Split, "gives the split"));
    assert_eq!(roles.role_of(3).0, Role::Weight);
    assert_eq!(roles.group, None);
    assert!(roles.base_scores.is_empty());
}

#[test]
fn another_target_leaves_the_profile_target_out() {
    let schema = schema(SPLICE);
    let roles = Roles::resolve(
        &schema,
        Some(&Profile::splice()),
        &selection(|s| s.target = Some("gc_content".to_owned())),
    )
    .unwrap();
    assert_eq!(
        roles.role_of(2),
        (Role::Excluded, "the target of the profile splice")
    );
}

#[test]
fn base_scores_are_all_or_none() {
    let schema = schema("gene_id:t splice_type:t donor_score acceptor_score x");
    let roles = Roles::resolve(&schema, Some(&Profile::splice()), &Selection::default()).unwrap();
    assert!(roles.base_scores.is_empty());
}

#[test]
fn a_lost_group_column_means_row_by_row() {
    let schema = schema("splice_type:t x");
    let roles = Roles::resolve(&schema, Some(&Profile::splice()), &Selection::default()).unwrap();
    assert_eq!(roles.group, None);
}

#[test]
fn wrong_names_are_answered_with_the_nearest() {
    let some = |name: &str| Some(name.to_owned());
    check_error(
        "y x",
        false,
        |_| (),
        "the target is not known; name its column with --target",
    );
    check_error(
        "splicetype x",
        true,
        |_| (),
        "no column `splice_type`, the target of the profile `splice` (did you mean `splicetype`?)",
    );
    check_error(
        "label x",
        false,
        |s| s.target = some("lable"),
        "--target: the data have no column `lable` (did you mean `label`?)",
    );
    check_error(
        SPLICE,
        true,
        |s| s.group = GroupChoice::Column("gene".to_owned()),
        "--group-col: the data have no column `gene` (did you mean `gene_id`?)",
    );
    check_error(
        SPLICE,
        true,
        |s| s.split = some("istest"),
        "did you mean `is_test`?",
    );
    check_error(
        SPLICE,
        true,
        |s| s.weight = some("zzzzz"),
        "no column `zzzzz`; `rowmill inspect` lists the columns",
    );
    check_error(
        SPLICE,
        true,
        |s| s.exclude = list(&["gc_contnt"]),
        "--exclude: the data have no column `gc_contnt` (did you mean `gc_content`?)",
    );
    check_error(
        SPLICE,
        true,
        |s| s.include = list(&["crom"]),
        "--include: the data have no column `crom` (did you mean `chrom`?)",
    );
    check_error(
        SPLICE,
        true,
        |s| s.exclude = list(&["6mer_*"]),
        "--exclude: no column matches the pattern `6mer_*`",
    );
    check_error(
        SPLICE,
        true,
        |s| s.exclude = list(&["3mer_["]),
        "`[` without its `]`",
    );
}

#[test]
fn contradictions_are_explained() {
    let some = |name: &str| Some(name.to_owned());
    check_error(
        SPLICE,
        true,
        |s| s.exclude = list(&["splice_type"]),
        "--exclude names the target `splice_type`",
    );
    check_error(
        SPLICE,
        true,
        |s| s.include = list(&["splice_type"]),
        "--include names the column `splice_type`, which is the target",
    );
    check_error(
        SPLICE,
        true,
        |s| s.include = list(&["gene_id"]),
        "--include names the column `gene_id`, which keeps rows together",
    );
    check_error(
        SPLICE,
        true,
        |s| {
            s.include = list(&["chrom"]);
            s.exclude = list(&["chrom"]);
        },
        "`chrom` is named by --include and --exclude",
    );
    check_error(
        SPLICE,
        true,
        |s| s.target = some("gene_id"),
        "`gene_id` cannot be both the target and the group column",
    );
    check_error(
        SPLICE,
        true,
        |s| s.weight = some("chrom"),
        "`chrom` has the type string and cannot be the weight column",
    );
    check_error(
        "y:l x",
        false,
        |s| s.target = some("y"),
        "`y` has the type list and cannot be the target",
    );
    check_error(
        "gene_id:t splice_type:t",
        true,
        |_| (),
        "all 2 columns are excluded",
    );
    check_error(
        SPLICE,
        true,
        |s| s.exclude = list(&["*"]),
        "all 11 columns are excluded",
    );
    check_error(
        "splice_type a:l b x c:l",
        true,
        |_| (),
        "`a` has the type list, which cannot be a feature; leave it out with --exclude a,c",
    );
    check_error(
        "splice_type a:l b:l c:l d:l e:l f:l",
        true,
        |_| (),
        "--exclude a,b,c,d,e (1 more have such types)",
    );
}

#[test]
fn data_without_a_target_will_do_where_it_is_optional() {
    let schema = schema("a b");
    let optional = selection(|selection| selection.target_is_optional = true);
    for profile in [None, Some(&Profile::splice())] {
        let roles = Roles::resolve(&schema, profile, &optional).unwrap();
        assert_eq!((roles.target, roles.features), (None, vec![0, 1]));
    }
    let named = Selection {
        target: Some("nope".to_owned()),
        ..optional
    };
    let error = Roles::resolve(&schema, None, &named).unwrap_err();
    assert!(error.to_string().contains("nope"), "{error}");
}
