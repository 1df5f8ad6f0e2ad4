//! Records between session and link: what is due is written, what came is read.

use std::future::pending;

use tokio::time::Instant;

use crate::engine::ChatError;
use crate::engine::conversation::Conversation;
use crate::engine::event::Loss;
use crate::link::frame::FrameError;
use crate::link::framed::Framed;

/// How often a turn fills what goes out with more of the files, at most: a link that takes
/// everything must not keep it from being read.
const FILLS: usize = 4;

impl Conversation<'_> {
    /// Writes what is due, and of the files what is here.
    pub(super) fn transmit_all(&mut self) {
        for _ in 0..FILLS {
            let given = self.feed();
            self.transmit();
            if !given {
                break;
            }
        }
    }

    pub(super) fn transmit(&mut self) {
        let Some(link) = self.link.as_mut().filter(|link| link.is_idle()) else {
            return;
        };
        let written = match self
            .session
            .poll_transmit(Instant::now().into_std(), &mut link.out)
        {
            Ok(_) => link.try_flush().map_err(Loss::from),
            Err((_, fault)) => Err(Loss::Fault(fault)),
        };
        if let Err(reason) = written {
            self.lose(reason);
        }
    }

    pub(super) fn read(&mut self) -> Result<(), ChatError> {
        while let Some(link) = &mut self.link {
            let id = link.id;
            let fault = match link.next_record() {
                Ok(None) => return Ok(()),
                Ok(Some(body)) => {
                    let now = Instant::now().into_std();
                    match self.session.receive(id, body, now) {
                        Ok(()) => {
                            self.heard = true;
                            continue;
                        }
                        Err(fault) => fault,
                    }
                }
                Err(error) => {
                    self.lose(Loss::Frame(error));
                    return Ok(());
                }
            };
            if fault.is_fatal() {
                self.link = None;
                return Err(ChatError::Broken(fault));
            }
            self.lose(Loss::Fault(fault));
        }
        Ok(())
    }
}

pub(super) async fn turn(link: &mut Option<Framed>) -> Result<(), FrameError> {
    match link {
        Some(link) => link.turn().await,
        None => pending().await,
    }
}
