//! Why the mediator is of no use now, and how that shows while it is being connected to.

use std::io;

use http::{StatusCode, header};
use tokio_tungstenite::tungstenite;
use undertone_mediator::wire::ErrorCode;

use super::Route;
use super::proxy::{Proxy, ProxyFailure};
use crate::mediator_url::MediatorUrl;

/// Why the mediator is of no use now.
#[derive(Debug, thiserror::Error)]
pub enum RendezvousError {
    /// No connection to it.
    #[error("no mediator at {url} ({reason})")]
    Unreachable {
        /// Its address.
        url: MediatorUrl,
        /// What the system said.
        reason: String,
    },
    /// The proxy on the way to it did not let us through.
    #[error("the proxy {proxy}, on the way to {url}, {why}")]
    Proxy {
        /// The mediator.
        url: MediatorUrl,
        /// The proxy, shown without its log-in.
        proxy: Box<Proxy>,
        /// What it did.
        why: ProxyFailure,
    },
    /// Something answers there, yet no mediator.
    #[error("what answers at {0} is no mediator")]
    NoMediator(MediatorUrl),
    /// The connection broke, or nothing was heard for too long.
    #[error("the connection to the mediator was lost")]
    Lost,
    /// Another mediator is to be taken: see [`leave_when`](super::Rendezvous::leave_when).
    #[error("another mediator comes first")]
    Moved,
    /// It took what was asked, and no answer came.
    #[error("the mediator did not answer")]
    Silent,
    /// The other one of the pair left while it was asked for its consent.
    #[error("the other side went away")]
    Left,
    /// It refused, in its own words.
    #[error("the mediator refused: {message}")]
    Refused {
        /// For programs.
        code: ErrorCode,
        /// Untrusted: to be shown through `Safe` only.
        message: String,
        /// Seconds after which trying again makes sense.
        retry_after: Option<u64>,
    },
    /// It said what no mediator says.
    #[error("the mediator broke the protocol")]
    Garbled,
}

pub(crate) enum ConnectError {
    Io(io::Error),
    Proxy(ProxyFailure),
    NoMediator,
    /// HTTP 503 instead of a WebSocket: over its cap on connections.
    Full {
        retry_after: Option<u64>,
    },
    /// The time was up.
    Slow,
}

impl ConnectError {
    /// What it means on this way.
    pub(crate) fn on(self, route: &Route) -> RendezvousError {
        let url = route.mediator.clone();
        let (why, said) = match self {
            ConnectError::NoMediator => return RendezvousError::NoMediator(url),
            ConnectError::Full { retry_after } => {
                return RendezvousError::Refused {
                    code: ErrorCode::Full,
                    message: "it has too many connections, in all or from your address".into(),
                    retry_after,
                };
            }
            ConnectError::Io(error) => (None, reason(&error)),
            ConnectError::Slow => (Some(ProxyFailure::Slow), "no answer".into()),
            ConnectError::Proxy(why) => (Some(why), String::new()),
        };
        match (&route.proxy, why) {
            (Some(proxy), Some(why)) => RendezvousError::Proxy {
                url,
                proxy: Box::new(proxy.clone()),
                why,
            },
            (Some(proxy), None) => RendezvousError::Unreachable {
                url,
                reason: format!("{said}, through the proxy {proxy}"),
            },
            (None, _) => RendezvousError::Unreachable { url, reason: said },
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        ConnectError::Io(error)
    }
}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(error) => ConnectError::Io(error),
            tungstenite::Error::Http(answer)
                if answer.status() == StatusCode::SERVICE_UNAVAILABLE =>
            {
                let seconds = answer.headers().get(header::RETRY_AFTER);
                let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
                ConnectError::Full {
                    retry_after: seconds,
                }
            }
            _ => ConnectError::NoMediator,
        }
    }
}

/// Why no message could be read or written.
pub(crate) fn failed(error: &tungstenite::Error) -> RendezvousError {
    match error {
        tungstenite::Error::Capacity(_) | tungstenite::Error::Utf8(_) => RendezvousError::Garbled,
        _ => RendezvousError::Lost,
    }
}

/// What went wrong in a few words, without the number that people cannot use.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "connection closed".into(),
        io::ErrorKind::TimedOut => "no answer".into(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "no way to that network".into()
        }
        _ => error.to_string(),
    }
}
