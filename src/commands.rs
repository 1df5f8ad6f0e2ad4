//! The commands that are no chat: `undertone peers …` and `undertone id`.
//!
//! Data goes to `out` (stdout), talk to `talk` (stderr). Both open files, neither a socket.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::chat::Signals;
use crate::cli::{Global, IdArgs, PeersAction, PeersArgs};
use crate::contacts::{Contacts, ContactsError, Trust};
use crate::crypto::words::fingerprint;
use crate::exit::Exit;
use crate::history::{Damaged, History, Index, View, table};
use crate::identity::{Identity, IdentityError};
use crate::store::{Privacy, Store, StoreError};
use crate::terminal::name::DisplayName;
use crate::terminal::prompts::{Asker, Last, PromptError, can_ask};
use crate::terminal::safe::Safe;

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The data directory or the history.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The contacts.
    #[error(transparent)]
    Contacts(#[from] ContactsError),
    /// Nobody answers to that name or key.
    #[error("nobody is called {0}\n  `undertone peers` lists whom you have met.")]
    Nobody(Safe),
    /// Somebody would be asked, and there is no terminal for it.
    #[error(
        "{0} is verified, and there is no terminal to ask on\n  To forget them all the same, add --yes."
    )]
    Unasked(Safe),
    /// The question has no answer.
    #[error(transparent)]
    Question(#[from] PromptError),
    /// The output is gone.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl CommandError {
    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Nobody(_) | Self::Unasked(_) => Exit::Usage,
            Self::Contacts(
                ContactsError::Unknown(_) | ContactsError::Ambiguous(_) | ContactsError::Taken(_),
            ) => Exit::Usage,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Fault,
        }
    }
}

/// Where the history is: `--peers-file`, or `peers.txt` in the data directory.
#[must_use]
pub fn peers_file(global: &Global, data_dir: &Path) -> PathBuf {
    match &global.peers_file {
        Some(file) => file.clone(),
        None => data_dir.join("peers.txt"),
    }
}

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

/// Talk that nobody hears is no reason to stop.
fn say(talk: &mut impl Write, line: &str) {
    let _ = writeln!(talk, "{line}");
}

/// What `undertone id --json` writes.
#[derive(Serialize)]
struct IdentityLine<'a> {
    v: u8,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    fingerprint: String,
}

/// `undertone id`: name and fingerprint. Makes the identity where there is none.
///
/// # Errors
/// [`CommandError`], with its exit code.
pub fn id(
    args: IdArgs,
    global: &Global,
    out: &mut impl Write,
    talk: &mut impl Write,
) -> Result<(), CommandError> {
    let store = Store::open(global.data_dir.as_deref())?;
    let identity = Identity::load(&store)?;
    warn(identity.privacy.max(store.privacy()), talk);
    let name = Last::load(&store).name;
    let fingerprint = fingerprint(&identity.secret.public()).to_string();
    let mut text = String::new();
    if args.json {
        let line = IdentityLine {
            v: 1,
            r#type: "identity",
            name: name.as_ref().map(DisplayName::as_str),
            fingerprint,
        };
        text = serde_json::to_string(&line).map_err(io::Error::other)? + "\n";
    } else {
        if let Some(name) = name {
            let _ = writeln!(text, "name         {name}");
        }
        let _ = writeln!(text, "fingerprint  {fingerprint}");
    }
    out.write_all(text.as_bytes())?;
    Ok(())
}

fn open_store(global: &Global, talk: &mut impl Write) -> Result<Store, CommandError> {
    let store = Store::open(global.data_dir.as_deref())?;
    warn(store.privacy(), talk);
    Ok(store)
}

fn warn(privacy: Privacy, talk: &mut impl Write) {
    if let Some(remark) = privacy.remark() {
        say(talk, &format!("⚠ {remark}"));
    }
}

fn contacts(store: &Store) -> Result<Contacts, CommandError> {
    let own = Identity::load(store)?.secret.public();
    Ok(Contacts::open(store, own))
}

