//! The HTTP side: the page, the health check, the version, the way to a WebSocket. One request a
//! connection.
//!
//! `request` reads its head, and `answer` is what is said to it, or `upgrade`; `forwarded` is a
//! proxy's word for it, `host` by which name browsers come, and `origin` from which page. A body that
//! nobody asked for is not read.

mod answer;
mod forwarded;
mod host;
mod origin;
mod request;
mod upgrade;

use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::time::{Instant, timeout};
use tracing::debug;
use undertone_wire::PATH;

use crate::admission::{AddressClaim, Arrival};
use crate::mediator::Mediator;
use crate::page::ASSETS;
use crate::refusal::FULL_RETRY;
use crate::transport::Transport;
use crate::within::within;

use answer::Answer;
use forwarded::forwarded;
pub use host::is_name as is_host_name;
use host::{Host, is_near};
use origin::Scheme;
use request::Request;
use request::Unread;

/// Time for the client to hang up after an answer.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes a second of an answer that a client takes at least, or it is cut off.
const SLOWEST: u64 = 8 * 1024;

/// Bytes of an answer that the kernel holds for a client that does not take them.
const HELD: usize = 64 * 1024;

/// In the place of the page.
const TEXT_PAGE: Answer = Answer::html(include_str!("page.html"));
const HEALTHY: Answer = Answer::text("200 OK", "ok");
/// In the body, because proxies put headers of their own.
const VERSION: Answer = Answer::text(
    "200 OK",
    concat!("undertone-mediator ", env!("CARGO_PKG_VERSION"), "\n"),
);
const MALFORMED: Answer = Answer::text("400 Bad Request", "");
const NOT_FOR_PAGES: Answer = Answer::text("403 Forbidden", "not for other web pages\n");
const NOT_BY_THIS_NAME: Answer = Answer::text(
    "403 Forbidden",
    "There is no page under this name: on this network it might be somebody else's. Ask for it by \
    the mediator's address. Whoever runs it allows names with --page-host NAME.\n",
);
const UNKNOWN: Answer = Answer::text("404 Not Found", "");
const NOT_ALLOWED: Answer = Answer::text("405 Method Not Allowed", "").with("allow: GET,HEAD\r\n");
const TOO_LARGE: Answer = Answer::text("431 Request Header Fields Too Large", "");
const FULL: Answer = Answer::text(
    "503 Service Unavailable",
    "too many connections, in all or from your address; try again later\n",
)
.again_after(FULL_RETRY);

/// What becomes of a request.
enum Reply {
    /// It is answered, a `HEAD` without the body, and that was all.
    Answered { answer: Answer, to_head: bool },
    /// It is answered with these bytes, and is a WebSocket from there on.
    Upgraded {
        answer: Vec<u8>,
        observed: SocketAddr,
        /// Where a proxy gave the address.
        claim: Option<AddressClaim>,
    },
}

/// Whose request became a WebSocket.
pub(crate) struct Guest {
    /// As seen from here, or by the proxy.
    pub(crate) observed: SocketAddr,
    /// What it holds of the caps beside its arrival, where a proxy gave the address.
    pub(crate) claim: Option<AddressClaim>,
    /// What was read behind the request.
    pub(crate) read: Vec<u8>,
}

/// Reads a request and answers it; `None`: that was all.
pub(crate) async fn answered<S>(
    stream: &mut S,
    arrival: &Arrival,
    mediator: &Mediator,
) -> Option<Guest>
where
    S: Transport,
{
    let patience = mediator.config.times.handshake;
    let reply = |request: &Request<'_>| reply(request, arrival, mediator);
    let (reply, read) = match within(patience, pin!(request::read(stream, reply))).await {
        Ok(Ok(read)) => read,
        Ok(Err(Unread::Malformed)) => (MALFORMED.into(), Vec::new()),
        Ok(Err(Unread::TooLarge)) => (TOO_LARGE.into(), Vec::new()),
        Ok(Err(Unread::Gone)) | Err(_) => {
            debug!("no request, or not a whole one");
            return None;
        }
    };
    let (answer, observed, claim) = match reply {
        Reply::Upgraded {
            answer,
            observed,
            claim,
        } => (answer, observed, claim),
        Reply::Answered { answer, to_head } => {
            // Boxed: those who wait must not pay for it.
            Box::pin(say_and_close(stream, &answer, to_head, patience)).await;
            return None;
        }
    };
    let written = within(patience, pin!(stream.write_all(&answer))).await;
    matches!(written, Ok(Ok(()))).then_some(Guest {
        observed,
        claim,
        read,
    })
}

