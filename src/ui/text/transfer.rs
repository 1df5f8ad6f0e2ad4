//! Offers of files, in words.

use undertone_core::files::Outcome;
use undertone_core::text::safe::Safe;

use crate::engine::event::transfer::{Offered, OfferedFile, Step, Transfer};
use crate::terminal::layout::Text;
use crate::trust::Trust;

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
        } => {
            let amount = amount(*files, *size);
            let mut words =
                format!("[{number}] {name}, {amount}, is offered to {peer} · /cancel {number}");
            for left_out in skipped {
                words += &format!("\n  left out: {}", Safe::line(left_out));
            }
            words
        }
        Step::Started(progress) => {
            let verb = if *outgoing { "Sending" } else { "Receiving" };
            match progress.percent() {
                Some(percent @ 1..) => format!("[{number}] {verb} {name}: going on at {percent} %"),
                _ => format!("[{number}] {verb} {name}"),
            }
        }
        Step::Paused { message } => format!("[{number}] {name}: {}", Safe::line(message)),
        Step::Done { dropped, paths, .. } => {
            let mut words = match outgoing {
                true => format!("[{number}] {peer} has {name}"),
                false => {
                    let paths = paths.iter().map(|path| path.display().to_string());
                    let paths: Vec<_> = paths.map(|path| Safe::line(&path).to_string()).collect();
                    format!("[{number}] from {peer} is whole: {}", paths.join(", "))
                }
            };
            for file in dropped {
                let file = Safe::line(file);
                words += &format!("\n  not kept: {file}");
            }
            words
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
    if *renamed > 0 {
        words += &format!("\n  {renamed} of the names are none here, and are changed");
    }
    words += &format!("\n  into {}", Safe::line(&into.display().to_string()));
    if let Some(free) = free {
        words += &format!(", {} free", bytes(*free));
        if size.is_some_and(|size| size > *free) {
            words += ": too little";
        }
    }
    words + &format!(" · /accept {number} · /reject {number}")
}

fn listed(file: &OfferedFile) -> String {
    let marks = match (file.hidden, file.executable) {
        (false, false) => "",
        (true, false) => " · hidden",
        (false, true) => " · can be run",
        (true, true) => " · hidden, can be run",
    };
    format!(
        "\n    {}, {}{marks}",
        Safe::line(&file.path),
        bytes(file.size)
    )
}

fn ended(outcome: Outcome, who: &str) -> String {
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

/// How much it is.
fn amount(files: u64, size: Option<u64>) -> String {
    let size = size.map_or_else(|| "of unknown size".to_owned(), bytes);
    match files {
        1 => size,
        n => format!("{n} files, {size}"),
    }
}

/// So many bytes, in units of a thousand.
pub(in crate::ui) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut unit, mut whole, mut tenth) = (0, n, 0);
    while whole >= 1000 && unit + 1 < UNITS.len() {
        tenth = whole % 1000 / 100;
        whole /= 1000;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    match unit > 0 && whole < 100 {
        true => format!("{whole}.{tenth} {name}"),
        false => format!("{whole} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (n, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (99_950, "99.9 kB"),
            (2_140_000, "2.1 MB"),
            (100_000_000, "100 MB"),
            (u64::MAX, "18446 PB"),
        ] {
            assert_eq!(bytes(n), words);
        }
    }
}
