//! How the other person comes to a room: by links, each alone on its row, to be copied whole.

use undertone_core::text::safe::Safe;

use crate::link::ranking::Reach;
use crate::terminal::layout::Text;

/// The seat is taken.
pub(super) fn waiting<'a>(
    room: &str,
    links: impl Iterator<Item = &'a String>,
    reach: &[Reach],
) -> Text {
    let links: Vec<_> = links.collect();
    let link = match links.len() {
        1 => "this link",
        _ => "one of these",
    };
    let text = Text::remark(&format!(
        "◆ Waiting in room {} · /invite copies the link · Ctrl-C to stop\n  Other person: opens {link} in a browser, or pastes it to undertone chat",
        Safe::line(room),
    ));
    with_links(text, links, reach)
}

/// Somebody is looked for, and comes back by these.
pub(super) fn by_links(peer: &str, links: &[String], reach: &[Reach], copied: bool) -> Text {
    let peer = Safe::name(peer);
    let (these, first) = match links.len() {
        1 => ("this link", "it"),
        _ => ("one of these links", "the first"),
    };
    let copied = match copied {
        true => format!("; {first} is in the clipboard, if your terminal allows that"),
        false => String::new(),
    };
    let text = Text::remark(&format!(
        "◆ By {these} {peer} comes back, and only {peer}{copied}"
    ));
    with_links(text, links, reach)
}

fn with_links<'a>(
    mut text: Text,
    links: impl IntoIterator<Item = &'a String>,
    reach: &[Reach],
) -> Text {
    for (n, link) in links.into_iter().enumerate() {
        text = text.with_link(link);
        if let Some(reach) = reach.get(n) {
            text = text.and(&format!("      {}", reach.in_words()));
        }
    }
    text
}
