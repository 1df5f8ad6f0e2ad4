//! A mediator on port 0 that stops with its guard, and a client over a real socket.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};
use undertone_host::listen;
use undertone_mediator::{Config, RelayLimits, serve};
use undertone_wire::{
    ClientMessage, ErrorCode, MediatorMessage, Opaque, PATH, RELAY_MESSAGE, Role, Tag,
};

/// No wait in these tests should come near this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const ROOM: Tag = Tag([1; 32]);

/// A mediator in this process; dropping it ends its connections.
pub(crate) struct Mediator {
    pub address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    pub serving: JoinHandle<std::io::Result<()>>,
}

impl Mediator {
    pub(crate) fn start(config: Config) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, config, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            shutdown: Some(shutdown),
            serving,
        }
    }

    pub(crate) fn stop(&mut self) {
        self.shutdown.take().unwrap().send(()).unwrap();
    }

    /// A bare socket from 127.0.0.`host`.
    pub(crate) async fn dial_from(&self, host: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, host], 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    pub(crate) async fn connect(&self) -> Client {
        self.connect_from(1).await
    }

    pub(crate) async fn connect_from(&self, host: u8) -> Client {
        Client::over(self.dial_from(host).await, &[]).await.unwrap()
    }

    pub(crate) async fn connect_forwarded(&self, forwarded: &str) -> Client {
        Client::over(self.dial_from(1).await, &[("x-forwarded-for", forwarded)])
            .await
            .unwrap()
    }

    /// Sends `request` and reads the answer to its end.
    pub(crate) async fn ask(&self, request: &str) -> String {
        let mut stream = self.dial_from(1).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }
}

/// Until the other side closes; a reset counts as that too.
pub(crate) async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("it closes");
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

pub(crate) struct Client {
    pub socket: WebSocketStream<Box<dyn Socket>>,
    pub local: Option<SocketAddr>,
}

impl Client {
    /// The upgrade on a plain connection.
    pub(crate) async fn over(
        stream: TcpStream,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let local = stream.local_addr().ok();
        Self::upgrade(Box::new(stream), local, headers).await
    }

    /// The same at another path and query.
    pub(crate) async fn at(path: &str, stream: TcpStream) -> Self {
        let local = stream.local_addr().ok();
        let request = format!("ws://localhost{path}");
        let (socket, _) = client_async(request, Box::new(stream) as Box<dyn Socket>)
            .await
            .unwrap();
        Self { socket, local }
    }

    pub(crate) async fn upgrade(
        stream: Box<dyn Socket>,
        local: Option<SocketAddr>,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let mut request = format!("ws://localhost{PATH}")
            .into_client_request()
            .unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let (socket, _) = timeout(PATIENCE, client_async(request, stream))
            .await
            .expect("an answer")?;
        Ok(Self { socket, local })
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(Message::Text(text.into())).await;
    }

    pub(crate) async fn say(&mut self, message: &ClientMessage) {
        self.text(&message.encode()).await;
    }

    pub(crate) async fn join(&mut self, room: Tag, offer: &[u8]) {
        self.join_by(room, offer, false).await;
    }

    /// As one that comes back.
    pub(crate) async fn rejoin(&mut self, room: Tag, offer: &[u8]) {
        self.join_by(room, offer, true).await;
    }

    async fn join_by(&mut self, room: Tag, offer: &[u8], again: bool) {
        let offer = Opaque::new(offer).unwrap();
        let join = ClientMessage::Join {
            v: 1,
            room,
            offer,
            again,
        };
        self.say(&join).await;
    }

    pub(crate) async fn seal(&mut self, data: &[u8]) {
        self.say(&ClientMessage::Sealed {
            data: Opaque::new(data).unwrap(),
        })
        .await;
    }

    pub(crate) async fn relay(&mut self, bytes: &[u8]) {
        self.send(Message::Binary(bytes.to_vec().into())).await;
    }

