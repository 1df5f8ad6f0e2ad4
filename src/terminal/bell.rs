//! When somebody who looks elsewhere is called: only without focus, at most once in 5 s, and never
//! with a word that the other person chose.

use std::time::{Duration, Instant};

/// Between two calls.
const PAUSE: Duration = Duration::from_secs(5);
const BEL: &str = "\x07";
/// OSC 9: a notification of the desktop, where the terminal has it.
const NOTICE: &str = "\x1b]9;undertone: a message has come\x1b\\";

/// When it rang last.
#[derive(Debug)]
pub struct Bell {
    call: String,
    rung: Option<Instant>,
}

impl Bell {
    /// A bell, that makes no sound where it is `quiet`; with `notice`, one that sends OSC 9 too.
    #[must_use]
    pub fn new(quiet: bool, notice: bool) -> Self {
        let sound = if quiet { "" } else { BEL };
        let notice = if notice { NOTICE } else { "" };
        Self {
            call: format!("{sound}{notice}"),
            rung: None,
        }
    }

    /// What to write because something has come: a call, or nothing.
    pub fn ring(&mut self, focused: bool, now: Instant) -> &str {
        let again = self.rung.is_none_or(|rung| now >= rung + PAUSE);
        if focused || !again {
            return "";
        }
        self.rung = Some(now);
        &self.call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rings_without_focus_and_not_too_often() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut bell = Bell::new(false, false);
        assert_eq!(bell.ring(true, start), "");
        assert_eq!(bell.ring(false, after(1)), "\x07");
        assert_eq!(bell.ring(false, after(5000)), "");
        assert_eq!(bell.ring(true, after(5001)), "");
        assert_eq!(bell.ring(false, after(5001)), "\x07");
        let both = Bell::new(false, true).ring(false, start).to_owned();
        assert!(both.starts_with("\x07\x1b]9;"), "{both:?}");
        assert_eq!(Bell::new(true, false).ring(false, start), "");
        assert!(
            Bell::new(true, true)
                .ring(false, start)
                .starts_with("\x1b]9;")
        );
    }
}
