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
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const ROOM: Tag = Tag([1; 32]);

/// A mediator in this process; dropping it ends its connections.
pub struct Mediator {
    pub address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    pub serving: JoinHandle<std::io::Result<()>>,
}

impl Mediator {
    pub fn start(config: Config) -> Self {
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

    pub fn stop(&mut self) {
        self.shutdown.take().unwrap().send(()).unwrap();
    }

    /// A bare socket from 127.0.0.`host`.
    pub async fn dial_from(&self, host: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, host], 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    pub async fn connect(&self) -> Client {
        self.connect_from(1).await
    }

    pub async fn connect_from(&self, host: u8) -> Client {
        Client::over(self.dial_from(host).await, &[]).await.unwrap()
    }

    pub async fn connect_forwarded(&self, forwarded: &str) -> Client {
        Client::over(self.dial_from(1).await, &[("x-forwarded-for", forwarded)])
            .await
            .unwrap()
    }

    /// Sends `request` and reads the answer to its end.
    pub async fn ask(&self, request: &str) -> String {
        let mut stream = self.dial_from(1).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }
}

/// Until the other side closes; a reset counts as that too.
pub async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("it closes");
    String::from_utf8_lossy(&bytes).into_owned()
}

pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

pub struct Client {
    pub socket: WebSocketStream<Box<dyn Socket>>,
    pub local: Option<SocketAddr>,
}

impl Client {
    /// The upgrade on a plain connection.
    pub async fn over(
        stream: TcpStream,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let local = stream.local_addr().ok();
        Self::upgrade(Box::new(stream), local, headers).await
    }

    pub async fn upgrade(
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

    pub async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub async fn text(&mut self, text: &str) {
        self.send(Message::Text(text.into())).await;
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        self.text(&message.encode()).await;
    }

    pub async fn join(&mut self, room: Tag, offer: &[u8]) {
        let offer = Opaque::new(offer).unwrap();
        self.say(&ClientMessage::Join { v: 1, room, offer }).await;
    }

    pub async fn seal(&mut self, data: &[u8]) {
        self.say(&ClientMessage::Sealed {
            data: Opaque::new(data).unwrap(),
        })
        .await;
    }

    pub async fn relay(&mut self, bytes: &[u8]) {
        self.send(Message::Binary(bytes.to_vec().into())).await;
    }

    /// The next that was relayed.
    pub async fn hear_relayed(&mut self) -> Vec<u8> {
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
    pub async fn hear_relay_over(&mut self) {
        assert_eq!(self.hear().await, MediatorMessage::PeerLeft);
        self.hear_close().await;
    }

    /// The next text message.
    pub async fn hear(&mut self) -> MediatorMessage {
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

    pub async fn hear_waiting(&mut self) -> SocketAddr {
        match self.hear().await {
            MediatorMessage::Waiting {
                observed,
                expires_in,
            } => {
                assert!((1..=600).contains(&expires_in));
                observed
            }
            other => panic!("{other:?}"),
        }
    }

    pub async fn hear_paired(&mut self) -> (Role, Vec<u8>) {
        match self.hear().await {
            MediatorMessage::Paired { role, offer, .. } => (role, offer.as_bytes().to_vec()),
            other => panic!("{other:?}"),
        }
    }

    pub async fn hear_sealed(&mut self) -> Vec<u8> {
        match self.hear().await {
            MediatorMessage::Sealed { data } => data.as_bytes().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// An error and then the end.
    pub async fn hear_refusal(&mut self) -> (ErrorCode, Option<u64>) {
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
    pub async fn hear_close(&mut self) {
        let next = timeout(PATIENCE, self.socket.next())
            .await
            .expect("a close frame");
        assert!(matches!(next, Some(Ok(Message::Close(_)))), "{next:?}");
        self.hear_end().await;
    }

    /// The connection is over, politely or not.
    pub async fn hear_end(&mut self) {
        let end = async { while let Some(Ok(_)) = self.socket.next().await {} };
        timeout(PATIENCE, end).await.expect("the end");
    }
}

/// A mediator that relays, with no cap in the way.
pub fn relaying() -> Config {
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
pub async fn swap_sealed(host: &mut Client, guest: &mut Client) {
    host.seal(b"host's").await;
    guest.seal(b"guest's").await;
    assert_eq!(host.hear_sealed().await, b"guest's");
    assert_eq!(guest.hear_sealed().await, b"host's");
}

/// A pair that is relayed.
pub async fn relayed(mediator: &Mediator, room: Tag) -> (Client, Client) {
    let (mut host, mut guest) = pair(mediator, room).await;
    swap_sealed(&mut host, &mut guest).await;
    agree(&mut host, &mut guest).await;
    (host, guest)
}

/// Both ask for the relay, and get it.
pub async fn agree(host: &mut Client, guest: &mut Client) {
    for one in [&mut *host, &mut *guest] {
        one.say(&ClientMessage::Relay).await;
    }
    for one in [host, guest] {
        assert_eq!(one.hear().await, MediatorMessage::Relaying);
    }
}

/// Writes until the mediator takes no more for a second; how many bytes it took.
pub async fn fill(client: &mut Client) -> usize {
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
pub async fn pair(mediator: &Mediator, room: Tag) -> (Client, Client) {
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
