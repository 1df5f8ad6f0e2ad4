//! To the mediator through a proxy of HTTP or SOCKS5: real ones, and ones that misbehave.

mod proxies;

use std::io::Write;

use proxies::{answering, http_proxy, serve, socks5_proxy, take};
use serde_json::Value;
use undertone_net::rendezvous::proxy::{ProxyChoice, ProxyFailure};
use undertone_net::rendezvous::{MediatorEndpoint, Rendezvous, RendezvousError};

use crate::common::acts::homes;
use crate::common::{Home, Mediator, PATIENCE, Start, free_port};

async fn through(proxy: &str) -> Result<Rendezvous, RendezvousError> {
    let mediator = "mediator.invalid:7700".parse().unwrap();
    let choice: ProxyChoice = proxy.parse().unwrap();
    let proxy = choice.proxy_for(&mediator).unwrap();
    let endpoint = MediatorEndpoint {
        proxy,
        ..MediatorEndpoint::direct(mediator)
    };
    Rendezvous::connect(&endpoint, &[7; 32], None).await
}

async fn failure(proxy: &str) -> ProxyFailure {
    match through(proxy).await {
        Err(RendezvousError::Proxy { why, .. }) => why,
        Err(other) => panic!("{proxy}: {other}"),
        Ok(_) => panic!("{proxy} connected"),
    }
}

#[tokio::test]
async fn http_proxies_that_do_not_connect_say_why() {
    for (answer, wanted) in [
        (
            &b"HTTP/1.1 407 Log in\r\nContent-Length: 0\r\n\r\n"[..],
            ProxyFailure::Login,
        ),
        (
            b"HTTP/1.0 403 Forbidden\r\n\r\nsorry",
            ProxyFailure::Refused("HTTP 403".into()),
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n",
            ProxyFailure::Refused("HTTP 302".into()),
        ),
        (
            b"HTTP/1.1 502 \x1b[2J\r\n\r\n",
            ProxyFailure::NoWay("HTTP 502".into()),
        ),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 504 Slow\r\nX: \x07\r\n\r\n",
            ProxyFailure::NoWay("HTTP 504".into()),
        ),
        (
            b"HTTP/1.1 504 Slow\r\n\r\n",
            ProxyFailure::NoWay("HTTP 504".into()),
        ),
        (
            b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101",
            ProxyFailure::Garbled,
        ),
        (b"SSH-2.0-x\r\n", ProxyFailure::Garbled),
        (b"\0\0\0\0", ProxyFailure::Garbled),
    ] {
        let proxy = answering(answer);
        assert_eq!(failure(&format!("http://{proxy}")).await, wanted);
    }
}

