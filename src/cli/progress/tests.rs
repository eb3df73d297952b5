use super::*;

/// A pass of two batches, told by two threads.
fn drive(progress: &dyn Progress) {
    progress.pass_started("survey", 100);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| progress.advanced(50, 1_000));
        }
    });
    progress.message("half way");
    progress.warning("odd");
    progress.pass_finished("survey", 2.0, 100, 2_000);
}

#[test]
fn lines_count_what_was_done() {
    let progress = LogProgress::new();
    drive(&progress);
    assert_eq!(progress.advance.rows.load(Ordering::Relaxed), 100);
    assert_eq!(progress.advance.bytes.load(Ordering::Relaxed), 2_000);
    // The next pass starts from nothing.
    progress.pass_started("binning", 100);
    assert_eq!(progress.advance.rows.load(Ordering::Relaxed), 0);
}

#[test]
fn a_bar_is_shown_during_a_pass_only() {
    let shown = ShownBar::default();
    let progress = BarProgress::new(Arc::clone(&shown));
    progress.pass_started("survey", 100);
    progress.advanced(40, 1_000);
    let bar = shown.lock().unwrap().clone().unwrap();
    assert_eq!((bar.position(), bar.length()), (40, Some(100)));
    progress.pass_finished("survey", 2.0, 100, 2_000);
    assert!(shown.lock().unwrap().is_none());
    progress.pass_started("binning", 0);
    drop(progress);
    assert!(shown.lock().unwrap().is_none(), "an error leaves no bar");
}

#[test]
fn rates_leave_out_what_is_not_known() {
    for (rows, bytes, seconds, expected) in [
        (1_000, 3_000_000, 2.0, "500 rows/s, 1.5 MB/s"),
        (1_000, 0, 2.0, "500 rows/s"),
        (1_000, 10, 0.0, "0 rows/s"),
    ] {
        let (rows, bytes) = rates(rows, bytes, seconds);
        assert_eq!(rates_text(rows, bytes), expected);
    }
}
