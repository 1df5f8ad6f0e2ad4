//! The program `undertone`: parse, run, map errors to exit codes.
fn main() {}
