//! Progress of a run.

/// Listens to a run. Called from several threads.
pub trait Progress: Send + Sync {
    /// A pass over `rows_total` rows begins.
    fn pass_started(&self, name: &str, rows_total: u64);

    /// The pass has read further rows and bytes.
    fn advanced(&self, rows: u64, bytes: u64);

    /// The pass is over.
    fn pass_finished(&self, name: &str, seconds: f64, rows: u64, bytes: u64);

    /// Something worth a line.
    fn message(&self, text: &str);

    /// A warning for the user.
    fn warning(&self, text: &str);
}

/// A listener that ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn pass_started(&self, _name: &str, _rows_total: u64) {}
    fn advanced(&self, _rows: u64, _bytes: u64) {}
    fn pass_finished(&self, _name: &str, _seconds: f64, _rows: u64, _bytes: u64) {}
    fn message(&self, _text: &str) {}
    fn warning(&self, _text: &str) {}
}
