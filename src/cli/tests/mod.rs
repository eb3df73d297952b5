//! The options reference, generated from the parser.

mod model_options;
mod reference;
