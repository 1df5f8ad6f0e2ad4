//! Offers of files, in words.

use undertone_core::files::Outcome;
use undertone_core::text::safe::Safe;

use crate::engine::event::transfer::{Offered, OfferedFile, Progress, Step, Transfer};
use crate::files::output::NAME;
use crate::files::size::{amount, bytes};
use crate::link::path::RelayLimits;
use crate::terminal::layout::Text;
use crate::trust::Trust;

/// What a relay makes take so many seconds is said to.
const FELT_AFTER: u64 = 60;
/// What is said behind an offer that nobody is asked about.
pub(in crate::ui) const ACCEPTED: &str = "\n  accepted at once, as --accept says";

/// What a person is told of it; `None` for what only a prompt shows.
pub(super) fn transfer(transfer: &Transfer) -> Option<Text> {
    let Transfer {
        number,
        peer,
        outgoing,
        name,
        step,
    } = transfer;
    let (peer, name) = (Safe::name(peer), Safe::line(name));
    let words = match step {
        Step::Offered(offered) => {
            let offers = format!("{peer} offers [{number}] {name}");
            offer(*number, &offers, offered)
        }
        Step::Waiting {
            files,
            size,
            skipped,
            relay,
        } => {
            let amount = amount(*files, *size);
            let offered =
                format!("[{number}] {name}, {amount}, is offered to {peer} · /cancel {number}");
            offered + &with_limits(*relay, *size) + &each("left out", skipped)
        }
        Step::Checking(progress) => match progress.percent() {
            Some(percent) => format!("[{number}] {name}: checking what is there, {percent} %"),
            None => return None,
        },
        Step::Started(progress) => format!("[{number}] {}", begun(*outgoing, &name, *progress)),
        Step::Paused { message } => format!("[{number}] {name}: {}", Safe::line(message)),
        Step::Done { dropped, paths, .. } => {
            let words = match outgoing {
                true => format!("[{number}] {peer} has {name}"),
                false => {
                    let paths = paths.iter().map(|path| path.display().to_string());
                    let paths: Vec<_> = paths.map(|path| Safe::line(&path).to_string()).collect();
                    format!("[{number}] from {peer} is whole: {}", paths.join(", "))
                }
            };
            words + &each("not kept", dropped)
        }
        Step::Failed {
            outcome,
            by_peer,
            message,
        } => {
            let who = if *by_peer { peer.as_str() } else { "you" };
            let mut words = format!("[{number}] {name}: {}", ended(*outcome, who));
            if !message.is_empty() {
                let message = Safe::message(message);
                words += &format!("\n  {}", message.as_str().replace('\n', "\n  "));
            }
            words
        }
        Step::Kept(progress) => match progress.percent() {
            Some(percent) => format!("[{number}] {name}: waiting for {peer}, {percent} % kept"),
            None => format!("[{number}] {name}: waiting for {peer}, what is here is kept"),
        },
        Step::Progress(progress) => match progress.percent() {
            Some(percent) => format!("[{number}] {name}: {percent} %"),
            None => format!("[{number}] {name}: {}", bytes(progress.done)),
        },
        Step::Saving => return None,
    };
    Some(Text::remark(&format!("◆ {words}")))
}

fn offer(number: u32, offers: &str, offered: &Offered) -> String {
    let words = described(offers, offered);
    match offered.accepted {
        true => words + ACCEPTED,
        false => format!("{words} · /accept {number} · /reject {number}"),
    }
}

/// Who offers it, what is in it, and where it would go.
pub(in crate::ui) fn described(offers: &str, offered: &Offered) -> String {
    let Offered {
        trust,
        files,
        size,
        first,
        hidden,
        executable,
        renamed,
        into,
        free,
        lacks_space,
        relay,
        accepted: _,
    } = offered;
    let mut words = format!("{offers}, {}", amount(*files, *size));
    if *trust != Trust::Verified {
        words += &format!(" · {}", trust.in_words());
    }
    if *files != 1 || *hidden > 0 || *executable > 0 {
        first.iter().for_each(|file| words += &listed(file));
        if let Some(more @ 1..) = files.checked_sub(first.len() as u64) {
            words += &format!("\n    and {more} more");
        }
        for (count, what) in [(hidden, "hidden"), (executable, "can be run")] {
            if *count > 0 && *files > 1 {
                words += &format!("\n  {count} of them: {what}");
            }
        }
    }
    match renamed {
        0 => {}
        1 => words += "\n  1 name is changed: some systems do not take it",
        _ => words += &format!("\n  {renamed} names are changed: some systems do not take them"),
    }
    words += &with_limits(*relay, *size);
    words += &match into {
        Some(into) => format!("\n  into {}", Safe::line(&into.display().to_string())),
        None => format!("\n  to {NAME}"),
    };
    if let Some(free) = free {
        words += &format!(", {} free", bytes(*free));
        if *lacks_space {
            words += ": too little";
        }
    }
    words
}

