//! The link in what was pasted. Chat apps put quotes, brackets, markdown and marks around it, break
//! it over lines and slip characters into it that nobody sees; `encoded` reads what mail and web
//! pages make of it, `plain` what keyboards for East Asian scripts do.
//!
//! A link of ours has none of that in itself ([`Room::invite_link`](super::Room::invite_link) writes
//! it as `%XX`), so leaving it out changes no room. What cannot be told apart is refused, with what
//! was understood: a wrong secret would spend an attempt.

mod encoded;
mod plain;
mod wrapped;

use zeroize::Zeroizing;

use super::link::read;
use super::normal::{is_hash, normal};
use super::{RoomError, query};
use crate::text::safe::is_hidden;
pub(super) use encoded::decoded;
pub(super) use plain::folded;
use plain::scheme;
pub(super) use wrapped::is_bracket;
use wrapped::{closes, is_mark, is_opening};

/// A line of an invite that was broken at the edge of a page or a window has at least so many
/// characters.
const BROKEN_LINE: usize = 40;

/// The link in `text`, without what surrounds it; `None` where there is none.
///
/// # Errors
/// [`RoomError::OtherWords`], [`RoomError::TwoLinks`].
pub(super) fn link(text: &str) -> Result<Option<Zeroizing<String>>, RoomError> {
    let text = plain::plain(&visible(text));
    let Some(start) = scheme(&text) else {
        return Ok(None);
    };
    let (before, rest) = text.split_at(start);
    if let Some(target) = labelled(before, rest) {
        return link(target);
    }
    let rest = rest.trim_end();
    let (first, after) = rest.split_at(enclosed(before, rest).len());
    check_only(before, first, after)?;
    let link = unmarked(first)?;
    if is_complete(link) || is_closed(before, after) || after.chars().all(is_mark_or_space) {
        return Ok(Some(Zeroizing::new(link.to_owned())));
    }
    let whole = rejoined(rest).ok_or_else(|| RoomError::OtherWords(understood(first)))?;
    let whole = enclosed(before, &whole).trim_end_matches(is_mark);
    Ok(Some(Zeroizing::new(whole.to_owned())))
}

/// Where `[label](target)` leads, if its label is a link too.
fn labelled<'a>(before: &str, rest: &'a str) -> Option<&'a str> {
    let (_, target) = before.strip_prefix('[').and(rest.split_once("]("))?;
    (scheme(target) == Some(0)).then_some(target)
}

/// Refuses another link behind the first, and one that is part of a word.
fn check_only(before: &str, first: &str, after: &str) -> Result<(), RoomError> {
    if scheme(after).is_some_and(|at| after.get(at..at + first.len()) != Some(first)) {
        return Err(RoomError::TwoLinks);
    }
    match is_apart(before) {
        true => Ok(()),
        false => Err(RoomError::OtherWords(understood(first))),
    }
}

/// The link without the marks behind it; an ellipsis there shows that it goes on, as apps write it,
/// unless it is a query that does.
fn unmarked(first: &str) -> Result<&str, RoomError> {
    let link = first.trim_end_matches(is_mark);
    let marks = first.get(link.len()..).unwrap_or_default();
    let goes_on = marks.contains('…') || marks.contains("...");
    let secret = link.rsplit('#').next().unwrap_or(link);
    let has_query = query::cut(secret) != secret;
    match goes_on && !has_query && !is_complete(link) {
        true => Err(RoomError::Cut),
        false => Ok(link),
    }
}

/// A room that was typed or pasted by itself, without the quotes or brackets around it, and without
/// the mark that ends a sentence where what stands before it looks made up.
pub(super) fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = unwrapped(text) {
        text = inner;
    }
    let unmarked = query::cut(text.trim_end_matches(is_mark));
    match looks_made_up(unmarked) {
        true => unmarked,
        false => text,
    }
}

