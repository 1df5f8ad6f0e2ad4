//! The page, and who may use a mediator from a browser.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;
use undertone_mediator::page::ASSETS;
use undertone_mediator::{Config, Times};

use crate::common::{Client, Mediator, PATIENCE, ROOM, Socket, read_to_end};
use crate::pages::Tls;

/// As it stands in the design: whoever changes it looks at what a browser then lets run.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Head and body of the answer to a request with these lines.
async fn ask(stream: &mut (impl Socket + ?Sized), request: &str) -> (String, Vec<u8>) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer));
    let _ = read.await.expect("it closes");
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let body = answer.split_off(end.expect("a head") + 4);
    (String::from_utf8(answer).unwrap(), body)
}

/// The status of a request for the page under these names.
async fn page_status(mediator: &Mediator, fields: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\n{fields}\r\n");
    let (head, _) = ask(&mut mediator.dial_from(1).await, &request).await;
    head.split(' ').nth(1).unwrap().to_owned()
}

/// The status of an upgrade with these fields, or 101.
async fn upgrade_status(stream: TcpStream, fields: &str) -> String {
    let request = format!(
        "GET /v1/rendezvous HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n"
    );
    let mut stream = stream;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut status));
    read.await.expect("an answer").unwrap();
    String::from_utf8(status[9..].to_vec()).unwrap()
}

const GZIP: &str = "content-encoding: gzip";

#[tokio::test]
async fn every_part_of_the_page_is_served_as_what_it_is_and_by_one_policy() {
    let (mediator, tls) = (
        Mediator::start(Config::default()),
        Tls::start(Times::default()),
    );
    let host = mediator.address;
    for asset in &ASSETS {
        let kinds: &[&str] = match asset.path {
            "/" => &["content-type: text/html; charset=utf-8"],
            "/app.js" => &["content-type: text/javascript; charset=utf-8", GZIP],
            "/app.css" => &["content-type: text/css; charset=utf-8", GZIP],
            "/core.wasm" => &["content-type: application/wasm", GZIP],
            "/icon.svg" => &["content-type: image/svg+xml"],
            "/manifest.webmanifest" => &["content-type: application/manifest+json"],
            other => panic!("{other}"),
        };
        let request = |method| format!("{method} {} HTTP/1.1\r\nHost: {host}\r\n\r\n", asset.path);
        let (head, body) = ask(&mut mediator.dial_from(1).await, &request("GET")).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(body, asset.body, "{}", asset.path);
        let length = format!("content-length: {}", body.len());
        let policy = format!("content-security-policy: {POLICY}");
        let every = [
            length.as_str(),
            &policy,
            "cross-origin-opener-policy: same-origin",
            "cross-origin-embedder-policy: require-corp",
            "cross-origin-resource-policy: same-origin",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "cache-control: no-store",
            "connection: close",
        ];
        for line in every.iter().chain(kinds) {
            let count = head.lines().filter(|is| is == line).count();
            assert_eq!(count, 1, "{line} in\n{head}");
        }
        assert_eq!(head.matches("content-security-policy").count(), 1);
        assert!(!head.contains("set-cookie"), "{head}");

        let (head, body) = ask(&mut mediator.dial_from(1).await, &request("HEAD")).await;
        assert!(head.contains(&length) && body.is_empty(), "{head}");
        let (_, body) = ask(&mut tls.dial().await, &request("GET")).await;
        assert_eq!(body, asset.body, "{} through TLS", asset.path);
        let (head, _) = ask(&mut mediator.dial_from(1).await, &request("POST")).await;
        assert!(head.starts_with("HTTP/1.1 405"), "{head}");
    }
}

/// What somebody waits for who opens an invite where the network is slow.
#[tokio::test]
async fn all_of_the_page_is_240_kilobytes_on_the_wire() {
    let mediator = Mediator::start(Config::default());
    let host = mediator.address;
    let mut bytes = 0;
    for asset in &ASSETS {
        let request = format!("GET {} HTTP/1.1\r\nHost: {host}\r\n\r\n", asset.path);
        let (head, body) = ask(&mut mediator.dial_from(1).await, &request).await;
        bytes += head.len() + body.len();
    }
    assert!(bytes <= 240_000, "{bytes} bytes");
}

