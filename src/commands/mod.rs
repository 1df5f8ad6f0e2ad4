//! The commands that are no chat: `undertone peers …` and `undertone id`.
//!
//! Data goes to `out` (stdout), talk to `talk` (stderr). Both open files, neither a socket.

mod id;
mod peers;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use id::id;
pub use peers::{Look, peers};

use crate::cli::Global;
use crate::contacts::ContactsError;
use crate::exit::Exit;
use crate::identity::IdentityError;
use crate::store::{Privacy, Store, StoreError};
use crate::terminal::prompts::PromptError;
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

/// Talk that nobody hears is no reason to stop.
fn say(talk: &mut impl Write, line: &str) {
    let _ = writeln!(talk, "{line}");
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
