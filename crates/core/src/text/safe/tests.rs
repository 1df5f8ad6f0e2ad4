//! That nothing acts on the terminal, and that what is safe stays as it is.

use super::*;
use proptest::prelude::*;

#[test]
fn escape_sequences_show_as_pictures() {
    for (text, safe) in [
        ("\x1b[2J\x1b[H", "␛[2J␛[H"),
        (
            "\x1b[1A\r\x1b[2K◆ bob is verified",
            "␛[1A␍␛[2K<U+25C6> bob is verified",
        ),
        ("\x1bc", "␛c"),
        ("\x1b]0;pwn\x07", "␛]0;pwn␇"),
        ("\x1b]52;c;cHduZWQ=\x07", "␛]52;c;cHduZWQ=␇"),
        (
            "\x1b]8;;http://e\x1b\\l\x1b]8;;\x1b\\",
            "␛]8;;http://e␛\\l␛]8;;␛\\",
        ),
        (
            "\x1bPtmux;\x1b\x1b]52;c;QQ==\x07\x1b\\",
            "␛Ptmux;␛␛]52;c;QQ==␇␛\\",
        ),
        ("\x1b[6n", "␛[6n"),
        ("\x05", "␅"),
        ("\x1b[?1049h", "␛[?1049h"),
        ("\x1b[201~rm\r", "␛[201~rm␍"),
        ("\x1b]hidden to end", "␛]hidden to end"),
        ("\u{9b}31m", "<U+009B>31m"),
        ("\u{9d}0;t\u{9c}", "<U+009D>0;t<U+009C>"),
        ("a\rFAKE", "a␍FAKE"),
        ("abc\x08\x08XY", "abc␈␈XY"),
        ("a\u{2028}b", "a<U+2028>b"),
        ("\u{202e}gnp.exe", "<U+202E>gnp.exe"),
        ("\u{2066}x", "<U+2066>x"),
        ("\u{200b}", "<U+200B>"),
        ("\u{feff}", "<U+FEFF>"),
        ("\u{3164}", "<U+3164>"),
        (
            "\u{115f}\u{1160}\u{ffa0}\u{2800}",
            "<U+115F><U+1160><U+FFA0><U+2800>",
        ),
        ("\u{e0041}", "<U+E0041>"),
        ("\u{e000}\u{fdd0}\u{1ffff}", "<U+E000><U+FDD0><U+1FFFF>"),
        ("\0\x7f", "␀␡"),
        ("a\tb", "a    b"),
        ("◆✗⚠✓", "<U+25C6><U+2717><U+26A0><U+2713>"),
    ] {
        assert_eq!(Safe::message(text).as_str(), safe);
        assert_eq!(Safe::line(text).as_str(), safe);
        assert_eq!(Safe::name(text).as_str(), safe);
        assert_eq!(Safe::from_bytes(text.as_bytes()).as_str(), safe);
    }
    assert_eq!(
        Safe::message(&"\x07".repeat(1000)).as_str(),
        "␇".repeat(1000)
    );
}

#[test]
fn a_second_line_cannot_pass_for_ours() {
    let text = "a\r\n09:15 you   ok";
    assert_eq!(Safe::line(text).as_str(), "a␊09:15 you   ok");
    let message = Safe::message(text);
    assert_eq!(message.as_str(), "a\n09:15 you   ok");
    assert_eq!(message.width(), 14);
}

#[test]
fn marks_are_counted_and_need_something_to_sit_on() {
    let zalgo = format!("Z{}", "\u{301}".repeat(1000));
    let safe = Safe::message(&zalgo);
    assert_eq!(safe.as_str(), "Z\u{301}\u{301}\u{301}\u{301}<+996 marks>");
    assert_eq!(Safe::line("\u{301}a").as_str(), "<U+0301>a");
    assert_eq!(Safe::message("a\n\u{301}").as_str(), "a\n<U+0301>");
    assert_eq!(
        Safe::line("e\u{301} ñ กี่ हिन्दी 한국").as_str(),
        "e\u{301} ñ กี่ हिन्दी 한국"
    );
    let jamo = Safe::line(&format!("\u{1100}{}", "\u{1161}".repeat(50)));
    assert!(jamo.as_str().ends_with("<+46 marks>"), "{jamo}");
}

#[test]
fn an_emoji_family_stands_side_by_side() {
    let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
    assert_eq!(Safe::message(family).as_str(), "👩👩👧👦");
    assert_eq!(Safe::message(family).width(), 8);
    assert_eq!(
        Safe::message("❤\u{fe0f} 1\u{fe0f}\u{20e3}").as_str(),
        "❤ 1\u{20e3}"
    );
    assert_eq!(
        Safe::message("a\u{200d}b a\u{fe0f}").as_str(),
        "a<U+200D>b a<U+FE0F>"
    );
    assert_eq!(Safe::name("👩\u{200d}👩").as_str(), "👩<U+200D>👩");
}

