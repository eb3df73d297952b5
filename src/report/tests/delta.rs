use super::{check, counts};
use crate::{
    baseline::{Baseline, BaselineColumns},
    error::{Error, Result},
    limits::Limits,
    report::delta::{self, DeltaInput, DeltaSummary, GroupOutcome},
    stats::metrics::ClassCounts,
};

const TABLE: &str = "\
gene_id\tTP\tTN\tFP\tFN\tn_splice_sites\ttop_k_accuracy\tprecision\trecall\tspecificity\tf1_score\tnote\tsplice_type\tchrom
g1\t6\t90\t2\t2\t8\t0.75\t0.75\t0.75\t0.978\t0.75\t\"a, \"\"b\"\"\"\tdonor\t1
g1\t9\t80\t1\t0\t9\t0.9\t0.9\t1.0\t0.988\t0.947\tc\tacceptor\t1
g2\t0\t50\t0\t0\t0\tnull\tnull\tnull\t1.0\tnull\t\tdonor\tX
g3\t4\t40\t4\t0\t4\t1.0\t0.5\t1.0\t0.909\t0.6667\tline\tacceptor\t2
";

fn baseline(text: &str) -> Baseline {
    let names = BaselineColumns::default();
    Baseline::from_reader(text.as_bytes(), "base.tsv", &names, &Limits::default()).unwrap()
}

fn names(classes: &[&str]) -> Vec<String> {
    classes.iter().map(|&class| class.to_owned()).collect()
}

fn group(name: &str, model: Vec<ClassCounts>, base: Option<Vec<ClassCounts>>) -> GroupOutcome {
    GroupOutcome {
        name: name.to_owned(),
        model,
        base,
    }
}

/// Counts of two classes from those of class 1.
fn binary(class: ClassCounts) -> Vec<ClassCounts> {
    vec![class.opposite(), class]
}

fn binary_groups() -> Vec<Result<GroupOutcome>> {
    vec![
        Ok(group(
            "g1",
            binary(counts(9, 1, 1, 89)),
            Some(binary(counts(8, 2, 2, 88))),
        )),
        Ok(group(
            "g2",
            binary(counts(0, 0, 0, 20)),
            Some(binary(counts(0, 1, 0, 19))),
        )),
        Ok(group(
            "g3",
            binary(counts(1, 2, 3, 14)),
            Some(binary(counts(3, 0, 1, 16))),
        )),
        Ok(group(
            "new, \"gène\"\n",
            binary(counts(2, 0, 0, 3)),
            Some(binary(counts(1, 0, 1, 3))),
        )),
    ]
}

fn write(
    directory: &std::path::Path,
    table: &str,
    classes: &[&str],
    has_base_scores: bool,
    groups: Vec<Result<GroupOutcome>>,
) -> Result<DeltaSummary> {
    let baseline = baseline(table);
    let classes = names(classes);
    let input = DeltaInput {
        baseline: &baseline,
        classes: &classes,
        has_base_scores,
    };
    delta::write(directory, input, groups)
}

#[test]
fn two_classes_are_compared_with_the_rows_of_a_gene_together() {
    let directory = tempfile::tempdir().unwrap();
    let classes = ["neither", "splice"];
    let summary = write(directory.path(), TABLE, &classes, true, binary_groups()).unwrap();
    check(
        directory.path(),
        delta::NAME,
        include_str!("../golden/delta_binary.csv"),
    );

    assert_eq!(
        (summary.per, summary.rows, summary.rows_without_baseline),
        ("group", 4, 1)
    );
    let tally = summary.vs_baseline;
    assert_eq!(
        (tally.compared, tally.improved, tally.worse, tally.equal),
        (3, 1, 1, 1)
    );
    // g1: TP 15, FP 3, FN 2 together, against 9, 1, 1; g3: 4, 4, 0 against 1, 2, 3; g2: 0 both.
    let deltas = [0.9 - 30.0 / 35.0, 2.0 / 7.0 - 8.0 / 12.0, 0.0];
    let mean = deltas.iter().sum::<f64>() / 3.0;
    assert!((tally.mean_delta.unwrap() - mean).abs() < 1e-12);
    let same_rows = summary.vs_base_rows.unwrap();
    assert_eq!(
        (same_rows.compared, same_rows.improved, same_rows.worse),
        (4, 2, 1)
    );
    assert!(summary.sites_unmatched.is_empty());
}

#[test]
fn several_classes_are_compared_by_group_and_site_word_for_word() {
    let directory = tempfile::tempdir().unwrap();
    let groups = vec![
        Ok(group(
            "g1",
            vec![
                counts(80, 1, 1, 18),
                counts(7, 1, 1, 91),
                counts(9, 1, 1, 89),
            ],
            None,
        )),
        Ok(group(
            "g2",
            vec![
                counts(20, 0, 0, 0),
                counts(0, 0, 0, 20),
                counts(0, 0, 0, 20),
            ],
            None,
        )),
    ];
    let table = TABLE.replace("\tacceptor\t2", "\tbranch\t2");
    let classes = ["neither", "donor", "acceptor"];
    let summary = write(directory.path(), &table, &classes, false, groups).unwrap();
    check(
        directory.path(),
        delta::NAME,
        include_str!("../golden/delta_by_site.csv"),
    );
    assert_eq!(summary.per, "group_and_site");
    assert_eq!((summary.rows, summary.rows_without_baseline), (4, 1));
    assert_eq!(summary.sites_unmatched, ["branch"]);
    assert_eq!(summary.vs_base_rows, None);
    let tally = summary.vs_baseline;
    assert_eq!((tally.improved, tally.worse, tally.equal), (1, 1, 1));
}

#[test]
fn a_baseline_of_counts_alone_gets_an_f1_column() {
    let directory = tempfile::tempdir().unwrap();
    let table =
        "gene_id,site_type,TP,FP,FN\ng1,donor,1,1,0\ng1,acceptor,,,\ng2,donor,null,null,null\n";
    let groups = vec![
        Ok(group("g1", binary(counts(1, 0, 0, 0)), None)),
        Ok(group("g2", binary(counts(1, 0, 0, 0)), None)),
    ];
    let summary = write(directory.path(), table, &["0", "1"], false, groups).unwrap();
    let written = std::fs::read_to_string(directory.path().join(delta::NAME)).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert!(lines[0].starts_with("gene_id,site_type,TP,FP,FN,f1_score,TP_meta,"));
    assert!(
        lines[1].starts_with("g1,acceptor+donor,1,1,0,0.6666666666666666,1,0,0,0,1,1,1,0.33333")
    );
    assert!(
        lines[2].starts_with("g2,donor,null,null,null,,1,0,0,0,1,1,1,,,"),
        "{}",
        lines[2]
    );
    assert_eq!(summary.vs_baseline.compared, 1);
    assert_eq!(summary.rows_without_baseline, 0);
}

#[test]
fn an_error_of_the_groups_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut groups = binary_groups();
    groups.push(Err(Error::Dataset("the spill is gone".to_owned())));
    let error = write(directory.path(), TABLE, &["a", "b"], true, groups).unwrap_err();
    assert_eq!(error.to_string(), "the spill is gone");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_planted_link_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let victim = super::plant_link(directory.path(), delta::NAME);
    write(directory.path(), TABLE, &["a", "b"], true, binary_groups()).unwrap();
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "precious");
    check(
        directory.path(),
        delta::NAME,
        include_str!("../golden/delta_binary.csv"),
    );
}
