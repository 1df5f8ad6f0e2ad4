//! The query that mail programs, social networks and shorteners append to a link, to follow it:
//! `?utm_source=x&fbclid=y`. A link of ours has neither `?` nor `&` nor `=` as it stands.

use zeroize::Zeroizing;

/// The part of a link behind its first `#`, without the queries that may stand behind ROOM and
/// SECRET.
pub(super) fn without_query(room: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(room.len()));
    for (part, n) in room.split('#').zip(0..) {
        if n > 0 {
            plain.push('#');
        }
        plain.push_str(cut(part));
    }
    plain
}

/// The mediator's address of a link without its query. One that may hold an address of its own
/// stays: the link leads somewhere else first.
pub(super) fn place_without_query(place: &str) -> &str {
    let bare = cut(place);
    let query = place.get(bare.len()..).unwrap_or_default();
    match query.contains([':', '/', '%']) {
        true => place,
        false => bare,
    }
}

/// What stands before the query, if the text ends with one.
pub(super) fn cut(text: &str) -> &str {
    let mut marks = text.match_indices(['?', '&', '？', '＆']);
    let start = marks.find(|(at, mark)| is_query(text.get(at + mark.len()..).unwrap_or_default()));
    start.map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

/// Whether it is `KEY=VALUE`, or several with `&` between them.
fn is_query(text: &str) -> bool {
    let in_key =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '[' | ']');
    text.split(['&', '＆']).all(|pair| {
        let key = pair.split_once(['=', '＝']).map(|(key, _)| key);
        key.is_some_and(|key| !key.is_empty() && key.chars().all(in_key))
    })
}
