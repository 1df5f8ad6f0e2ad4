//! Options of every command, and how the output is to look.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use undertone_host::sources::Sources;

use crate::store::{Place, Store, StoreError};
use crate::terminal::style::ColorChoice;

/// Options of every command.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "For every command")]
pub struct Global {
    /// Settings [default: ~/.config/undertone/config.toml]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "UNDERTONE_CONFIG",
        hide_env = true
    )]
    pub config: Option<PathBuf>,
    /// Key and contacts [default: ~/.local/share/undertone]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UNDERTONE_DATA_DIR",
        hide_env = true
    )]
    data_dir: Option<PathBuf>,
    /// History [default: peers.txt in that folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "UNDERTONE_PEERS_FILE",
        hide_env = true
    )]
    peers_file: Option<PathBuf>,
    /// Colours: auto (heeds NO_COLOR), always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        env = "UNDERTONE_COLOR",
        hide_env = true,
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub color: ColorChoice,
    /// Only append lines, for screen readers and logs
    #[arg(long, global = true, env = "UNDERTONE_PLAIN", hide_env = true, value_parser = BoolishValueParser::new())]
    plain: bool,
    /// Never ask: what is missing is an error
    #[arg(long, global = true, env = "UNDERTONE_NO_INPUT", hide_env = true, value_parser = BoolishValueParser::new())]
    pub no_input: bool,
    /// Only errors, alarms, messages, new invites; no bell
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more of what happens
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub verbose: bool,
    /// What set each option, these and all others.
    #[arg(skip)]
    pub sources: Sources,
}

impl Global {
    /// Where the data directory is, or would be.
    ///
    /// # Errors
    /// [`StoreError::NoHome`].
    pub fn data_dir(&self) -> Result<Place, StoreError> {
        match &self.data_dir {
            Some(dir) => Ok(self.named("--data-dir", dir)),
            None => Place::data_dir(),
        }
    }

    /// Where the history is: `--peers-file`, or `peers.txt` in the data directory.
    #[must_use]
    pub fn peers_file(&self, data_dir: &Place) -> Place {
        match &self.peers_file {
            Some(file) => self.named("--peers-file", file),
            None => Place {
                path: data_dir.path.join("peers.txt"),
                ..data_dir.clone()
            },
        }
    }

    /// The data directory, opened.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn store(&self) -> Result<Store, StoreError> {
        let place = self.data_dir()?;
        Store::open(&place.path).map_err(|error| error.led_by(&place))
    }

    fn named(&self, option: &'static str, path: &Path) -> Place {
        Place {
            path: path.to_owned(),
            by: self.sources.name(option.trim_start_matches('-')),
            option,
        }
    }

    /// Whether output may only be appended to, without an escape: asked for, `TERM=dumb`, or
    /// `output` is no terminal.
    #[must_use]
    pub fn plain(&self, output: &impl IsTerminal) -> bool {
        self.must_append() || !output.is_terminal()
    }

    /// Whether `output` is to be coloured. `--color always` colours a pipe too, but nothing colours
    /// what was asked to be plain.
    #[must_use]
    pub fn colored(&self, output: &impl IsTerminal) -> bool {
        !self.must_append()
            && self
                .color
                .resolve(output.is_terminal(), |name| std::env::var_os(name))
    }

    fn must_append(&self) -> bool {
        self.plain || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
    }
}
