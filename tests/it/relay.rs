//! Two clients of a mediator that relays: the way to a relayed stream, and its ends.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use undertone::engine::relay::by_relay;
use undertone_core::mediator_url::MediatorUrl;
use undertone_host::listen;
use undertone_mediator::{Config, RelayLimits, serve};
use undertone_net::link::relay::RelayStream;
use undertone_net::rendezvous::{MediatorEndpoint, Rendezvous, RendezvousError};
use undertone_wire::{ErrorCode, MediatorMessage, RELAY_ASK_LIFE};

const PATIENCE: Duration = Duration::from_secs(20);

/// A mediator in this process, which ends with the test.
fn mediator(relay: Option<RelayLimits>) -> MediatorUrl {
    mediator_with(Config {
        relay,
        ..Config::default()
    })
}

fn mediator_with(config: Config) -> MediatorUrl {
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let listener = listen(any).unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, config, std::future::pending()));
    MediatorUrl::new(false, "127.0.0.1", port).unwrap()
}

fn ample() -> RelayLimits {
    let ample = 1 << 40;
    RelayLimits {
        rate: ample,
        total_rate: ample,
        pairs: 9,
        bytes: ample,
    }
}

/// Two that have swapped SEALED, and whether they were told of a relay.
async fn pair(url: &MediatorUrl) -> (Rendezvous, Rendezvous, bool) {
    let endpoint = MediatorEndpoint::direct(url.clone());
    let mut host = Rendezvous::connect(&endpoint, &[7; 32], None)
        .await
        .unwrap();
    let mut guest = Rendezvous::connect(&endpoint, &[7; 32], None)
        .await
        .unwrap();
    host.join(b"host", false).await.unwrap();
    let waiting = host.next().await.unwrap();
    assert!(matches!(waiting, MediatorMessage::Waiting { .. }));
    guest.join(b"guest", false).await.unwrap();
    let mut relays = Vec::new();
    for one in [&mut host, &mut guest] {
        match one.next().await.unwrap() {
            MediatorMessage::Paired { relay, .. } => relays.push(relay),
            other => panic!("{other:?}"),
        }
        one.sealed(b"sealed").await.unwrap();
    }
    for one in [&mut host, &mut guest] {
        let sealed = one.next().await.unwrap();
        assert!(matches!(sealed, MediatorMessage::Sealed { .. }));
    }
    assert_eq!(relays[0], relays[1]);
    (host, guest, relays[0])
}

async fn relayed(url: &MediatorUrl) -> (RelayStream, RelayStream) {
    let (host, guest, relays) = pair(url).await;
    assert!(relays);
    let (host, guest) = tokio::join!(host.relay(), guest.relay());
    (host.unwrap(), guest.unwrap())
}

#[tokio::test]
async fn bytes_go_both_ways_at_once_as_they_are() {
    let (mut host, mut guest) = relayed(&mediator(Some(ample()))).await;
    let bytes: Vec<u8> = (0..1_000_000u32).map(|n| (n / 251) as u8).collect();
    let swap = async |stream: &mut RelayStream| {
        let (mut read, mut write) = tokio::io::split(stream);
        let mut heard = vec![0; bytes.len()];
        let say = async {
            write.write_all(&bytes).await?;
            // What has not left yet leaves only while the stream is polled.
            write.flush().await
        };
        let (said, got) = tokio::join!(say, read.read_exact(&mut heard));
        said.unwrap();
        got.unwrap();
        assert!(heard == bytes);
    };
    let both = async { tokio::join!(swap(&mut host), swap(&mut guest)) };
    timeout(PATIENCE, both).await.expect("both ways");
}

#[tokio::test]
async fn an_orderly_end_loses_nothing() {
    let (mut host, mut guest) = relayed(&mediator(Some(ample()))).await;
    let last_words = vec![7; 300_000];
    let says = async {
        host.write_all(&last_words).await.unwrap();
        host.shutdown().await.unwrap();
        // The mediator has read it all when it closes.
        assert_eq!(host.read(&mut [0; 9]).await.unwrap(), 0);
        drop(host);
    };
    let mut heard = Vec::new();
    let (_, ended) = tokio::join!(says, timeout(PATIENCE, guest.read_to_end(&mut heard)));
    ended.expect("an end").unwrap();
    assert!(heard == last_words);
}

#[tokio::test]
async fn a_cut_is_the_end_for_the_other() {
    let (host, mut guest) = relayed(&mediator(Some(ample()))).await;
    drop(host);
    let end = timeout(PATIENCE, guest.read(&mut [0; 9])).await.unwrap();
    assert_eq!(end.unwrap(), 0);
}

#[tokio::test]
async fn a_cap_that_is_reached_is_named_to_both() {
    let limits = RelayLimits {
        bytes: 50_000,
        ..ample()
    };
    let (mut host, mut guest) = relayed(&mediator(Some(limits))).await;
    host.write_all(&[7; 100_000]).await.unwrap();
    let mut heard = Vec::new();
    for stream in [&mut host, &mut guest] {
        let ended = timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
        let error = ended.unwrap().unwrap_err();
        let words = error.to_string();
        assert!(
            words.contains("as many bytes as this mediator allows"),
            "{words}"
        );
        let inner = error.into_inner().unwrap().downcast().unwrap();
        assert!(matches!(
            *inner,
            RendezvousError::Refused {
                code: ErrorCode::RelayLimit,
                retry_after: Some(60),
                ..
            }
        ));
    }
    assert!(heard.len() <= 50_000 && heard.iter().all(|byte| *byte == 7));
}

#[tokio::test]
async fn who_asks_is_told_when_the_other_goes() {
    let (host, guest, _) = pair(&mediator(Some(ample()))).await;
    drop(guest);
    let asked = timeout(PATIENCE, host.relay()).await.unwrap();
    assert!(
        matches!(asked, Err(RendezvousError::Left)),
        "{:?}",
        asked.err()
    );
}

#[tokio::test]
async fn a_mediator_that_forgets_no_pairing_holds_no_question_open() {
    let mut config = Config {
        relay: Some(ample()),
        ..Config::default()
    };
    config.times.pairing = Duration::from_secs(86_400);
    let (host, mut guest, _) = pair(&mediator_with(config)).await;
    // Answers what it is pinged.
    let stays = tokio::spawn(async move { guest.next().await.map(drop) });
    tokio::time::pause();
    let start = Instant::now();
    let mut host = Some(host);
    let way = by_relay(&mut host, true, std::future::pending());
    let way = timeout(Duration::from_secs(3_600), way).await;
    assert!(matches!(way.expect("an end"), Ok(None)));
    assert!(host.is_some() && start.elapsed() >= RELAY_ASK_LIFE);
    stays.abort();
}

#[tokio::test]
async fn a_mediator_that_does_not_relay_says_so() {
    let (host, _guest, relays) = pair(&mediator(None)).await;
    assert!(!relays);
    match host.relay().await {
        Err(RendezvousError::Refused { code, message, .. }) => {
            assert_eq!(code, ErrorCode::BadRequest);
            assert!(message.contains("does not relay"), "{message}");
        }
        other => panic!("{:?}", other.err()),
    }
}