/// Two words, `#` and four words, of whatever list.
fn looks_made_up(text: &str) -> bool {
    let words = |text: &str, most: usize| {
        let word = |word: &str| !word.is_empty() && word.chars().all(char::is_alphabetic);
        let is_dash = |c: char| *normal(c.encode_utf8(&mut [0; 4])) == "-";
        text.split(is_dash).count() == most && text.split(is_dash).all(word)
    };
    text.split_once(is_hash)
        .is_some_and(|(name, secret)| words(name, 2) && words(secret, 4))
}

fn unwrapped(text: &str) -> Option<&str> {
    let emphasis = ["**", "__", "~~", "||", "*", "_", "~"];
    let mut marks = emphasis
        .iter()
        .filter_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark));
    wrapped::inside(text)
        .or_else(|| marks.next())
        .map(str::trim)
        .filter(|inner| !inner.is_empty())
}

/// The text without what cannot be seen. Line breaks stay.
fn visible(text: &str) -> Zeroizing<String> {
    let keep = |c: &char| matches!(c, '\n' | '\r' | '\t') || !is_hidden(*c);
    Zeroizing::new(text.chars().filter(keep).collect())
}

/// What of `rest` is the link, if `before` opened something: up to where that closes, to the next
/// white space, or to the next link.
fn enclosed<'a>(before: &str, rest: &'a str) -> &'a str {
    let open = before.chars().next_back();
    // An IPv6 address has brackets of its own.
    let room = rest.find('#').unwrap_or(rest.len());
    let (place, room) = rest.split_at(room);
    let ends = |c: char| open.is_some_and(|open| closes(open, c)) || c.is_whitespace();
    let mut end = room.find(ends).unwrap_or(room.len());
    end = scheme(room).map_or(end, |next| end.min(next));
    let end = match place.find(char::is_whitespace) {
        Some(end) => end,
        None => place.len() + end,
    };
    rest.get(..end).unwrap_or(rest)
}

/// Whether `after` begins with what closes what `before` ends with: no word behind that is meant.
fn is_closed(before: &str, after: &str) -> bool {
    let (open, close) = (before.chars().next_back(), after.chars().next());
    open.zip(close)
        .is_some_and(|(open, close)| closes(open, close))
}

fn is_mark_or_space(c: char) -> bool {
    is_mark(c) || c.is_whitespace()
}

/// Whether the link begins a word of its own: behind white space, punctuation, or a script that
/// writes no spaces.
fn is_apart(before: &str) -> bool {
    let last = before.chars().next_back();
    last.is_none_or(|c| c.is_whitespace() || !c.is_ascii() || is_opening(c) || is_mark(c))
}

/// A link that was broken over lines, whole again; `None` where other words may stand behind it.
fn rejoined(text: &str) -> Option<Zeroizing<String>> {
    let mut lines = text
        .lines()
        .map(|line| line.trim_start_matches(['>', ' ', '\t']).trim());
    let mut whole = Zeroizing::new(lines.next()?.to_owned());
    for line in lines {
        let continued = whole.len() >= BROKEN_LINE
            || whole.ends_with(['-', '#', '/'])
            || line.contains('#')
            || is_complete([&whole, line].concat().trim_end_matches(is_mark));
        if !continued {
            return None;
        }
        whole = Zeroizing::new([&whole, line].concat());
    }
    (!whole.contains(char::is_whitespace)).then_some(whole)
}

/// Whether nothing of the room that the link names can be missing.
fn is_complete(link: &str) -> bool {
    read(link).is_ok_and(|invite| invite.room.is_made_up())
}

/// The link without its secret: what may be shown.
fn understood(link: &str) -> String {
    let mut parts = link.splitn(3, '#');
    let place = parts.next().unwrap_or_default();
    let room = parts.next().map(|room| format!("#{room}"));
    let secret = parts.next().map_or("", |_| "#…");
    format!("{place}{}{secret}", room.unwrap_or_default())
}

#[cfg(test)]
mod tests;
