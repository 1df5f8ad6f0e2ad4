//! Why the mediator is of no use now, and how that shows while it is being connected to.

use std::io;

use tokio_tungstenite::tungstenite;
use undertone_core::mediator_url::MediatorUrl;
use undertone_core::text::safe::clause;
use undertone_wire::ErrorCode;

use super::proxy::{Proxy, ProxyFailure};
use super::{Answer, MediatorEndpoint, TlsFailure};

/// Why the mediator is of no use now.
#[derive(Debug, thiserror::Error)]
pub enum RendezvousError {
    /// No connection to it.
    #[error("no mediator at {url} ({reason}{})", through(proxy))]
    Unreachable {
        /// Its address.
        url: MediatorUrl,
        /// The proxy on the way.
        proxy: Option<Box<Proxy>>,
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
    /// TLS did not come about.
    #[error("no TLS with {url}{}: {why}", through(proxy))]
    Tls {
        /// The mediator.
        url: MediatorUrl,
        /// The proxy on the way: it may be what answers.
        proxy: Option<Box<Proxy>>,
        /// What went wrong.
        why: TlsFailure,
    },
    /// Something answers there, yet no mediator.
    #[error("no mediator at {url} ({}{})", answer.what(), through(proxy))]
    NoMediator {
        /// The mediator's address.
        url: MediatorUrl,
        /// The proxy on the way: it may be what answers.
        proxy: Option<Box<Proxy>>,
        /// What answers.
        answer: Answer,
    },
    /// The connection broke, or nothing was heard for too long.
    #[error("the connection to the mediator was lost")]
    Lost,
    /// Another mediator is to be taken: see [`leave_when`](super::Rendezvous::leave_when).
    #[error("another mediator comes first")]
    Moved,
    /// It took what was asked, and no answer came.
    #[error("the mediator did not answer")]
    Silent,
    /// The peer of the pair left while it was asked for its consent.
    #[error("the other side went away")]
    Left,
    /// It refused, in its own words.
    #[error("the mediator refused{}", in_its_words(message))]
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

impl RendezvousError {
    /// Whether a new try may help by itself: for now it is of no use, and may be again. Once
    /// there was a `seat`, whatever is in the mediator's place is there for a while only; before,
    /// it passes where that is said.
    pub fn is_passing(&self, seat: bool) -> bool {
        match self {
            Self::Refused { code, .. } => match code {
                ErrorCode::BadRequest | ErrorCode::Version => false,
                ErrorCode::Unknown => self.retry_after().is_some(),
                ErrorCode::RoomBusy | ErrorCode::Expired | ErrorCode::RelayLimit => {
                    seat || self.retry_after().is_some()
                }
                // What they mean passes, whether or not it is said when.
                ErrorCode::ShuttingDown | ErrorCode::RateLimited | ErrorCode::Full => true,
            },
            Self::NoMediator { answer, .. } => seat || answer.is_passing(),
            Self::Proxy { why, .. } => seat || why.is_passing(),
            Self::Unreachable { .. } | Self::Tls { .. } | Self::Lost | Self::Silent => seat,
            Self::Moved => true,
            Self::Left | Self::Garbled => false,
        }
    }

    /// Whether somebody is there, and wants us to wait or to go: no absence.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            Self::NoMediator { answer, .. } => answer.is_passing(),
            Self::Proxy { why, .. } => why.is_passing(),
            _ => false,
        }
    }

    /// Seconds after which trying again makes sense, where that was said.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::NoMediator { answer, .. } => answer.retry_after(),
            Self::Proxy { why, .. } => why.retry_after(),
            _ => None,
        }
    }

    /// What to do about it; empty where there is nothing.
    pub fn remedy(&self) -> String {
        let remedy = self.remedy_there();
        match self {
            Self::Unreachable { proxy, .. }
            | Self::Tls { proxy, .. }
            | Self::NoMediator { proxy, .. }
                if proxy.is_some() =>
            {
                format!("{remedy} If it is the proxy that fails: --proxy none goes without it.")
            }
            _ => remedy,
        }
    }

    fn remedy_there(&self) -> String {
        match self {
            Self::Unreachable { url, .. } => format!(
                "Is the address right, undertone-mediator running there, and port {} open?",
                url.port()
            ),
            Self::Proxy { proxy, why, .. } => why.remedy(proxy),
            Self::Tls { url, why, .. } => why.remedy(url),
            Self::NoMediator { url, answer, .. } => answer.remedy(url),
            Self::Refused {
                retry_after: Some(seconds),
                ..
            } => format!("{}.", try_again_in(*seconds)),
            Self::Refused { code, .. } => match code {
                ErrorCode::Version | ErrorCode::BadRequest | ErrorCode::Unknown => {
                    "Bring undertone and the mediator up to date."
                }
                _ => "Try again, or use another mediator.",
            }
            .to_owned(),
            Self::Garbled => "Bring undertone and the mediator up to date.".to_owned(),
            Self::Silent | Self::Lost | Self::Left | Self::Moved => {
                "Try again, or use another mediator.".to_owned()
            }
        }
    }
}

/// Why there is no connection, before it is known to which mediator, and by which way, it was.
#[derive(Debug)]
pub enum ConnectError {
    /// By the system's word.
    Io(io::Error),
    /// The proxy on the way.
    Proxy(ProxyFailure),
    /// Its TLS, or its certificate.
    Tls(TlsFailure),
    /// What answered is no mediator.
    Answer(Answer),
    /// The time was up.
    Slow,
}

impl ConnectError {
    /// What it means on this way.
    #[must_use]
    pub fn on(self, endpoint: &MediatorEndpoint) -> RendezvousError {
        let url = endpoint.mediator.clone();
        let proxy = endpoint.proxy.clone().map(Box::new);
        let why = match self {
            Self::Tls(why) => return RendezvousError::Tls { url, proxy, why },
            Self::Answer(answer) => {
                return RendezvousError::NoMediator { url, proxy, answer };
            }
            Self::Io(error) => Err(reason(&error)),
            Self::Slow => Ok(ProxyFailure::Slow),
            Self::Proxy(why) => Ok(why),
        };
        match (proxy, why) {
            (Some(proxy), Ok(why)) => RendezvousError::Proxy { url, proxy, why },
            (proxy, why) => RendezvousError::Unreachable {
                url,
                proxy,
                reason: why.err().unwrap_or_else(|| "no answer".to_owned()),
            },
        }
    }
}

/// The reason that a mediator gives, if it gives one.
fn in_its_words(message: &str) -> String {
    clause(message).map_or_else(String::new, |words| format!(": {words}"))
}

/// What is said of a proxy on the way, behind what went wrong.
fn through(proxy: &Option<Box<Proxy>>) -> String {
    proxy
        .as_ref()
        .map_or_else(String::new, |proxy| format!(", through the proxy {proxy}"))
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<TlsFailure> for ConnectError {
    fn from(why: TlsFailure) -> Self {
        Self::Tls(why)
    }
}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Io(io::Error::other(error))
    }
}

/// What to do about a wait that is asked for; no end to the sentence.
#[must_use]
pub fn try_again_in(seconds: u64) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match seconds {
        0..=DAY => format!("Try again in {seconds} s"),
        _ => "Try again in more than a day".to_owned(),
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
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "connection closed".into(),
        io::ErrorKind::TimedOut => "no answer".into(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "no way to that network".into()
        }
        _ => undertone_host::words(error),
    }
}
