//! The HTTP side: the page, the health check, the version, the way to a WebSocket.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use hyper::upgrade::{OnUpgrade, Parts, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use undertone_wire::{MAX_MESSAGE, PATH, RELAY_MESSAGE};

use crate::admission::{AddressClaim, Arrival};
use crate::connection;
use crate::mediator::Mediator;
use crate::refusal::FULL_RETRY;
use crate::upgrade;
use crate::websocket::WebSocket;

/// What a WebSocket may send in one message before it is cut off; up to here it is
/// told what was wrong.
const MAX_HEARD: usize = 2 * MAX_MESSAGE;
/// The same where pairs are relayed.
const MAX_RELAY_HEARD: usize = RELAY_MESSAGE + MAX_MESSAGE;
/// What `GET /version` answers. In the body, because proxies put headers of their own.
const VERSION: &str = concat!("undertone-mediator ", env!("CARGO_PKG_VERSION"), "\n");

const PAGE: &str = include_str!("page.html");

/// For every answer: nothing runs, nothing is kept, nothing is passed on. One request a
/// connection (hyper's own switch for that also overwrites what an upgrade says).
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONNECTION, "close"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Other sites' pages do not even learn that somebody answers here.
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

pub(crate) fn router(mediator: Arc<Mediator>) -> Router {
    Router::new()
        .route(PATH, get(rendezvous))
        .route("/healthz", get(async || "ok"))
        .route("/version", get(async || VERSION))
        .route("/", get(async || Html(PAGE)))
        .layer(middleware::from_fn_with_state(Arc::clone(&mediator), guard))
        .with_state(mediator)
}

async fn guard(
    State(mediator): State<Arc<Mediator>>,
    Extension(arrival): Extension<Arc<Arrival>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = if arrival.refused {
        full(&mediator)
    } else {
        next.run(request).await
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let headers = HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value)));
        response.headers_mut().extend(headers);
    }
    response
}

fn full(mediator: &Mediator) -> Response {
    mediator.hub.tally.note("refused", "too many connections");
    let headers = [(header::RETRY_AFTER, HeaderValue::from(FULL_RETRY))];
    let why = "too many connections, in all or from your address; try again later\n";
    (StatusCode::SERVICE_UNAVAILABLE, headers, why).into_response()
}

async fn rendezvous(
    State(mediator): State<Arc<Mediator>>,
    Extension(arrival): Extension<Arc<Arrival>>,
    mut request: Request,
) -> Response {
    let headers = request.headers();
    // Only browsers name an origin, and no page has business here: it could use the visitor's own
    // mediator, on loopback or at home, to spend attempts and to learn that it runs.
    if headers.contains_key(header::ORIGIN) {
        mediator.hub.tally.note("refused", "a web page (Origin)");
        return (StatusCode::FORBIDDEN, "not for web pages\n").into_response();
    }
    let (observed, claim) = if mediator.config.trust_proxy {
        let observed = forwarded(headers).unwrap_or_else(|| {
            let why = "the proxy sets no X-Forwarded-For, so all clients count as one address";
            mediator.hub.tally.note("--trust-proxy", why);
            arrival.remote
        });
        match mediator.admission.claim(observed.ip()) {
            Some(claim) => (observed, Some(claim)),
            None => return full(&mediator),
        }
    } else {
        (arrival.remote, None)
    };
    let (response, on_upgrade) = upgrade::accept(&mut request);
    if let Some(on_upgrade) = on_upgrade {
        let guest = Guest {
            mediator,
            observed,
            claims: (arrival, claim),
        };
        tokio::spawn(guest.upgraded(on_upgrade));
    }
    response
}

/// Who asked for a WebSocket, and what it holds of the caps meanwhile.
struct Guest {
    mediator: Arc<Mediator>,
    observed: SocketAddr,
    claims: (Arc<Arrival>, Option<AddressClaim>),
}

impl Guest {
    /// Waits for the stream to be a WebSocket's. A task of its own serves it: this one's memory is
    /// not needed any more.
    async fn upgraded(self, on_upgrade: OnUpgrade) {
        let Ok(upgraded) = on_upgrade.await else {
            return;
        };
        match parts::<TcpStream>(upgraded) {
            Ok(parts) => self.spawn(parts),
            Err(upgraded) => {
                if let Ok(parts) = parts::<Box<TlsStream<TcpStream>>>(upgraded) {
                    self.spawn(parts);
                }
            }
        }
    }

    /// What is read before the end of the handshake is of a large buffer, and ends here.
    fn spawn<S>(self, parts: Parts<TokioIo<S>>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let max_heard = match self.mediator.config.relay {
            Some(_) => MAX_RELAY_HEARD,
            None => MAX_HEARD,
        };
        let socket = WebSocket::new(parts.io.into_inner(), &parts.read_buf, max_heard);
        // Boxed: a future holds its arguments twice.
        tokio::spawn(self.served(Box::new(socket)));
    }

    async fn served<S>(self, mut socket: Box<WebSocket<S>>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let client = self.mediator.hub.client();
        let times = &self.mediator.config.times;
        connection::run(&mut *socket, client, self.observed, times).await;
        drop(self.claims);
    }
}

/// The stream itself, without what made it one of many kinds.
fn parts<S>(upgraded: Upgraded) -> Result<Parts<TokioIo<S>>, Upgraded>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    upgraded.downcast()
}

/// The last `X-Forwarded-For` entry: the one that the proxy itself wrote. Earlier
/// ones are the client's word. Port 0 where it gives none.
fn forwarded(headers: &HeaderMap) -> Option<SocketAddr> {
    let line = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()?
        .to_str()
        .ok()?;
    let entry = line.rsplit(',').next()?.trim();
    let bare = entry
        .strip_prefix('[')
        .and_then(|entry| entry.strip_suffix(']'))
        .unwrap_or(entry);
    let address: SocketAddr = match bare.parse::<IpAddr>() {
        Ok(address) => (address, 0).into(),
        Err(_) => entry.parse().ok()?,
    };
    Some((address.ip().to_canonical(), address.port()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_forwarded_entry_counts() {
        for (lines, address) in [
            (&["192.0.2.1"][..], Some("192.0.2.1:0")),
            (&["198.51.100.9, 192.0.2.1"], Some("192.0.2.1:0")),
            (
                &["192.0.2.9", "198.51.100.9,192.0.2.1:77"],
                Some("192.0.2.1:77"),
            ),
            (&["2001:db8::1"], Some("[2001:db8::1]:0")),
            (&["[2001:db8::1]"], Some("[2001:db8::1]:0")),
            (&["[2001:db8::1]:77"], Some("[2001:db8::1]:77")),
            (&["::ffff:192.0.2.1"], Some("192.0.2.1:0")),
            (&["192.0.2.1, unknown"], None),
            (&["192.0.2.1,"], None),
            (&[""], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            assert_eq!(
                forwarded(&headers),
                address.map(|a| a.parse().unwrap()),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn the_page_needs_nothing_that_its_policy_forbids() {
        for forbidden in [
            "<script",
            "<style",
            "style=",
            "src=",
            "href=",
            "onload",
            "http-equiv",
        ] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
    }
}
