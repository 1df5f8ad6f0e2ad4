//! `/invite`: the invite to the terminal's clipboard, by OSC 52. Only a text of our own goes there,
//! and only when its person asks.

use std::io::{self, IsTerminal, Write};

use data_encoding::BASE64;
use undertone_core::text::safe::Safe;
use zeroize::Zeroizing;

use crate::engine::event::{Event, Status, Wait, WayBack};
use crate::ui::output::Face;

/// What is said of it; whether the terminal obeyed it does not tell.
const ASKED: &str = "the invite is in the clipboard, if your terminal allows that";
const NO_TERMINAL: &str = "there is no terminal with a clipboard: copy the invite from above";
const NONE: &str = "there is no invite: you are not waiting for anybody";

/// The invite while somebody is awaited.
#[derive(Default)]
pub(super) struct Clipboard(Offer);

#[derive(Default)]
enum Offer {
    #[default]
    Nothing,
    /// Whoever comes by it is met.
    Anyone(Zeroizing<String>),
    /// Somebody who was lost comes back so.
    Back(String, WayBack),
}

impl Clipboard {
    /// Notes what `/invite` copies from now on.
    pub(super) fn heed(&mut self, event: &Event) {
        self.0 = match event {
            Event::Waiting { invite, .. } => Offer::Anyone(Zeroizing::new(invite.clone())),
            Event::Back { peer, way } => Offer::Back(peer.clone(), way.clone()),
            Event::Wait(Wait::Over) => Offer::Nothing,
            Event::Status { status, .. } if !matches!(status, Status::Lost { .. }) => {
                Offer::Nothing
            }
            _ => return,
        };
    }

    /// Copies the invite, and gives what to say of it.
    pub(super) fn copy(&self, face: Face) -> Event {
        match &self.0 {
            Offer::Nothing => Event::asked(NONE),
            Offer::Anyone(invite) => Event::asked(match copied(invite, face) {
                true => ASKED,
                false => NO_TERMINAL,
            }),
            Offer::Back(peer, WayBack::Links(links, reach)) => Event::Invites {
                peer: peer.clone(),
                links: links.clone(),
                reach: reach.clone(),
                copied: links.first().is_some_and(|link| copied(link, face)),
            },
            Offer::Back(peer, way) => {
                let peer = Safe::name(peer);
                let message = match way {
                    WayBack::Before => "comes back by the invite of before: its secret is not kept",
                    _ => "comes back by no invite; if they start anew, do so too: /quit",
                };
                Event::Note {
                    message: format!("{peer} {message}"),
                    asked: true,
                }
            }
        }
    }
}

/// Copies a line for the other person, and gives what to say of it.
pub(super) fn copy_line(line: &str, face: Face) -> Event {
    Event::asked(match copied(line, face) {
        true => "the line is in the clipboard, if your terminal allows that",
        false => "there is no terminal with a clipboard: copy the line from above",
    })
}

/// Hands it to the terminal's clipboard, where there is one.
fn copied(invite: &str, face: Face) -> bool {
    let mut terminal = io::stderr();
    if face.plain || face.json || !terminal.is_terminal() {
        return false;
    }
    let encoded = Zeroizing::new(BASE64.encode(invite.as_bytes()));
    let sequence = Zeroizing::new(["\x1b]52;c;", &encoded, "\x07"].concat());
    terminal.write_all(sequence.as_bytes()).is_ok()
}
