//! Caps, rates, lapses and the address behind a proxy.

use std::time::Duration;

use tokio_tungstenite::tungstenite::Error;
use undertone_mediator::{Config, Times};
use undertone_wire::{ClientMessage, ErrorCode, Tag};

use crate::common::{Client, Mediator, ROOM, pair};

async fn refused_by_http(mediator: &Mediator, host: u8) -> u16 {
    match Client::over(mediator.dial_from(host).await, &[]).await {
        Err(Error::Http(response)) => {
            assert!(response.headers().contains_key("retry-after"));
            response.status().as_u16()
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("admitted"),
    }
}

#[tokio::test]
async fn connections_are_capped_in_all() {
    let mediator = Mediator::start(Config {
        max_connections: 2,
        ..Config::default()
    });
    let mut first = mediator.connect_from(2).await;
    let _second = mediator.connect_from(3).await;
    assert_eq!(refused_by_http(&mediator, 4).await, 503);
    first.say(&undertone_wire::ClientMessage::Done).await;
    first.hear_close().await;
    mediator.connect_from(4).await;
}

#[tokio::test]
async fn connections_are_capped_an_address() {
    let mediator = Mediator::start(Config {
        max_connections_per_address: 1,
        ..Config::default()
    });
    let mut first = mediator.connect_from(2).await;
    assert_eq!(refused_by_http(&mediator, 2).await, 503);
    let _other_address = mediator.connect_from(3).await;
    first.say(&undertone_wire::ClientMessage::Done).await;
    first.hear_close().await;
    mediator.connect_from(2).await;
}

#[tokio::test]
async fn joins_are_limited_an_address_but_renewals_are_free() {
    let mediator = Mediator::start(Config {
        joins_per_minute: 2,
        ..Config::default()
    });
    let mut client = mediator.connect().await;
    client.join(ROOM, b"one").await;
    client.hear_waiting().await;
    for _ in 0..5 {
        client.join(ROOM, b"two").await;
        client.hear_waiting().await;
    }
    let mut second = mediator.connect().await;
    second.join(Tag([2; 32]), b"three").await;
    let (code, retry_after) = second.hear_refusal().await;
    assert_eq!(code, ErrorCode::RateLimited);
    assert!((1..=30).contains(&retry_after.unwrap()));
    let mut elsewhere = mediator.connect_from(2).await;
    elsewhere.join(Tag([3; 32]), b"four").await;
    elsewhere.hear_waiting().await;
}

#[tokio::test]
async fn those_who_come_back_are_counted_apart() {
    let mediator = Mediator::start(Config {
        joins_per_minute: 1,
        rejoins_per_minute: 2,
        ..Config::default()
    });
    let mut client = mediator.connect().await;
    for offer in [b"one", b"two"] {
        client.rejoin(ROOM, offer).await;
        client.hear_waiting().await;
    }
    // Its first of the others, and a renewal by whichever name.
    client.join(ROOM, b"three").await;
    client.hear_waiting().await;
    client.rejoin(ROOM, b"three").await;
    client.hear_waiting().await;
    client.rejoin(ROOM, b"four").await;
    assert_eq!(client.hear_refusal().await.0, ErrorCode::RateLimited);
    let mut other = mediator.connect().await;
    other.join(ROOM, b"five").await;
    assert_eq!(other.hear_refusal().await.0, ErrorCode::RateLimited);
}

/// Both ends of twenty conversations, all at one address, whose session's and contacts' seats
/// come at once; and then all of them once more.
#[tokio::test]
async fn twenty_conversations_of_one_address_come_back_twice_in_a_minute() {
    let mediator = Mediator::start(Config::default());
    for _ in 0..2 {
        let mut seats = Vec::new();
        for conversation in 0..20 {
            // The session's room, and those of three days.
            for (room, ends) in [(0, 2), (1, 1), (2, 2), (3, 1)] {
                for end in 0..ends {
                    let mut seat = mediator.connect().await;
                    seat.rejoin(Tag([conversation * 4 + room; 32]), &[end])
                        .await;
                    match end {
                        0 => drop(seat.hear_waiting().await),
                        _ => drop(seat.hear_paired().await),
                    }
                    seats.push(seat);
                }
            }
        }
        assert_eq!(seats.len(), 120);
        for mut seat in seats {
            seat.say(&ClientMessage::Done).await;
            seat.hear_end().await;
        }
    }
}

#[tokio::test]
async fn rooms_are_capped() {
    let mediator = Mediator::start(Config {
        max_rooms: 1,
        ..Config::default()
    });
    let mut first = mediator.connect().await;
    first.join(ROOM, b"one").await;
    first.hear_waiting().await;
    let mut second = mediator.connect().await;
    second.join(Tag([2; 32]), b"two").await;
    let (code, retry_after) = second.hear_refusal().await;
    assert_eq!(code, ErrorCode::Full);
    assert!(retry_after.is_some());
}

#[tokio::test]
async fn a_seat_lapses() {
    let times = Times {
        seat: Duration::from_millis(50),
        ..Times::default()
    };
    let mediator = Mediator::start(Config {
        times,
        ..Config::default()
    });
    let mut client = mediator.connect().await;
    client.join(ROOM, b"offer").await;
    client.hear_waiting().await;
    assert_eq!(client.hear_refusal().await, (ErrorCode::Expired, None));
}

#[tokio::test]
async fn a_pairing_lapses_for_both() {
    let times = Times {
        pairing: Duration::from_millis(50),
        ..Times::default()
    };
    let mediator = Mediator::start(Config {
        times,
        ..Config::default()
    });
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    assert_eq!(host.hear_refusal().await, (ErrorCode::Expired, None));
    assert_eq!(guest.hear_refusal().await, (ErrorCode::Expired, None));
}

#[tokio::test]
async fn who_never_joins_is_closed() {
    let times = Times {
        idle: Duration::from_millis(50),
        ..Times::default()
    };
    let mediator = Mediator::start(Config {
        times,
        ..Config::default()
    });
    let mut client = mediator.connect().await;
    assert_eq!(client.hear_refusal().await, (ErrorCode::Expired, None));
}

#[tokio::test]
async fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let trusting = Mediator::start(Config {
        trust_proxy: true,
        ..Config::default()
    });
    let mut client = trusting.connect_forwarded("198.51.100.1, 192.0.2.7").await;
    client.join(ROOM, b"offer").await;
    assert_eq!(client.hear_waiting().await, "192.0.2.7:0".parse().unwrap());

    let wary = Mediator::start(Config::default());
    let mut client = wary.connect_forwarded("192.0.2.7").await;
    client.join(ROOM, b"offer").await;
    assert_eq!(Some(client.hear_waiting().await), client.local);
}

#[tokio::test]
async fn behind_a_trusted_proxy_caps_and_rates_go_by_the_forwarded_address() {
    let config = Config {
        trust_proxy: true,
        max_connections_per_address: 1,
        joins_per_minute: 1,
        ..Config::default()
    };
    let mediator = Mediator::start(config);
    let mut ada = mediator.connect_forwarded("192.0.2.1").await;
    let mut bob = mediator.connect_forwarded("192.0.2.2").await;
    let again = Client::over(
        mediator.dial_from(1).await,
        &[("x-forwarded-for", "192.0.2.1")],
    )
    .await;
    assert!(matches!(again, Err(Error::Http(_))));
    ada.join(ROOM, b"one").await;
    ada.hear_waiting().await;
    bob.join(Tag([2; 32]), b"two").await;
    bob.hear_waiting().await;
    ada.join(ROOM, b"three").await;
    assert_eq!(ada.hear_refusal().await.0, ErrorCode::RateLimited);
}
