//! A relayed stream against a mediator in the same process.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use undertone_wire::ErrorCode;

use super::*;
use crate::rendezvous::{Transport, WRITE_BUFFER};

type Mediator = WebSocketStream<DuplexStream>;

/// A stream and the mediator's end, with room for so many bytes between them.
async fn relaying(room: usize) -> (RelayStream, Mediator) {
    let (ours, theirs) = duplex(room);
    let ours: Box<dyn Transport> = Box::new(ours);
    let config = WebSocketConfig::default()
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(RELAY_MESSAGE))
        .max_frame_size(Some(RELAY_MESSAGE));
    let socket = Socket::from_raw_socket(ours, Role::Client, Some(config)).await;
    let mediator = Mediator::from_raw_socket(theirs, Role::Server, None).await;
    (RelayStream::new(socket), mediator)
}

async fn say(mediator: &mut Mediator, message: &MediatorMessage) {
    let text = Message::text(message.encode());
    mediator.send(text).await.unwrap();
}

/// What reading fails with.
async fn failure(stream: &mut RelayStream) -> io::Error {
    stream.read(&mut [0; 9]).await.unwrap_err()
}

#[tokio::test]
async fn messages_have_no_borders_to_the_reader() {
    let (mut stream, mut mediator) = relaying(1 << 20).await;
    for part in [&b"abc"[..], b"", b"defg", b"h"] {
        let part = Bytes::copy_from_slice(part);
        mediator.send(Message::Binary(part)).await.unwrap();
    }
    let mut read = [0; 8];
    stream.read_exact(&mut read[..2]).await.unwrap();
    stream.read_exact(&mut read[2..]).await.unwrap();
    assert_eq!(&read, b"abcdefgh");
}

#[tokio::test]
async fn what_is_written_is_cut_at_the_bound_and_leaves_without_a_flush() {
    let (mut stream, mut mediator) = relaying(1 << 20).await;
    let bytes: Vec<u8> = (0..40_000u32).map(|n| n as u8).collect();
    stream.write_all(&bytes).await.unwrap();
    let mut heard = Vec::new();
    while heard.len() < bytes.len() {
        let message = mediator.next().await.unwrap().unwrap();
        assert!(message.len() <= RELAY_MESSAGE);
        heard.extend_from_slice(&message.into_data());
    }
    assert!(heard == bytes);
}

#[tokio::test]
async fn who_waits_for_an_answer_gets_the_question_through_a_narrow_pipe() {
    let (mut stream, mut mediator) = relaying(100).await;
    stream.write_all(&[7; 1_000]).await.unwrap();
    let answers = async {
        assert_eq!(mediator.next().await.unwrap().unwrap().len(), 1_000);
        mediator.send(Message::binary(&b"yes"[..])).await.unwrap();
    };
    let (_, answer) = tokio::join!(answers, async {
        let mut answer = [0; 3];
        stream.read_exact(&mut answer).await.unwrap();
        answer
    });
    assert_eq!(&answer, b"yes");
}

#[tokio::test]
async fn a_stalled_mediator_holds_the_writer_back() {
    let (mut stream, _mediator) = relaying(1_000).await;
    let mut taken = 0;
    while let Ok(some) = {
        let write = stream.write(&[7; WRITE_MAX + 1]);
        timeout(Duration::from_millis(50), write).await
    } {
        taken += some.unwrap();
    }
    assert_eq!(taken, WRITE_MAX);
}

#[tokio::test]
async fn pings_are_answered_while_it_is_read() {
    let (mut stream, mut mediator) = relaying(1 << 10).await;
    mediator.send(Message::Ping("p".into())).await.unwrap();
    mediator.send(Message::binary(&b"x"[..])).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
    let reads = stream.read_u8();
    tokio::select! {
        pong = mediator.next() => assert_eq!(pong.unwrap().unwrap(), Message::Pong("p".into())),
        _ = reads => panic!("nothing to read"),
    }
}

#[tokio::test]
async fn peer_left_is_the_end_after_all_that_came_before() {
    let (mut stream, mut mediator) = relaying(1 << 10).await;
    mediator.send(Message::binary(&b"bye"[..])).await.unwrap();
    say(&mut mediator, &MediatorMessage::PeerLeft).await;
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"bye");
    let error = stream.write_all(b"too late").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn a_cap_is_named_to_the_reader_and_to_the_writer() {
    for reads in [true, false] {
        let (mut stream, mut mediator) = relaying(1 << 10).await;
        let refusal = MediatorMessage::Error {
            code: ErrorCode::RelayLimit,
            message: "as many bytes as are allowed".into(),
            retry_after: Some(60),
        };
        say(&mut mediator, &refusal).await;
        mediator.close(None).await.unwrap();
        drop(mediator);
        let error = match reads {
            true => failure(&mut stream).await,
            false => stream.write_all(&[0; 9_999]).await.unwrap_err(),
        };
        assert!(error.to_string().contains("as many bytes"), "{error}");
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
}

#[tokio::test]
async fn a_close_without_a_word_is_an_error_and_ours_is_not() {
    let (mut stream, mut mediator) = relaying(1 << 10).await;
    mediator.close(None).await.unwrap();
    let lost = failure(&mut stream).await;
    assert_eq!(lost.kind(), io::ErrorKind::ConnectionReset);
    assert!(lost.to_string().contains("was lost"), "{lost}");

    let (mut stream, mut mediator) = relaying(1 << 10).await;
    stream.shutdown().await.unwrap();
    assert!(mediator.next().await.unwrap().unwrap().is_close());
    assert!(mediator.next().await.is_none());
    drop(mediator);
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_mediator_that_says_anything_else_is_left() {
    for bad in [
        Message::text("hello"),
        Message::text(MediatorMessage::Relaying.encode()),
        Message::binary(vec![0; RELAY_MESSAGE + 1]),
    ] {
        let (mut stream, mut mediator) = relaying(1 << 20).await;
        mediator.send(bad).await.unwrap();
        let error = failure(&mut stream).await;
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_the_end_and_pings_are_none() {
    let (mut stream, mut mediator) = relaying(1 << 10).await;
    let start = Instant::now();
    let pings = async {
        for _ in 0..10 {
            sleep(SILENCE - Duration::from_secs(1)).await;
            mediator.send(Message::Ping("".into())).await.unwrap();
        }
    };
    let (_, error) = tokio::join!(pings, failure(&mut stream));
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let due = 10 * (SILENCE - Duration::from_secs(1)) + SILENCE;
    assert_eq!(start.elapsed().as_secs(), due.as_secs());
}
