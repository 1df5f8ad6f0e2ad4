//! What a pipe says faster than the peer takes it: lines that wait until the session has
//! room, so that a command behind them is heard all the same. Bounded: beyond that the pipe waits.

use std::collections::VecDeque;

/// The most lines that wait …
const LINES_MAX: usize = 1024;
/// … and their bytes.
const BYTES_MAX: usize = 1024 * 1024;

/// Lines in the order in which they were said, each with its time in milliseconds since 1970.
#[derive(Default)]
pub(super) struct Backlog {
    lines: VecDeque<(u64, String)>,
    bytes: usize,
}

impl Backlog {
    /// Whether another line is taken.
    pub(super) fn has_room(&self) -> bool {
        self.lines.len() < LINES_MAX && self.bytes < BYTES_MAX
    }

    /// How many lines wait.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether none does.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes a line that waits.
    pub(super) fn push(&mut self, sent: u64, text: &str) {
        self.bytes += text.len();
        self.lines.push_back((sent, text.to_owned()));
    }

    /// Gives the line that has waited longest.
    pub(super) fn pop(&mut self) -> Option<(u64, String)> {
        let (sent, text) = self.lines.pop_front()?;
        self.bytes -= text.len();
        Some((sent, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_in_order_and_their_bytes_are_bounded() {
        let mut backlog = Backlog::default();
        let long = "x".repeat(16 * 1024);
        let mut taken = 0;
        while backlog.has_room() {
            backlog.push(taken, &long);
            taken += 1;
        }
        assert_eq!((taken, backlog.len()), (64, 64));
        assert_eq!(backlog.pop(), Some((0, long)));
        assert!(backlog.has_room());
        while backlog.pop().is_some() {}
        while backlog.has_room() {
            backlog.push(0, "");
        }
        assert_eq!(backlog.len(), LINES_MAX);
    }
}
