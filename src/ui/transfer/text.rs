//! What `send` and `receive` say that a chat does not, or says otherwise.

use undertone_core::text::safe::Safe;

use super::bar::Bar;
use super::{Consent, Task};
use crate::engine::event::transfer::{Offered, Step, Transfer};
use crate::engine::event::{Event, Loss};
use crate::engine::relay::is_question;
use crate::files::size::{amount, bytes};
use crate::link::path::Path;
use crate::link::ranking::Reach;
use crate::terminal::layout::Text;
use crate::trust::Trust;
use crate::ui::output::Face;
use crate::ui::text::alarm::alarm;
use crate::ui::text::message;
use crate::ui::text::transfer::{ACCEPTED, begun, described, each, ended, with_limits};

/// The link was lost in the middle of what comes through a pipe.
pub(super) const PIPE_CUT: &str =
    "the connection was lost, and what comes through a pipe cannot go on";

/// What the other person types to receive it.
pub(super) fn line_to_receive(invite: &str) -> String {
    format!("undertone receive '{invite}'")
}

/// What is said of an event; `None` where it is nothing.
pub(super) fn in_words(event: &Event, task: &Task, bar: &Bar, face: Face) -> Option<Text> {
    match event {
        Event::Waiting {
            invite,
            more_invites,
            reach,
            made_up,
            ..
        } if *made_up || !face.quiet => {
            let links: Vec<_> = std::iter::once(invite).chain(more_invites).collect();
            let text = waiting(task, &links, reach);
            Some(if face.qr {
                face.with_picture(text, invite)
            } else {
                text
            })
        }
        Event::Connected {
            resumed: false,
            again: false,
            ..
        }
        | Event::Left { .. }
        | Event::Note { .. }
            if face.quiet =>
        {
            None
        }
        Event::Connected {
            peer,
            route,
            trust,
            yourself,
            resumed: false,
            again: false,
            ..
        } => Some(connected(peer, *route, *trust, *yourself)),
        // It is asked right below.
        Event::Note { message, .. } if is_question(message) => None,
        Event::Message {
            from,
            text,
            received,
            resent,
            ..
        } => Some(message(from, text, *received, *resent, face.style())),
        Event::Reconnecting { peer, reason, .. } if !face.quiet => Some(lost(peer, reason)),
        Event::Back { .. } => None,
        // Here nobody can type what to do about it: the conversation ends.
        Event::Alarm { .. } => alarm(event, false, face.style()),
        Event::Transfer(transfer) => step(transfer, task, bar, face),
        event => face.talk(event),
    }
}

/// An error: what, and below what to do.
pub(super) fn error(what: &str, hint: &str, face: Face) -> Text {
    let [what, hint] = [what, hint].map(Safe::message);
    Text::error(&what, &hint, face.style())
}

/// The other person left before anything came about.
pub(super) fn left_early(peer: &str) -> String {
    format!("{} left before anything was sent", Safe::name(peer))
}

fn waiting(task: &Task, links: &[&String], reach: &[Reach]) -> Text {
    let (one_of, line): (_, fn(&str) -> String) = match task {
        Task::Send(_) => ("To receive it, the other person runs", line_to_receive),
        Task::Receive(_) => ("To send you something, the other person runs", |invite| {
            format!("undertone send FILE --room '{invite}'")
        }),
    };
    let these = if links.len() > 1 { " one of these" } else { "" };
    let mut text = Text::remark(&format!("◆ {one_of}{these}:"));
    for (n, link) in links.iter().enumerate() {
        text = text.with_link(&line(link));
        if let Some(reach) = reach.get(n) {
            text = text.and(&format!("      {}", reach.in_words()));
        }
    }
    text
}

fn connected(peer: &str, route: Path, trust: Trust, yourself: bool) -> Text {
    let way = match route.is_udp() {
        true => "direct udp",
        false => route.name(),
    };
    let peer = Safe::name(peer);
    let mut text = format!("◆ Connected to {peer} · {way} · {}", trust.in_words());
    if route.is_relay() {
        text += "\n  There is no direct path, so the mediator carries it, as fast as its limits allow: it sees both addresses, times and sizes, not what is sent.";
    }
    if yourself {
        text += "\n  This is you: your own identity on another terminal.";
    }
    Text::remark(&text)
}

