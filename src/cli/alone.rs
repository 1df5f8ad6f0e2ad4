//! A chat alone: the line that most are, read by a definition of nothing else. That of all commands
//! has the options of a chat four times, and building them shows at the start.

use std::ffi::OsString;
use std::slice;

use clap::{Args, Command, FromArgMatches};
use undertone_host::sources::Sources;
use undertone_host::variables;

use super::{ChatArgs, Cli, Global};
use crate::config::Config;
use crate::store::Place;

impl Cli {
    /// Reads `chat` and its options where no config file sets any. `None` for every other line, and
    /// for one with a fault, which is told by the whole definition.
    pub(super) fn read_chat(
        arguments: &[OsString],
        default_config: Option<&Place>,
    ) -> Option<Self> {
        let (program, rest) = arguments.split_first()?;
        let (_, options) = rest.split_first().filter(|(word, _)| *word == "chat")?;
        let define = || Global::augment_args(ChatArgs::augment_args(Command::new("chat")));
        let line = [slice::from_ref(program), options].concat();
        let (command, matches) = variables::matches(&define, &line).ok()?;
        let config = Config::read_if_there(default_config, &command).ok()?;
        if matches.contains_id("config") || !config.is_empty() {
            return None;
        }
        let chat = ChatArgs::from_arg_matches(&matches).ok()?;
        let mut cli = Self {
            global: Global::from_arg_matches(&matches).ok()?,
            chat: chat.options,
            room: chat.room,
            command: None,
        };
        cli.global.sources = Sources::of(&command, &matches, &|_| None);
        cli.settle().ok()?;
        Some(cli)
    }
}
