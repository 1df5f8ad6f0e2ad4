//! Characters that no ROOM and no SECRET holds, because they cannot be seen or act on what stands
//! around them. PROTOCOL.md §2 has the same list: the two ends of a room must agree on it, so it
//! does not follow what the terminal makes visible, nor a newer Unicode.

/// First and last of each range: controls, white space, fillers, zero-width and bidirectional
/// ones, selectors, tags, private use, noncharacters.
const UNSEEN: [(u32, u32); 40] = [
    (0x0000, 0x0020),
    (0x007f, 0x00a0),
    (0x00ad, 0x00ad),
    (0x034f, 0x034f),
    (0x061c, 0x061c),
    (0x115f, 0x1160),
    (0x1680, 0x1680),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x2000, 0x200f),
    (0x2028, 0x202f),
    (0x205f, 0x206f),
    (0x2800, 0x2800),
    (0x3000, 0x3000),
    (0x3164, 0x3164),
    (0xe000, 0xf8ff),
    (0xfdd0, 0xfdef),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0xfffe, 0xffff),
    (0x13430, 0x1343f),
    (0x1bca0, 0x1bca3),
    (0x1d159, 0x1d159),
    (0x1d173, 0x1d17a),
    (0x1fffe, 0x1ffff),
    (0x2fffe, 0x2ffff),
    (0x3fffe, 0x3ffff),
    (0x4fffe, 0x4ffff),
    (0x5fffe, 0x5ffff),
    (0x6fffe, 0x6ffff),
    (0x7fffe, 0x7ffff),
    (0x8fffe, 0x8ffff),
    (0x9fffe, 0x9ffff),
    (0xafffe, 0xaffff),
    (0xbfffe, 0xbffff),
    (0xcfffe, 0xcffff),
    (0xdfffe, 0xe0fff),
    (0xefffe, 0x10ffff),
];

/// Whether no room holds it.
pub(super) fn is_unseen(c: char) -> bool {
    let c = u32::from(c);
    UNSEEN
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::safe::is_hidden;

    #[test]
    fn the_list_is_that_of_the_protocol() {
        let page = include_str!("../../../../PROTOCOL.md");
        let (_, list) = page.split_once("```unseen\n").unwrap();
        let (list, _) = list.split_once("```").unwrap();
        let number = |text: &str| u32::from_str_radix(text, 16).unwrap();
        let ranges: Vec<_> = list
            .split_whitespace()
            .map(|range| {
                let (first, last) = range.split_once('–').unwrap_or((range, range));
                (number(first), number(last))
            })
            .collect();
        assert_eq!(ranges, UNSEEN);
    }

    #[test]
    fn white_space_and_what_is_hidden_is_in_it() {
        for c in char::MIN..=char::MAX {
            if c.is_whitespace() || c.is_control() {
                assert!(is_unseen(c), "{:x}", u32::from(c));
            }
            if is_unseen(c) {
                assert!(c.is_whitespace() || is_hidden(c), "{:x}", u32::from(c));
            }
        }
    }
}
