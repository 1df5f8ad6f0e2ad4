//! It refuses, or sends away: what it asks a client to wait is kept, and bounded.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;
use undertone_wire::{ErrorCode, MediatorMessage};

use super::{ROOM, SOON, ada, bob, seated};
use crate::common::Home;
use crate::hostile::{Ended, Evil, pair_honestly};

#[test]
fn a_refusal_for_no_reason_is_not_asked_again_for_ever() {
    let (evil, home) = (Evil::start(), Home::new());
    let client = ada(&home, &evil, ROOM);
    let mut seat = evil.join();
    seat.say(&MediatorMessage::Error {
        code: ErrorCode::Expired,
        message: "no".into(),
        retry_after: None,
    });
    assert_eq!(Ended::of(client, SOON).code, 3);
}

#[test]
fn a_wait_that_is_asked_for_is_kept_and_said() {
    let (evil, home) = (Evil::start(), Home::new());
    let refused = |code| MediatorMessage::Error {
        code,
        message: "so much for now".into(),
        retry_after: Some(2),
    };
    let codes = [
        ErrorCode::RateLimited,
        ErrorCode::Full,
        ErrorCode::Expired,
        ErrorCode::ShuttingDown,
    ];
    for (code, waits) in codes.iter().flat_map(|code| [(code, false), (code, true)]) {
        let client = ada(&home, &evil, ROOM);
        let mut seat = match waits {
            false => evil.join(),
            true => seated(&client, &evil),
        };
        seat.say(&refused(*code));
        let refused = Instant::now();
        let _again = evil.join();
        let pause = refused.elapsed();
        assert!(pause >= Duration::from_secs(2), "{pause:?} after {code}");
        let note = client.await_event("note")["message"].to_string();
        let words = match code {
            ErrorCode::ShuttingDown => "mediator is stopping",
            _ => "so much for now",
        };
        assert!(note.contains(words), "{note}");
        assert!(note.contains("asked again in 2 s"), "{note}");
    }
}

#[test]
fn seats_that_end_at_once_are_taken_ever_more_slowly_and_said_once() {
    let (evil, home) = (Evil::start(), Home::new());
    let endings = [
        Some(MediatorMessage::Error {
            code: ErrorCode::RateLimited,
            message: "not you".into(),
            retry_after: None,
        }),
        None,
    ];
    for ending in endings {
        let mut client = ada(&home, &evil, ROOM);
        let mut seat = seated(&client, &evil);
        let mut pauses = Vec::new();
        for _ in 0..5 {
            if let Some(refusal) = &ending {
                seat.say(refusal);
            }
            drop(seat);
            let ended = Instant::now();
            seat = evil.join();
            pauses.push(ended.elapsed());
            seat.waiting();
        }
        // 0.2 s, doubled four times, ± 25 %.
        assert!(pauses[4] >= Duration::from_millis(2400), "{pauses:?}");
        client.kill();
        let said = client.out.rest();
        let notes = said.iter().filter(|line| line.contains(r#""note""#));
        assert_eq!(notes.count(), 1, "{said:?}");
    }
}

#[test]
fn a_busy_mediator_is_asked_again_without_a_word_of_when() {
    let (evil, home) = (Evil::start(), Home::new());
    for after in ["", r#","retry_after":-1"#, r#","retry_after":"soon""#] {
        let client = ada(&home, &evil, ROOM);
        for code in ["rate-limited", "full", "shutting-down"] {
            let refusal =
                format!(r#"{{"type":"error","code":"{code}","message":"not now"{after}}}"#);
            evil.join().raw(Message::text(refusal));
        }
        evil.join().waiting();
        let note = client.await_event("note")["message"].to_string();
        assert!(note.contains("not now; waiting goes on"), "{note}");
        client.await_event("waiting");
    }
}

#[test]
fn a_wait_that_is_asked_for_is_kept_while_the_other_one_is_looked_for_again() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let mut guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    pair_honestly(&mut waits, &mut comes);
    host.await_event("connected");
    guest.await_event("connected");
    guest.kill();
    host.await_event("reconnecting");
    for _ in 0..2 {
        evil.join().say(&MediatorMessage::Error {
            code: ErrorCode::RateLimited,
            message: "so much for now".into(),
            retry_after: Some(2),
        });
        let refused = Instant::now();
        let _again = evil.join();
        let pause = refused.elapsed();
        assert!(pause >= Duration::from_secs(2), "{pause:?}");
    }
    // It takes long by now, and is said.
    let note = host.await_event("note")["message"].to_string();
    assert!(note.contains("so much for now"), "{note}");
    assert!(note.contains("asked again in 2 s"), "{note}");
}

#[test]
fn an_ended_seat_is_taken_again_without_a_word_of_when() {
    let (evil, home) = (Evil::start(), Home::new());
    for code in [ErrorCode::Expired, ErrorCode::RoomBusy, ErrorCode::Full] {
        let client = ada(&home, &evil, ROOM);
        let mut seat = seated(&client, &evil);
        seat.say(&MediatorMessage::Error {
            code,
            message: "gone".into(),
            retry_after: None,
        });
        let mut again = evil.join();
        again.waiting();
        client.await_that("the seat", |event| {
            event["message"]
                .as_str()
                .is_some_and(|note| note.contains("is back"))
        });
    }
}