fn shown(path: &Path) -> Safe {
    Safe::from_bytes(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Action, Cli};
    use crate::contacts::Met;
    use crate::crypto::keys::SecretKey;
    use crate::history::{Entry, LinkPath};
    use jiff::Timestamp;

    /// Runs `undertone peers …`: what it wrote to stdout and to stderr.
    fn run(dir: &Path, arguments: &str) -> Result<(String, String), CommandError> {
        let dir = dir.to_str().unwrap();
        let line = ["undertone", "--data-dir", dir, "peers"].into_iter();
        let cli = Cli::read(line.chain(arguments.split_whitespace()), None).unwrap();
        let global = cli.global.clone();
        let Action::Peers(args) = cli.action() else {
            panic!("{arguments} is for peers");
        };
        let (mut out, mut talk) = (Vec::new(), Vec::new());
        let look = Look {
            width: 200,
            color: false,
        };
        peers(&args, &global, look, &mut out, &mut talk)?;
        Ok((
            String::from_utf8(out).unwrap(),
            String::from_utf8(talk).unwrap(),
        ))
    }

    /// A person who met `bob`, and somebody else under that name.
    fn met_two_bobs() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let store = Store::open(Some(&data)).unwrap();
        let history = History::open(&store.path("peers.txt")).unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let keys = [
            SecretKey::generate().public(),
            SecretKey::generate().public(),
        ];
        for key in &keys {
            let entry = Entry {
                started: now,
                last_seen: now,
                name: "bob".to_owned(),
                room: "lab".to_owned(),
                address: "10.0.0.7:40100".to_owned(),
                path: LinkPath::Direct,
                state: Trust::Invite.into(),
                key: fingerprint(key).to_string(),
            };
            history.append(&entry).unwrap();
        }
        let met = Met {
            key: &keys[0],
            name: &DisplayName::parse("bob").unwrap(),
            room_tag: &[1; 32],
            trust: Trust::Invite,
            at: now,
        };
        contacts(&store).unwrap().record_met(&met).unwrap();
        (dir, data)
    }

    #[test]
    fn renaming_a_contact_leaves_the_other_one_of_that_name() {
        let (_dir, data) = met_two_bobs();
        assert!(run(&data, "").unwrap().0.contains("bob*"));
        run(&data, "rename bob robert").unwrap();
        let (table, _) = run(&data, "").unwrap();
        assert_eq!(table.matches("robert").count(), 1);
        assert!(table.contains("bob") && !table.contains('*'), "{table}");
        let nobody = run(&data, "rename carol x").unwrap_err();
        assert_eq!(nobody.exit(), Exit::Usage);
    }

    #[test]
    fn forgetting_takes_contact_and_lines() {
        let (_dir, data) = met_two_bobs();
        run(&data, "forget bob").unwrap();
        let (table, talk) = run(&data, "").unwrap();
        assert_eq!(table, "");
        assert!(talk.contains("nobody"), "{talk}");
        assert_eq!(run(&data, "forget bob").unwrap_err().exit(), Exit::Usage);
    }

    #[test]
    fn a_damaged_line_is_named_on_stderr() {
        let (_dir, data) = met_two_bobs();
        let file = data.join("peers.txt");
        assert_eq!(
            run(&data, "path").unwrap().0.trim_end(),
            file.to_str().unwrap()
        );
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str("\u{1b}[2J\n");
        std::fs::write(&file, text).unwrap();
        let (json, talk) = run(&data, "--json").unwrap();
        assert_eq!(json.lines().count(), 2);
        assert!(
            talk.contains("Line 5") && !talk.contains('\u{1b}'),
            "{talk}"
        );
    }

    #[test]
    fn the_fingerprint_is_that_of_the_kept_key() {
        let (_dir, data) = met_two_bobs();
        let line = ["undertone", "id", "--data-dir", data.to_str().unwrap()];
        let global = Cli::read(line, None).unwrap().global;
        let mut out = Vec::new();
        id(IdArgs { json: false }, &global, &mut out, &mut io::sink()).unwrap();
        let key = Identity::load(&Store::open(Some(&data)).unwrap())
            .unwrap()
            .secret
            .public();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("fingerprint  {}\n", fingerprint(&key))
        );
    }
}
