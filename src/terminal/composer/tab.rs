//! Tab: in the draft commands, their words and paths; in a question about words those.

use undertone_core::crypto::words::pgp_words;
use undertone_core::text::safe::Safe;

use super::question::Mode;
use super::{Act, Composer, full};
use crate::terminal::complete::{Completed, Wanted, among, complete, last_word};

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
            Some(wanted @ (Wanted::Path(typed) | Wanted::Folder(typed))) => {
                return vec![Act::Complete {
                    typed: typed.to_owned(),
                    folder: matches!(wanted, Wanted::Folder(_)),
                }];
            }
            Some(Wanted::Command(typed)) => {
                (typed.len(), complete(typed, self.commands.iter().copied()))
            }
            Some(Wanted::Word(typed)) => (typed.len(), complete(typed, pgp_words())),
        };
        self.put_completed(typed, done, false)
    }

    /// The answer to [`Act::Complete`]: what the last of the paths in `typed`, which begins at
    /// `start`, can become, folders with a slash behind, and whether there is more. Nothing happens
    /// where the draft has moved on.
    pub fn completed(
        &mut self,
        typed: &str,
        start: usize,
        paths: &[String],
        more: bool,
    ) -> Vec<Act> {
        let wanted = Wanted::at(self.draft.before());
        if ![Wanted::Path(typed), Wanted::Folder(typed)]
            .map(Some)
            .contains(&wanted)
        {
            return Vec::new();
        }
        let last = typed.get(start..).unwrap_or_default();
        let paths: Vec<_> = paths.iter().map(String::as_str).collect();
        let names = || Completed::Several(paths.iter().map(|path| name(path)).collect());
        let done = match among(last, &paths) {
            // They may not begin like those that are not among them.
            Completed::One(_) | Completed::Further(_) if more => names(),
            Completed::Several(_) => names(),
            done => done,
        };
        self.put_completed(last.len(), done, more)
    }

    fn put_completed(&mut self, typed: usize, done: Completed, more: bool) -> Vec<Act> {
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
                match all.len().checked_sub(LISTED) {
                    Some(_) if more => list += "  and more",
                    Some(more @ 1..) => list += &format!("  and {more} more"),
                    _ => {}
                }
                vec![Act::Show(list)]
            }
        }
    }
}

/// The last name of a path, to be listed without the quotes around it.
fn name(path: &str) -> String {
    let folders = path.trim_end_matches('/').rfind('/');
    let name = path.get(folders.map_or(0, |at| at + 1)..);
    let name = name.unwrap_or_default();
    Safe::line(name.trim_matches(['\'', '"'])).to_string()
}
