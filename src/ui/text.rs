//! Events in words, for people. One place for all wording of a chat.

use std::iter;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use undertone_core::text::safe::Safe;

use crate::engine::event::{Event, Standing};
use crate::link::ranking::Reach;
use crate::terminal::layout::{Lead, Text};
use crate::terminal::style::{Style, Tone};

/// `09:14 bob   text`; `resent`, where it may have been shown before a crash.
pub(super) fn message(from: &str, text: &str, at: Timestamp, resent: bool, style: Style) -> Text {
    let lead = Lead::of(from, clock(at), style).resent(resent);
    Text::message(lead, Safe::message(text))
}

/// The same of our own: with a sign, and dim, while it is not known to have arrived.
pub(super) fn own(text: &str, at: Timestamp, arrived: bool, style: Style) -> Text {
    let text = Safe::message(text);
    match arrived {
        true => Text::message(Lead::ours(clock(at), true, style), text),
        // One colour for all of it: no other one may end that.
        false => Text::message(Lead::ours(clock(at), false, Style::new(false)), text)
            .painted(style, Style::dim),
    }
}

/// What it means that the mediator carries the chat.
const RELAYED: &str = "\n  There is no direct path, so the mediator carries the chat: it sees both addresses, times and sizes, not what is said.";

/// How a link goes.
fn way(route: &str, address: &str) -> String {
    match route {
        "relay" => "relay".to_owned(),
        "local" => format!("direct {address}"),
        _ => format!("direct {address}, across the internet"),
    }
}

/// A line between two days here.
pub(super) fn day_line(at: &Zoned) -> String {
    at.strftime("── %A, %-d %B %Y ──").to_string()
}

/// What is read to the other one.
pub(super) fn reading(mine: &[&str; 4], peer: &str) -> String {
    let (peer, mine) = (Safe::name(peer), mine.join(" "));
    format!(
        "  Read to {peer}, by voice, not in this chat:\n    {mine}\n  You hear four in turn, once {peer} has typed /verify as well."
    )
}

/// Hours and minutes here.
fn clock(at: Timestamp) -> String {
    here(at).strftime("%H:%M").to_string()
}

/// A time as clocks here show it.
pub(super) fn here(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::system())
}

/// What is said to a person; `None` for what is only for programs.
pub(super) fn in_words(event: &Event, style: Style) -> Option<Text> {
    Some(match event {
        Event::Waiting {
            room,
            invite,
            more_invites,
            reach,
            ..
        } => waiting(room, iter::once(invite).chain(more_invites), reach),
        Event::Alarm { .. } => {
            alarm(event)?.painted(style, |style, row| style.tone(Tone::Alarm, row))
        }
        Event::Error { message, hint, .. } => {
            let [message, hint] = [message, hint].map(|text| Safe::message(text));
            Text::error(&message, &hint, style)
        }
        Event::List {
            heading, entries, ..
        } => {
            let safe = |(name, what): &(String, String)| (Safe::line(name), Safe::message(what));
            let entries: Vec<_> = entries.iter().map(safe).collect();
            Text::remark(&format!("◆ {heading}")).with_list(&entries)
        }
        Event::Who {
            fingerprint,
            absent,
            ..
        } => {
            let key = Some(("key", fingerprint));
            let absent = absent.as_ref().map(|why| ("mediator", why));
            let entries = key.into_iter().chain(absent);
            let entries = entries.map(|(name, what)| (Safe::line(name), Safe::line(what)));
            Text::remark(&remark(event)?).with_list(&entries.collect::<Vec<_>>())
        }
        _ => Text::remark(&remark(event)?),
    })
}

/// The seat is taken: how the other one comes to it.
fn waiting<'a>(room: &str, links: impl Iterator<Item = &'a String>, reach: &[Reach]) -> Text {
    let links: Vec<_> = links.collect();
    let one_of = if links.len() > 1 { " one of" } else { "" };
    let mut text = Text::remark(&format!(
        "◆ Waiting in room {} · /invite copies the link · Ctrl-C to stop\n  Other terminal: undertone chat, and as the room{one_of}",
        Safe::line(room),
    ));
    for (n, link) in links.into_iter().enumerate() {
        // It stands alone on its row, to be copied whole.
        text = text.with_link(link);
        if let Some(reach) = reach.get(n) {
            text = text.and(&format!("      {}", reach.in_words()));
        }
    }
    text
}