#[tokio::test]
async fn endless_headers_of_a_proxy_end_with_their_bound() {
    let proxy = serve(|mut client| {
        client.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        while client.write_all(b"X-Header: x\r\n").is_ok() {}
    });
    assert_eq!(failure(&proxy).await, ProxyFailure::Garbled);
    // One that never ends.
    let proxy = serve(|mut client| {
        client.write_all(b"HTTP/1.1 200 ").unwrap();
        while client.write_all(&[b'x'; 999]).is_ok() {}
    });
    assert_eq!(failure(&proxy).await, ProxyFailure::Garbled);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_says_nothing_or_half_is_given_up_in_time() {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
    for half in [&b""[..], b"HTTP/1.1 200 OK\r\nX: ", interim, b"\x05"] {
        let proxy = answering(half);
        for scheme in ["http", "socks5"] {
            let why = failure(&format!("{scheme}://{proxy}")).await;
            let garbled = why == ProxyFailure::Garbled && !half.is_empty();
            assert!(why == ProxyFailure::Slow || garbled, "{scheme}: {why:?}");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_hangs_up_or_is_not_there_is_named() {
    let hangs_up = serve(|client| {
        take::<1>(&client);
    });
    let cut = serve(|mut client| {
        take::<1>(&client);
        client.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
    });
    for scheme in ["http", "socks5h"] {
        for proxy in [&hangs_up, &cut] {
            let why = failure(&format!("{scheme}://{proxy}")).await;
            assert_eq!(why, ProxyFailure::Garbled);
        }
    }
    let nobody = format!("http://user:it@127.0.0.1:{}", free_port());
    let Err(error) = through(&nobody).await else {
        panic!("connected");
    };
    let shown = format!("{error} {error:?}");
    let place = nobody.replace("user:it@", "");
    assert!(
        shown.contains(&place) && shown.contains("connection refused"),
        "{shown}"
    );
    assert!(!shown.contains("user") && !shown.contains("it@"), "{shown}");
}

#[tokio::test]
async fn socks5_proxies_that_do_not_connect_say_why() {
    let not_allowed = ProxyFailure::Refused("not allowed".into());
    let refused = ProxyFailure::NoWay("connection refused".into());
    for (answer, wanted) in [
        (&b"\x05\xff"[..], ProxyFailure::Login),
        (b"\x05\x02\x01\x01", ProxyFailure::Login),
        (b"\x05\x00\x05\x02\x00\x01\0\0\0\0\0\0", not_allowed),
        (b"\x05\x00\x05\x05\x00\x01\0\0\0\0\0\0", refused),
        (
            b"\x05\x00\x05\x77\x00\x01\0\0\0\0\0\0",
            ProxyFailure::Garbled,
        ),
        (b"\x05\x07", ProxyFailure::Garbled),
        (b"\x04\x5a", ProxyFailure::Garbled),
        (b"\x05\x00\x05\x00\x00\x09", ProxyFailure::Garbled),
        (b"HTTP/1.1 400 Bad\r\n\r\n", ProxyFailure::Garbled),
    ] {
        let proxy = answering(answer);
        let why = failure(&format!("socks5://user:it@{proxy}")).await;
        assert_eq!(why, wanted, "{answer:?}");
    }
    // It wants what was not given.
    let proxy = answering(b"\x05\x02");
    assert_eq!(
        failure(&format!("socks5://{proxy}")).await,
        ProxyFailure::Login
    );
}

/// A host whose mediator is `there` behind `proxy`, and a guest without a proxy.
fn meet(mediator: &Mediator, there: &str, proxy: &str) -> [crate::common::Client; 2] {
    let homes = homes();
    let mut host = Start::chat(&homes[0], there, "ada", "lab#otter");
    host.command.env("UNDERTONE_PROXY", proxy);
    let guest = Start::chat(&homes[1], &mediator.url, "bob", "lab#otter");
    let [(host, _), (guest, _)] = crate::common::meet(host, guest);
    [host, guest]
}

#[test]
fn two_meet_where_the_way_is_http_connect() {
    let mediator = Mediator::start();
    let (proxy, requests) = http_proxy(mediator.address());
    // By a name that this machine cannot look up.
    let [mut host, guest] = meet(
        &mediator,
        "mediator.invalid",
        &format!("http://user:it@{proxy}"),
    );
    let request = requests.recv_timeout(PATIENCE).unwrap();
    assert!(request.starts_with("CONNECT mediator.invalid:7700 HTTP/1.1\r\n"));
    assert!(request.contains("\r\nProxy-Authorization: Basic dXNlcjppdA==\r\n"));
    let said = host.err.find(|line| line.contains("proxy"), "the proxy");
    assert!(said.contains(&format!("http://{proxy}")), "{said}");
    assert!(!said.contains("user"), "{said}");
    host.say("hello");
    assert_eq!(guest.await_message(), "hello");
}

#[test]
fn two_meet_where_the_way_is_socks5() {
    let mediator = Mediator::start();
    let (proxy, names) = socks5_proxy(mediator.address());
    let proxy = format!("socks5://user:it@{proxy}");
    let [mut host, guest] = meet(&mediator, "mediator.invalid:99", &proxy);
    assert_eq!(names.recv_timeout(PATIENCE).unwrap(), "mediator.invalid:99");
    host.say("hello");
    assert_eq!(guest.await_message(), "hello");
}

#[test]
fn a_proxy_that_fails_is_not_gone_around() {
    // The mediator is there, and straight it would answer.
    let (home, mediator) = (Home::new(), Mediator::start());
    let dead = format!("127.0.0.1:{}", free_port());
    let file = home.path().join("config.toml");
    std::fs::write(&file, format!("proxy = \"http://me:secret@{dead}\"")).unwrap();
    let flag = ["--proxy", &format!("socks5h://me:secret@{dead}")];
    let config = ["--config", file.to_str().unwrap()];
    for arguments in [&flag, &config] {
        let chat = Start::chat(&home, &mediator.url, "ada", "lab").args(arguments);
        let (code, out, err) = chat.finish(b"");
        assert_eq!(code, 3, "{out} {err}");
        let error: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!(error["code"], "no-mediator");
        let (message, hint) = (error["message"].to_string(), error["hint"].to_string());
        assert!(
            message.contains(&dead) && message.contains(&mediator.url),
            "{error}"
        );
        assert!(hint.contains("--proxy none"), "{error}");
        assert!(
            !out.contains("secret") && !err.contains("secret"),
            "{out} {err}"
        );
    }
}

#[test]
fn a_proxy_that_connects_and_then_fails_is_named() {
    let silent = answering(b"HTTP/1.1 200 OK\r\n\r\n");
    let socks = answering(b"\x05\0\x05\0\0\x01\0\0\0\0\0\0");
    let foreign = serve(|mut client| {
        take::<1>(&client);
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        take::<60>(&client);
        client.write_all(b"SSH-2.0-x\r\n").unwrap();
    });
    let cases = [
        format!("http://{silent}"),
        format!("socks5h://{socks}"),
        format!("http://{foreign}"),
    ];
    std::thread::scope(|scope| {
        for proxy in &cases {
            for there in ["http://mediator.invalid", "https://mediator.invalid"] {
                scope.spawn(move || {
                    let home = Home::new();
                    let chat = Start::chat(&home, there, "ada", "lab").args(&["--proxy", proxy]);
                    let doctor = ["doctor", "--json", "--proxy", proxy, "--mediator", there];
                    for start in [chat, Start::new(&home, &doctor)] {
                        let (code, out, err) = start.finish(b"");
                        assert_eq!(code, 3, "{out} {err}");
                        let named = |line: &&str| {
                            line.contains("no-mediator") || line.contains("\"state\":\"wrong\"")
                        };
                        let wrong = out.lines().rfind(named);
                        let wrong = wrong.unwrap_or_else(|| panic!("{out}"));
                        assert!(wrong.contains(proxy), "{wrong}");
                        assert!(wrong.contains("--proxy none"), "{wrong}");
                    }
                });
            }
        }
    });
}

#[test]
fn a_variable_counts_unless_the_flag_says_none_or_the_mediator_is_here() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let doctor = |mediator: &str, arguments: &[&str], proxy: &str| {
        let start = Start::new(&home, &["doctor", "--json", "--mediator", mediator]);
        let mut start = start.args(&["--bind", "127.0.0.1"]).args(arguments);
        start.command.env("http_proxy", proxy);
        let (code, out, err) = start.finish(b"");
        assert_eq!(err, "");
        (code, out)
    };
    let (proxy, _requests) = http_proxy(mediator.address());
    let (code, out) = doctor("mediator.invalid", &[], &proxy);
    assert_eq!(code, 0, "{out}");
    let through = format!("through the proxy http://{proxy} (http_proxy)");
    assert!(
        out.contains(&through) && out.contains("the proxy's address"),
        "{out}"
    );
    let (code, out) = doctor(&mediator.url, &[], &proxy);
    assert!(code == 0 && !out.contains("proxy"), "{out}");
    let (code, out) = doctor("127.0.0.1:1", &["--proxy", &proxy], "");
    assert!(code == 0 && out.contains("(--proxy)"), "{out}");
    // The variable is wrong, and that is said, not passed over.
    let (code, out) = doctor("mediator.invalid", &[], "ftp://me:secret@x");
    assert!(code == 1 && out.contains("http_proxy"), "{out}");
    assert!(!out.contains("secret"), "{out}");
    let (code, out) = doctor("mediator.invalid", &["--proxy", "none"], &proxy);
    assert!(code == 3 && !out.contains("proxy"), "{out}");
}

#[test]
fn a_wrong_proxy_is_an_error_of_usage_that_does_not_repeat_it() {
    let home = Home::new();
    let chat = |flag: &[&str], variable: &str| {
        let mut start = Start::chat(&home, "mediator.invalid", "ada", "lab").args(flag);
        start.command.env("http_proxy", variable);
        let (code, out, err) = start.finish(b"");
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(!err.contains("secret"), "{err}");
        err
    };
    assert!(chat(&["--proxy", "ftp://me:secret@x"], "").contains("--proxy"));
    assert!(chat(&["--proxy", "http://me:secret@x:y"], "").contains("port"));
    assert!(chat(&[], "socks4://me:secret@x").contains("http_proxy"));
}
