//! What stands before the draft: who is there, and how sure that is. It is the one place that a
//! peer's text cannot reach, so that a sign in it can be believed.
//!
//! ```text
//! bob ⚠ ›   bob ◆ ›   bob ✓ ›   bob ✗ ›   bob … 2 queued ›   bob ✓ relay ›
//! bob ✓ unstable ›   bob · left ›   bob ✓ ↓7 43% 0:12 ›   bob ✓ 3 files 61% 0:40 ›
//! ```

use undertone_core::text::safe::{Safe, columns};

use crate::engine::event::Status;
use crate::terminal::style::{Style, Tone};
use crate::trust::Trust;

/// Columns of the row that the draft keeps, where there are as many twice.
const DRAFT: usize = 20;
/// Columns of what stands before the draft.
const MARK: usize = 3;

/// Who is there, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    name: Safe,
    status: Status,
    files: Option<Files>,
}

/// Files on their way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Which, and in what direction.
    pub what: String,
    /// How much of them is there.
    pub amount: String,
    /// How long the rest takes, or why it does not come, where that is known.
    pub rest: Option<String>,
}

impl Files {
    /// What is told of them, from all of it to the least.
    fn forms(&self) -> [String; 3] {
        let Self { what, amount, rest } = self;
        let rest = rest.as_ref().map(|rest| format!(" {rest}"));
        let all = format!(" {what} {amount}{}", rest.unwrap_or_default());
        [all, format!(" {what} {amount}"), format!(" {amount}")]
    }
}

impl Prompt {
    /// A prompt that names `name`.
    #[must_use]
    pub fn new(name: &str, status: Status) -> Self {
        Self {
            name: Safe::name(name),
            status,
            files: None,
        }
    }

    /// Changes what is told of files on their way.
    pub fn set_files(&mut self, files: Option<Files>) {
        self.files = files;
    }

    /// Changes how sure it is who is there, and who.
    pub fn set_status(&mut self, name: &str, status: Status) {
        (self.name, self.status) = (Safe::name(name), status);
    }

    fn sign(&self) -> (&'static str, Option<Tone>) {
        match self.status {
            Status::Linked { trust, .. } => match trust {
                Trust::Unverified => ("⚠", Some(Tone::Warning)),
                Trust::Invite => ("◆", None),
                Trust::Verified => ("✓", Some(Tone::Good)),
            },
            Status::Shut => ("✗", Some(Tone::Alarm)),
            Status::Lost { .. } => ("…", None),
            Status::Left => ("·", None),
        }
    }

    /// What is special about the link, or the want of one.
    fn note(&self) -> String {
        match self.status {
            Status::Lost { queued: 0 } | Status::Shut => String::new(),
            Status::Lost { queued } => format!(" {queued} queued"),
            Status::Left => " left".to_owned(),
            Status::Linked {
                relayed, unstable, ..
            } => match (relayed, unstable) {
                (true, true) => " relay, unstable",
                (true, false) => " relay",
                (false, true) => " unstable",
                (false, false) => "",
            }
            .to_owned(),
        }
    }

