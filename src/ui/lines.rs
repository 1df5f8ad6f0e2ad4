//! Events in lines, where there is no console: for people, and for programs.

use std::io;

use tokio::time::Instant;

use super::clock::Clock;
use super::output::Face;
use super::quarters::Quarters;
use super::times::Times;
use crate::engine::event::Event;

/// What shows events in lines, and the clock below them.
pub(super) struct Lines {
    face: Face,
    pub(super) clock: Clock,
    /// When what comes was said.
    times: Times,
    quarters: Quarters,
}

impl Lines {
    /// Lines that look as `face` says.
    pub(super) fn new(face: Face) -> Self {
        Self {
            face,
            clock: Clock::new(face),
            times: Times::default(),
            quarters: Quarters::default(),
        }
    }

    /// Shows an event.
    ///
    /// # Errors
    /// Who reads them is gone.
    pub(super) fn print(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Message {
                from,
                text,
                time,
                received,
                resent,
                ..
            } if !self.face.json => {
                self.clock.clear();
                let at = self.times.shown(*time, *received);
                return self.face.say(from, text, at, *resent);
            }
            Event::Transfer(transfer)
                if !self.face.json && !self.quarters.tells(transfer, Instant::now()) =>
            {
                return Ok(());
            }
            Event::Connected { again: true, .. } | Event::Parted { .. } => self.times.anew(),
            Event::Clear => {
                self.clock.clear();
                self.face.clear();
            }
            _ => {}
        }
        if let Event::Parted {
            error: Some(error), ..
        } = event
        {
            self.face.show(&Event::Error(error.clone()))?;
        }
        // What a person does not hear leaves the clock where it is.
        self.face.show_after(event, || self.clock.clear())
    }
}
