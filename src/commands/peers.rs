//! `undertone peers …`: shows the history, or changes it and the contacts.

use std::io::Write;
use std::path::Path;

use jiff::tz::TimeZone;
use undertone_core::text::safe::Safe;

use super::whom::whom;
use super::{CommandError, asking, open_store, say};
use crate::cli::{Global, PeersAction, PeersArgs};
use crate::contacts::{Contact, Contacts};
use crate::history::{Damaged, History, Index, View, table};
use crate::identity::Identity;
use crate::store::Store;
use crate::terminal::prompts::can_ask;
use crate::trust::Trust;

/// How a table is to look.
#[derive(Debug, Clone, Copy)]
pub struct TableStyle {
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
    look: TableStyle,
    out: &mut impl Write,
    talk: &mut impl Write,
) -> Result<(), CommandError> {
    let store = open_store(global, talk)?;
    let file = global.peers_file(&global.data_dir()?);
    let history = History::open(&file.path).map_err(|error| error.led_by(&file))?;
    match &args.action {
        None => show(args, &history, look, out, talk),
        Some(PeersAction::Names) => {
            for contact in contacts(&store)?.list()? {
                writeln!(out, "{}", contact.petname)?;
            }
            Ok(())
        }
        Some(PeersAction::Path) => {
            // As the bytes are, for scripts; a terminal gets them safe.
            Ok(writeln!(out, "{}", shown(history.path()))?)
        }
        Some(PeersAction::Rename { who, name }) => {
            let contacts = contacts(&store)?;
            let somebody = whom(who, &contacts, &history, may_ask(global))?;
            if somebody.contact.is_some() {
                contacts.rename(&somebody.key, name)?;
            }
            for key in somebody.keys() {
                history.rename(key, name.as_str())?;
            }
            say(talk, &format!("◆ {} is now {name}.", somebody.shown()));
            Ok(())
        }
        Some(PeersAction::Forget { who, yes }) => {
            let contacts = contacts(&store)?;
            let may_ask = may_ask(global) && !yes;
            let somebody = whom(who, &contacts, &history, may_ask)?;
            let who = somebody.shown();
            if !yes && !asked_to_forget(&who, somebody.contact.as_ref(), may_ask)? {
                say(talk, &format!("◆ {who} is kept."));
                return Ok(());
            }
            if somebody.contact.is_some() {
                contacts.forget(&somebody.key)?;
            }
            let mut lines = 0;
            for key in somebody.keys() {
                lines += history.forget(key)?;
            }
            let plural = if lines == 1 { "" } else { "s" };
            let done = format!("◆ {who} is forgotten, with {lines} line{plural} of the history.");
            say(talk, &done);
            Ok(())
        }
    }
}

fn show(
    args: &PeersArgs,
    history: &History,
    look: TableStyle,
    out: &mut impl Write,
    talk: &mut impl Write,
) -> Result<(), CommandError> {
    let view = match args.json || args.connections {
        true => View::Connections,
        false => View::People,
    };
    let place = shown(history.path());
    let mut index = Index::of(history, view, |line| {
        let Damaged { number, why } = line;
        // Who does not hear of it wants the table all the same.
        let _ = writeln!(talk, "◆ Line {number} of {place} is left out: {why}.");
        Ok::<_, CommandError>(())
    })?;
    if args.json {
        index.in_order();
        table::json_lines(&mut index, out)
    } else if index.is_empty() {
        say(talk, "◆ You have talked to nobody yet.");
        Ok(())
    } else {
        index.newest(usize::MAX);
        table::table(&mut index, look, &TimeZone::system(), out)
    }
}

fn may_ask(global: &Global) -> bool {
    !global.no_input && can_ask()
}

/// Asks whether to forget somebody, with what goes: nothing of it comes back by itself.
fn asked_to_forget(
    who: &Safe,
    contact: Option<&Contact>,
    may_ask: bool,
) -> Result<bool, CommandError> {
    if !may_ask {
        return Err(CommandError::Unasked(who.clone()));
    }
    let unnoticed = "a stranger could come under that name unnoticed";
    let why = match contact.map(|contact| contact.trust) {
        Some(Trust::Verified) => {
            format!("You compared words with {who}: forgotten, {unnoticed}.")
        }
        Some(_) => format!("The key of {who} is known: forgotten, {unnoticed}."),
        None => format!("{who} is no contact: only lines of the history are deleted."),
    };
    let question = match contact {
        Some(_) => format!("Forget {who}? (y/N)"),
        None => "Delete these lines? (y/N)".to_owned(),
    };
    asking(async |asker| asker.confirm(&why, &question).await)
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
