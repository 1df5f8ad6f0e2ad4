//! Tab: in the draft commands, their words and paths; in a question about words those.

use undertone_core::crypto::words::pgp_words;

use super::question::Mode;
use super::{Act, Composer, full};
use crate::terminal::complete::{Completed, Wanted, complete, last_word};

/// Candidates that are listed; of more, how many more.
const LISTED: usize = 24;

impl Composer {
    pub(super) fn tab(&mut self) -> Vec<Act> {
        let editor = match &self.mode {
            Mode::Asked(_, answer) => answer,
            _ => &self.draft,
        };
        let wanted = match &self.mode {
            Mode::Asked(..) => Some(Wanted::Word(last_word(editor.before()))),
            _ => Wanted::at(editor.before()),
        };
        let (typed, done) = match wanted {
            None => return Vec::new(),
            Some(Wanted::Path(path)) => return vec![Act::Complete(path.to_owned())],
            Some(Wanted::Command(typed)) => {
                (typed.len(), complete(typed, self.commands.iter().copied()))
            }
            Some(Wanted::Word(typed)) => (typed.len(), complete(typed, pgp_words())),
        };
        self.put_completed(typed, done)
    }

    /// The answer to [`Act::Complete`]: the paths that begin with `typed`, folders with a slash
    /// behind. Nothing happens where the draft has moved on.
    pub fn completed(&mut self, typed: &str, paths: &[String]) -> Vec<Act> {
        if Wanted::at(self.draft.before()) != Some(Wanted::Path(typed)) {
            return Vec::new();
        }
        let done = complete(typed, paths.iter().map(String::as_str));
        self.put_completed(typed.len(), done)
    }

    fn put_completed(&mut self, typed: usize, done: Completed) -> Vec<Act> {
        let editor = match &mut self.mode {
            Mode::Asked(_, answer) => answer,
            _ => &mut self.draft,
        };
        match done {
            Completed::Nothing => Vec::new(),
            Completed::One(whole) if whole.ends_with('/') => {
                full(editor.replace_before(typed, &whole))
            }
            Completed::One(whole) => full(editor.replace_before(typed, &format!("{whole} "))),
            Completed::Further(prefix) => full(editor.replace_before(typed, &prefix)),
            Completed::Several(all) => {
                let mut list = all
                    .iter()
                    .take(LISTED)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("  ");
                if let Some(more @ 1..) = all.len().checked_sub(LISTED) {
                    list += &format!("  and {more} more");
                }
                vec![Act::Show(list)]
            }
        }
    }
}
