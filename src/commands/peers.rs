//! `undertone peers …`: shows the history, or changes it and the contacts.

use std::io::Write;
use std::path::Path;

use jiff::tz::TimeZone;

use super::{CommandError, open_store, peers_file, say};
use crate::chat::Signals;
use crate::cli::{Global, PeersAction, PeersArgs};
use crate::contacts::{Contacts, ContactsError, Trust};
use crate::history::{Damaged, History, Index, View, table};
use crate::identity::Identity;
use crate::store::Store;
use crate::terminal::prompts::{Asker, PromptError, can_ask};
use crate::terminal::safe::Safe;

/// How a table is to look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns that it may take.
    pub width: usize,
    /// Whether in colours.
    pub color: bool,
}

/// `undertone peers`: shows the history, or changes it.
///
/// # Errors
/// [`CommandError`], with its exit code.
pub fn peers(
    args: &PeersArgs,
    global: &Global,
    look: Look,
    out: &mut impl Write,
    talk: &mut impl Write,
) -> Result<(), CommandError> {
    let store = open_store(global, talk)?;
    let history = History::open(&peers_file(global, store.dir()))?;
    match &args.action {
        None => {
            let view = match args.json || args.connections {
                true => View::Connections,
                false => View::People,
            };
            let place = shown(history.path());
            let mut index = Index::of(&history, view, |line| {
                let Damaged { number, why } = line;
                // Who does not hear of it wants the table all the same.
                let _ = writeln!(talk, "◆ Line {number} of {place} is left out: {why}.");
                Ok::<_, CommandError>(())
            })?;
            if args.json {
                index.in_order();
                table::json_lines(&mut index, out)?;
            } else if index.is_empty() {
                say(talk, "◆ You have talked to nobody yet.");
            } else {
                index.newest(usize::MAX);
                table::table(&mut index, look, &TimeZone::system(), out)?;
            }
        }
        Some(PeersAction::Names) => {
            for contact in contacts(&store)?.list()? {
                writeln!(out, "{}", contact.petname)?;
            }
        }
        Some(PeersAction::Path) => {
            // As the bytes are, for scripts; a terminal gets them safe.
            writeln!(out, "{}", shown(history.path()))?;
        }
        Some(PeersAction::Rename { who, name }) => {
            let contact = match contacts(&store)?.rename(who, name) {
                Err(ContactsError::Unknown(_)) => None,
                other => Some(other?),
            };
            // A contact's lines are those of its key: an impostor's keep the name that it gave.
            let whose = contact
                .as_ref()
                .map(|contact| contact.fingerprint().to_string());
            let lines = history.rename(whose.as_deref().unwrap_or(who), name.as_str())?;
            if contact.is_none() && lines == 0 {
                return Err(CommandError::Nobody(Safe::name(who)));
            }
            say(talk, &format!("◆ {} is now {name}.", Safe::name(who)));
        }
        Some(PeersAction::Forget { who, yes }) => {
            let contacts = contacts(&store)?;
            let known = match contacts.find(who) {
                Err(ContactsError::Unknown(_)) => None,
                other => Some(other?),
            };
            let verified = known.is_some_and(|contact| contact.trust == Trust::Verified);
            if verified && !yes && !asked_to_forget(who, global)? {
                say(talk, &format!("◆ {} is kept.", Safe::name(who)));
                return Ok(());
            }
            let contact = match contacts.forget(who) {
                Err(ContactsError::Unknown(_)) => None,
                other => Some(other?),
            };
            let mut lines = history.forget(who)?;
            if let Some(contact) = &contact {
                lines += history.forget(&contact.fingerprint().to_string())?;
            }
            if contact.is_none() && lines == 0 {
                return Err(CommandError::Nobody(Safe::name(who)));
            }
            let plural = if lines == 1 { "" } else { "s" };
            let who = Safe::name(who);
            let done = format!("◆ {who} is forgotten, with {lines} line{plural} of the history.");
            say(talk, &done);
        }
    }
    Ok(())
}

/// Asks whether to forget somebody with whom words were compared: that can only be done again by
/// voice.
fn asked_to_forget(who: &str, global: &Global) -> Result<bool, CommandError> {
    let who = Safe::name(who);
    if global.no_input || !can_ask() {
        return Err(CommandError::Unasked(who));
    }
    let why = format!(
        "You compared words with {who}: forgotten, a stranger could come under that name unnoticed."
    );
    let question = format!("Forget {who}? (y/N)");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(PromptError::from)?;
    let answer = runtime.block_on(async {
        let (mut signals, mut asker) = (Signals::new()?, Asker::open()?);
        tokio::select! {
            biased;
            answer = asker.confirm(&why, &question) => answer,
            exit = signals.next() => Err(PromptError::Signal(exit)),
        }
    });
    Ok(answer?)
}

fn contacts(store: &Store) -> Result<Contacts, CommandError> {
    let own = Identity::load(store)?.secret.public();
    Ok(Contacts::open(store, own))
}

fn shown(path: &Path) -> Safe {
    Safe::from_bytes(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests;