/// Says it, within this time and that of a slow reader. Until the end of that the connection counts
/// for its client, and then nothing of a long answer is held any more.
async fn say_and_close<S>(stream: &mut S, answer: &Answer, to_head: bool, patience: Duration)
where
    S: Transport,
{
    let head = Bytes::from(answer.head(SystemTime::now()));
    let body = if to_head { &[] } else { answer.body };
    let is_long = body.len() > HELD;
    if is_long {
        stream.hold_at_most(HELD);
    }
    let slow = Duration::from_secs(body.len() as u64 / SLOWEST);
    let start = Instant::now();
    let saying = async {
        stream.write_all_buf(&mut head.chain(body)).await?;
        stream.shutdown().await
    };
    let said = timeout(patience + slow, saying).await;
    // Dropped with unread bytes, TCP would reset and could take the answer along; and what the kernel
    // still holds of it has the rest of the time, too.
    let rest = LINGER + slow.saturating_sub(start.elapsed());
    let closed = match said {
        Ok(Ok(())) => timeout(rest, copy(stream, &mut sink())).await.is_ok(),
        _ => false,
    };
    if is_long && !closed {
        stream.forget();
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Answered {
            answer,
            to_head: false,
        }
    }
}

fn reply(request: &Request<'_>, arrival: &Arrival, mediator: &Mediator) -> Reply {
    let to_head = request.method == "HEAD";
    let answered = |answer| Reply::Answered { answer, to_head };
    if arrival.refused {
        return answered(full(mediator));
    }
    let known = match request.path() {
        PATH => None,
        "/healthz" => Some(HEALTHY),
        "/version" => Some(VERSION),
        "/" if !mediator.config.page => Some(TEXT_PAGE),
        path => {
            let asset = ASSETS.iter().find(|asset| asset.path == path);
            let Some(asset) = asset.filter(|_| mediator.config.page) else {
                return answered(UNKNOWN);
            };
            let given = for_browsers(request, arrival, mediator);
            Some(given.map_or_else(|refusal| refusal, |_| Answer::asset(asset)))
        }
    };
    match known {
        _ if !to_head && request.method != "GET" => NOT_ALLOWED.into(),
        Some(answer) => answered(answer),
        None => rendezvous(request, arrival, mediator).unwrap_or_else(answered),
    }
}

/// By which host a browser may have the page, or use it; not known where nothing is asked of it.
fn for_browsers<'a>(
    request: &Request<'a>,
    arrival: &Arrival,
    mediator: &Mediator,
) -> Result<Option<Host<'a>>, Answer> {
    let config = &mediator.config;
    let host = Host::of(request, config.trust_proxy);
    // A proxy serves the names that it knows. By TLS the browser has compared the name with the
    // certificate, which somebody else's has not.
    let is_guarded =
        !config.trust_proxy && config.tls.is_none() && is_near(arrival.local, arrival.remote.ip());
    if is_guarded && !host.is_some_and(|host| host.is_nobody_elses(&config.page_hosts)) {
        let why = "a browser, under a name that might be somebody else's; --page-host allows names";
        mediator.hub.tally.note("refused", why);
        return Err(NOT_BY_THIS_NAME);
    }
    Ok(host)
}

/// Only browsers name an origin, and no page but ours has business here.
fn may_speak(request: &Request<'_>, arrival: &Arrival, mediator: &Mediator) -> Result<(), Answer> {
    let config = &mediator.config;
    if request.values("origin").next().is_none() {
        return Ok(());
    }
    if config.page {
        let host = for_browsers(request, arrival, mediator)?;
        let scheme = Scheme::of(request, config.trust_proxy, config.tls.is_some());
        let origins = request.values("origin");
        if host.is_some_and(|host| origin::is_own(origins, host, scheme)) {
            return Ok(());
        }
    }
    let why = match config.trust_proxy {
        false => "a web page of another origin",
        true => {
            "a web page of another origin than the proxy's; does that forward Host, or set X-Forwarded-Host?"
        }
    };
    mediator.hub.tally.note("refused", why);
    Err(NOT_FOR_PAGES)
}

fn full(mediator: &Mediator) -> Answer {
    mediator.hub.tally.note("refused", "too many connections");
    FULL
}

fn rendezvous(
    request: &Request<'_>,
    arrival: &Arrival,
    mediator: &Mediator,
) -> Result<Reply, Answer> {
    may_speak(request, arrival, mediator)?;
    let answer = upgrade::accept(request)?;
    if !mediator.config.trust_proxy {
        return Ok(Reply::Upgraded {
            answer,
            observed: arrival.remote,
            claim: None,
        });
    }
    let observed = forwarded(request.values("x-forwarded-for")).unwrap_or_else(|| {
        let why = "the proxy sets no X-Forwarded-For, so all clients count as one address";
        mediator.hub.tally.note("--trust-proxy", why);
        arrival.remote
    });
    let claim = mediator.admission.claim(observed.ip());
    let claim = Some(claim.ok_or_else(|| full(mediator))?);
    Ok(Reply::Upgraded {
        answer,
        observed,
        claim,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
