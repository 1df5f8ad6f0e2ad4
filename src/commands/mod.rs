//! The commands that are no chat: `undertone peers …`, `undertone files` and `undertone id`.
//!
//! Data goes to `out` (stdout), talk to `talk` (stderr). Both open files, neither a socket.

mod files;
mod id;
mod peers;
mod whom;

use std::io::{self, Write};

use undertone_core::text::safe::Safe;

pub use files::files;
pub use id::id;
pub use peers::{TableStyle, peers};

use crate::cli::Global;
use crate::contacts::ContactsError;
use crate::exit::Exit;
use crate::files::journal::ClearError;
use crate::identity::IdentityError;
use crate::signals::Signals;
use crate::store::{Privacy, Store, StoreError};
use crate::terminal::prompts::{Asker, PromptError};

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
    /// Several keys answer to that name.
    #[error(
        "several keys answer to {who}\n  {rows}\n  Name one by the first words of its key, as {example}."
    )]
    Several {
        /// What was typed.
        who: Safe,
        /// A row for each key.
        rows: String,
        /// How one of them is named.
        example: String,
    },
    /// There is no transfer of that number.
    #[error("nothing here has the number {0}\n  `undertone files` lists what is not complete.")]
    NoTransfer(usize),
    /// What there is of a transfer stays.
    #[error("cannot remove it: {0}")]
    Clear(#[from] ClearError),
    /// Somebody would be asked, and there is no terminal for it.
    #[error(
        "{0} would be forgotten for good, and there is no terminal to ask on\n  To forget them all the same, add --yes."
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
            Self::Nobody(_) | Self::NoTransfer(_) | Self::Several { .. } | Self::Unasked(_) => {
                Exit::Usage
            }
            Self::Contacts(
                ContactsError::Unknown(_) | ContactsError::Ambiguous(_) | ContactsError::Taken(_),
            ) => Exit::Usage,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::InternalError,
        }
    }
}

/// Asks on the terminal, and is ended by a signal.
fn asking<T>(
    ask: impl AsyncFnOnce(&mut Asker) -> Result<T, PromptError>,
) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(PromptError::from)?;
    let answer = runtime.block_on(async {
        let (mut signals, mut asker) = (Signals::new()?, Asker::open()?);
        tokio::select! {
            biased;
            answer = ask(&mut asker) => answer,
            exit = signals.next() => Err(PromptError::Signal(exit)),
        }
    });
    Ok(answer?)
}

/// Talk that nobody hears is no reason to stop.
fn say(talk: &mut impl Write, line: &str) {
    let _ = writeln!(talk, "{line}");
}

fn open_store(global: &Global, talk: &mut impl Write) -> Result<Store, CommandError> {
    let store = global.store()?;
    warn(store.privacy(), talk);
    Ok(store)
}

fn warn(privacy: Privacy, talk: &mut impl Write) {
    if let Some(remark) = privacy.remark() {
        say(talk, &format!("⚠ {remark}"));
    }
}