    /// The prompt for a row of `width` columns, and how many it takes. Where it is narrow, what
    /// leaves too little room for the name is not told of files, then the count or note goes, then
    /// the name; the sign last.
    pub(super) fn shown(&self, width: usize, style: Style) -> (String, usize) {
        let (sign, tone) = self.sign();
        let mut note = match width < 2 * DRAFT {
            true => String::new(),
            false => self.note(),
        };
        let room = width.saturating_sub(DRAFT).max(width / 2);
        let taken = columns(self.name.as_str()) + 1 + columns(sign) + columns(&note) + MARK;
        let mut forms = self.files.iter().flat_map(Files::forms);
        if let Some(form) = forms.find(|form| taken + columns(form) <= room) {
            note += &form;
        }
        let tail = columns(sign) + columns(&note) + MARK;
        let name = match room.checked_sub(tail + 1) {
            Some(left @ 2..) => format!("{} ", self.name.clipped(left)),
            _ => String::new(),
        };
        if tail > room {
            let sign = if room == 0 { "" } else { sign };
            return (sign.to_owned(), columns(sign));
        }
        let taken = columns(&name) + tail;
        let sign = match tone {
            Some(tone) => style.tone(tone, sign),
            None => style.dim(sign),
        };
        let name = style.bold(&name);
        (format!("{name}{sign}{} › ", style.dim(&note)), taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(trust: Trust, relayed: bool, unstable: bool) -> Status {
        Status::Linked {
            trust,
            relayed,
            unstable,
        }
    }

    #[test]
    fn the_prompt_tells_the_state_and_gets_narrow() {
        let lost = Prompt::new("bob", Status::Lost { queued: 2 });
        let shown = |prompt: &Prompt, width| prompt.shown(width, Style::new(false)).0;
        assert_eq!(shown(&lost, 80), "bob … 2 queued › ");
        assert_eq!(shown(&lost, 30), "bob … › ");
        let left = Prompt::new("bob", Status::Left);
        assert_eq!(shown(&left, 80), "bob · left › ");
        assert_eq!(shown(&left, 30), "bob · › ");
        let relayed = Prompt::new("bob", linked(Trust::Verified, true, false));
        assert_eq!(shown(&relayed, 80), "bob ✓ relay › ");
        assert_eq!(shown(&relayed, 30), "bob ✓ › ");
        let doubtful = Prompt::new("bob", linked(Trust::Verified, true, true));
        assert_eq!(shown(&doubtful, 80), "bob ✓ relay, unstable › ");
        let verified = Prompt::new("bob", linked(Trust::Verified, false, false));
        assert_eq!(shown(&verified, 80), "bob ✓ › ");
        assert_eq!(shown(&verified, 10), "✓ › ");
        assert_eq!(shown(&verified, 3), "✓");
        assert_eq!(shown(&verified, 1), "");
        let long = Prompt::new(&"世".repeat(16), Status::Shut);
        assert_eq!(shown(&long, 30), "世世世世… ✗ › ");
        let (text, taken) = verified.shown(80, Style::new(true));
        assert_eq!(text, "\x1b[1mbob \x1b[0m\x1b[32m✓\x1b[0m › ");
        assert_eq!(taken, 8);
    }

    #[test]
    fn files_on_their_way_are_told_as_far_as_the_name_leaves_room() {
        let mut prompt = Prompt::new("bob", linked(Trust::Verified, false, false));
        prompt.set_files(Some(Files {
            what: "↓7".into(),
            amount: "43%".into(),
            rest: Some("0:12".into()),
        }));
        for (width, shown) in [
            (80, "bob ✓ ↓7 43% 0:12 › "),
            (40, "bob ✓ ↓7 43% 0:12 › "),
            (38, "bob ✓ ↓7 43% › "),
            (30, "bob ✓ ↓7 43% › "),
            (24, "bob ✓ 43% › "),
            (20, "bob ✓ › "),
            (8, "✓ › "),
        ] {
            assert_eq!(prompt.shown(width, Style::new(false)).0, shown, "{width}");
        }
        prompt.set_status("bob", linked(Trust::Verified, true, false));
        let shown = prompt.shown(80, Style::new(false)).0;
        assert_eq!(shown, "bob ✓ relay ↓7 43% 0:12 › ");
        prompt.set_files(None);
        assert_eq!(prompt.shown(80, Style::new(false)).0, "bob ✓ relay › ");
    }

    #[test]
    fn it_never_takes_the_whole_row() {
        let states = [
            Status::Shut,
            linked(Trust::Invite, true, true),
            Status::Lost { queued: 1000 },
        ];
        for width in 0..100 {
            for state in states {
                let mut prompt = Prompt::new("Ada 世界", state);
                prompt.set_files((width % 2 == 0).then(|| Files {
                    what: "12 files".into(),
                    amount: "999 MB".into(),
                    rest: Some("99:59:59".into()),
                }));
                let (text, taken) = prompt.shown(width, Style::new(false));
                assert_eq!(columns(&text), taken);
                assert!(taken <= width.saturating_sub(DRAFT).max(width / 2));
            }
        }
    }
}