#[test]
fn bytes_that_are_no_text_are_named() {
    assert_eq!(
        Safe::from_bytes(b"a\xff\xfe\xc0\x80b").as_str(),
        "a<FF><FE><C0><80>b"
    );
    assert_eq!(Safe::from_bytes(b"\xed\xa0\x80").as_str(), "<ED><A0><80>");
    assert_eq!(Safe::from_bytes(b"\xe4\xb8").as_str(), "<E4><B8>");
}

#[test]
fn long_texts_are_cut_at_a_column() {
    let wide = Safe::line(&"世".repeat(500));
    assert_eq!(wide.width(), 1000);
    assert_eq!(wide.clipped(6).as_str(), "世世…");
    assert_eq!(wide.clipped(1).as_str(), "…");
    assert_eq!(wide.clipped(0).as_str(), "");
    assert_eq!(Safe::line("abc").clipped(3).as_str(), "abc");
    // A vowel sign that takes a column of its own.
    assert_eq!(Safe::line("ककिक").clipped(3).as_str(), "क…");
    assert_eq!(Safe::line("ककिकक").clipped(4).as_str(), "ककि…");
    assert_eq!(Safe::message(&"A".repeat(1_000_000)).width(), 1_000_000);
}

#[test]
fn what_is_not_assigned_is_shown_by_its_number_and_emoji_to_come_as_they_are() {
    // Latin, CJK, an unused plane, a reserved default ignorable, a hole in Greek.
    for c in [
        '\u{378}',
        '\u{2fe0}',
        '\u{9ffff}',
        '\u{2065}',
        '\u{3a2}',
        '\u{1f2}',
    ] {
        let shown = format!("a<U+{:04X}>", u32::from(c));
        let text = format!("a{c}");
        let expected = if c == '\u{1f2}' { &text } else { &shown };
        assert_eq!(Safe::message(&text).as_str(), expected);
        assert_eq!(Safe::name(&text).as_str(), expected);
    }
    // Reserved for pictographs, for all versions to come.
    let to_come = '\u{1faff}';
    assert!(is_unassigned(to_come), "another one is needed here");
    assert_eq!(
        Safe::message(&to_come.to_string()).as_str(),
        to_come.to_string()
    );
    assert_eq!(
        (width(to_come), width('🦦'), width('é'), width('\u{301}')),
        (2, 2, 1, 0)
    );
    let scripts = "Ωß世界한국हिन्दी ไทย עברית العربية ᏣᎳᎩ ∀ € 🦦 𝕏";
    assert_eq!(Safe::message(scripts).as_str(), scripts);
}

fn any_text() -> impl Strategy<Value = String> {
    let nasty = prop_oneof![
        any::<char>(),
        Just('\u{301}'),
        Just('\u{200d}'),
        Just('\u{fe0f}'),
        Just('👩'),
        Just('\r'),
        Just('\n'),
        Just('\t'),
        Just('\u{1b}'),
        Just('◆'),
        Just('a'),
        (0_u32..0x3000).prop_filter_map("a character", char::from_u32),
    ];
    proptest::collection::vec(nasty, 0..60).prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #[test]
    fn nothing_that_acts_comes_through(text in any_text()) {
        let message = Safe::message(&text);
        for safe in [&message, &Safe::line(&text), &Safe::name(&text)] {
            let feed = |c: char| c == '\n' && *safe == message;
            let none = |test: fn(char) -> bool| {
                !safe.as_str().chars().any(|c| !feed(c) && test(c))
            };
            prop_assert!(none(char::is_control));
            prop_assert!(none(is_unseen) && none(is_sigil));
            // Said apart from `is_hidden`: what must never be there, by its range.
            let harmless = none(|c| {
                matches!(u32::from(c), 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
                    | 0xfeff | 0xfe00..=0xfe0f | 0xe0000..=0xe007f | 0xad | 0x61c)
            });
            prop_assert!(harmless);
            prop_assert!(safe.as_str().len() <= 4 * text.len());
        }
    }

    #[test]
    fn what_is_safe_stays_as_it_is(text in any_text()) {
        for make in [Safe::message, Safe::line, Safe::name] {
            let once = make(&text);
            prop_assert_eq!(make(once.as_str()), once);
        }
    }

    #[test]
    fn bytes_never_panic_and_never_act(bytes in proptest::collection::vec(any::<u8>(), 0..80), columns in 0_usize..20) {
        let safe = Safe::from_bytes(&bytes);
        prop_assert!(!safe.as_str().chars().any(is_hidden));
        prop_assert!(safe.as_str().len() <= 4 * bytes.len());
        prop_assert!(safe.clipped(columns).width() <= columns);
    }
}

#[test]
fn words_of_others_leave_no_mark_dangling() {
    for nothing in [
        "",
        " ",
        "\n\t",
        "\u{200b}\u{feff}",
        "\u{3164}",
        ".",
        " ;\u{2060}:",
    ] {
        assert_eq!(clause(nothing), None, "{nothing:?}");
    }
    assert_eq!(clause(" \u{200b}come on Monday.\n"), Some("come on Monday"));
    assert_eq!(clause("really?"), Some("really?"));
}
