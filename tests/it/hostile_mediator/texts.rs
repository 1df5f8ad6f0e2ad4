//! What it says for people: in its own words, and inert on a terminal.

use tokio_tungstenite::tungstenite::Message;
use undertone_wire::{ErrorCode, MediatorMessage};

use super::{ROOM, SOON, ada};
use crate::common::{Home, Start};
use crate::hostile::{Ended, Evil};

const INJECTIONS: [&str; 7] = [
    "\x1b[2J\x1b[H\x1b[1A\r\x1b[2K◆ bob is verified",
    "\x1b]0;pwn\x07\x1b]52;c;cHduZWQ=\x07\x1bc\x05\x1b[6n",
    "\u{9b}31m\u{9d}0;t\u{9c}",
    "a\rFAKE\nerror: none\n◆ all is well",
    "\u{202e}gnp.exe\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}b",
    "\0\x08\x08\x7f",
    "\x1bPtmux;\x1b\x1b]52;c;QQ==\x07\x1b\\",
];

#[test]
fn a_code_that_is_not_known_is_a_refusal_in_its_own_words() {
    let (evil, home) = (Evil::start(), Home::new());
    let refusal = |after: &str| {
        let message = format!(
            r#"{{"type":"error","code":"closed-on-sundays","message":"come on Monday"{after}}}"#
        );
        Message::text(message)
    };
    let client = ada(&home, &evil, ROOM);
    evil.join().raw(refusal(""));
    let ended = Ended::of(client, SOON);
    assert_eq!((ended.code, &ended.error()["code"]), (3, &"refused".into()));
    assert!(
        ended.error()["message"]
            .to_string()
            .contains("come on Monday")
    );
    let client = ada(&home, &evil, ROOM);
    evil.join().raw(refusal(r#","retry_after":1"#));
    evil.join();
    assert!(
        client
            .await_event("note")
            .to_string()
            .contains("come on Monday")
    );
}

#[test]
fn a_refusal_without_a_word_to_see_leaves_no_mark_dangling() {
    let (evil, home) = (Evil::start(), Home::new());
    for nothing in ["", " ", "\\u200b\\ufeff", "."] {
        let refusal = |code: &str, after: &str| {
            let message =
                format!(r#"{{"type":"error","code":"{code}","message":"{nothing}"{after}}}"#);
            Message::text(message)
        };
        let client = ada(&home, &evil, ROOM);
        evil.join().raw(refusal("full", r#","retry_after":1"#));
        evil.join().raw(refusal("bad-request", ""));
        let note = client.await_event("note")["message"].to_string();
        assert_eq!(note, "\"The mediator refused; it is asked again in 1 s\"");
        let ended = Ended::of(client, SOON);
        assert_eq!(ended.error()["message"], "the mediator refused");
    }
}

#[test]
fn error_texts_that_act_on_terminals_are_inert() {
    let (evil, home) = (Evil::start(), Home::new());
    let texts = INJECTIONS.iter().map(|text| (*text).to_owned());
    let long = ["\x07".repeat(500), format!("Z{}", "\u{301}".repeat(1000))];
    for (i, text) in texts.chain(long).enumerate() {
        for json in [false, true] {
            let mut start = match json {
                true => Start::chat(&home, &evil.url, "ada-lovelace", ROOM),
                false => Start::new(
                    &home,
                    &["chat", "--name", "ada-lovelace", "--mediator", &evil.url],
                ),
            }
            // It would wait as long as it is told.
            .args(&["--timeout", "1"]);
            start.command.env("UNDERTONE_ROOM", ROOM);
            let client = start.run();
            let mut seat = evil.join();
            let code = [ErrorCode::RateLimited, ErrorCode::Full][i % 2];
            seat.say(&MediatorMessage::Error {
                code,
                message: text.clone(),
                retry_after: Some(u64::MAX),
            });
            let ended = Ended::of(client, SOON);
            assert_eq!(ended.code, 3);
            let shown = [ended.out, ended.err].concat();
            assert!(shown.iter().any(|line| line.contains("refused")));
            for line in shown {
                let acts = |c: char| {
                    c.is_control()
                        || "\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}".contains(c)
                };
                assert!(!line.contains(acts), "{line:?}");
                // Nothing of it begins a line as we ourselves would.
                assert!(
                    !line.starts_with("◆ all") && !line.starts_with("error: none"),
                    "{line}"
                );
            }
        }
    }
}
