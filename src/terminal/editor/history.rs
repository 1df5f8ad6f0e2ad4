//! What was typed before, in memory only: it ends with the program.

/// Entries kept; the oldest goes first.
const MAX: usize = 200;

/// Earlier texts, the one shown now, and the draft that waits meanwhile.
#[derive(Debug, Clone, Default)]
pub struct History {
    entries: Vec<String>,
    /// Which entry is shown; `None` while the draft is.
    shown: Option<usize>,
    draft: String,
}

impl History {
    /// Keeps a text, once where it is the same as the last.
    pub fn push(&mut self, text: &str) {
        if text.is_empty() || self.entries.last().is_some_and(|last| last == text) {
            return;
        }
        if self.entries.len() == MAX {
            self.entries.remove(0);
        }
        self.entries.push(text.to_owned());
    }

    /// The text before the shown one. From the draft, `current` is kept for the way back.
    pub fn older(&mut self, current: &str) -> Option<String> {
        let at = self.shown.unwrap_or(self.entries.len()).checked_sub(1)?;
        if self.shown.is_none() {
            self.draft = current.to_owned();
        }
        self.shown = Some(at);
        self.entries.get(at).cloned()
    }

    /// The text after the shown one, or the draft.
    pub fn newer(&mut self) -> Option<String> {
        let at = self.shown? + 1;
        if let Some(entry) = self.entries.get(at) {
            self.shown = Some(at);
            return Some(entry.clone());
        }
        self.shown = None;
        Some(std::mem::take(&mut self.draft))
    }

    /// Back to the draft, which is a new one.
    pub fn rest(&mut self) {
        self.shown = None;
        self.draft.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_waits_while_older_texts_are_shown() {
        let mut history = History::default();
        assert_eq!(history.older("draft"), None);
        for text in ["a", "b", "b", ""] {
            history.push(text);
        }
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(history.older("draft"), some("b"));
        assert_eq!(history.older("b, changed"), some("a"));
        assert_eq!(history.older("a"), None);
        assert_eq!(history.newer(), some("b"));
        assert_eq!(history.newer(), some("draft"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn it_is_bounded() {
        let mut history = History::default();
        for number in 0..3 * MAX {
            history.push(&number.to_string());
        }
        let count = std::iter::from_fn(|| history.older("")).count();
        assert_eq!(count, MAX);
    }
}
