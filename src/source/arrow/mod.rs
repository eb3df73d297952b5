//! Arrow streams: record batches that come once, from whoever writes them.
//!
//! ```text
//!   bytes --frames, sizes checked--> decoder --> record batch --> slices of Values
//! ```
//!
//! As with files nothing is believed: a message says how long it is, and is refused beyond a bound
//! before anything is allocated; a stream that ends without its end mark is an error, since whoever
//! wrote it may have died. So is one that is not the end of the input, but for zeros: rows behind it, such as
//! a second stream, would be lost without a word.

mod frames;
mod stream;
mod values;

#[cfg(test)]
mod tests;

pub use stream::ArrowStream;