    /// The next that was relayed.
    pub(crate) async fn hear_relayed(&mut self) -> Vec<u8> {
        loop {
            match timeout(PATIENCE, self.socket.next())
                .await
                .expect("a message")
            {
                Some(Ok(Message::Binary(bytes))) => return bytes.into(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// `peer-left` and then the end.
    pub(crate) async fn hear_relay_over(&mut self) {
        assert_eq!(self.hear().await, MediatorMessage::PeerLeft);
        self.hear_close().await;
    }

    /// The next text message.
    pub(crate) async fn hear(&mut self) -> MediatorMessage {
        loop {
            match timeout(PATIENCE, self.socket.next())
                .await
                .expect("a message")
            {
                Some(Ok(Message::Text(text))) => return MediatorMessage::decode(&text).unwrap(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn hear_waiting(&mut self) -> SocketAddr {
        match self.hear().await {
            MediatorMessage::Waiting {
                observed,
                expires_in,
                ..
            } => {
                assert!((1..=600).contains(&expires_in));
                observed
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn hear_paired(&mut self) -> (Role, Vec<u8>) {
        match self.hear().await {
            MediatorMessage::Paired { role, offer, .. } => (role, offer.as_bytes().to_vec()),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn hear_sealed(&mut self) -> Vec<u8> {
        match self.hear().await {
            MediatorMessage::Sealed { data } => data.as_bytes().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// An error and then the end.
    pub(crate) async fn hear_refusal(&mut self) -> (ErrorCode, Option<u64>) {
        match self.hear().await {
            MediatorMessage::Error {
                code,
                message,
                retry_after,
            } => {
                assert!(!message.is_empty());
                self.hear_close().await;
                (code, retry_after)
            }
            other => panic!("{other:?}"),
        }
    }

    /// A close frame, answered, and nothing after it.
    pub(crate) async fn hear_close(&mut self) {
        let next = timeout(PATIENCE, self.socket.next())
            .await
            .expect("a close frame");
        assert!(matches!(next, Some(Ok(Message::Close(_)))), "{next:?}");
        self.hear_end().await;
    }

    /// The connection is over, politely or not.
    pub(crate) async fn hear_end(&mut self) {
        let end = async { while let Some(Ok(_)) = self.socket.next().await {} };
        timeout(PATIENCE, end).await.expect("the end");
    }
}

/// A mediator that relays, with no cap in the way.
pub(crate) fn relaying() -> Config {
    let ample = 1 << 40;
    Config {
        relay: Some(RelayLimits {
            rate: ample,
            total_rate: ample,
            pairs: 999,
            bytes: ample,
        }),
        joins_per_minute: 1_000,
        ..Config::default()
    }
}

/// Both have the other's `sealed`.
pub(crate) async fn swap_sealed(host: &mut Client, guest: &mut Client) {
    host.seal(b"host's").await;
    guest.seal(b"guest's").await;
    assert_eq!(host.hear_sealed().await, b"guest's");
    assert_eq!(guest.hear_sealed().await, b"host's");
}

/// A pair that is relayed.
pub(crate) async fn relayed(mediator: &Mediator, room: Tag) -> (Client, Client) {
    let (mut host, mut guest) = pair(mediator, room).await;
    swap_sealed(&mut host, &mut guest).await;
    agree(&mut host, &mut guest).await;
    (host, guest)
}

/// Both ask for the relay, and get it.
pub(crate) async fn agree(host: &mut Client, guest: &mut Client) {
    for one in [&mut *host, &mut *guest] {
        one.say(&ClientMessage::Relay).await;
    }
    for one in [host, guest] {
        assert_eq!(one.hear().await, MediatorMessage::Relaying);
    }
}

/// Writes until the mediator takes no more for a second; how many bytes it took.
pub(crate) async fn fill(client: &mut Client) -> usize {
    let mut bytes = 0;
    let message = vec![7; RELAY_MESSAGE];
    loop {
        let sent = client.socket.send(Message::Binary(message.clone().into()));
        match timeout(Duration::from_secs(1), sent).await {
            Ok(sent) => sent.unwrap(),
            Err(_) => return bytes,
        }
        bytes += RELAY_MESSAGE;
        assert!(bytes < 256 << 20, "nothing holds it back");
    }
}

/// Two clients of `mediator`, host first, paired by `room`.
pub(crate) async fn pair(mediator: &Mediator, room: Tag) -> (Client, Client) {
    let (mut host, mut guest) = (mediator.connect().await, mediator.connect().await);
    host.join(room, b"host's offer").await;
    host.hear_waiting().await;
    guest.join(room, b"guest's offer").await;
    assert_eq!(
        host.hear_paired().await,
        (Role::Host, b"guest's offer".to_vec())
    );
    assert_eq!(
        guest.hear_paired().await,
        (Role::Guest, b"host's offer".to_vec())
    );
    (host, guest)
}
