//! Asking a proxy for a connection.
//!
//! ```text
//! HTTP    ► CONNECT host:port HTTP/1.1, Host, Proxy-Authorization?     ◄ 2xx, head ≤ 64 KiB
//! SOCKS5  ► methods ◄ method [► user, password ◄ 0] ► host, port ◄ 0, bound
//! ```
//!
//! Waits are bounded by the caller, who gives up the connection as a whole.

use data_encoding::BASE64;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_socks::TargetAddr;
use tokio_socks::tcp::Socks5Stream;
use undertone_core::mediator_url::MediatorUrl;
use zeroize::Zeroizing;

use super::{Login, Proxy, Scheme};
use crate::rendezvous::answer::retry_after;
use crate::rendezvous::head;

/// What a proxy did instead of connecting; said after "the proxy … ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFailure {
    /// No connection to the proxy itself.
    #[error("cannot be reached ({0})")]
    Unreachable(String),
    /// It wants a log-in, or another one.
    #[error("wants a user name and password, or other ones")]
    Login,
    /// It may not, or will not, connect there. With the status of HTTP, or SOCKS5's word for it.
    #[error("refuses to connect to the mediator ({0})")]
    Refused(String),
    /// It tried to connect there.
    #[error("cannot reach the mediator ({0})")]
    NoWay(String),
    /// It has too much to do, or is out of service, for so many seconds where it says that.
    #[error("has too much to do, or is out of service (HTTP {status})")]
    Busy {
        /// HTTP's.
        status: u16,
        /// Seconds after which trying again makes sense.
        retry_after: Option<u64>,
    },
    /// It does not speak the protocol, or hung up.
    #[error("does not answer as a proxy does")]
    Garbled,
    /// The time was up.
    #[error("gave no connection in time")]
    Slow,
}

impl ProxyFailure {
    /// What to do about it, with the flag or variable that names the proxy.
    #[must_use]
    pub fn remedy(&self, proxy: &Proxy) -> String {
        let name = proxy.named_by();
        let first = match self {
            Self::Login => format!("Put them into {name}: {}.", proxy.with_login()),
            Self::Refused(_) => "Ask who runs the proxy; most allow port 443 only.".to_owned(),
            Self::NoWay(_) => "Is the mediator running there?".to_owned(),
            Self::Busy { .. } => "Try again in a minute.".to_owned(),
            Self::Unreachable(_) | Self::Garbled | Self::Slow => format!("Check {name}."),
        };
        format!("{first} To go without the proxy: --proxy none.")
    }

    /// Seconds after which trying again makes sense, where it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether it passes by itself.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

/// Has the proxy at the other end of `stream` connect to the mediator. A name is resolved by the
/// proxy.
///
/// # Errors
/// [`ProxyFailure`], but not `Slow`.
pub(crate) async fn tunnel(
    proxy: &Proxy,
    stream: TcpStream,
    mediator: &MediatorUrl,
) -> Result<TcpStream, ProxyFailure> {
    match proxy.scheme {
        Scheme::Http => connect(proxy.login.as_deref(), stream, mediator).await,
        Scheme::Socks5 => socks5(proxy.login.as_deref(), stream, mediator).await,
    }
}

async fn connect(
    login: Option<&Login>,
    mut stream: TcpStream,
    mediator: &MediatorUrl,
) -> Result<TcpStream, ProxyFailure> {
    let to = mediator.authority();
    let mut request = Zeroizing::new(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n"));
    if let Some(Login { user, password }) = login {
        let both = Zeroizing::new(format!("{}:{}", **user, **password));
        let both = Zeroizing::new(BASE64.encode(both.as_bytes()));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&both);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let sent = stream.write_all(request.as_bytes()).await;
    // What hangs up may have said why before.
    let head = head::read(&mut stream).await;
    let head = head.ok_or(ProxyFailure::Garbled)?;
    sent.map_err(|_| ProxyFailure::Garbled)?;
    let (status, retry_after) = (head.status.as_u16(), retry_after(&head.fields));
    match status {
        // Behind a success comes nothing before we have spoken: RFC 9110 §9.3.6 knows no content
        // there, and both TLS and HTTP are begun by us.
        200..=299 if head.whole && head.rest.is_empty() => Ok(stream),
        100..=299 => Err(ProxyFailure::Garbled),
        407 => Err(ProxyFailure::Login),
        // Without a word of when, 503 is what some say who cannot reach the mediator.
        429 | 503 if status == 429 || retry_after.is_some() => Err(ProxyFailure::Busy {
            status,
            retry_after,
        }),
        502..=504 => Err(ProxyFailure::NoWay(format!("HTTP {status}"))),
        _ => Err(ProxyFailure::Refused(format!("HTTP {status}"))),
    }
}

async fn socks5(
    login: Option<&Login>,
    stream: TcpStream,
    mediator: &MediatorUrl,
) -> Result<TcpStream, ProxyFailure> {
    let to = match mediator.host().parse() {
        Ok(ip) => TargetAddr::Ip(std::net::SocketAddr::new(ip, mediator.port())),
        Err(_) => TargetAddr::Domain(mediator.host().into(), mediator.port()),
    };
    let connected = match login {
        Some(Login { user, password }) => {
            let connect =
                Socks5Stream::connect_with_password_and_socket(stream, to, user, password);
            // Their buffer holds the password: on the heap, what is freed is wiped.
            Box::pin(connect).await
        }
        None => Socks5Stream::connect_with_socket(stream, to).await,
    };
    connected
        .map(Socks5Stream::into_inner)
        .map_err(|error| socks5_failure(&error))
}

fn socks5_failure(error: &tokio_socks::Error) -> ProxyFailure {
    use tokio_socks::Error as Socks;
    match error {
        Socks::PasswordAuthFailure(_)
        | Socks::NoAcceptableAuthMethods
        | Socks::AuthorizationRequired
        | Socks::InvalidAuthValues(_) => ProxyFailure::Login,
        Socks::ConnectionNotAllowedByRuleset => ProxyFailure::Refused("not allowed".into()),
        Socks::CommandNotSupported | Socks::AddressTypeNotSupported => {
            ProxyFailure::Refused("not supported".into())
        }
        Socks::GeneralSocksServerFailure => ProxyFailure::NoWay("it failed".into()),
        Socks::NetworkUnreachable | Socks::HostUnreachable => {
            ProxyFailure::NoWay("no way to that network".into())
        }
        Socks::ConnectionRefused => ProxyFailure::NoWay("connection refused".into()),
        Socks::TtlExpired => ProxyFailure::NoWay("no answer".into()),
        _ => ProxyFailure::Garbled,
    }
}
