//! Memory of the parts of a pass, which its lanes use in turns.

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{engine::Slice, error::Result};

/// Parts that a lane may have at once: one that it makes, and one that waits or is being learned.
pub(crate) const PARTS_PER_LANE: usize = 2;

/// Where one lane's parts are made. A lane soon has all the parts that it may have, and waits for one of
/// them then; so the memory of a pass depends on nothing but the data, not on who is faster.
#[derive(Debug)]
pub(crate) struct Spares<T> {
    unmade: usize,
    given_back: Receiver<T>,
}

/// Whither parts go that are learned.
#[derive(Debug)]
pub(crate) struct Returns<T>(Vec<Sender<T>>);

/// The spares of so many lanes, and whither their parts go back.
pub(crate) fn spares<T>(lanes: usize) -> (Vec<Spares<T>>, Returns<T>) {
    let channels = (0..lanes).map(|_| bounded(PARTS_PER_LANE));
    let (senders, receivers): (Vec<_>, Vec<_>) = channels.unzip();
    let spares = receivers.into_iter().map(|given_back| Spares {
        unmade: PARTS_PER_LANE,
        given_back,
    });
    (spares.collect(), Returns(senders))
}

impl<T> Spares<T> {
    /// The memory of a part that is through, as soon as there is one; `None` while the lane may make another,
    /// and when the pass has ended.
    pub(crate) fn take(&mut self) -> Option<T> {
        if self.unmade > 0 {
            self.unmade -= 1;
            return None;
        }
        self.given_back.recv().ok()
    }
}

impl<T> Returns<T> {
    /// What a pass merges its parts by: each is given back when `learn` is through with it. As the pass
    /// owns it, no lane waits for a part when merging has ended, be it early.
    pub(crate) fn after(
        self,
        mut learn: impl FnMut(Slice, T) -> Result<T>,
    ) -> impl FnMut(Slice, T) -> Result<()> {
        move |slice, part| {
            let part = learn(slice, part)?;
            self.give(slice, part);
            Ok(())
        }
    }

    /// Gives the part of a slice back to the lane that made it.
    fn give(&self, slice: Slice, part: T) {
        let lane = &self.0[slice.lane(self.0.len())];
        // The lane may have made its last part.
        let _ = lane.send(part);
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
    fn a_lane_makes_its_parts_and_then_waits_for_one_of_them() {
        let (mut spares, returns) = spares(2);
        assert_eq!([spares[1].take(), spares[1].take()], [None, None]);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| [spares[1].take(), spares[1].take()]);
            returns.give(slice_of(4), "of lane 0");
            returns.give(slice_of(3), "first");
            returns.give(slice_of(5), "second");
            let taken = waiting.join().expect("it gets its parts");
            assert_eq!(taken, [Some("first"), Some("second")]);
        });
    }

    #[test]
    fn no_lane_waits_when_the_pass_has_ended() {
        let (mut spares, returns) = spares(1);
        assert_eq!([spares[0].take(), spares[0].take()], [None, None]);
        let failed = |_, _| Err(Error::Usage("no part is learned".to_owned()));
        let mut merge = returns.after(failed);
        assert!(merge(slice_of(0), "lost").is_err());
        drop(merge);
        assert_eq!(spares[0].take(), None);
    }

    #[test]
    fn parts_of_a_lane_that_is_through_are_dropped() {
        let (spares, returns) = spares(1);
        drop(spares);
        returns.give(slice_of(0), "late");
    }
}
