//! The program `undertone-mediator`: parse and serve.
fn main() {}
