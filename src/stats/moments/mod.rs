//! Count, range, mean and sum of squares of a column, in one pass at about memory speed.
//!
//! Values are summed as differences from a shift, in blocks of [`stream::BLOCK`] values; a block's sums
//! become (count, mean, m2) and are merged by Chan, Golub & LeVeque (1983, eq. 1.5). The shift of
//! a block is the mean of the blocks before it, that of the first one the first finite value, so
//! no large number is ever subtracted from another. A value's block and lane depend on its place
//! in the stream alone: cutting the stream into other batches gives the same bits.
//!
//! Measured on one core of an EPYC, in cache: 0.4 ns an f64, 0.6 ns an f32, 0.7 to 1.7 ns a selected
//! value, 1.9 ns where values are missing or infinite.

mod kernel;
mod stream;
mod summary;
#[cfg(test)]
mod tests;

pub(crate) use stream::MomentsStream;
pub(crate) use summary::Moments;
