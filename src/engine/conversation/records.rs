//! Records between session and wire: what is due is written, what came is read.

use std::future::pending;

use tokio::time::Instant;

use crate::engine::ChatError;
use crate::engine::conversation::Talk;
use crate::link::frame::FrameError;
use crate::link::framed::Framed;
use crate::rendezvous::RendezvousError;

impl Talk<'_> {
    pub(super) fn transmit(&mut self) {
        let Some(wire) = self.wire.as_mut().filter(|wire| wire.is_idle()) else {
            return;
        };
        let written = match self
            .session
            .poll_transmit(Instant::now().into_std(), &mut wire.out)
        {
            Ok(_) => wire.try_flush().map_err(|error| lost_because(&error)),
            Err((_, fault)) => Err(fault.to_string()),
        };
        if let Err(reason) = written {
            self.lose(&reason);
        }
    }

    pub(super) fn read(&mut self) -> Result<(), ChatError> {
        while let Some(wire) = &mut self.wire {
            let id = wire.id;
            let fault = match wire.next_record() {
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
                    self.lose(&error.to_string());
                    return Ok(());
                }
            };
            if fault.is_fatal() {
                self.wire = None;
                return Err(ChatError::Broken(fault));
            }
            self.lose(&fault.to_string());
        }
        Ok(())
    }
}

pub(super) async fn turn(wire: &mut Option<Framed>) -> Result<(), FrameError> {
    match wire {
        Some(wire) => wire.turn().await,
        None => pending().await,
    }
}

/// As the person reads it: a mediator that relays says why it ended that.
pub(super) fn lost_because(error: &FrameError) -> String {
    let said = match error {
        FrameError::Length(_) => return error.to_string(),
        FrameError::Io(error) => error.get_ref(),
        FrameError::Closed => None,
    };
    match said.and_then(|said| said.downcast_ref::<RendezvousError>()) {
        Some(why) => why.to_string(),
        None => "the connection broke".into(),
    }
}