#[tokio::test]
async fn without_a_page_there_is_a_text_and_no_browser_speaks() {
    let config = Config {
        page: false,
        ..Config::default()
    };
    let mediator = Mediator::start(config);
    let answer = mediator.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains("content-type: text/html; charset=utf-8\r\n"));
    assert!(head.contains("content-security-policy: default-src 'none'; base-uri 'none'"));
    assert!(body.contains("<pre>undertone</pre>") && !body.contains("<script"));
    for asset in &ASSETS[1..] {
        let request = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", asset.path);
        let answer = mediator.ask(&request).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
    let own = format!("Host: {0}\r\nOrigin: http://{0}\r\n", mediator.address);
    assert_eq!(
        upgrade_status(mediator.dial_from(1).await, &own).await,
        "403"
    );
}

#[tokio::test]
async fn a_web_page_gets_no_seat() {
    let mediator = Mediator::start(Config::default());
    let address = mediator.address;
    let port = address.port();
    for origin in [
        "https://example.com".to_owned(),
        "null".to_owned(),
        String::new(),
        // Other ports of this machine, other names of it, other schemes.
        "http://localhost:7700".into(),
        "http://127.0.0.1".into(),
        format!("http://localhost:{port}"),
        format!("http://127.0.0.2:{port}"),
        format!("https://{address}"),
        format!("ws://{address}"),
        format!("http://{address}/"),
        format!("http://{address}@example.com"),
        format!("http://example.com@{address}"),
        format!("http://{address}.example.com"),
        format!("http://127.0.0.1.:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://{address} http://example.com"),
    ] {
        let fields = format!("Host: {address}\r\nOrigin: {origin}\r\n");
        let status = upgrade_status(mediator.dial_from(1).await, &fields).await;
        assert_eq!(status, "403", "{origin}");
    }
    mediator.connect().await;
}

#[tokio::test]
async fn its_own_page_gets_a_seat_and_what_only_looks_like_it_does_not() {
    let mediator = Mediator::start(Config::default());
    let port = mediator.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "nas",
        "nas.local",
    ] {
        let fields = format!("Host: {host}:{port}\r\nOrigin: http://{host}:{port}\r\n");
        let status = upgrade_status(mediator.dial_from(1).await, &fields).await;
        assert_eq!(status, "101", "{host}");
    }
    let own = format!("http://127.0.0.1:{port}");
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    for fields in [
        format!("Origin: {own}\r\n"),
        format!("{host}{host}Origin: {own}\r\n"),
        format!("{host}Origin: {own}\r\nOrigin: {own}\r\n"),
        format!("{host}Origin: {own}\r\nOrigin: null\r\n"),
        format!("Host: \r\nOrigin: {own}\r\n"),
        format!("Host: x@127.0.0.1:{port}\r\nOrigin: {own}\r\n"),
        // Nobody is trusted to say so.
        format!("{host}X-Forwarded-Host: a\r\nOrigin: http://a\r\n"),
        format!("{host}X-Forwarded-Proto: https\r\nOrigin: https://127.0.0.1:{port}\r\n"),
    ] {
        let status = upgrade_status(mediator.dial_from(1).await, &fields).await;
        assert_eq!(status, "403", "{fields}");
    }
    let headers = [("origin", own.as_str())];
    let refused = Client::over(mediator.dial_from(1).await, &headers).await;
    let Err(tungstenite::Error::Http(answer)) = refused else {
        panic!("not refused");
    };
    assert_eq!(answer.status(), 403);
    assert_eq!(
        answer.headers()["cross-origin-resource-policy"],
        "same-origin"
    );
}

#[tokio::test]
async fn its_own_page_meets_a_terminal() {
    let mediator = Mediator::start(Config::default());
    let own = "http://localhost";
    let page = Client::over(mediator.dial_from(1).await, &[("origin", own)]).await;
    let (mut page, mut terminal) = (page.unwrap(), mediator.connect().await);
    page.join(ROOM, b"page").await;
    page.hear_waiting().await;
    terminal.join(ROOM, b"terminal").await;
    assert_eq!(page.hear_paired().await.1, b"terminal");
    assert_eq!(terminal.hear_paired().await.1, b"page");
}

