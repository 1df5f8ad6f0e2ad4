//! Frames in every cut, and those that no client may send; what is held, and for how long.

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use proptest::prelude::*;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

use super::*;

const MOST: usize = RELAY_MESSAGE + 4096;
const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];

/// A client's frame; `first` is its first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0xfe);
            frame.extend((length as u16).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

/// A socket, and its other end with room for so much.
fn socket(room: usize) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(room);
    (WebSocket::new(ours, &[], MOST), theirs)
}

fn data(message: Message) -> Bytes {
    match message {
        Message::Binary(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

/// All that bytes hold, fed in one piece; `None` for an error at the end.
fn parsed(bytes: &[u8]) -> Vec<Option<Message>> {
    let mut incoming = Incoming::new(bytes, MOST);
    let mut messages = Vec::new();
    loop {
        match incoming.next() {
            Ok(Some(message)) => messages.push(Some(message)),
            Ok(None) => return messages,
            Err(_) => {
                messages.push(None);
                return messages;
            }
        }
    }
}

proptest! {
    #[test]
    fn messages_come_whole_however_they_are_cut(
        lengths in proptest::collection::vec(0..40_000usize, 1..8),
        cuts in proptest::collection::vec(1..20_000usize, 1..8),
        room in 1..70_000usize,
    ) {
        let messages: Vec<Vec<u8>> = lengths
            .iter()
            .map(|length| (0..length % MOST).map(|n| (n / 3) as u8).collect())
            .collect();
        let bytes: Vec<u8> = messages.iter().flat_map(|message| frame(0x82, message)).collect();
        let heard = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let (socket, mut client) = socket(room);
            let says = async {
                let (mut rest, mut cuts) = (&bytes[..], cuts.iter().cycle());
                while !rest.is_empty() {
                    let (part, more) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                    client.write_all(part).await.unwrap();
                    rest = more;
                }
                drop(client);
            };
            tokio::join!(says, socket.map(|message| data(message.unwrap())).collect::<Vec<_>>()).1
        });
        prop_assert!(heard == messages);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        parsed(&bytes);
    }
}

#[test]
fn fragments_and_what_is_between_them() {
    let bytes = [
        frame(0x01, "h\u{e4}".as_bytes().split_at(2).0),
        frame(0x89, b"?"),
        frame(0x00, "h\u{e4}".as_bytes().split_at(2).1),
        frame(0x80, b"!"),
        frame(0x8a, b"pong"),
        frame(0x88, &1000u16.to_be_bytes()),
    ];
    let messages = [
        Message::Ping(Bytes::from_static(b"?")),
        Message::Text("h\u{e4}!".into()),
        Message::Pong(Bytes::from_static(b"pong")),
        Message::Close,
    ];
    assert_eq!(parsed(&bytes.concat()), messages.map(Some));
}

#[test]
fn frames_that_no_client_may_send() {
    let long = [frame(0x02, &[7; MOST]), frame(0x80, b"1")].concat();
    for (what, bytes) in [
        ("no mask", b"\x81\x01a".to_vec()),
        ("an extension", frame(0xc1, b"a")),
        ("an unknown kind", frame(0x83, b"a")),
        ("an unknown control frame", frame(0x8b, b"a")),
        ("a control frame in fragments", frame(0x09, b"a")),
        ("a long control frame", frame(0x89, &[7; 126])),
        ("a fragment of nothing", frame(0x80, b"a")),
        (
            "a message in a message",
            [frame(1, b"a"), frame(0x81, b"b")].concat(),
        ),
        ("text that is none", frame(0x81, b"\xff")),
        (
            "half a character",
            [frame(1, b"\xc3"), frame(0x80, b"a")].concat(),
        ),
        (
            "too long a frame",
            b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ),
        (
            "the longest of all",
            b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ),
        ("too long in fragments", long),
    ] {
        assert_eq!(parsed(&bytes), [None], "{what}");
    }
}

#[test]
fn only_fragments_of_a_message_are_borne_for_a_while() {
    let fragments = |first, count| {
        let rest = (1..count).flat_map(|_| frame(0x00, b""));
        [frame(first, b""), rest.collect()].concat()
    };
    assert!(parsed(&fragments(0x01, 100)).is_empty());
    assert_eq!(parsed(&fragments(0x01, MOST)), [None]);
}

#[tokio::test]
async fn it_takes_memory_while_much_comes_only() {
    let (mut socket, mut client) = socket(1 << 17);
    assert!(socket.next().now_or_never().is_none());
    assert_eq!(socket.incoming.bytes.capacity(), 0);
    for length in [230, 512, RELAY_MESSAGE, 4 * RELAY_MESSAGE] {
        for part in vec![7; length].chunks(RELAY_MESSAGE) {
            client.write_all(&frame(0x82, part)).await.unwrap();
        }
        let mut heard = 0;
        while heard < length {
            heard += data(socket.next().await.unwrap().unwrap()).len();
            assert!(socket.incoming.bytes.capacity() <= READ_AHEAD + READ_FIRST);
        }
        assert!(socket.next().now_or_never().is_none());
        assert_eq!(socket.incoming.bytes.capacity(), 0, "{length}");
    }
}

#[tokio::test]
async fn a_stalled_reader_holds_two_messages() {
    let (mut socket, _client) = socket(1);
    let message = || Message::Binary(vec![7; RELAY_MESSAGE].into());
    for _ in 0..2 {
        socket.feed(message()).now_or_never().unwrap().unwrap();
    }
    assert!(socket.feed(message()).now_or_never().is_none());
    assert!(
        socket
            .outgoing
            .poll_write(&mut tokio::io::sink(), &mut noop(), 0)
            .is_ready()
    );
    socket.feed(message()).now_or_never().unwrap().unwrap();
}

fn noop() -> Context<'static> {
    Context::from_waker(std::task::Waker::noop())
}

#[tokio::test]
async fn a_ping_is_answered_by_reading_alone_and_a_flood_by_one_pong() {
    let (mut socket, mut client) = socket(64);
    client.write_all(&frame(0x89, b"first")).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Ping(_)))));
    assert!(socket.next().now_or_never().is_none());
    let mut pong = [0; 7];
    client.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"\x8a\x05first");
    // Nobody takes the pongs any more.
    socket
        .feed(Message::Binary(vec![7; 100].into()))
        .await
        .unwrap();
    assert!(socket.flush().now_or_never().is_none());
    let before = socket.outgoing.held();
    for n in 0..100u8 {
        client.write_all(&frame(0x89, &[n; 9])).await.unwrap();
        assert!(matches!(socket.next().await, Some(Ok(Message::Ping(_)))));
    }
    assert!(socket.outgoing.held() <= before + 9);
    let mut rest = vec![0; 102 + 11];
    let reads = client.read_exact(&mut rest);
    let (read, end) = tokio::join!(reads, async {
        socket.next().now_or_never().is_none() && socket.flush().await.is_ok()
    });
    assert!(read.is_ok() && end);
    assert_eq!(rest[102..], [&b"\x8a\x09"[..], &[99; 9]].concat());
}

#[tokio::test]
async fn a_close_is_answered_once_and_nothing_follows() {
    let (mut socket, mut client) = socket(64);
    client.write_all(&frame(0x88, b"\x03\xe8")).await.unwrap();
    client.write_all(&frame(0x82, b"late")).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Close))));
    assert!(socket.send(Message::Binary(Bytes::new())).await.is_err());
    socket.send(Message::Close).await.unwrap();
    assert!(socket.next().await.is_none());
    drop(socket);
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"\x88\x02\x03\xe8");
}
