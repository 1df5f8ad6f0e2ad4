//! Offers in words, as `/files` lists them.

use undertone_core::session::Session;
use undertone_core::text::safe::Safe;

use super::Transfers;
use crate::engine::event::transfer::{OfferedFile, Progress};
use crate::files::size::amount;

impl Transfers {
    /// All of them, each by its number, and how far it is.
    pub(in crate::engine::conversation) fn in_words(
        &self,
        session: &Session,
    ) -> Vec<(String, String)> {
        let ours = self.ours.iter();
        let ours = ours.map(|(number, ours)| (*number, ours.in_words(session)));
        let theirs = self.theirs.iter();
        let theirs = theirs.map(|(number, theirs)| (*number, theirs.in_words(*number)));
        let mut all: Vec<_> = ours.chain(theirs).collect();
        all.sort_unstable();
        let named = |(number, what)| (format!("[{number}]"), what);
        all.into_iter().map(named).collect()
    }

    /// One of them, with the first files that are in it.
    pub(in crate::engine::conversation) fn listed(
        &self,
        number: u32,
        session: &Session,
    ) -> Option<Vec<(String, String)>> {
        let (words, files, first) = match (self.ours.get(&number), self.theirs.get(&number)) {
            (Some(ours), _) => (ours.in_words(session), ours.files, &ours.first),
            (_, Some(theirs)) => (theirs.in_words(number), theirs.offer.count, &theirs.first),
            (None, None) => return None,
        };
        let mut entries = vec![(format!("[{number}]"), words)];
        entries.extend(first.iter().map(OfferedFile::in_words));
        if let Some(more @ 1..) = files.checked_sub(first.len() as u64) {
            entries.push(("…".to_owned(), format!("and {more} more")));
        }
        Some(entries)
    }

    /// An offer, by its number and name.
    pub(super) fn named(&self, number: u32) -> Option<String> {
        let theirs = self.theirs.get(&number).map(|theirs| &theirs.title);
        let ours = self.ours.get(&number).map(|ours| &ours.title);
        let name = theirs.or(ours)?;
        Some(format!("[{number}] {}", Safe::line(name)))
    }
}

/// An offer in a list: to whom or from whom, how much it is and how far.
pub(super) fn in_words(
    way: &str,
    name: &str,
    (files, size): (u64, Option<u64>),
    how: &str,
) -> String {
    format!(
        "{way}: {}, {}, {how}",
        Safe::line(name),
        amount(files, size)
    )
}

pub(super) fn percent(what: &str, progress: Progress) -> String {
    match progress.percent() {
        Some(percent) => format!("{what}, {percent} %"),
        None => what.to_owned(),
    }
}
