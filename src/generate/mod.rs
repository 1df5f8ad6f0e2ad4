//! `undertone completions` and `undertone man`: what is made of the command line's definition.

mod completions;
mod manual;

pub use completions::completions;
pub use manual::man;
