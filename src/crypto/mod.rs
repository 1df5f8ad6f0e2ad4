//! The suite: no socket, no clock, no terminal.
