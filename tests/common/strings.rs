//! Texts that would act on a terminal, or hide there, if they came to one as they are.

/// Each is one line.
pub fn strings() -> Vec<String> {
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
        "\x1b[201~rm",
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
