//! Who is there: the words of the link compared, or a changed key let in.
//!
//! Which of the typed words are wrong is named, what they should have been is not: who misheard one
//! asks for it again, and who only guesses gains 3 of the 31 bits that two tries leave.

use tokio::time::Instant;
use undertone_core::crypto::words::{are_words, in_words, same_words, unlike, unlisted};
use undertone_core::text::safe::Safe;

use crate::engine::conversation::Conversation;
use crate::engine::conversation::links::Arrival;
use crate::engine::event::Event;
use crate::exit::Exit;

/// How often wrong words may be typed.
const TRIES: u32 = 2;
/// Columns of what was typed in place of a word that are shown.
const SHOWN: usize = 20;

impl Conversation<'_> {
    pub(super) fn show_words(&mut self) {
        self.show(Event::Words {
            mine: self.words[0],
            peer: self.peer.name().to_owned(),
        });
    }

    pub(super) fn verify(&mut self, typed: &str) {
        if same_words(&self.words[1], typed) {
            self.comparing = false;
            let was_shut = self.peer.is_shut();
            self.peer.verified();
            self.show(Event::Verified {
                peer: self.peer.name().to_owned(),
            });
            if was_shut {
                self.open();
            }
            return;
        }
        // No guess, so not counted.
        if same_words(&self.words[0], typed) {
            let hint = "Read them out, and type the four that the other person reads to you.";
            self.error("not-words", "those are your own words", hint);
        } else if !are_words(typed) {
            let message = format!("those are not four words of the list{}", why_not(typed));
            let hint =
                "Type the four words that the other person reads to you; Tab completes them.";
            self.error("not-words", &message, hint);
        } else {
            self.wrong_words += 1;
            let wrong = wrong(&unlike(&self.words[1], typed));
            if self.wrong_words >= TRIES {
                self.peer.differed();
                self.leave(Exit::Identity);
                self.leave_by = Some(Instant::now());
                self.differed = Some(wrong);
                return;
            }
            let message = format!("those are not the other person's words: {wrong}");
            let hint = "One more try: have them read again, by voice.";
            self.error("wrong-words", &message, hint);
        }
        // Who was asked is asked again.
        if self.comparing {
            self.show_words();
        }
    }

    /// Does not send words that [`are_to_be_compared`]: whoever is in between would like to read
    /// them.
    pub(super) fn hold_words(&mut self, text: &str) {
        let peer = Safe::name(self.peer.name());
        let (whose, how) = match same_words(&self.words[0], text) {
            true => (
                "your own words",
                format!(
                    "Read them to {peer} by voice; /verify takes those that {peer} reads to you."
                ),
            ),
            false => {
                let words: Vec<_> = in_words(text).collect();
                let command = format!("/verify {}", words.join(" "));
                (
                    "words to verify with",
                    format!("To compare what {peer} read to you:\n{command}"),
                )
            }
        };
        let message = format!("not sent: those are {whose}");
        let hint = format!("{how}\nTo send them all the same, put // before them.");
        self.error("held", &message, &hint);
    }

    pub(super) fn trust(&mut self, typed: &str) {
        if !self.peer.asks_for_trust() {
            let hint = "/trust answers an alarm. /verify compares words by voice.";
            return self.error("trust", "nothing asks to be trusted", hint);
        }
        if self.peer.trust_anyway(typed) {
            return self.open();
        }
        self.error(
            "trust",
            "those are not the words that the alarm asks for",
            "They are words of the new key, at the places that it names.",
        );
    }

    /// The shut chat opens.
    fn open(&mut self) {
        self.session.unblock(Instant::now().into_std());
        self.announce(Arrival::First);
    }
}

/// Whether a message is words to verify with, ours or the other person's, or as they were misheard:
/// nobody says four words of that list. What was typed behind `//` still has a slash.
pub(super) fn are_to_be_compared(text: &str) -> bool {
    !text.starts_with('/') && are_words(text)
}

/// What stands in the way of `typed` being four words.
fn why_not(typed: &str) -> String {
    let unlisted: Vec<_> = unlisted(typed)
        .map(|word| format!("\"{}\"", Safe::line(&word).clipped(SHOWN)))
        .take(4)
        .collect();
    match unlisted.as_slice() {
        [] => String::new(),
        [one] => format!(": {one} is not in it"),
        several => format!(": {} are not in it", several.join(", ")),
    }
}

/// Which of four words are wrong, as they were typed.
fn wrong(unlike: &[(usize, String)]) -> String {
    if unlike.len() == 4 {
        return "none of the four matches".to_owned();
    }
    let words = unlike
        .iter()
        .map(|(place, word)| format!("word {place}, \"{word}\""));
    let words: Vec<_> = words.collect();
    match words.as_slice() {
        [one] => format!("{one}, does not match"),
        several => format!("{}, do not match", several.join(", ")),
    }
}
