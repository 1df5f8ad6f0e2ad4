//! Connections under a paused clock: what each wait comes to.

use tokio::time::timeout;
use undertone_wire::{ErrorCode, Opaque, Role, Terms};

use super::*;
use crate::config::RelayLimits;
use crate::fake::{after, connect, hub, pair, relay_hub, reseating_hub, sealed};

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_pinged_twice_then_frees_its_seat() {
    let (hub, start) = (hub(), Instant::now());
    let mut silent = connect(&hub, false);
    silent.join(1);
    assert!(matches!(
        silent.hear().await,
        MediatorMessage::Waiting { .. }
    ));
    let mut pings = Vec::new();
    while let Some(message) = silent.from.recv().await {
        assert!(matches!(message, Message::Ping(_)), "{message:?}");
        pings.push(start.elapsed().as_secs());
    }
    assert_eq!(pings, [20, 40]);
    assert_eq!((silent.over.await.unwrap() - start).as_secs(), 45);
    let mut next = connect(&hub, false);
    next.join(2);
    assert!(matches!(next.hear().await, MediatorMessage::Waiting { .. }));
}

#[tokio::test(start_paused = true)]
async fn who_answered_while_the_machine_slept_was_not_silent() {
    // Often: which of two that are ready comes first might be left to chance.
    for _ in 0..20 {
        let mut client = connect(&hub(), false);
        client.join(1);
        client.hear().await;
        client.to.send(Message::Pong(Bytes::new())).unwrap();
        tokio::time::advance(Duration::from_secs(46)).await;
        assert!(matches!(client.from.recv().await, Some(Message::Ping(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_missed_ping_is_forgiven_and_the_seat_lapses_at_its_time() {
    let (hub, start) = (hub(), Instant::now());
    let mut client = connect(&hub, false);
    client.join(1);
    assert_eq!(
        client.hear().await,
        MediatorMessage::Waiting {
            reseat: None,
            terms: Terms::default(),
            observed: "127.0.0.1:9".parse().unwrap(),
            expires_in: 600
        }
    );
    // The first ping stays unanswered, all later ones are answered.
    assert!(matches!(client.from.recv().await, Some(Message::Ping(_))));
    assert_eq!(client.hear_refusal().await, ErrorCode::Expired);
    assert_eq!(start.elapsed().as_secs(), 600);
}

#[tokio::test(start_paused = true)]
async fn the_same_join_keeps_the_seat_beyond_its_life() {
    let (hub, start) = (hub(), Instant::now());
    let mut client = connect(&hub, false);
    for _ in 0..5 {
        client.join(1);
        assert!(matches!(
            client.hear().await,
            MediatorMessage::Waiting {
                expires_in: 600,
                ..
            }
        ));
        let answer_pings = async {
            loop {
                client.hear().await;
            }
        };
        timeout(Duration::from_secs(500), answer_pings)
            .await
            .unwrap_err();
    }
    assert_eq!(client.hear_refusal().await, ErrorCode::Expired);
    assert_eq!(start.elapsed().as_secs(), 4 * 500 + 600);
}

#[tokio::test(start_paused = true)]
async fn who_never_joins_is_shown_out() {
    let (hub, start) = (hub(), Instant::now());
    let mut client = connect(&hub, false);
    assert_eq!(client.hear_refusal().await, ErrorCode::Expired);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_pairing_that_is_never_done_lapses_for_both() {
    let (hub, start) = (hub(), Instant::now());
    let (mut host, mut guest) = (connect(&hub, false), connect(&hub, false));
    host.join(1);
    assert!(matches!(host.hear().await, MediatorMessage::Waiting { .. }));
    guest.join(2);
    assert!(matches!(
        host.hear().await,
        MediatorMessage::Paired {
            role: Role::Host,
            ..
        }
    ));
    assert!(matches!(
        guest.hear().await,
        MediatorMessage::Paired {
            role: Role::Guest,
            ..
        }
    ));
    let (one, other) = tokio::join!(host.hear_refusal(), guest.hear_refusal());
    assert_eq!((one, other), (ErrorCode::Expired, ErrorCode::Expired));
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn sealed_is_under_way_to_both_so_that_it_arrives_at_once() {
    let hub = hub();
    let (mut far, mut near) = pair(&hub).await;
    let paired = Instant::now();
    after(20).await;
    near.say(&sealed(1));
    after(180).await;
    far.say(&sealed(2));
    assert!(matches!(far.hear().await, MediatorMessage::Sealed { .. }));
    assert_eq!(paired.elapsed().as_millis() / 10, 20);
    assert!(matches!(near.hear().await, MediatorMessage::Sealed { .. }));
    // 200 ms, and half of 180.
    assert_eq!(paired.elapsed().as_millis() / 10, 29);
}

#[tokio::test(start_paused = true)]
async fn who_delays_its_sealed_holds_the_other_up_for_the_bound_at_most() {
    let hub = hub();
    let (mut slow, mut quick) = pair(&hub).await;
    quick.say(&sealed(1));
    after(9_000).await;
    let both = Instant::now();
    slow.say(&sealed(2));
    // Neither an end nor a fresh join jumps the queue.
    assert!(matches!(slow.hear().await, MediatorMessage::Sealed { .. }));
    slow.say(&ClientMessage::Done);
    quick.join(3);
    assert!(matches!(quick.hear().await, MediatorMessage::Sealed { .. }));
    assert_eq!(both.elapsed().as_millis() / 10, 50);
    assert!(matches!(
        quick.hear().await,
        MediatorMessage::Waiting { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_given_up() {
    let (hub, start) = (hub(), Instant::now());
    let stalled = connect(&hub, true);
    stalled.join(1);
    assert_eq!((stalled.over.await.unwrap() - start).as_secs(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_messages_is_cut_off() {
    let hub = hub();
    for flood in [
        Message::Ping(Bytes::new()),
        Message::Text(ClientMessage::Done.encode()),
    ] {
        let mut client = connect(&hub, false);
        let sealed = ClientMessage::Sealed {
            data: Opaque::new(b"").unwrap(),
        };
        for _ in 0..MESSAGE_BURST {
            client.say(&sealed);
        }
        client.to.send(flood).unwrap();
        assert_eq!(client.hear_refusal().await, ErrorCode::BadRequest);
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_dropped_frees_its_seat() {
    let hub = hub();
    let mut client = connect(&hub, false);
    client.join(1);
    client.hear().await;
    client.over.abort();
    assert!(client.over.await.unwrap_err().is_cancelled());
    let mut next = connect(&hub, false);
    next.join(2);
    assert!(matches!(next.hear().await, MediatorMessage::Waiting { .. }));
}

/// In how many seconds the seat is to be taken anew.
async fn reseat(client: &mut crate::fake::Peer) -> Option<u64> {
    match client.hear().await {
        MediatorMessage::Waiting { reseat, .. } => reseat,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn seats_are_to_be_taken_anew_each_at_its_own_time_which_renewals_do_not_move() {
    let hub = reseating_hub(Duration::from_secs(1_000));
    let mut times = Vec::new();
    for n in 0..20 {
        let mut client = connect(&hub, false);
        client.join(n);
        let seconds = reseat(&mut client).await.unwrap();
        assert!((750..=1_250).contains(&seconds), "{seconds}");
        after(30_000).await;
        client.join(n);
        assert_eq!(reseat(&mut client).await, Some(seconds - 30));
        times.push(seconds);
        client.say(&ClientMessage::Done);
        client.over.await.unwrap();
    }
    times.sort_unstable();
    times.dedup();
    assert!(times.len() > 10, "{times:?}");
    let mut client = connect(&crate::fake::hub(), false);
    client.join(1);
    assert_eq!(reseat(&mut client).await, None);
}

#[tokio::test(start_paused = true)]
async fn who_waits_and_who_is_paired_are_told_how_much_is_relayed() {
    let limits = RelayLimits {
        rate: 5_000,
        bytes: 70_000,
        ..RelayLimits::default()
    };
    let told = Terms {
        stun: None,
        relay_rate: Some(5_000),
        relay_bytes: Some(70_000),
    };
    for (hub, told) in [(relay_hub(limits), told), (hub(), Terms::default())] {
        let (mut host, mut guest) = (connect(&hub, false), connect(&hub, false));
        host.join(1);
        match host.hear().await {
            MediatorMessage::Waiting { terms, .. } => assert_eq!(terms, told),
            other => panic!("{other:?}"),
        }
        guest.join(2);
        for one in [&mut host, &mut guest] {
            match one.hear().await {
                MediatorMessage::Paired { terms, relay, .. } => {
                    assert_eq!((terms, relay), (told, told.relay_rate.is_some()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
