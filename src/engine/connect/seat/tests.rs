//! A client's seat, at a mediator that the test plays on real sockets. Time is moved on by hand,
//! with a ping and its pong in between: else both would take the other one for gone.

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{advance, pause, resume};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use undertone_core::mediator_url::MediatorUrl;
use undertone_wire::{ClientMessage, Terms};

use super::*;
use crate::link::port::Port;
use crate::rendezvous::MediatorEndpoint;

const PATIENCE: Duration = Duration::from_secs(30);
const OFFER: &[u8] = b"the offer";
/// The room's tag.
const ROOM: [u8; 32] = [7; 32];

type Ended = Result<(Role, Opaque, SocketAddr), RendezvousError>;

struct Played(TcpListener);

/// A client's connection; its `join` was read.
struct Seat {
    socket: WebSocketStream<TcpStream>,
    from: SocketAddr,
    again: bool,
}

impl Played {
    async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// A client that waits here, from this end.
    fn wait_from(&self, from: Option<SocketAddr>) -> JoinHandle<Ended> {
        let port = self.0.local_addr().unwrap().port();
        let url = MediatorUrl::new(false, "127.0.0.1", port).unwrap();
        tokio::spawn(async move {
            let endpoint = MediatorEndpoint::direct(url);
            let mut mediator = Rendezvous::connect(&endpoint, &ROOM, from).await?;
            wait_seated(&mut mediator, &mut None, OFFER, false, &mut |progress| {
                assert!(matches!(progress, Progress::Seated { .. }));
            })
            .await
        })
    }

    async fn connection(&self) -> (TcpStream, SocketAddr) {
        let accepted = timeout(PATIENCE, self.0.accept()).await;
        accepted.expect("a connection").unwrap()
    }

    async fn join(&self) -> Seat {
        let (stream, from) = self.connection().await;
        let mut seat = Seat {
            socket: accept_async(stream).await.unwrap(),
            from,
            again: false,
        };
        match seat.hear().await {
            Some(ClientMessage::Join {
                room, offer, again, ..
            }) => {
                assert_eq!((room.0, offer.as_bytes()), (ROOM, OFFER));
                seat.again = again;
            }
            other => panic!("{other:?}"),
        }
        seat
    }

    /// A client that waits, and its seat, which is to be taken anew after so many seconds.
    async fn seated(&self, reseat: Option<u64>) -> (JoinHandle<Ended>, Seat) {
        let client = self.wait_from(None);
        let mut seat = self.join().await;
        assert!(!seat.again);
        seat.waiting(reseat).await;
        (client, seat)
    }

    /// Nobody has connected.
    async fn assert_quiet(&self) {
        let accepted = timeout(Duration::from_millis(50), self.0.accept()).await;
        assert!(accepted.is_err(), "{accepted:?}");
    }
}

impl Seat {
    async fn say(&mut self, message: MediatorMessage) {
        let text = Message::text(message.encode());
        self.socket.send(text).await.unwrap();
    }

    async fn waiting(&mut self, reseat: Option<u64>) {
        self.say(MediatorMessage::Waiting {
            observed: self.from,
            expires_in: 600,
            reseat,
            terms: Terms::default(),
        })
        .await;
    }

    async fn paired(&mut self, offer: &[u8]) {
        self.say(MediatorMessage::Paired {
            role: wire::Role::Host,
            offer: Opaque::new(offer).unwrap(),
            observed: self.from,
            relay: false,
            terms: Terms::default(),
        })
        .await;
    }

    async fn refused(&mut self, code: ErrorCode) {
        self.say(MediatorMessage::Error {
            code,
            message: "no".into(),
            retry_after: None,
        })
        .await;
    }

