//! The log: nothing of a client is in it, refusals are counted, and its disk may be full.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::TcpSocket;
use tokio::time::timeout;
use undertone_wire::{ClientMessage, ErrorCode, Tag};

use super::{Running, program};
use crate::common::{Client, PATIENCE, agree};

#[tokio::test]
async fn at_trace_level_nothing_of_a_client_is_logged() {
    let running = Running::start(&["-vv", "--relay"]).await;
    let tag = *b"the tag of a room, 32 bytes long";
    let offers = [b"offer-of-ada".as_slice(), b"offer-of-bob"];
    let (mut ada, mut bob) = (
        running.connect([127, 11, 22, 33]).await,
        running.connect([127, 44, 55, 66]).await,
    );
    ada.join(Tag(tag), offers[0]).await;
    ada.hear_waiting().await;
    bob.join(Tag(tag), offers[1]).await;
    ada.hear_paired().await;
    bob.hear_paired().await;
    ada.seal(b"sealed-of-ada").await;
    bob.seal(b"sealed-of-bob").await;
    ada.hear_sealed().await;
    bob.hear_sealed().await;
    // Names travel sealed; a client that sends one in the clear, or garbage, is not quoted either.
    let mut mallory = running.connect([127, 77, 88, 99]).await;
    mallory.text(r#"{"type":"mallory's name"}"#).await;
    assert_eq!(mallory.hear_refusal().await.0, ErrorCode::BadRequest);
    agree(&mut ada, &mut bob).await;
    ada.relay(b"relayed-of-ada").await;
    assert_eq!(bob.hear_relayed().await, b"relayed-of-ada");
    ada.say(&ClientMessage::Done).await;
    ada.hear_close().await;
    bob.hear_relay_over().await;
    running.signal(Signal::SIGTERM);
    let (status, log) = running.finish().await;
    assert_eq!(status.code(), Some(0));
    // It did log, down to trace.
    assert!(
        log.contains("TRACE") && log.contains("DEBUG") && log.contains("stopped"),
        "{log}"
    );
    let mut secrets = vec![String::from_utf8(tag.to_vec()).unwrap(), "mallory".into()];
    for bytes in [
        tag.as_slice(),
        offers[0],
        offers[1],
        b"sealed-of-ada",
        b"relayed-of-ada",
    ] {
        secrets.push(BASE64URL_NOPAD.encode(bytes));
        secrets.push(HEXLOWER.encode(bytes));
        secrets.push(format!("{bytes:?}"));
        secrets.push(String::from_utf8_lossy(bytes).into_owned());
    }
    for client in [&ada, &bob, &mallory] {
        let local = client.local.unwrap();
        secrets.extend([local.ip().to_string(), format!(":{}", local.port())]);
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn refusals_are_counted_in_the_log() {
    let mut running = Running::start(&["--joins-per-minute", "1", "--trust-proxy"]).await;
    for (n, refused) in [(0, false), (1, true), (2, true)] {
        let mut client = running.connect([127, 0, 0, 1]).await;
        client.join(Tag([n; 32]), b"offer").await;
        match refused {
            false => drop(client.hear_waiting().await),
            true => assert_eq!(client.hear_refusal().await.0, ErrorCode::RateLimited),
        }
    }
    running
        .log_until("--trust-proxy: the proxy sets no X-Forwarded-For")
        .await;
    running.log_until("refused: rate-limited").await;
    running.signal(Signal::SIGTERM);
    let (_, log) = running.finish().await;
    assert_eq!(
        log.matches("refused: rate-limited more=1").count(),
        1,
        "{log}"
    );
}

/// Logs may fill up the disk that they are on.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_serves_on_where_stderr_is_full() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut child = program()
        .args(["--listen", &port.to_string(), "-vv"])
        .stderr(full)
        .spawn()
        .unwrap();
    let connected = timeout(PATIENCE, async {
        loop {
            match TcpSocket::new_v4().unwrap().connect(port).await {
                Ok(stream) => return stream,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    });
    let mut client = Client::over(connected.await.unwrap(), &[]).await.unwrap();
    client.join(Tag([1; 32]), b"offer").await;
    client.hear_waiting().await;
    kill(Pid::from_raw(child.id().unwrap() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}