/// What is a remark of ours and nothing else.
fn remark(event: &Event) -> Option<String> {
    Some(match event {
        Event::Connected {
            peer,
            path: _,
            route,
            address,
            trust,
            earlier,
            resumed,
            again,
            yourself,
        } => {
            let peer = Safe::name(peer);
            let way = way(route, address);
            let relayed = match *route {
                "relay" => RELAYED,
                _ => "",
            };
            if *resumed {
                return Some(match again {
                    true => format!(
                        "◆ Back, in a new session: {peer} started anew. Same identity · {way}{relayed}"
                    ),
                    false => format!("◆ Back. Same identity · {way}{relayed}"),
                });
            }
            let met = match again {
                true => format!("Back with {peer}, in a new session"),
                false => format!("Connected to {peer}"),
            };
            let mut text = format!("◆ {met} · {way} · {}{relayed}", trust.in_words());
            if *yourself {
                text += "\n  This is you: your own identity on another terminal.";
            } else if *again {
                text += &format!(
                    "\n  Same identity as before. What {peer} had sent before the break is marked ↻: you may have read it already."
                );
            } else if *trust != Standing::Verified {
                text += match trust {
                    Standing::Invite if *earlier => {
                        "\n  Only someone with the secret of a room where you met before can be there."
                    }
                    Standing::Invite => "\n  Only someone with the secret can be there.",
                    _ => "\n  Someone could be in between.",
                };
                text += "\n  /verify, typed by both, compares four words by voice (20 seconds).";
            }
            text
        }
        Event::Path { route, address, .. } => {
            let relayed = match *route {
                "relay" => RELAYED,
                _ => "",
            };
            format!("◆ Now {}; nothing was lost.{relayed}", way(route, address))
        }
        Event::Unstable { peer, unstable } => {
            let peer = Safe::name(peer);
            match unstable {
                true => format!("◆ No answer from {peer} for some seconds: asking again."),
                false => format!("◆ {peer} answers again."),
            }
        }
        Event::Waiting { .. }
        | Event::Message { .. }
        | Event::Delivered { .. }
        | Event::Queued { .. }
        | Event::Alarm { .. }
        | Event::List { .. }
        | Event::Error { .. } => return None,
        Event::Reconnecting {
            peer,
            since,
            reason,
            queued,
        } => {
            let waiting = match queued {
                0 => String::new(),
                n => format!(" {n} queued."),
            };
            let peer = Safe::name(peer);
            format!(
                "◆ {} Lost {peer} ({}).{waiting}\n  Trying again; what you type is kept.",
                since.parse().map_or_else(|_| "--:--".into(), clock),
                Safe::line(reason),
            )
        }
        Event::Words { mine, peer } => {
            let reading = reading(mine, peer);
            let peer = Safe::name(peer);
            format!("{reading}\n  Then type /verify and the four words that {peer} reads to you.")
        }
        Event::Verified { peer } => format!(
            "◆ {} is verified. From now on this is checked by itself.",
            Safe::name(peer)
        ),
        Event::Left { peer, reason } => match reason.as_str() {
            "quit" => format!("◆ {} left.", Safe::name(peer)),
            reason => format!(
                "◆ The chat with {} ended: {}",
                Safe::name(peer),
                Safe::line(reason)
            ),
        },
        Event::Who {
            peer,
            fingerprint: _,
            trust,
            path: _,
            route,
            address,
            queued,
            absent: _,
        } => {
            let address = match address {
                Some(address) => way(route, address),
                None => "no link, trying again".into(),
            };
            let peer = Safe::name(peer);
            let trust = trust.in_words();
            format!("◆ {peer} · {address} · {trust} · {queued} queued")
        }
        Event::Note { message } => {
            let message = Safe::message(message).as_str().replace('\n', "\n  ");
            format!("◆ {message}")
        }
    })
}

/// Short enough to be seen whole in 50 columns and 24 rows; what matters most is its end, too.
fn alarm(event: &Event) -> Option<Text> {
    let Event::Alarm {
        kind,
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
    let heading = match (*kind, called) {
        ("not-verified", _) => format!(
            "✗ {peer} is not verified, and --require-verified was given: the chat stays shut.\n  key {is}"
        ),
        ("room-known", _) => {
            format!(
                "✗ SOMEBODY ELSE IS HERE: in this room you met \"{peer}\", who uses another key."
            )
        }
        ("name-known", Some(called)) => format!(
            "✗ SOMEBODY ELSE? \"{called}\" is, or looks like, a name of \"{peer}\", who uses another key."
        ),
        _ => format!("✗ IDENTITY CHANGED: \"{peer}\" uses another key than before."),
    };
    let mut text = Text::remark(&heading);
    if let (Some(was), Some((when, standing))) = (was, last_met) {
        let day = when.get(..10).unwrap_or(when);
        text = text
            .and(&format!("  last seen {day}, {}", standing.in_words()))
            .with_keys(was, is);
    }
    let choice = |name: &str, what: &str| (Safe::line(name), Safe::line(what));
    let mut choices = vec![choice("/verify", "compare words now")];
    if override_words.is_empty() {
        choices.push(choice("/quit", "leave"));
        return Some(text.with_list(&choices));
    }
    let places: Vec<_> = override_words.iter().map(ToString::to_string).collect();
    let trust = format!(
        "and the words {} of the new key: let it in, not verified",
        places.join(", ")
    );
    choices.extend([choice("/quit", "leave (advised)"), choice("/trust", &trust)]);
    Some(text.with_list(&choices).and(&format!(
        "✗ Another key than {peer}'s: a new computer? Have {peer} read it by phone (undertone id). Otherwise someone may be posing as {peer}."
    )))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_seen_whole_in_50_columns_and_24_rows() {
        let was = "solo-torpedo-aardvark-adroitness-drumbeat-yesteryear-cubic-hydraulic-waffle-Medusa-puppy-savagery-crackdown-speculate-physique-belowground";
        let is = "button-crossover-hamlet-microwave-keyboard-company-talon-Norwegian-Aztec-Virginia-minnow-barbecue-physique-Babylon-orca-retrieval";
        for (kind, is, width) in [
            ("name-known", is, 50),
            ("room-known", is, 50),
            ("former-key", is, 80),
        ] {
            let alarm = Event::Alarm {
                kind,
                peer: "bob".into(),
                name: Some("bob".into()),
                was: Some(was.into()),
                is: is.into(),
                last_met: Some(("2026-11-28T20:00:00Z".into(), Standing::Invite)),
                override_by: None,
                override_words: vec![10, 11, 12, 13, 14, 16],
            };
            let rows = in_words(&alarm, Style::new(false))
                .unwrap()
                .rows(Some(width));
            assert!(rows.lines().count() < 20, "{rows}");
            assert!(rows.ends_with("posing as bob."), "{rows}");
            for word in was.split('-').chain(is.split('-')) {
                assert!(rows.contains(word), "{word}: {rows}");
            }
        }
    }
}
