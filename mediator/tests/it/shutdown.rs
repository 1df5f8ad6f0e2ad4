//! What a stopping mediator says, to whom, and how long it takes.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use undertone_mediator::{Config, Times};
use undertone_wire::{ClientMessage, ErrorCode, Tag};

use crate::common::{Mediator, PATIENCE, ROOM, pair, read_to_end};

async fn returns(mediator: &mut Mediator) {
    let served = timeout(PATIENCE, &mut mediator.serving)
        .await
        .expect("it returns");
    served.unwrap().unwrap();
}

#[tokio::test]
async fn waiting_and_idle_clients_are_told() {
    let mut mediator = Mediator::start(Config::default());
    let (mut waiting, mut idle) = (mediator.connect().await, mediator.connect().await);
    waiting.join(ROOM, b"offer").await;
    waiting.hear_waiting().await;
    let began = Instant::now();
    mediator.stop();
    let (one, other) = tokio::join!(waiting.hear_refusal(), idle.hear_refusal());
    assert_eq!(
        (one.0, other.0),
        (ErrorCode::ShuttingDown, ErrorCode::ShuttingDown)
    );
    returns(&mut mediator).await;
    // Nobody was paired, so nothing was waited for.
    assert!(began.elapsed() < Times::default().drain);
}

#[tokio::test]
async fn paired_clients_finish() {
    let mut mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    let mut waiting = mediator.connect().await;
    waiting.join(Tag([2; 32]), b"offer").await;
    waiting.hear_waiting().await;
    mediator.stop();
    assert_eq!(waiting.hear_refusal().await.0, ErrorCode::ShuttingDown);
    host.seal(b"one").await;
    guest.seal(b"two").await;
    assert_eq!(guest.hear_sealed().await, b"one");
    assert_eq!(host.hear_sealed().await, b"two");
    host.say(&ClientMessage::Done).await;
    guest.say(&ClientMessage::Done).await;
    tokio::join!(host.hear_close(), guest.hear_close());
    returns(&mut mediator).await;
}

#[tokio::test]
async fn paired_clients_that_dawdle_are_told_within_5_s() {
    let mut mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    let began = Instant::now();
    mediator.stop();
    let (one, other) = tokio::join!(host.hear_refusal(), guest.hear_refusal());
    assert_eq!(
        (one.0, other.0),
        (ErrorCode::ShuttingDown, ErrorCode::ShuttingDown)
    );
    returns(&mut mediator).await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_new_join_is_refused_and_so_is_a_new_connection() {
    let mut mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    let mut idle = mediator.connect().await;
    mediator.stop();
    assert_eq!(idle.hear_refusal().await.0, ErrorCode::ShuttingDown);
    assert!(TcpStream::connect(mediator.address).await.is_err());
    host.join(ROOM, b"another offer").await;
    assert_eq!(host.hear_refusal().await.0, ErrorCode::ShuttingDown);
    drop(host);
    guest.hear().await;
    drop(guest);
    returns(&mut mediator).await;
}

#[tokio::test]
async fn a_half_open_connection_does_not_hold_it_up() {
    let mut mediator = Mediator::start(Config::default());
    let mut half = mediator.dial_from(1).await;
    half.write_all(b"GET /v1/").await.unwrap();
    let _accepted_after_it = mediator.connect().await;
    let began = Instant::now();
    mediator.stop();
    assert_eq!(read_to_end(&mut half).await, "");
    drop(_accepted_after_it);
    returns(&mut mediator).await;
    assert!(began.elapsed() < Times::default().drain);
}

#[tokio::test]
async fn dropping_the_server_ends_its_connections() {
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    mediator.serving.abort();
    let (one, other) = tokio::join!(host.hear_refusal(), guest.hear_refusal());
    assert_eq!(
        (one.0, other.0),
        (ErrorCode::ShuttingDown, ErrorCode::ShuttingDown)
    );
}
