//! Knocks at the host while a live link is up: replayed, forged, or genuine
//! with garbage after them. The live link never suffers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use undertone_core::pairing::{CONFIRM_B_LEN, OFFER_LEN, SEALED_LENS};
use undertone_net::link::incoming::KNOCK_LEN;

use super::Tapped;
use crate::hostile::proxy::{Direction, Verdict};

/// Sends this to where the host listens; gives all that comes back until it closes.
fn send_to(host_address: &str, frames: &[&[u8]]) -> Vec<u8> {
    let mut stream = TcpStream::connect(host_address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    for frame in frames {
        let _ = stream.write_all(frame);
    }
    let mut got = Vec::new();
    // A reset is an end as well.
    match stream.read_to_end(&mut got) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("left open"),
        _ => got,
    }
}

fn framed(body: &[u8]) -> Vec<u8> {
    let prefix = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&prefix, body].concat()
}

#[test]
fn knocks_replayed_forged_or_followed_by_garbage_leave_the_live_link_alone() {
    let mut tapped = Tapped::meet();
    // Of the guest's knocks after the cut, six never arrive; the next ones pass.
    let knocks: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let offers: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let (kept, kept_offers) = (Arc::clone(&knocks), Arc::clone(&offers));
    const WITHHELD: usize = 3;
    tapped.middle.rule(move |passing| {
        let mut kept = kept.lock().unwrap();
        if passing.to == Direction::ToHost && passing.frame.len() == 4 + KNOCK_LEN {
            kept.push(passing.frame.to_vec());
            if kept.len() <= WITHHELD {
                return Verdict::End(Vec::new());
            }
        }
        if passing.to == Direction::ToHost && passing.frame.len() == 4 + OFFER_LEN {
            kept_offers.lock().unwrap().push(passing.frame.to_vec());
        }
        Verdict::Pass
    });
    // No other way back than the knock.
    tapped.cut_mediator();
    tapped.middle.cut();
    for client in [&tapped.host, &tapped.guest] {
        client.await_that("the new link", |event| event["resumed"] == true);
    }

    let knocks = knocks.lock().unwrap().clone();
    let offer = offers.lock().unwrap()[0].clone();
    let (withheld, used) = (&knocks[..WITHHELD], &knocks[WITHHELD]);
    let host_address = tapped.host_address.clone();
    // Replayed, forged, of another length: not a byte comes back.
    for frame in [
        used.clone(),
        framed(&[7; KNOCK_LEN]),
        framed(&[7; CONFIRM_B_LEN]),
        framed(&[7; 99]),
    ] {
        assert!(send_to(&host_address, &[&frame, &offer]).is_empty());
    }
    // Genuine, and then: garbage, an old offer with a made-up SEALED, nothing.
    let answer = send_to(&host_address, &[&withheld[0], &framed(&[7; OFFER_LEN])]);
    assert_eq!(answer.len(), 4 + OFFER_LEN);
    let answer = send_to(
        &host_address,
        &[&withheld[1], &offer, &framed(&[7; SEALED_LENS[0]])],
    );
    assert_eq!(answer.len(), 4 + OFFER_LEN + 4 + SEALED_LENS[0]);
    let mut silent = TcpStream::connect(&host_address).unwrap();
    silent.write_all(&withheld[2]).unwrap();
    silent.read_exact(&mut [0; 4 + OFFER_LEN]).unwrap();
    // Each of them counts once.
    assert!(send_to(&host_address, &[&withheld[0], &offer]).is_empty());

    for n in 0..20 {
        tapped.host.say(&format!("numbered {n}"));
        tapped.guest.say(&format!("numbered {n}"));
    }
    for client in [&tapped.host, &tapped.guest] {
        let mut awaited = 0..20;
        while !awaited.is_empty() {
            let event = client.event();
            match event["type"].as_str().unwrap() {
                "message" => {
                    assert_eq!(
                        event["text"],
                        format!("numbered {}", awaited.next().unwrap())
                    );
                }
                "delivered" => {}
                _ => panic!("the link suffered: {event}"),
            }
        }
    }
    drop(silent);
    tapped.part();
}
