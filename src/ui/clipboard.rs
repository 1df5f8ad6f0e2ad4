//! `/invite`: the invite to the terminal's clipboard, by OSC 52. Only a text of our own goes there,
//! and only when its person asks.

use std::io::{self, IsTerminal, Write};

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::ui::output::Face;

/// What is said of it; whether the terminal obeyed it does not tell.
const ASKED: &str = "the invite is in the clipboard, if your terminal allows that";
const NO_TERMINAL: &str = "there is no terminal with a clipboard: copy the invite from above";
const NONE: &str = "there is no invite: you are not waiting for anybody";

/// The invite while somebody is awaited.
#[derive(Default)]
pub(super) struct Clipboard(Option<Zeroizing<String>>);

impl Clipboard {
    /// From now on `/invite` copies this; `None`: nothing.
    pub(super) fn offer(&mut self, invite: Option<&str>) {
        self.0 = invite.map(|invite| Zeroizing::new(invite.to_owned()));
    }

    /// Copies the invite, and gives what to say of it.
    pub(super) fn copy(&self, face: Face) -> &'static str {
        let Some(invite) = &self.0 else {
            return NONE;
        };
        let mut terminal = io::stderr();
        if face.plain || face.json || !terminal.is_terminal() {
            return NO_TERMINAL;
        }
        let encoded = Zeroizing::new(BASE64.encode(invite.as_bytes()));
        let sequence = Zeroizing::new(["\x1b]52;c;", &encoded, "\x07"].concat());
        match terminal.write_all(sequence.as_bytes()) {
            Ok(()) => ASKED,
            Err(_) => NO_TERMINAL,
        }
    }
}
