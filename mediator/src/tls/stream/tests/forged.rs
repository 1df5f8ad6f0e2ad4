//! Records that no good client would make, under the keys of one.

use tokio_rustls::rustls::crypto::cipher::{
    MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use tokio_rustls::rustls::{
    AlertDescription, ClientConnection, ConnectionTrafficSecrets, ContentType, PeerMisbehaved,
    ProtocolVersion, SupportedCipherSuite,
};

use super::*;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// A client that makes records by hand.
struct Forger {
    stream: DuplexStream,
    encrypter: Box<dyn MessageEncrypter>,
    sequence: u64,
}

impl Forger {
    async fn new(version: &'static SupportedProtocolVersion) -> (TlsStream<DuplexStream>, Self) {
        let (server, client) = configs(version, None);
        let mut client = Arc::unwrap_or_clone(client);
        client.enable_secret_extraction = true;
        let (ours, theirs) = duplex(1 << 20);
        let connecting = connect(Arc::new(client), theirs);
        let (ours, theirs) = tokio::join!(TlsStream::accept(ours, server), connecting);
        let (stream, connection) = theirs.unwrap().into_inner();
        let suite = connection.negotiated_cipher_suite().unwrap();
        #[allow(deprecated)]
        let (sequence, secrets) = connection.dangerous_extract_secrets().unwrap().tx;
        let (key, iv) = match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv }
            | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
            | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
            _ => unreachable!(),
        };
        let encrypter = match suite {
            SupportedCipherSuite::Tls12(suite) => {
                let fixed = suite.aead_alg.key_block_shape().fixed_iv_len;
                let (fixed, explicit) = iv.as_ref().split_at(fixed);
                suite.aead_alg.encrypter(key, fixed, explicit)
            }
            SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        };
        let forger = Self {
            stream,
            encrypter,
            sequence,
        };
        (ours.unwrap(), forger)
    }

    fn record(&mut self, typ: ContentType, payload: &[u8]) -> Vec<u8> {
        let message = OutboundPlainMessage {
            typ,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(payload),
        };
        let record = self.encrypter.encrypt(message, self.sequence).unwrap();
        self.sequence += 1;
        record.encode()
    }

    async fn say(&mut self, typ: ContentType, payload: &[u8]) {
        let record = self.record(typ, payload);
        self.stream.write_all(&record).await.unwrap();
    }
}

/// What reading ends with, for good.
async fn fault(ours: &mut TlsStream<DuplexStream>) -> Error {
    let mut buffer = vec![0; 1 << 20];
    let reading = ours.read_exact(&mut buffer);
    let error = timeout(Duration::from_secs(20), reading).await.unwrap();
    let error = error.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(ours.read_to_end(&mut Vec::new()).await.is_err());
    assert!(ours.write_all(b"more").await.is_err());
    assert_eq!(ours.incoming.capacity(), 0);
    ours.shutdown().await.unwrap();
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    cause.cloned().unwrap()
}

#[tokio::test]
async fn a_record_under_no_key_ends_it_with_an_alert() {
    for version in VERSIONS {
        let (mut ours, mut forger) = Forger::new(version).await;
        let mut before = vec![0; 10_000];
        let known = match version.version {
            // Tickets.
            ProtocolVersion::TLSv1_3 => forger.stream.read(&mut before).await.unwrap(),
            _ => 0,
        };
        forger
            .stream
            .write_all(b"\x17\x03\x03\x00\x40")
            .await
            .unwrap();
        forger.stream.write_all(&[7; 64]).await.unwrap();
        assert_eq!(fault(&mut ours).await, Error::DecryptError);
        drop(ours);
        let mut heard = Vec::new();
        forger.stream.read_to_end(&mut heard).await.unwrap();
        assert!(heard.len() > 20, "after {known}: {heard:?}");
    }
}

#[tokio::test]
async fn empty_records_are_borne_for_a_while() {
    for version in VERSIONS {
        let (mut ours, mut forger) = Forger::new(version).await;
        for _ in 0..32 {
            forger.say(ContentType::ApplicationData, b"").await;
        }
        assert!(is_pending(ours.read(&mut [0; 1])));
        assert_eq!(ours.incoming.capacity(), 0);
        forger.say(ContentType::ApplicationData, b"word").await;
        assert_eq!(ours.read(&mut [0; 9]).await.unwrap(), 4);
        for _ in 0..40 {
            forger.say(ContentType::ApplicationData, b"").await;
        }
        let too_many = PeerMisbehaved::TooManyEmptyFragments;
        assert_eq!(fault(&mut ours).await, Error::PeerMisbehaved(too_many));
    }
}

#[tokio::test]
async fn alerts_are_told_and_warnings_borne_for_a_while() {
    for version in VERSIONS {
        let (mut ours, mut forger) = Forger::new(version).await;
        forger.say(ContentType::Alert, &[2, 80]).await;
        let fatal = Error::AlertReceived(AlertDescription::InternalError);
        assert_eq!(fault(&mut ours).await, fatal);
        // "User cancelled", which both versions allow.
        let (mut ours, mut forger) = Forger::new(version).await;
        for _ in 0..4 {
            forger.say(ContentType::Alert, &[1, 90]).await;
        }
        assert!(is_pending(ours.read(&mut [0; 1])));
        forger.say(ContentType::Alert, &[1, 90]).await;
        let too_many = PeerMisbehaved::TooManyWarningAlertsReceived;
        assert_eq!(fault(&mut ours).await, Error::PeerMisbehaved(too_many));
        let (mut ours, mut forger) = Forger::new(version).await;
        forger.say(ContentType::Alert, &[1]).await;
        assert!(matches!(fault(&mut ours).await, Error::InvalidMessage(_)));
    }
}

