use std::time::Duration;

use super::*;
use crate::{engine::Silent, error::Place, platform::stop::Stop};

/// Column `c` of row `r` is `r * 10 + c`.
struct Numbers {
    row_groups: Vec<Range<u64>>,
    at: u64,
    column: usize,
    fault: Fault,
    open: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    LaneError(usize),
    LanePanic(usize),
    SinkError(usize),
    SinkPanic(usize),
    Stop(usize),
}

impl LaneSource for Numbers {
    fn open(&mut self, row_group: usize) -> Result<()> {
        self.open = row_group;
        match self.fault {
            Fault::LaneError(at) if at == row_group => {
                Err(Error::input(Place::file("f").row_group(at), "damaged"))
            }
            Fault::LanePanic(at) if at == row_group => panic!("lane fault"),
            _ => Ok(()),
        }
    }

    fn start(&mut self, column: usize, first_row: usize) -> Result<()> {
        self.column = column;
        self.at = self.row_groups[self.open].start + first_row as u64;
        Ok(())
    }

    fn next(&mut self, rows: usize, values: &mut Values) -> Result<()> {
        let next =
            (self.at..self.at + rows as u64).map(|row| (row * 10) as f64 + self.column as f64);
        *values = Values::F64(next.collect());
        self.at += rows as u64;
        Ok(())
    }

    fn bytes_read(&self) -> u64 {
        0
    }
}

struct Sum {
    slice: Option<Slice>,
    sum: f64,
    fault: Fault,
    stop: Stop,
}

impl Sink for Sum {
    type Part = (u64, f64);

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = Some(slice);
        self.sum = 0.0;
        match self.fault {
            Fault::SinkError(at) if at == slice.row_group => Err(Error::Dataset("sink".into())),
            Fault::SinkPanic(at) if at == slice.row_group => panic!("sink fault"),
            Fault::Stop(at) if at == slice.row_group => {
                self.stop.request(2);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        let Values::F64(values) = &batch.values else {
            panic!("only f64 here")
        };
        self.sum += values.iter().sum::<f64>();
        Ok(())
    }

    fn finish(&mut self) -> Result<(u64, f64)> {
        Ok((self.slice.expect("started").first_row, self.sum))
    }
}

fn row_groups(count: u64) -> Vec<Range<u64>> {
    let mut start = 0;
    (0..count)
        .map(|index| {
            let rows = 1 + index * 7 % 23;
            start += rows;
            start - rows..start
        })
        .collect()
}

fn pass(
    lanes: usize,
    batch_rows_max: usize,
    slice_rows_max: usize,
    fault: Fault,
) -> Result<Vec<(u64, f64)>> {
    pass_from(0, lanes, batch_rows_max, slice_rows_max, fault)
}

fn pass_from(
    first_row: u64,
    lanes: usize,
    batch_rows_max: usize,
    slice_rows_max: usize,
    fault: Fault,
) -> Result<Vec<(u64, f64)>> {
    let row_groups = row_groups(101);
    let stop = Stop::default();
    let context = Context {
        threads: lanes,
        batch_rows_max,
        channel_batches_max: 2,
        stop: &stop,
        progress: &Silent,
    };
    let spec = ParquetPass {
        name: "numbers",
        row_groups: &row_groups,
        columns: &[3, 1],
        slice_rows_max,
        first_row,
    };
    let sources = (0..lanes).map(|_| Numbers {
        row_groups: row_groups.clone(),
        at: 0,
        column: 0,
        fault,
        open: 0,
    });
    let sinks = (0..lanes).map(|_| Sum {
        slice: None,
        sum: 0.0,
        fault,
        stop: stop.clone(),
    });
    let mut parts = Vec::new();
    parquet_pass(
        &context,
        &spec,
        sources.collect(),
        sinks.collect(),
        |slice, part| {
            assert_eq!(slice.first_row, part.0);
            parts.push(part);
            Ok(())
        },
    )?;
    Ok(parts)
}

#[test]
fn parts_come_in_row_order_for_any_lanes_batches_and_slices() {
    let expected = pass(1, 1000, 1000, Fault::None).unwrap();
    assert_eq!(expected.len(), 101);
    for lanes in [1, 2, 3, 7] {
        for batch_rows_max in [1, 5, 100] {
            assert_eq!(
                pass(lanes, batch_rows_max, 1000, Fault::None).unwrap(),
                expected
            );
        }
    }
    let sliced = pass(2, 4, 5, Fault::None).unwrap();
    assert!(sliced.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let total = |parts: &[(u64, f64)]| parts.iter().map(|part| part.1).sum::<f64>();
    assert_eq!(total(&sliced), total(&expected));
}

#[test]
fn a_pass_begins_at_the_slice_of_its_first_row() {
    let rows = row_groups(101)[100].end;
    for slice_rows_max in [1000, 5] {
        let all = pass(1, 7, slice_rows_max, Fault::None).unwrap();
        for first_row in [0, 1, 7, 8, 500, rows - 1, rows] {
            let ends = all.iter().skip(1).map(|part| part.0).chain([rows]);
            let left = all.iter().zip(ends).filter(|(_, end)| *end > first_row);
            let expected: Vec<(u64, f64)> = left.map(|(part, _)| *part).collect();
            for lanes in [1, 3] {
                let found = pass_from(first_row, lanes, 7, slice_rows_max, Fault::None).unwrap();
                assert_eq!(found, expected, "from {first_row}");
            }
        }
    }
}

/// Runs a pass on a thread of its own, so that a hang fails the test instead of blocking it.
fn within_a_minute(lanes: usize, fault: Fault) -> Error {
    let (sender, receiver) = bounded(1);
    thread::spawn(move || sender.send(pass(lanes, 3, 1000, fault)));
    receiver
        .recv_timeout(Duration::from_secs(60))
        .expect("the pass hangs")
        .expect_err("the pass must fail")
}

#[test]
fn a_fault_in_any_lane_or_sink_is_the_error_of_the_pass() {
    for lanes in [1, 2, 5] {
        for at in [0, 1, 50, 100] {
            let error = within_a_minute(lanes, Fault::LaneError(at)).to_string();
            assert_eq!(error, format!("f, row group {at}: damaged"));
            let error = within_a_minute(lanes, Fault::SinkError(at)).to_string();
            assert_eq!(error, "sink");
            let error = within_a_minute(lanes, Fault::LanePanic(at)).to_string();
            assert!(error.contains("lane fault"), "{error}");
            let error = within_a_minute(lanes, Fault::SinkPanic(at)).to_string();
            assert!(error.contains("sink fault"), "{error}");
        }
    }
}

#[test]
fn a_request_to_stop_ends_the_pass() {
    assert_eq!(within_a_minute(2, Fault::Stop(3)).exit_code(), 130);
}
