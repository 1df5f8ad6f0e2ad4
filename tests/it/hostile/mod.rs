//! A mediator that the test plays itself, message by message, and that may say
//! anything. It keeps all that clients told it, to be searched for what it must
//! never learn.

pub(crate) mod crowd;
pub(crate) mod dial;
pub(crate) mod end;
pub(crate) mod memory;
pub(crate) mod pair;
pub(crate) mod proxy;
pub(crate) mod tls;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};
use undertone::identity::Identity;
use undertone::store::Store;
use undertone_core::room::Room;
use undertone_wire::{ClientMessage, MediatorMessage, Opaque, Role, Terms};

use crate::common::{Client, Home, PATIENCE};

/// The mediator. Its methods block, so that a test reads like a script.
pub(crate) struct Evil {
    pub runtime: Runtime,
    listener: TcpListener,
    pub url: String,
    heard: RefCell<Vec<String>>,
}

impl Evil {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a free port");
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self {
            runtime,
            listener,
            url,
            heard: RefCell::default(),
        }
    }

    /// Runs `future`, not for ever.
    pub(crate) fn wait<T>(&self, what: &str, future: impl Future<Output = T>) -> T {
        let bounded = async { timeout(PATIENCE, future).await };
        self.runtime
            .block_on(bounded)
            .unwrap_or_else(|_| panic!("no {what} in time"))
    }

    /// The next connection, as it comes.
    pub(crate) fn socket(&self) -> TcpStream {
        self.wait("connection", self.listener.accept()).unwrap().0
    }

    /// Somebody asks what answers here, and is told: a mediator.
    #[allow(dead_code, reason = "each test file uses its part")]
    pub(crate) fn is_asked_for_its_version(&self) {
        let mut stream = self.socket();
        let answering = async {
            let mut question = Vec::new();
            while !question.ends_with(b"\r\n\r\n") && stream.read_buf(&mut question).await? > 0 {}
            let answer = b"HTTP/1.0 200 OK\r\n\r\nundertone-mediator 0\n";
            stream.write_all(answer).await
        };
        self.wait("question", answering).unwrap();
    }

    /// The next client that joins.
    pub(crate) fn join(&self) -> Seat<'_> {
        self.try_join().expect("it joins")
    }

    /// The next client that joins in a room that fits. Who joins elsewhere is hung up on, and
    /// may have gone.
    pub(crate) fn join_where(&self, fits: impl Fn(&Seat<'_>) -> bool) -> Seat<'_> {
        loop {
            if let Some(seat) = self.try_join().filter(&fits) {
                return seat;
            }
        }
    }

    /// The next client that joins in this room of people.
    pub(crate) fn join_in(&self, room: &str) -> Seat<'_> {
        let room: Room = room.parse().unwrap();
        self.join_where(|seat| seat.room == room.tag())
    }

    fn try_join(&self) -> Option<Seat<'_>> {
        let stream = self.socket();
        let from = stream.peer_addr().ok()?;
        let mut path = String::new();
        #[allow(clippy::result_large_err, reason = "the library's signature")]
        let keep = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            self.heard.borrow_mut().push(format!("{request:?}"));
            path = request.uri().to_string();
            Ok(response)
        };
        let socket = self.wait("WebSocket", accept_hdr_async(stream, keep));
        let mut seat = Seat {
            evil: self,
            socket: socket.ok()?,
            from,
            room: [0; 32],
            offer: Vec::new(),
            again: false,
        };
        match seat.next() {
            Some(ClientMessage::Join {
                v: _,
                room,
                offer,
                again,
            }) => {
                assert_eq!(path, room.path(), "another hint than the room's");
                (seat.room, seat.offer) = (room.0, offer.as_bytes().to_vec());
                seat.again = again;
            }
            None => return None,
            other => panic!("no join but {other:?}"),
        }
        Some(seat)
    }

    /// Nothing that any client said holds one of these, in clear or in base64.
    pub(crate) fn assert_learnt_nothing(&self, secrets: &[&[u8]]) {
        let heard = self.heard.borrow();
        assert!(!heard.is_empty(), "nobody said anything");
        for text in heard.iter() {
            let mut forms = vec![text.clone().into_bytes()];
            let parsed = serde_json::from_str(text).unwrap_or(Value::Null);
            for field in parsed.as_object().into_iter().flat_map(|o| o.values()) {
                let bytes = field.as_str().map(|s| BASE64URL_NOPAD.decode(s.as_bytes()));
                forms.extend(bytes.and_then(Result::ok));
            }
            for (form, secret) in forms
                .iter()
                .flat_map(|f| secrets.iter().map(move |s| (f, s)))
            {
                assert!(
                    !holds(form, secret),
                    "{:?} in {text}",
                    String::from_utf8_lossy(secret)
                );
            }
        }
    }
}

/// Whether `part` stands anywhere in `whole`.
pub(crate) fn holds(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

/// A client that joined.
pub(crate) struct Seat<'a> {
    evil: &'a Evil,
    socket: WebSocketStream<TcpStream>,
    pub from: SocketAddr,
    /// The tag.
    pub room: [u8; 32],
    pub offer: Vec<u8>,
    /// It says that it comes back.
    pub again: bool,
}

