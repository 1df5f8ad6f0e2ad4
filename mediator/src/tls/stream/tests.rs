//! Beside rustls' own client, both versions: what is held, how it ends, what is no handshake.

mod exchanged;
mod forged;
mod tampered;

use std::task::Waker;
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::*;

type Client = tokio_rustls::client::TlsStream<DuplexStream>;

/// Both configurations; the client says this version, in records of so many bytes.
fn configs(
    version: &'static SupportedProtocolVersion,
    record: Option<usize>,
) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.max_fragment_size = record;
    // Each handshake is to be as long as the one before.
    client.resumption = Resumption::disabled();
    (Arc::new(server), Arc::new(client))
}

/// A connection that begins, and its client, which trusts it.
async fn connected(
    version: &'static SupportedProtocolVersion,
    record: Option<usize>,
    room: usize,
) -> (TlsStream<DuplexStream>, Client) {
    let (server, client) = configs(version, record);
    let (ours, theirs) = duplex(room);
    let (ours, theirs) = tokio::join!(TlsStream::accept(ours, server), connect(client, theirs));
    (ours.unwrap(), theirs.unwrap())
}

async fn connect(config: Arc<ClientConfig>, stream: DuplexStream) -> io::Result<Client> {
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(config).connect(name, stream).await
}

/// So many bytes, no two neighbours alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

#[tokio::test]
async fn who_waits_has_no_buffer() {
    for version in [&TLS12, &TLS13] {
        let (mut ours, mut theirs) = connected(version, None, 1 << 16).await;
        theirs.write_all(&bytes(300)).await.unwrap();
        let mut heard = vec![0; 300];
        ours.read_exact(&mut heard).await.unwrap();
        ours.write_all(&heard).await.unwrap();
        ours.flush().await.unwrap();
        assert!(is_pending(ours.read(&mut [0; 1])));
        assert_eq!(ours.incoming.capacity(), 0);
        assert!(ours.plain.is_empty() && ours.outgoing.is_empty());
    }
}

/// Whether it has to wait.
fn is_pending<T>(future: impl Future<Output = T>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    std::pin::pin!(future).poll(&mut cx).is_pending()
}

#[tokio::test]
async fn to_a_client_that_does_not_read_little_is_held_and_nothing_lost() {
    for version in [&TLS12, &TLS13] {
        let (mut ours, mut theirs) = connected(version, None, 1000).await;
        let said = bytes(300_000);
        let mut taken = 0;
        // Given up where it would wait, as by a time-out, and begun again.
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..2 {
            while let Poll::Ready(some) = Pin::new(&mut ours).poll_write(&mut cx, &said[taken..]) {
                taken += some.unwrap();
            }
        }
        assert!(taken < 64 * 1024 && ours.outgoing.len() < 64 * 1024);
        assert!(is_pending(ours.flush()));
        // Meanwhile it is heard.
        theirs.write_all(b"heard").await.unwrap();
        let mut word = [0; 5];
        ours.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"heard");
        let mut heard = vec![0; said.len()];
        let saying = async {
            ours.write_all(&said[taken..]).await.unwrap();
            ours.flush().await.unwrap();
        };
        let ((), read) = tokio::join!(saying, theirs.read_exact(&mut heard));
        read.unwrap();
        assert!(heard == said);
    }
}

#[tokio::test]
async fn after_our_goodbye_we_hear_and_say_no_more() {
    for version in [&TLS12, &TLS13] {
        let (mut ours, mut theirs) = connected(version, None, 1 << 16).await;
        ours.write_all(b"last").await.unwrap();
        ours.shutdown().await.unwrap();
        ours.shutdown().await.unwrap();
        assert!(ours.write_all(b"more").await.is_err());
        let mut heard = Vec::new();
        theirs.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"last");
        theirs.write_all(b"answer").await.unwrap();
        theirs.shutdown().await.unwrap();
        heard.clear();
        ours.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"answer");
        assert!(ours.write_all(b"more").await.is_err());
    }
}

#[tokio::test]
async fn an_end_without_goodbye_is_an_error_and_one_with_it_is_not() {
    for (says_goodbye, version) in [
        (true, &TLS12),
        (true, &TLS13),
        (false, &TLS12),
        (false, &TLS13),
    ] {
        let (mut ours, mut theirs) = connected(version, None, 1 << 16).await;
        if says_goodbye {
            theirs.shutdown().await.unwrap();
        }
        drop(theirs);
        // It stays so.
        for _ in 0..2 {
            let read = ours.read(&mut [0; 1]).await;
            match says_goodbye {
                true => assert_eq!(read.unwrap(), 0),
                false => assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof),
            }
        }
    }
}

/// What comes of bytes in place of a handshake, and what is answered.
async fn refused(said: &[u8]) -> (io::Error, Vec<u8>) {
    let (server, _) = configs(&TLS13, None);
    let (ours, mut theirs) = duplex(1 << 20);
    theirs.write_all(said).await.unwrap();
    theirs.shutdown().await.unwrap();
    let error = TlsStream::accept(ours, server).await.err().unwrap();
    let mut answer = Vec::new();
    theirs.read_to_end(&mut answer).await.unwrap();
    (error, answer)
}

#[tokio::test]
async fn what_is_no_handshake_is_refused_and_told_so() {
    let (error, answer) = refused(b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(error.get_ref().is_some_and(|error| error.is::<Error>()));
    assert!(answer.starts_with(b"\x15\x03"), "{answer:?}");
    // A handshake's message of 16 MB, in records of 4,096 bytes.
    let mut endless = Vec::new();
    for n in 0..50 {
        endless.extend(b"\x16\x03\x01\x10\x00");
        let mut part = vec![0; 4096];
        if n == 0 {
            part[..4].copy_from_slice(b"\x01\xff\xff\xff");
        }
        endless.extend(part);
    }
    let (error, _) = refused(&endless).await;
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    let (error, _) = refused(b"\x16\x03\x01\x02\x00\x01").await;
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_panic(
        head in prop_oneof![Just(vec![]), Just(b"\x16\x03\x01\x00\x10\x01\x00\x00".to_vec())],
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(refused(&[head, bytes].concat()));
    }
}