#[tokio::test]
async fn what_comes_after_a_goodbye_is_not_read() {
    for version in VERSIONS {
        let (mut ours, mut forger) = Forger::new(version).await;
        let mut said = forger.record(ContentType::Alert, &[1, 0]);
        said.extend([0xff; 500]);
        forger.stream.write_all(&said).await.unwrap();
        for _ in 0..3 {
            assert_eq!(ours.read(&mut [0; 1]).await.unwrap(), 0);
        }
        assert_eq!(ours.incoming.capacity(), 0);
        // It can be answered still.
        ours.write_all(b"word").await.unwrap();
        ours.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn another_handshake_is_refused_once_and_then_ends_it() {
    let (mut ours, mut forger) = Forger::new(&TLS12).await;
    let name = ServerName::try_from("localhost").unwrap();
    let mut another = ClientConnection::new(configs(&TLS12, None).1, name).unwrap();
    let mut hello = Vec::new();
    another.write_tls(&mut hello).unwrap();
    let hello = &hello[5..];
    forger.say(ContentType::Handshake, hello).await;
    assert!(is_pending(ours.read(&mut [0; 1])));
    let mut refusal = [0; 100];
    let length = forger.stream.read(&mut refusal).await.unwrap();
    assert!(length > 7 && refusal.starts_with(b"\x15\x03\x03"));
    forger.say(ContentType::ApplicationData, b"word").await;
    assert_eq!(ours.read(&mut [0; 9]).await.unwrap(), 4);
    forger.say(ContentType::Handshake, hello).await;
    let too_many = PeerMisbehaved::TooManyRenegotiationRequests;
    assert_eq!(fault(&mut ours).await, Error::PeerMisbehaved(too_many));
    let (mut ours, mut forger) = Forger::new(&TLS13).await;
    forger.say(ContentType::Handshake, hello).await;
    let fault = fault(&mut ours).await;
    assert!(matches!(fault, Error::InappropriateHandshakeMessage { .. }));
}

#[tokio::test]
async fn keys_are_renewed_on_demand_and_for_a_while() {
    let (mut ours, mut theirs) = connected(&TLS13, None, 1 << 16).await;
    for round in 0..100 {
        theirs.get_mut().1.refresh_traffic_keys().unwrap();
        let said = bytes(round + 1);
        theirs.write_all(&said).await.unwrap();
        let mut heard = vec![0; said.len()];
        ours.read_exact(&mut heard).await.unwrap();
        ours.write_all(&heard).await.unwrap();
        ours.flush().await.unwrap();
        theirs.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, said);
    }
    for _ in 0..40 {
        theirs.get_mut().1.refresh_traffic_keys().unwrap();
        theirs.flush().await.unwrap();
    }
    let too_many = PeerMisbehaved::TooManyKeyUpdateRequests;
    assert_eq!(fault(&mut ours).await, Error::PeerMisbehaved(too_many));
    assert!(ours.outgoing.is_empty());
}

#[tokio::test]
async fn what_only_begins_is_kept_up_to_a_bound_and_not_interrupted() {
    for version in VERSIONS {
        let (mut ours, mut forger) = Forger::new(version).await;
        // Of a message of 60,000 bytes, a byte a record.
        forger
            .say(ContentType::Handshake, &[24, 0, 0xea, 0x60])
            .await;
        let error = loop {
            forger.say(ContentType::Handshake, &[7]).await;
            let mut byte = [0; 1];
            let mut read = std::pin::pin!(ours.read(&mut byte));
            let mut cx = Context::from_waker(Waker::noop());
            if let Poll::Ready(read) = read.as_mut().poll(&mut cx) {
                break read.unwrap_err();
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(ours.incoming.capacity(), 0);
        assert!(ours.read(&mut [0; 1]).await.is_err());
        let (mut ours, mut forger) = Forger::new(version).await;
        forger.say(ContentType::Handshake, &[24, 0]).await;
        forger.say(ContentType::ApplicationData, b"word").await;
        let interleaved = PeerMisbehaved::MessageInterleavedWithHandshakeMessage;
        assert_eq!(fault(&mut ours).await, Error::PeerMisbehaved(interleaved));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_records_panic(
        records in proptest::collection::vec(
            (20_u8..26, proptest::collection::vec(any::<u8>(), 0..40), 0_u8..4),
            0..20,
        ),
        version in 0..2_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut ours, mut forger) = Forger::new(VERSIONS[version]).await;
            for (typ, mut payload, kind) in records {
                // Most often what looks right: a handshake's head, an alert, an update of keys.
                match (kind, payload.len()) {
                    (0, length @ 4..) => payload[1..4].copy_from_slice(&[0, 0, length as u8 - 4]),
                    (1, 2..) => payload.truncate(2),
                    (2, 5..) => payload = vec![24, 0, 0, 1, payload[0] % 3],
                    _ => {}
                }
                forger.say(typ.into(), &payload).await;
                let _ = is_pending(ours.read(&mut [0; 100]));
                let _ = is_pending(ours.write(b"word"));
            }
            let _ = is_pending(ours.shutdown());
        });
    }
}
