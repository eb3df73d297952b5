//! The booster that grows trees in passes over scratch, or from samples that passes draw.

mod booster;
mod quantiles;
mod resume;
mod rounds;
mod sampled_rounds;
mod work;

pub(crate) use booster::Booster;
