//! An alarm in words.

use undertone_core::text::safe::Safe;

use crate::engine::event::{AlarmCause, Event};
use crate::terminal::layout::Text;
use crate::terminal::style::{Style, Tone};

/// Short enough to be seen whole in 50 columns and 24 rows; what matters most is its end, too.
/// Without the choices, where there is no chat to type them in.
pub(in crate::ui) fn alarm(event: &Event, is_chat: bool, style: Style) -> Option<Text> {
    let Event::Alarm {
        cause,
        peer,
        name,
        was,
        is,
        last_met,
        override_by: _,
        override_words,
    } = event
    else {
        return None;
    };
    let peer = Safe::name(peer);
    let called = name.as_deref().map(Safe::name);
    let heading = match (cause, called) {
        (AlarmCause::NotVerified, _) => format!(
            "✗ {peer} is not verified, and --require-verified was given: the chat stays blocked.\n  key {is}"
        ),
        (AlarmCause::RoomKnown, _) => {
            format!(
                "✗ SOMEBODY ELSE IS HERE: in this room you met \"{peer}\", who uses another key."
            )
        }
        (AlarmCause::NameKnown, Some(called)) => format!(
            "✗ SOMEBODY ELSE? \"{called}\" is, or looks like, a name of \"{peer}\", who uses another key."
        ),
        _ => format!("✗ IDENTITY CHANGED: \"{peer}\" uses another key than before."),
    };
    let mut text = Text::remark(&heading);
    if let (Some(was), Some((when, trust))) = (was, last_met) {
        let day = when.strftime("%Y-%m-%d");
        text = text
            .and(&format!("  last seen {day}, {}", trust.in_words()))
            .with_keys(&was.to_string(), &is.to_string());
    }
    if is_chat {
        text = text.with_list(&choices(override_words));
    }
    if !override_words.is_empty() {
        text = text.and(&format!(
            "✗ Another key than {peer}'s: a new computer? Have {peer} read it by phone (undertone id). Otherwise someone may be posing as {peer}."
        ));
    }
    Some(text.painted(style, |style, row| style.tone(Tone::Alarm, row)))
}

/// What can be typed.
fn choices(override_words: &[usize]) -> Vec<(Safe, Safe)> {
    let choice = |name: &str, what: &str| (Safe::line(name), Safe::line(what));
    let mut choices = vec![choice("/verify", "compare words now")];
    if override_words.is_empty() {
        choices.push(choice("/quit", "leave"));
        return choices;
    }
    let places: Vec<_> = override_words.iter().map(ToString::to_string).collect();
    let trust = format!(
        "and the words {} of the new key: let it in, not verified",
        places.join(", ")
    );
    choices.extend([choice("/quit", "leave (advised)"), choice("/trust", &trust)]);
    choices
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;
    use undertone_core::crypto::keys::SecretKey;
    use undertone_core::crypto::words::{Fingerprint, fingerprint};

    use super::*;
    use crate::trust::Trust;
    use crate::ui::text::in_words;

    /// That of some key.
    fn key(n: u8) -> Fingerprint {
        fingerprint(&SecretKey::from_bytes(&[n; 32]).public())
    }

    #[test]
    fn an_alarm_is_seen_whole_in_50_columns_and_24_rows() {
        let causes = [
            (AlarmCause::NameKnown, 50),
            (AlarmCause::RoomKnown, 50),
            (AlarmCause::FormerKey, 80),
        ];
        for ((cause, width), n) in causes
            .into_iter()
            .flat_map(|case| (1..40).map(move |n| (case, n)))
        {
            let (was, is) = (key(n), key(n + 100));
            let alarm = Event::Alarm {
                cause,
                peer: "bob".into(),
                name: Some("bob".into()),
                was: Some(was),
                is,
                last_met: Some((Timestamp::UNIX_EPOCH, Trust::Invite)),
                override_by: None,
                override_words: vec![10, 11, 12, 13, 14, 16],
            };
            let rows = in_words(&alarm, Style::new(false))
                .unwrap()
                .rows(Some(width));
            assert!(rows.lines().count() < 20, "{rows}");
            assert!(rows.ends_with("posing as bob."), "{rows}");
            for word in was.words().iter().chain(&is.words()) {
                assert!(rows.contains(word), "{word}: {rows}");
            }
        }
    }
}
