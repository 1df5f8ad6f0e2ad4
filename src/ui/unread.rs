//! Offers that a person may not have read yet: what they typed ahead accepts none of them.

use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Command;
use crate::engine::event::Event;
use crate::engine::event::transfer::{Step, Transfer};

/// An offer is read once it has been shown for so long.
const READ_AFTER: Duration = Duration::from_secs(1);

/// When the last offer was shown.
#[derive(Debug, Default)]
pub(super) struct Unread(Option<Instant>);

impl Unread {
    /// The event is on the screen.
    pub(super) fn shown(&mut self, event: &Event, now: Instant) {
        if let Event::Transfer(Transfer {
            step: Step::Offered(_),
            ..
        }) = event
        {
            self.0 = Some(now);
        }
    }

    /// What comes of this command: it accepts whatever there is only once that was read.
    pub(super) fn obey(&self, command: Command, now: Instant) -> Command {
        let is_bare = matches!(command, Command::Accept { number: None, .. });
        let is_new = self.0.is_some_and(|shown| now < shown + READ_AFTER);
        match is_bare && is_new {
            false => command,
            true => Command::Show(Event::error(
                "too-soon",
                "nothing was accepted: the offer had only just come",
                "Read it, and type /accept again.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::transfer::Offered;
    use crate::trust::Trust;

    fn happens(step: Step) -> Event {
        Event::Transfer(Transfer {
            number: 1,
            peer: "bob".into(),
            outgoing: false,
            name: "name".into(),
            step,
        })
    }

    fn offered() -> Event {
        happens(Step::Offered(Offered {
            trust: Trust::Verified,
            files: 1,
            size: Some(1),
            first: Vec::new(),
            hidden: 0,
            executable: 0,
            renamed: 0,
            into: Some("/".into()),
            free: None,
            relay: None,
            lacks_space: false,
            accepted: false,
        }))
    }

    #[test]
    fn what_was_shown_for_less_than_a_second_is_accepted_by_its_number_only() {
        let (mut unread, now) = (Unread::default(), Instant::now());
        let accepts = |unread: &Unread, number, seconds| {
            let command = Command::Accept { number, into: None };
            let obeyed = unread.obey(command, now + Duration::from_secs_f64(seconds));
            matches!(obeyed, Command::Accept { .. })
        };
        assert!(accepts(&unread, None, 0.0));
        unread.shown(&offered(), now);
        unread.shown(&happens(Step::Saving), now);
        assert!(!accepts(&unread, None, 0.0) && !accepts(&unread, None, 0.999));
        assert!(accepts(&unread, Some(1), 0.0) && accepts(&unread, None, 1.0));
        // A further one: it may be the one that is meant.
        unread.shown(&offered(), now + READ_AFTER);
        assert!(!accepts(&unread, None, 1.5));
    }
}