    /// What the client says next; `None` at the end.
    async fn hear(&mut self) -> Option<ClientMessage> {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            match next.expect("a message, or the end") {
                Some(Ok(Message::Text(text))) => {
                    return Some(ClientMessage::decode(&text).unwrap());
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The client has heard all that was said.
    async fn ping(&mut self) {
        self.socket.send(Message::Ping("x".into())).await.unwrap();
        let pong = timeout(PATIENCE, self.socket.next()).await;
        let pong = pong.expect("a pong").unwrap().unwrap();
        assert!(matches!(pong, Message::Pong(_)), "{pong:?}");
    }

    /// So much time passes, in which the client is pinged.
    async fn pass(&mut self, seconds: u64) {
        for part in [seconds / 2, seconds - seconds / 2] {
            self.ping().await;
            pause();
            advance(Duration::from_secs(part)).await;
            resume();
        }
    }
}

/// The client was paired by this offer.
async fn assert_paired(client: JoinHandle<Ended>, by: &[u8]) {
    let ended = timeout(PATIENCE, client).await.expect("its end");
    let (role, offer, _) = ended.unwrap().unwrap();
    assert_eq!((role, offer.as_bytes()), (Role::Host, by));
}

#[tokio::test]
async fn a_seat_is_taken_anew_when_the_mediator_wants_it_and_the_former_one_dropped() {
    let played = Played::start().await;
    let (client, mut former) = played.seated(Some(70)).await;
    former.pass(65).await;
    former.ping().await;
    played.assert_quiet().await;
    former.pass(6).await;
    let mut seat = played.join().await;
    assert!(seat.again);
    // As at the same mediator, which gives the seat to the one that joined last.
    seat.waiting(None).await;
    former.refused(ErrorCode::RoomBusy).await;
    assert_eq!(former.hear().await, None);
    seat.ping().await;
    seat.paired(b"theirs").await;
    assert_paired(client, b"theirs").await;
}

#[tokio::test]
async fn the_former_seat_may_be_lost_before_the_new_one_is_given() {
    let played = Played::start().await;
    let (client, mut former) = played.seated(Some(0)).await;
    former.pass(61).await;
    let mut seat = played.join().await;
    former.refused(ErrorCode::RoomBusy).await;
    drop(former);
    seat.ping().await;
    assert!(!client.is_finished());
    // Somebody waits there already.
    seat.paired(b"theirs").await;
    assert_paired(client, b"theirs").await;
}

#[tokio::test]
async fn who_lost_both_says_what_ended_them_and_not_that_it_took_its_own_place() {
    let played = Played::start().await;
    let (client, mut former) = played.seated(Some(0)).await;
    former.pass(61).await;
    let seat = played.join().await;
    former.refused(ErrorCode::RoomBusy).await;
    drop(seat);
    let ended = timeout(PATIENCE, client).await.expect("its end").unwrap();
    assert!(matches!(ended, Err(RendezvousError::Lost)), "{ended:?}");
}

#[tokio::test]
async fn a_new_seat_that_fails_costs_nothing_and_is_tried_a_minute_later() {
    let played = Played::start().await;
    let (client, mut former) = played.seated(Some(0)).await;
    former.pass(50).await;
    for fault in 0..5 {
        former.pass(11).await;
        match fault {
            // It hangs up, before the upgrade or behind it.
            0 => {
                drop(played.connection().await);
                // Does it speak TLS?
                drop(played.connection().await);
            }
            1 => drop(played.join().await),
            2 => played.join().await.refused(ErrorCode::Full).await,
            3 => played.join().await.say(MediatorMessage::Relaying).await,
            // No message, nor an end.
            _ => {
                let mut silent = played.join().await;
                silent.pass(11).await;
                assert_eq!(silent.hear().await, None);
            }
        }
        former.ping().await;
        // Not even where it is said again that it is due.
        former.waiting(Some(0)).await;
        former.pass(50).await;
        former.ping().await;
        played.assert_quiet().await;
    }
    former.paired(b"theirs").await;
    assert_paired(client, b"theirs").await;
}

#[tokio::test]
async fn who_comes_while_the_seat_is_taken_anew_is_met_at_the_former_one() {
    let played = Played::start().await;
    let (client, mut former) = played.seated(Some(0)).await;
    former.pass(61).await;
    let mut seat = played.join().await;
    former.paired(b"theirs").await;
    assert_paired(client, b"theirs").await;
    assert_eq!(seat.hear().await, None);
}

#[tokio::test]
async fn a_mediator_that_wants_it_at_once_every_time_gets_it_once_a_minute() {
    let played = Played::start().await;
    let (client, mut seat) = played.seated(Some(0)).await;
    for _ in 0..4 {
        for _ in 0..1000 {
            seat.waiting(Some(0)).await;
        }
        seat.pass(58).await;
        seat.ping().await;
        played.assert_quiet().await;
        seat.pass(3).await;
        let mut next = played.join().await;
        next.waiting(Some(0)).await;
        assert_eq!(seat.hear().await, None);
        seat = next;
    }
    seat.paired(b"theirs").await;
    assert_paired(client, b"theirs").await;
}

#[tokio::test]
async fn who_is_to_be_dialled_at_a_port_comes_back_to_it() {
    let played = Played::start().await;
    let port = Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    let from = port.address();
    let client = played.wait_from(Some(from));
    let mut former = played.join().await;
    assert_eq!(former.from, from);
    former.waiting(Some(0)).await;
    former.pass(61).await;
    let mut between = played.join().await;
    assert_ne!(between.from, from);
    between.waiting(Some(3_600)).await;
    assert_eq!(former.hear().await, None);
    let mut seat = played.join().await;
    assert_eq!((seat.from, seat.again), (from, true));
    seat.waiting(Some(3_600)).await;
    assert_eq!(between.hear().await, None);
    seat.pass(70).await;
    seat.ping().await;
    played.assert_quiet().await;
    seat.paired(b"theirs").await;
    assert_paired(client, b"theirs").await;
}
