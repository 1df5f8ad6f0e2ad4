//! What `send`, `receive` and `files` take.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::chat::{ChatArgs, ChatOptions, ROOM_VARIABLE};
use super::examples;
use super::size::size;
use crate::files::source::{BadPattern, Filter};

/// Options of a chat that mean nothing to whoever sends.
pub(super) const NOT_FOR_SEND: &[&str] = &["accept", "downloads", "notify"];
/// The same of whoever receives.
pub(super) const NOT_FOR_RECEIVE: &[&str] = &["downloads", "notify"];

/// What `send` takes.
#[derive(Args, Clone)]
pub struct SendArgs {
    /// Files and folders; `-` alone is what comes through standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// What `-` is called at the other person's [default: stdin]
    #[arg(long = "as", value_name = "NAME")]
    pub called: Option<String>,
    /// Meet in this room, ROOM, ROOM#SECRET or an invite link, instead of a made-up one
    #[arg(long, value_name = "ROOM", env = ROOM_VARIABLE, hide_env = true, hide_env_values = true)]
    room: Option<String>,
    /// Leave out what has such a name, as .gitignore has them (`*.o`, `/build/`); may be
    /// repeated
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Leave out what the .gitignore files in the folders name, and .git
    #[arg(long)]
    git: bool,
    /// Copy the line for the other person to the terminal's clipboard (OSC 52)
    #[arg(long)]
    pub copy: bool,
    /// Its options.
    #[command(flatten)]
    options: ChatOptions,
}

/// What `receive` takes.
#[derive(Args, Clone)]
pub struct ReceiveArgs {
    /// The invite: what the other person's line has; asked for if it is left out
    ///
    /// What you type here, others on this machine can see while it runs. To keep it from them
    /// leave it out and paste it when asked, or put it into UNDERTONE_ROOM.
    #[arg(value_name = "INVITE", env = ROOM_VARIABLE, hide_env = true, hide_env_values = true)]
    invite: Option<String>,
    /// Where to put it; `-` is standard output, for one file [default: the working directory]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Accept without a question; needed where there is no terminal to ask on
    ///
    /// What the disk has no space for is declined all the same.
    #[arg(short, long)]
    pub yes: bool,
    /// Take no more than so much, such as 500MB or 2GiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub limit: Option<u64>,
    /// Its options.
    #[command(flatten)]
    options: ChatOptions,
}

/// What `files` takes.
#[derive(Args, Debug, Clone)]
pub struct FilesArgs {
    /// Write one JSON object a line, for each of them
    #[arg(long)]
    pub json: bool,
    /// What to do instead of listing them.
    #[command(subcommand)]
    pub action: Option<FilesAction>,
}

/// What `files` can do besides listing.
#[derive(Subcommand, Debug, Clone)]
pub enum FilesAction {
    /// Remove what is there of one of them, or of all
    #[command(after_help = examples::FILES_CLEAR)]
    Clear {
        /// Its number in the list
        #[arg(
            value_name = "N",
            required_unless_present = "all",
            conflicts_with = "all"
        )]
        number: Option<usize>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

impl fmt::Debug for SendArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendArgs")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReceiveArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiveArgs")
            .field("into", &self.into)
            .finish_non_exhaustive()
    }
}

impl SendArgs {
    /// As a chat: without a room that was named, one is made up.
    #[must_use]
    pub fn chat(&self) -> ChatArgs {
        ChatArgs {
            room: Some(self.room.clone().unwrap_or_default()),
            options: self.options.clone(),
        }
    }

    /// What is left out.
    ///
    /// # Errors
    /// [`BadPattern`].
    pub fn filter(&self) -> Result<Filter, BadPattern> {
        Filter::new(&self.exclude, self.git)
    }

    pub(super) fn options(&mut self) -> &mut ChatOptions {
        &mut self.options
    }
}

impl ReceiveArgs {
    /// As a chat.
    #[must_use]
    pub fn chat(&self) -> ChatArgs {
        ChatArgs {
            room: self.invite.clone(),
            options: self.options.clone(),
        }
    }

    /// Where what comes goes.
    #[must_use]
    pub fn target(&self) -> &Path {
        self.into.as_deref().unwrap_or(Path::new("."))
    }

    pub(super) fn options(&mut self) -> &mut ChatOptions {
        &mut self.options
    }
}