/// That it is under way, and from where on.
pub(in crate::ui) fn begun(outgoing: bool, name: &Safe, progress: Progress) -> String {
    let verb = if outgoing { "Sending" } else { "Receiving" };
    match progress.percent() {
        Some(percent @ 1..) => format!("{verb} {name}: going on at {percent} %"),
        _ => format!("{verb} {name}"),
    }
}

/// Each of these in a line below.
pub(in crate::ui) fn each(what: &str, of: &[String]) -> String {
    let line = |one: &String| format!("\n  {what}: {}", Safe::line(one));
    of.iter().map(line).collect()
}

/// What the mediator carries of it at most, where it goes by one.
pub(in crate::ui) fn with_limits(relay: Option<RelayLimits>, size: Option<u64>) -> String {
    relay.map_or_else(String::new, |limits| by_relay(limits, size))
}

/// What the mediator carries of it at most, where that is felt.
fn by_relay(RelayLimits { rate, bytes: most }: RelayLimits, size: Option<u64>) -> String {
    // Of what is unknown it may be any amount.
    let size = size.unwrap_or(u64::MAX);
    let seconds = rate.and_then(|rate| size.checked_div(rate));
    let takes = seconds.filter(|seconds| *seconds >= FELT_AFTER);
    let most = most.filter(|most| size > *most);
    let mut words = String::new();
    if let (Some(rate), Some(seconds)) = (rate, takes) {
        words += &format!("\n  by relay: {} a second at most", bytes(rate));
        if size < u64::MAX {
            words += &format!(", so it takes {} or longer", about(seconds));
        }
    }
    if let Some(most) = most {
        words += &format!(
            "\n  the mediator ends the relay after {}; the next one goes on",
            bytes(most)
        );
    }
    words
}

/// A time of a minute or more, rounded down.
fn about(seconds: u64) -> String {
    let minutes = seconds / 60;
    match minutes {
        0..120 => format!("{minutes} min"),
        _ => format!("{} h", minutes / 60),
    }
}

fn listed(file: &OfferedFile) -> String {
    let (path, what) = file.in_words();
    format!("\n    {}, {what}", Safe::line(&path))
}

pub(in crate::ui) fn ended(outcome: Outcome, who: &str) -> String {
    match outcome {
        Outcome::Received => "received".to_owned(),
        Outcome::Declined => format!("declined by {who}"),
        Outcome::NoSpace => "the receiver has no space for it".to_owned(),
        Outcome::CannotWrite => "the receiver cannot write it".to_owned(),
        Outcome::Source => "it cannot be read, or it changed".to_owned(),
        Outcome::Cancelled => format!("cancelled by {who}"),
        Outcome::TooLarge => "it is larger than the receiver takes".to_owned(),
        Outcome::NotAcceptable => "what was offered breaks the rules, and is not taken".to_owned(),
        Outcome::Failed => "it did not come about".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_relay_bounds_is_said_where_it_is_felt() {
        let limits = |rate, bytes| RelayLimits { rate, bytes };
        let words = |limits, size| by_relay(limits, size);
        let usual = limits(Some(262_144), Some(268_435_456));
        assert_eq!(words(usual, Some(10_000_000)), "");
        assert_eq!(
            words(usual, Some(100_000_000)),
            "\n  by relay: 262 kB a second at most, so it takes 6 min or longer"
        );
        assert_eq!(
            words(usual, Some(5_000_000_000)),
            "\n  by relay: 262 kB a second at most, so it takes 5 h or longer\n  the mediator ends the relay after 268 MB; the next one goes on"
        );
        assert_eq!(
            words(usual, None),
            "\n  by relay: 262 kB a second at most\n  the mediator ends the relay after 268 MB; the next one goes on"
        );
        assert_eq!(words(limits(None, None), Some(u64::MAX)), "");
        assert_eq!(words(limits(Some(0), None), Some(1)), "");
    }
}
