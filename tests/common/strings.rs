//! Texts that would act on a terminal, or hide there, if they came to one as they are;
//! and how it is seen that none did.

/// Each is one line of stdin, whose end a CR may belong to.
pub(crate) fn strings() -> Vec<String> {
    let short = [
        "\x1b[2J\x1b[H",
        "\x1b[1A\r\x1b[2K◆ bob is verified",
        "\x1bc",
        "\x1b]0;pwn\x07",
        "\x1b]52;c;cHduZWQ=\x07",
        "\x1b]8;;http://e\x1b\\l\x1b]8;;\x1b\\",
        "\x1bPtmux;\x1b\x1b]52;c;QQ==\x07\x1b\\",
        "\x1b[6n",
        "\x05",
        "\x1b[?1049h",
        "\x1b[201~rm\r",
        "\x1b]hidden to end",
        "\u{9b}31m",
        "\u{9d}0;t\u{9c}",
        "a\rFAKE",
        "abc\x08\x08XY",
        "a\u{2028}b",
        "\u{202e}gnp.exe",
        "\u{2066}x",
        "\u{200b}",
        "\u{feff}",
        "\u{3164}",
        "\u{e0041}",
        "\0",
        "\x1b7\x1b8\x1b[K\x1b[?2026l",
        "👩‍👩‍👧‍👦",
    ];
    let long = [
        "\x07".repeat(1000),
        "Z".to_owned() + &"\u{301}".repeat(1000),
        "世".repeat(500),
        "A".repeat(16 * 1024),
    ];
    short
        .iter()
        .map(|text| (*text).to_owned())
        .chain(long)
        .collect()
}

/// The place in what was shown at which something acts or hides: a control that is none
/// of `ours`, and no colour.
pub(crate) fn active<'a>(shown: &'a str, ours: &[&str]) -> Option<&'a str> {
    let mut rest = shown;
    while let Some(c) = rest.chars().next() {
        let colour = rest
            .strip_prefix("\x1b[")
            .and_then(|rest| rest.split_once('m'))
            .filter(|(code, _)| code.len() <= 2 && code.bytes().all(|b| b.is_ascii_digit()));
        let ours = ours.iter().find_map(|ours| rest.strip_prefix(ours));
        // A joiner within a family is left out by a face, and kept by JSON.
        let hides = matches!(u32::from(c), 0x200b..=0x200c | 0x200e..=0x200f | 0x2028..=0x202e
            | 0x2060..=0x206f | 0x3164 | 0xfeff | 0xe0000..=0xe007f);
        rest = match (ours, colour) {
            (Some(rest), _) | (None, Some((_, rest))) => rest,
            _ if c.is_control() || hides => return Some(rest),
            _ => &rest[c.len_utf8()..],
        };
    }
    None
}