fn lost(peer: &str, reason: &Loss) -> Text {
    let reason = Safe::line(&reason.to_string());
    Text::remark(&format!(
        "◆ Lost {} ({reason}). Trying again; it goes on by itself.",
        Safe::name(peer)
    ))
}

/// What is offered, before a person is asked about it.
pub(super) fn offer(peer: &str, name: &str, offered: &Offered) -> String {
    let offers = format!("◆ {} offers {}", Safe::name(peer), Safe::line(name));
    described(&offers, offered)
}

/// How far an offer is.
fn step(transfer: &Transfer, task: &Task, bar: &Bar, face: Face) -> Option<Text> {
    let Transfer {
        number,
        peer,
        outgoing,
        name,
        step,
    } = transfer;
    let (safe_peer, safe_name) = (Safe::name(peer), Safe::line(name));
    let is_bad = matches!(
        step,
        Step::Failed { .. } | Step::Kept(_) | Step::Paused { .. }
    );
    let drops = matches!(step, Step::Done { dropped, .. } if !dropped.is_empty());
    let is_unasked = matches!(
        (step, task),
        (Step::Offered(_), Task::Receive(Consent::Unasked))
    );
    if face.quiet && !(is_bad || drops || is_unasked) {
        return None;
    }
    let words = match step {
        Step::Offered(offered) => return of_offer(transfer, offered, task, face),
        Step::Waiting {
            files,
            size,
            skipped,
            relay,
        } => {
            let amount = amount(*files, *size);
            let asked = format!("{safe_name}, {amount}: {safe_peer} is asked");
            asked + &with_limits(*relay, *size) + &each("left out", skipped)
        }
        Step::Started(progress) => begun(*outgoing, &safe_name, *progress),
        Step::Paused { message } => format!("{safe_name}: {}", Safe::line(message)),
        Step::Done { size, dropped, .. } => {
            let how_much = match bar.in_all(*number, *size) {
                known if known.is_empty() && *size > 0 => format!(", {}", bytes(*size)),
                known => known,
            };
            let words = match outgoing {
                true => format!("{safe_peer} has {safe_name}{how_much}"),
                false => format!("{safe_name} from {safe_peer} is here{how_much}"),
            };
            words + &each("not kept", dropped)
        }
        Step::Failed {
            outcome,
            by_peer,
            message,
        } => {
            let who = if *by_peer { safe_peer.as_str() } else { "you" };
            let what = format!("{safe_name}: {}", ended(*outcome, who));
            return Some(error(&what, message, face));
        }
        Step::Kept(progress) => {
            let kept = match progress.percent() {
                Some(percent) => format!("{percent} %"),
                None => bytes(progress.done),
            };
            let what = format!("{safe_name} is not complete: {kept} of it is kept");
            let hint =
                "Once it is sent again, it goes on by the same command; undertone files lists it.";
            return Some(error(&what, hint, face));
        }
        Step::Checking(_) | Step::Progress(_) | Step::Saving => return None,
    };
    Some(Text::remark(&format!("◆ {words}")))
}

fn of_offer(transfer: &Transfer, offered: &Offered, task: &Task, face: Face) -> Option<Text> {
    let Transfer { peer, name, .. } = transfer;
    let what = offer(peer, name, offered);
    Some(match task {
        Task::Send(_) => Text::remark(&format!(
            "{what}\n  It is declined: this is undertone send. To take it, they send it to undertone receive."
        )),
        Task::Receive(_) if offered.accepted => Text::remark(&format!("{what}{ACCEPTED}")),
        Task::Receive(Consent::Given) => Text::remark(&what),
        // With the question.
        Task::Receive(Consent::Asked) => return None,
        Task::Receive(Consent::Unasked) => error(
            &format!(
                "{}\nIt is declined: there is no terminal to ask on.",
                what.trim_start_matches("◆ ")
            ),
            "To take what comes, add --yes; to bound it, --limit SIZE.",
            face,
        ),
    })
}
