//! Arrow streams: record batches from a pipe, read once.
//!
//! ```text
//!   bytes --frames, sizes checked--> decoder --> record batch --> slices of Values
//! ```
//!
//! As with files nothing is trusted: a message whose length is above a bound is refused before anything
//! is allocated; a stream that ends without its end mark is an error, since its writer may have died.
//! Bytes other than zeros after the end are an error too: the rows of a second stream, for example, would
//! be lost silently.

mod frames;
mod stream;
mod values;

#[cfg(test)]
mod tests;

pub(crate) use stream::ArrowStream;
