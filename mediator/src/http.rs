//! The HTTP side: the page, the health check, the version, the way to a WebSocket. One request a
//! connection.
//!
//! `request` reads its head, and `answer` is what is said to it, or `upgrade`; `forwarded` is a
//! proxy's word for where it comes from. A body that nobody asked for is not read.

mod answer;
mod forwarded;
mod request;
mod upgrade;

use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink};
use tokio::time::timeout;
use tracing::debug;
use undertone_wire::PATH;

use crate::admission::{AddressClaim, Arrival};
use crate::mediator::Mediator;
use crate::refusal::FULL_RETRY;
use crate::within::within;

use answer::Answer;
use forwarded::forwarded;
use request::Request;
use request::Unread;

/// Time for the client to hang up after an answer.
const LINGER: Duration = Duration::from_secs(1);

const PAGE: Answer = Answer::page(include_str!("page.html"));
const HEALTHY: Answer = Answer::text("200 OK", "ok");
/// In the body, because proxies put headers of their own.
const VERSION: Answer = Answer::text(
    "200 OK",
    concat!("undertone-mediator ", env!("CARGO_PKG_VERSION"), "\n"),
);
const MALFORMED: Answer = Answer::text("400 Bad Request", "");
const NOT_FOR_PAGES: Answer = Answer::text("403 Forbidden", "not for web pages\n");
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
    S: AsyncRead + AsyncWrite + Unpin,
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
            let answer = answer.bytes(SystemTime::now(), to_head);
            let _ = timeout(patience, say_and_close(stream, &answer)).await;
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

/// Dropped with unread bytes, TCP would reset and could take the answer along.
async fn say_and_close<S>(stream: &mut S, answer: &[u8]) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(answer).await?;
    stream.shutdown().await?;
    let _ = timeout(LINGER, copy(stream, &mut sink())).await;
    Ok(())
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
    let page = match request.path() {
        PATH => None,
        "/" => Some(PAGE),
        "/healthz" => Some(HEALTHY),
        "/version" => Some(VERSION),
        _ => return answered(UNKNOWN),
    };
    match page {
        _ if !to_head && request.method != "GET" => NOT_ALLOWED.into(),
        Some(page) => answered(page),
        None => rendezvous(request, arrival, mediator).unwrap_or_else(answered),
    }
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
    // Only browsers name an origin, and no page has business here: it could use the visitor's own
    // mediator, on loopback or at home, to spend attempts and to learn that it runs.
    if request.values("origin").next().is_some() {
        mediator.hub.tally.note("refused", "a web page (Origin)");
        return Err(NOT_FOR_PAGES);
    }
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
mod tests {
    #[test]
    fn the_page_needs_nothing_that_its_policy_forbids() {
        let page = include_str!("page.html");
        for forbidden in [
            "<script",
            "<style",
            "style=",
            "src=",
            "href=",
            "onload",
            "http-equiv",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
    }
}
