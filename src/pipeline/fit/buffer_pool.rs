//! Buffers of a pass that feeds a sequential learner: each lane fills them, the learner returns them.

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{engine::Slice, error::Result};

/// Buffers of a lane: one is being filled, the other waits or is in use by the learner.
pub(crate) const PARTS_PER_LANE: usize = 2;

/// The buffers of one lane. It allocates at most [`PARTS_PER_LANE`] and then waits for a returned one, so
/// memory is independent of the length of the pass and of which side is slower.
#[derive(Debug)]
pub(crate) struct BufferPool<T> {
    unallocated: usize,
    returned: Receiver<T>,
}

/// Returns finished buffers to the lanes that own them.
#[derive(Debug)]
pub(crate) struct Recycler<T>(Vec<Sender<T>>);

/// A pool for each lane, and the recycler of all of them.
pub(crate) fn buffer_pools<T>(lanes: usize) -> (Vec<BufferPool<T>>, Recycler<T>) {
    let channels = (0..lanes).map(|_| bounded(PARTS_PER_LANE));
    let (senders, receivers): (Vec<_>, Vec<_>) = channels.unzip();
    let pools = receivers.into_iter().map(|returned| BufferPool {
        unallocated: PARTS_PER_LANE,
        returned,
    });
    (pools.collect(), Recycler(senders))
}

impl<T> BufferPool<T> {
    /// A returned buffer, once there is one; `None` while the lane may allocate another, and after the pass.
    pub(crate) fn take(&mut self) -> Option<T> {
        if self.unallocated > 0 {
            self.unallocated -= 1;
            return None;
        }
        self.returned.recv().ok()
    }
}

impl<T> Recycler<T> {
    /// Wraps `learn` as the pass's merge function and recycles each buffer afterwards. Dropping it, also on
    /// an early end, wakes lanes that wait for a buffer.
    pub(crate) fn after(
        self,
        mut learn: impl FnMut(Slice, T) -> Result<T>,
    ) -> impl FnMut(Slice, T) -> Result<()> {
        move |slice, buffer| {
            let buffer = learn(slice, buffer)?;
            self.recycle(slice, buffer);
            Ok(())
        }
    }

    /// Returns the buffer of a slice to its lane.
    fn recycle(&self, slice: Slice, buffer: T) {
        let lane = &self.0[slice.lane(self.0.len())];
        // A lane that has finished its last slice is gone; the buffer is dropped.
        let _ = lane.send(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn slice_of(row_group: usize) -> Slice {
        Slice {
            row_group,
            ..Slice::default()
        }
    }

    #[test]
    fn a_lane_allocates_its_buffers_and_then_waits_for_one() {
        let (mut pools, recycler) = buffer_pools(2);
        assert_eq!([pools[1].take(), pools[1].take()], [None, None]);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| [pools[1].take(), pools[1].take()]);
            recycler.recycle(slice_of(4), "of lane 0");
            recycler.recycle(slice_of(3), "first");
            recycler.recycle(slice_of(5), "second");
            let taken = waiting.join().expect("it gets its buffers");
            assert_eq!(taken, [Some("first"), Some("second")]);
        });
    }

    #[test]
    fn no_lane_waits_when_the_pass_has_ended() {
        let (mut pools, recycler) = buffer_pools(1);
        assert_eq!([pools[0].take(), pools[0].take()], [None, None]);
        let failed = |_, _| Err(Error::Usage("no buffer is used".to_owned()));
        let mut merge = recycler.after(failed);
        assert!(merge(slice_of(0), "lost").is_err());
        drop(merge);
        assert_eq!(pools[0].take(), None);
    }

    #[test]
    fn buffers_of_a_finished_lane_are_dropped() {
        let (pools, recycler) = buffer_pools(1);
        drop(pools);
        recycler.recycle(slice_of(0), "late");
    }
}