impl Seat<'_> {
    /// What the client says next; `None` once it is gone.
    pub(crate) fn next(&mut self) -> Option<ClientMessage> {
        let evil = self.evil;
        loop {
            match evil.wait("message", self.socket.next()) {
                Some(Ok(Message::Text(text))) => {
                    evil.heard.borrow_mut().push(text.to_string());
                    return Some(ClientMessage::decode(&text).expect("clients speak the protocol"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => panic!("not a text"),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    }

    /// The client's SEALED.
    pub(crate) fn sealed(&mut self) -> Vec<u8> {
        match self.next() {
            Some(ClientMessage::Sealed { data }) => data.as_bytes().to_vec(),
            other => panic!("no sealed but {other:?}"),
        }
    }

    /// Says anything; a client that is gone does not mind.
    pub(crate) fn raw(&mut self, message: Message) {
        let _ = self.evil.wait("room to write", self.socket.send(message));
    }

    /// Writes these bytes again and again, so many in all, and reads nothing meanwhile; a client
    /// that is gone does not mind.
    #[allow(dead_code, reason = "each test file uses its part")]
    pub(crate) fn pour(&mut self, frame: &[u8], total: usize) {
        let times = (64 * 1024 / frame.len()).clamp(1, total.div_ceil(frame.len()));
        let chunk = frame.repeat(times);
        let stream = self.socket.get_mut();
        let pouring = async {
            for _ in 0..total.div_ceil(chunk.len()) {
                stream.write_all(&chunk).await?;
            }
            std::io::Result::Ok(())
        };
        let _ = self.evil.wait("room to write", pouring);
    }

    /// The next binary message.
    #[allow(dead_code, reason = "each test file uses its part")]
    pub(crate) async fn binary(&mut self) -> Bytes {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => return bytes,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no binary message but {other:?}"),
            }
        }
    }

    /// Sends a binary message.
    #[allow(dead_code, reason = "each test file uses its part")]
    pub(crate) async fn relay(&mut self, bytes: Bytes) {
        self.socket.send(Message::Binary(bytes)).await.unwrap();
    }

    pub(crate) fn say(&mut self, message: &MediatorMessage) {
        self.raw(Message::text(message.encode()));
    }

    pub(crate) fn waiting(&mut self) {
        self.waiting_for(600, None);
    }

    /// The same with a seat's life, and when it is to be taken anew.
    pub(crate) fn waiting_for(&mut self, expires_in: u64, reseat: Option<u64>) {
        self.say(&MediatorMessage::Waiting {
            observed: self.from,
            expires_in,
            reseat,
            terms: Terms::default(),
        });
    }

    pub(crate) fn paired(&mut self, role: Role, offer: &[u8]) {
        let observed = self.from;
        self.paired_observed(role, offer, observed);
    }

    /// The same, with a lie about the client's own address.
    pub(crate) fn paired_observed(&mut self, role: Role, offer: &[u8], observed: SocketAddr) {
        let offer = Opaque::new(offer).unwrap();
        self.say(&MediatorMessage::Paired {
            role,
            offer,
            observed,
            relay: false,
            terms: Terms::default(),
        });
    }

    /// Hands on a SEALED, or what is said to be one.
    pub(crate) fn hand(&mut self, data: &[u8]) {
        let data = Opaque::new(data).unwrap();
        self.say(&MediatorMessage::Sealed { data });
    }
}

/// Pairs two as an honest mediator does, and gives their SEALED.
pub(crate) fn pair_honestly(host: &mut Seat<'_>, guest: &mut Seat<'_>) -> [Vec<u8>; 2] {
    host.paired(Role::Host, &guest.offer);
    guest.paired(Role::Guest, &host.offer);
    let sealed = [host.sealed(), guest.sealed()];
    host.hand(&sealed[1]);
    guest.hand(&sealed[0]);
    sealed
}

/// A client that has ended: code, and what was left to read.
pub(crate) struct Ended {
    pub code: i32,
    pub out: Vec<String>,
    pub err: Vec<String>,
}

impl Ended {
    /// Waits for the end, at most `within`; there was no panic, and every line of
    /// stdout is JSON.
    pub(crate) fn of(mut client: Client, within: Duration) -> Self {
        let begun = std::time::Instant::now();
        client.end_input();
        let code = client.exit_code();
        assert!(begun.elapsed() < within, "took {:?}", begun.elapsed());
        let ended = Self {
            code,
            out: client.out.rest(),
            err: client.err.rest(),
        };
        assert!(
            !ended.err.iter().any(|line| line.contains("panicked")),
            "{:#?}",
            ended.err
        );
        for line in &ended.out {
            serde_json::from_str::<Value>(line).expect("JSON");
        }
        ended
    }

    /// The last `error` event.
    pub(crate) fn error(&self) -> Value {
        let events = self.out.iter().rev();
        let mut events = events.map(|line| serde_json::from_str::<Value>(line).unwrap());
        events
            .find(|event| event["type"] == "error")
            .unwrap_or_else(|| panic!("no error in {:#?}", self.out))
    }
}

/// The public identity key of whoever lives here.
pub(crate) fn identity_of(home: &Home) -> [u8; 32] {
    let identity = Identity::load(&Store::open(&home.data()).unwrap()).unwrap();
    assert!(!identity.created, "nobody lives here yet");
    *identity.secret.public().as_bytes()
}
