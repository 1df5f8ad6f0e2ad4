//! Events in words, for people. One place for all wording of a chat.

pub(in crate::ui) mod alarm;
mod invites;
pub(crate) mod transfer;

use std::iter;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use undertone_core::text::safe::Safe;

use crate::engine::event::{Event, Leaving, Problem};
use crate::link::path::{Nearness, Path, Transport};
use crate::terminal::layout::{Lead, Text};
use crate::terminal::style::Style;
use crate::trust::Trust;
use alarm::alarm;
use invites::{by_links, waiting};
use transfer::transfer;

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

/// What Enter does once the other person is gone.
const AGAIN: &str = "Enter waits again · /quit leaves";

/// What it means that the mediator carries the chat.
const RELAYED: &str = "\n  There is no direct path, so the mediator carries the chat: it sees both addresses, times and sizes, not what is said.";

/// How a link goes.
fn way(route: Path) -> String {
    match route {
        Path::Relay(..) => "relay".to_owned(),
        Path::Direct(nearness, transport, address) => {
            let udp = match transport {
                Transport::Tcp => "",
                Transport::Udp => "udp ",
            };
            let far = match nearness {
                Nearness::Local => "",
                Nearness::Ipv6 | Nearness::Ipv4 => ", across the internet",
            };
            format!("direct {udp}{address}{far}")
        }
    }
}

/// What is to be known of that.
fn relayed(route: Path) -> &'static str {
    match route.is_relay() {
        true => RELAYED,
        false => "",
    }
}

/// A line between two days here.
pub(super) fn day_line(at: &Zoned) -> String {
    at.strftime("── %A, %-d %B %Y ──").to_string()
}

/// What is read to the other person.
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
        Event::Invites {
            peer,
            links,
            reach,
            copied,
        } => by_links(peer, links, reach, *copied),
        Event::Alarm { .. } => alarm(event, true, style)?,
        Event::Error(Problem { message, hint, .. }) => {
            let [message, hint] = [message, hint].map(|text| Safe::message(text));
            Text::error(&message, &hint, style)
        }
        Event::List { heading, entries } if entries.is_empty() => {
            Text::remark(&format!("◆ {heading}: none yet"))
        }
        Event::List { heading, entries } => {
            let safe = |(name, what): &(String, String)| (Safe::line(name), Safe::message(what));
            let entries: Vec<_> = entries.iter().map(safe).collect();
            Text::remark(&format!("◆ {heading}")).with_list(&entries)
        }
        Event::Transfer(happened) => transfer(happened)?,
        Event::Who {
            fingerprint,
            absent,
            ..
        } => {
            let key = Some(("key", fingerprint.to_string()));
            let absent = absent.as_ref().map(|why| ("mediator", why.clone()));
            let entries = key.into_iter().chain(absent);
            let entries = entries.map(|(name, what)| (Safe::line(name), Safe::line(&what)));
            Text::remark(&remark(event)?).with_list(&entries.collect::<Vec<_>>())
        }
        _ => Text::remark(&remark(event)?),
    })
}

/// What is a remark of ours and nothing else.
fn remark(event: &Event) -> Option<String> {
    Some(match event {
        Event::Connected {
            peer,
            route,
            trust,
            earlier,
            resumed,
            again,
            yourself,
        } => {
            let peer = Safe::name(peer);
            let (way, relayed) = (way(*route), relayed(*route));
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
                text += "\n  Same identity as before.";
            } else if *trust != Trust::Verified {
                text += match trust {
                    Trust::Invite if *earlier => {
                        "\n  Only someone with the secret of a room where you met before can be there."
                    }
                    Trust::Invite => "\n  Only someone with the secret can be there.",
                    _ => "\n  Someone could be in between.",
                };
                text += "\n  /verify, typed by both, compares four words by voice.";
            }
            text
        }
        Event::Resent { peer } => format!(
            "◆ Marked ↻ is what {} had sent before the break: you may have read it already.",
            Safe::name(peer)
        ),
        Event::Path { route } => format!(
            "◆ Now {}; nothing was lost.{}",
            way(*route),
            relayed(*route)
        ),
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
        | Event::Transfer(_)
        | Event::Alarm { .. }
        | Event::List { .. }
        | Event::Error(_)
        | Event::Wait(_)
        | Event::Back { .. }
        | Event::Invites { .. }
        | Event::Met { .. }
        | Event::Clear
        | Event::Obeyed
        | Event::Status { .. }
        | Event::Said { .. }
        | Event::Unsaid { .. } => return None,
        Event::Parted {
            peer, left: true, ..
        } => format!("◆ {} left · {AGAIN}", Safe::name(peer)),
        Event::Parted { .. } => format!("◆ {AGAIN}"),
        Event::Detail { message } => format!("  {}", Safe::line(message)),
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
                clock(*since),
                Safe::line(&reason.to_string()),
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
        Event::Left { peer, reason } => match reason {
            Leaving::Quit => format!("◆ {} left.", Safe::name(peer)),
            Leaving::Failed => format!(
                "◆ The chat with {} ended: their program could not go on",
                Safe::name(peer)
            ),
        },
        Event::Who {
            peer,
            fingerprint: _,
            trust,
            route,
            address,
            queued,
            absent: _,
        } => {
            let address = match address {
                Some(_) => way(*route),
                None => "no link, trying again".into(),
            };
            let peer = Safe::name(peer);
            let trust = trust.in_words();
            format!("◆ {peer} · {address} · {trust} · {queued} queued")
        }
        Event::Note { message, .. } => {
            let message = Safe::message(message).as_str().replace('\n', "\n  ");
            format!("◆ {message}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_nobody_says_so() {
        let heading = "Whom you talked to";
        let entries = Vec::new();
        let text = in_words(&Event::List { heading, entries }, Style::new(false)).unwrap();
        assert_eq!(text.rows(None), "◆ Whom you talked to: none yet");
    }
}
