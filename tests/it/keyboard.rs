//! What a terminal sends that no person typed, on a real pseudo-terminal: it is never text, and the
//! next key is heard.

use crate::common::console::{Talk, talk};

/// Answers that come late: what it is, its colours, the clipboard, a mode, a picture.
const ANSWERS: [&[u8]; 12] = [
    b"\x1b[?2026;2$y",
    b"\x1b[>1;4000;30c",
    b"\x1b[24;80R",
    b"\x1b[?997;1n",
    b"\x1b[<35;12;7M",
    b"\x1bP>|XTerm(390)\x1b\\",
    b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
    b"\x1b]52;c;c2VjcmV0\x07",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b^private\x1b\\",
    b"\x1bXany thing\x1b\\",
    b"\xc2\x9d11;rgb:12/34/56\xc2\x9c",
];

/// What never ends.
const UNFINISHED: [&[u8]; 6] = [
    b"\x1b[?2026;2",
    b"\x1b]52;c;c2Vj",
    b"\x1bP>|XTe",
    b"\x1b[200~abc",
    b"\x1bXany",
    b"\xe4\xb8",
];

#[test]
fn answers_of_the_terminal_are_no_text_and_the_next_key_is_heard() {
    let mut talk = talk();
    let mut typed = String::new();
    for (answer, key) in ANSWERS.iter().zip("abcdefghijkl".chars()) {
        talk.ada.send(answer);
        talk.ada.press(&key.to_string());
        typed.push(key);
        talk.ada.await_row(&format!("bob ⚠ › {typed}"));
    }
    talk.ada.press("\r");
    assert_eq!(talk.bob.await_message(), typed);
}

/// For longer than an answer may stand still: as long as the hint of Ctrl-C stands.
fn stall(talk: &mut Talk, sent: &[u8]) {
    talk.ada.press("\x03");
    talk.ada.await_row("bob ⚠ › Ctrl-C again to quit");
    talk.ada.send(sent);
    talk.ada.await_row("bob ⚠ ›");
}

#[test]
fn the_rest_of_an_answer_that_stalled_is_no_text_and_keys_after_it_are_heard() {
    let mut talk = talk();
    stall(&mut talk, b"\x1b]52;c;c2Vj");
    talk.ada.send(b"cmV0\x07k");
    talk.ada.await_row("bob ⚠ › k");
    talk.ada.press("\r");
    assert_eq!(talk.bob.await_message(), "k");
    stall(&mut talk, b"\x1bP>|XTe");
    talk.ada.press("h");
    talk.ada.await_row("bob ⚠ › h");
    talk.ada.press("i\r");
    assert_eq!(talk.bob.await_message(), "hi");
}

#[test]
fn a_paste_without_an_end_ends_by_itself() {
    let mut talk = talk();
    talk.ada.press("\x1b[200~abc\rd");
    talk.ada.await_row("bob ⚠ › abc⏎d");
    talk.ada.press("e\r");
    assert_eq!(talk.bob.await_message(), "abc\nde");
}

#[test]
fn ctrl_c_in_a_whole_paste_is_text() {
    let mut talk = talk();
    talk.ada.paste("a\x03\x03b");
    talk.ada.await_row("bob ⚠ › a␃␃b");
}

#[test]
fn two_ctrl_c_leave_whatever_came_before() {
    for bytes in UNFINISHED {
        let mut talk = talk();
        talk.ada.send(bytes);
        talk.ada.send(b"\x03\x03");
        assert_eq!(talk.ada.exit_code(), 130, "{:?}", bytes.escape_ascii());
        talk.ada.assert_restored();
    }
    let mut talk = talk();
    talk.ada.press("kept\r/verify\r");
    talk.ada.await_text("The words that you hear ›");
    talk.ada.press("\x03\x03");
    assert_eq!(talk.ada.exit_code(), 130, "at a question");
}

#[test]
fn a_byte_of_another_charset_takes_no_letter_with_it() {
    let mut talk = talk();
    talk.ada.send(b"caf\xe9 au lait \xff\xfe!");
    talk.ada.press("\r");
    let said = talk.bob.await_message();
    assert_eq!(said, "caf\u{fffd} au lait \u{fffd}\u{fffd}!");
    // Letters of Windows-1252, which introduce something where C1 is of single bytes.
    talk.ada.send(b"\x8eivot \x98 \x9bje\x9d \x90\x9e\x9f ok\r");
    let said = talk.bob.await_message();
    assert_eq!(said.replace('\u{fffd}', ""), "ivot  je  ok");
}
