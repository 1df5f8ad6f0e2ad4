//! `undertone files`: what was not received in whole, and what is there of it.

use std::io::{self, Write};

use serde::Serialize;
use undertone_core::crypto::words::fingerprint;
use undertone_core::text::safe::Safe;

use super::{CommandError, open_store, say};
use crate::cli::{FilesAction, FilesArgs, Global};
use crate::contacts::{Contact, Contacts};
use crate::engine::event::transfer::Progress;
use crate::files::journal::{Journal, Transfer};
use crate::files::size::bytes;
use crate::identity::Identity;
use crate::terminal::layout::Text;

/// Words of the key of somebody whom we do not know.
const WORDS: usize = 3;

/// `undertone files`: lists the transfers that are not complete, in rows of this `width` (`None`: a
/// line each), or removes what is there of them.
///
/// # Errors
/// [`CommandError`], with its exit code.
pub fn files(
    args: &FilesArgs,
    global: &Global,
    width: Option<usize>,
    out: &mut impl Write,
    talk: &mut impl Write,
) -> Result<(), CommandError> {
    let store = open_store(global, talk)?;
    let journal = Journal::open(store.dir());
    let listed = journal.list()?;
    for damaged in &listed.damaged {
        let path = Safe::line(&damaged.display().to_string());
        say(
            talk,
            &format!("⚠ {path} is damaged: that transfer begins again"),
        );
    }
    let transfers = listed.transfers;
    let chosen = match args.action {
        None => {
            let own = Identity::load(&store)?.secret.public();
            let contacts = Contacts::open(&store, own).list()?;
            if args.json {
                return write_json(&transfers, &contacts, out);
            }
            if transfers.is_empty() {
                say(talk, "◆ Nothing is incomplete.");
            }
            for (n, transfer) in transfers.iter().enumerate() {
                let row = row(transfer, &contacts);
                let label = format!("{}  ", n + 1);
                let row = match width {
                    Some(_) => Text::labelled(&label, &row).rows(width),
                    None => format!("{label}{row}"),
                };
                writeln!(out, "{row}")?;
            }
            return Ok(());
        }
        Some(FilesAction::Clear { all: true, .. }) => transfers,
        Some(FilesAction::Clear { number, .. }) => {
            let number = number.unwrap_or_default();
            let at = number.checked_sub(1);
            let one = at.and_then(|at| transfers.into_iter().nth(at));
            vec![one.ok_or(CommandError::NoTransfer(number))?]
        }
    };
    for transfer in chosen {
        journal.clear(&transfer)?;
        let name = Safe::line(&transfer.name);
        say(talk, &format!("◆ What was there of {name} is removed."));
    }
    Ok(())
}

/// What `undertone files --json` writes of each.
#[derive(Serialize)]
struct IncompleteLine<'a> {
    v: u8,
    r#type: &'a str,
    /// What `files clear` calls it.
    number: usize,
    name: &'a str,
    /// Our name for who sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    /// Theirs.
    key: String,
    /// Bytes of all files.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// Bytes of the data that are safe, entries of the list included.
    done: u64,
    /// Where what is there is.
    part: String,
}

fn write_json(
    transfers: &[Transfer],
    contacts: &[Contact],
    out: &mut impl Write,
) -> Result<(), CommandError> {
    for (transfer, number) in transfers.iter().zip(1..) {
        let part = transfer.folder.join(&transfer.part.name);
        let line = IncompleteLine {
            v: 1,
            r#type: "incomplete",
            number,
            name: &transfer.name,
            from: sender(transfer, contacts).map(|contact| contact.petname.as_str()),
            key: fingerprint(&transfer.peer).to_string(),
            size: transfer.size,
            done: transfer.offset,
            part: part.display().to_string(),
        };
        let line = serde_json::to_string(&line).map_err(io::Error::other)?;
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn sender<'a>(transfer: &Transfer, contacts: &'a [Contact]) -> Option<&'a Contact> {
    contacts.iter().find(|contact| contact.key == transfer.peer)
}

/// What it is, from whom, how much of it is there, and where.
fn row(transfer: &Transfer, contacts: &[Contact]) -> String {
    let from = match sender(transfer, contacts) {
        Some(contact) => Safe::name(contact.petname.as_str()),
        None => {
            let key = fingerprint(&transfer.peer).to_string();
            let words: Vec<_> = key.split('-').take(WORDS).collect();
            Safe::line(&format!("{}-…", words.join("-")))
        }
    };
    let progress = Progress {
        done: transfer.offset,
        total: transfer.size.filter(|size| *size > 0),
    };
    // With the entries of its list it may seem to be all.
    let percent = progress.percent().map(|percent| percent.min(99));
    let how_much = match (percent, transfer.size) {
        (Some(percent), Some(size)) => format!("{percent} % of {}", bytes(size)),
        _ => bytes(transfer.offset),
    };
    let part = transfer.folder.join(&transfer.part.name);
    let [name, part] = [&transfer.name, &part.display().to_string()].map(|text| Safe::line(text));
    format!("{name} from {from}, {how_much}, as {part}")
}
