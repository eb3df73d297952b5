//! Baseline tables. Every row of what is accepted is found by its group and site.

use rowmill::{
    internals::baseline::{Baseline, BaselineColumns},
    options::Limits,
};

pub(crate) fn run(input: &[u8]) {
    let limits = Limits {
        baseline_bytes_max: 1 << 16,
        baseline_row_bytes_max: 1 << 10,
        ..Limits::default()
    };
    let names = BaselineColumns::default();
    let Ok(table) = Baseline::from_reader(input, "table.tsv", &names, &limits) else {
        return;
    };
    assert!(table.heap_bytes() <= limits.baseline_bytes_max);
    assert!(table.groups() <= table.len());
    // Names of groups are not listed, so whatever could be one is looked for.
    for cell in input.split(|byte| b"\t,\n\"".contains(byte)) {
        let Ok(group) = std::str::from_utf8(cell) else {
            continue;
        };
        for row in table.rows_of(group) {
            assert_eq!(row.cells().count(), table.columns().len());
            let found = table.row_of(row.group(), row.site());
            assert_eq!(found.map(|found| found.line()), Some(row.line()));
        }
    }
}
