//! What mail and web pages put in place of characters: quoted-printable (RFC 2045 §6.7) and the
//! character references of HTML.
//!
//! A link of ours has neither `&` nor `=`, and a ROOM no `&`. In a secret that stands behind a `#`
//! without a link both are what somebody typed, and stay.

use data_encoding::HEXUPPER_PERMISSIVE;
use zeroize::Zeroizing;

use super::scheme;
use crate::room::normal::is_hash;

/// How often a text may have been escaped.
const LAYERS: usize = 3;

/// Names of the references that stand for what links and what surrounds them are made of.
const NAMED: [(&str, char); 17] = [
    ("amp", '&'),
    ("num", '#'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("sol", '/'),
    ("colon", ':'),
    ("hyphen", '-'),
    ("period", '.'),
    ("percnt", '%'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("shy", '\u{ad}'),
];

/// The text as it was before it was sent.
pub(in crate::room) fn decoded(text: &str) -> Zeroizing<String> {
    let text = quoted_printable(text);
    let mut plain = text.clone();
    for _ in 0..LAYERS {
        plain = without_references(&plain);
    }
    match scheme(&plain).is_some() || comes_before_hash(&text, "&") {
        true => plain,
        false => text,
    }
}

/// Whether this stands in the room's name, not in its secret.
fn comes_before_hash(text: &str, what: &str) -> bool {
    let name = text.split('#').next().unwrap_or_default();
    name.contains(what)
}

/// Quoted-printable, where the text shows that it is: by a line break behind `=`, or by a `#` that
/// is written as `=23`.
fn quoted_printable(text: &str) -> Zeroizing<String> {
    let lines = text.split_inclusive('\n');
    let soft = |line: &str| line.ends_with('\n') && line.trim_end().ends_with('=');
    // What follows a `#` as it stands may be a query: `?id=23`.
    let hash = text.contains("=23")
        && !text.contains(is_hash)
        && (scheme(text).is_some() || comes_before_hash(text, "=23"));
    if !hash && !lines.clone().any(soft) {
        return Zeroizing::new(text.to_owned());
    }
    let mut joined = Zeroizing::new(String::with_capacity(text.len()));
    for line in lines {
        joined.push_str(match soft(line) {
            true => line.trim_end().strip_suffix('=').unwrap_or(line),
            false => line,
        });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(joined.len()));
    let mut parts = joined.split('=');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let byte = part.split_at_checked(2).and_then(|(digits, rest)| {
            let byte = HEXUPPER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
            Some((byte, rest))
        });
        match byte {
            Some((byte, rest)) => {
                bytes.extend_from_slice(&byte);
                bytes.extend_from_slice(rest.as_bytes());
            }
            None => {
                bytes.push(b'=');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Zeroizing::new(text.to_owned()),
        Err(_) => joined,
    }
}

fn without_references(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut parts = text.split('&');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        match reference(part) {
            Some((c, rest)) => {
                plain.push(c);
                plain.push_str(rest);
            }
            None => {
                plain.push('&');
                plain.push_str(part);
            }
        }
    }
    plain
}

/// The character that is meant by what follows an `&`, and the text behind it. A decimal number may
/// lack its `;`, as browsers have it.
fn reference(text: &str) -> Option<(char, &str)> {
    let ended = text.split_once(';');
    if let Some(number) = text.strip_prefix('#') {
        if let Some((hex, rest)) = ended
            && let Some(hex) = hex.strip_prefix("#x").or_else(|| hex.strip_prefix("#X"))
        {
            return Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, rest));
        }
        let rest = number.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = number.strip_suffix(rest)?;
        let rest = rest.strip_prefix(';').unwrap_or(rest);
        return Some((char::from_u32(digits.parse().ok()?)?, rest));
    }
    let (name, rest) = ended?;
    let (_, c) = NAMED.iter().find(|(known, _)| *known == name)?;
    Some((*c, rest))
}