#[tokio::test]
async fn a_name_that_was_rebound_to_a_private_address_gets_neither_page_nor_seat() {
    let config = Config {
        page_hosts: vec!["mediator.home.example".into()],
        ..Config::default()
    };
    let mediator = Mediator::start(config);
    for name in [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "localhost.",
        "nas.local.",
        "other.mediator.home.example",
        "mediator.home.example.",
    ] {
        let host = format!("Host: {name}\r\n");
        assert_eq!(page_status(&mediator, &host).await, "403", "{name}");
        let own = format!("{host}Origin: http://{name}\r\n");
        let status = upgrade_status(mediator.dial_from(1).await, &own).await;
        assert_eq!(status, "403", "{name}");
        // What is no browser names no origin, and may come by any name.
        let status = upgrade_status(mediator.dial_from(1).await, &host).await;
        assert_eq!(status, "101", "{name}");
    }
    for fields in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host:\r\n"] {
        assert_eq!(page_status(&mediator, fields).await, "403", "{fields}");
    }
    for name in [
        "127.0.0.1",
        "localhost:7700",
        "[::1]",
        "nas",
        "nas.local",
        "Mediator.Home.Example",
    ] {
        let host = format!("Host: {name}\r\n");
        assert_eq!(page_status(&mediator, &host).await, "200", "{name}");
    }
    let refused = mediator
        .ask("GET /app.js HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        .await;
    assert!(refused.contains("--page-host NAME"), "{refused}");
}

#[tokio::test]
async fn by_tls_a_name_is_the_certificate_s_affair() {
    let tls = Tls::start(Times::default());
    let request = "GET / HTTP/1.1\r\nHost: mediator.example\r\n\r\n";
    let (head, _) = ask(&mut tls.dial().await, request).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let upgrade = |origin| {
        format!(
            "GET /v1/rendezvous HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Host: mediator.example\r\nOrigin: {origin}\r\n\r\n"
        )
    };
    for (origin, status) in [
        ("https://mediator.example", "HTTP/1.1 101"),
        ("https://mediator.example:443", "HTTP/1.1 101"),
        ("http://mediator.example", "HTTP/1.1 403"),
        ("https://evil.example", "HTTP/1.1 403"),
    ] {
        let mut stream = tls.dial().await;
        stream.write_all(upgrade(origin).as_bytes()).await.unwrap();
        let mut is = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut is))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(str::from_utf8(&is).unwrap(), status, "{origin}");
    }
}

#[tokio::test]
async fn behind_a_proxy_the_page_s_origin_is_that_of_the_proxy() {
    let config = Config {
        trust_proxy: true,
        ..Config::default()
    };
    let mediator = Mediator::start(config);
    let (outside, inside) = ("Origin: https://a.example\r\n", "Host: 127.0.0.1:7700\r\n");
    for (fields, status) in [
        // The proxy forwards Host, with its port or without, or says it in a field of its own.
        ("Host: a.example\r\n", "101"),
        ("Host: a.example:443\r\n", "101"),
        ("Host: a.example\r\nX-Forwarded-Proto: https\r\n", "101"),
        ("Host: a.example\r\nX-Forwarded-Proto: wss\r\n", "101"),
        ("Host: a.example\r\nX-Forwarded-Proto: http\r\n", "403"),
        ("X-Forwarded-Host: a.example\r\n", "101"),
        ("X-Forwarded-Host: b.example\r\n", "403"),
        // Only what the proxy itself wrote counts.
        ("X-Forwarded-Host: b.example, a.example\r\n", "101"),
        ("X-Forwarded-Host: a.example, b.example\r\n", "403"),
        (
            "X-Forwarded-Host: a.example\r\nX-Forwarded-Host: b.example\r\n",
            "403",
        ),
        ("X-Forwarded-Host:\r\n", "403"),
        ("", "403"),
    ] {
        let host = if fields.starts_with("Host") {
            ""
        } else {
            inside
        };
        let fields = format!("X-Forwarded-For: 192.0.2.1\r\n{host}{fields}{outside}");
        let stream = mediator.dial_from(1).await;
        assert_eq!(upgrade_status(stream, &fields).await, status, "{fields}");
    }
    assert_eq!(page_status(&mediator, "Host: a.example\r\n").await, "200");
    let mut plain = mediator.dial_from(1).await;
    plain
        .write_all(b"GET /healthz HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    assert!(read_to_end(&mut plain).await.ends_with("ok"));
}
