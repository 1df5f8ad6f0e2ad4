//! What answers at a port: a mediator tells its version (`GET /version`), another service does not.

use std::io;
use std::time::Duration;

use tokio::time::timeout;
use undertone_core::mediator_url::MediatorUrl;
use undertone_core::text::safe::clause;

use super::{Transport, connect::connect, get, look_up, transport};
use crate::socket::Segments;

/// The longest answer that is read, headers included.
const MAX_ANSWER: usize = 16 * 1024;
/// How long something nearby may take to be connected to …
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// … and to answer: a mediator may have much to do.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// What there is at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// A mediator.
    Mediator,
    /// Something else.
    Another,
    /// Nothing.
    Nobody,
}

/// What answers at a mediator's address, on this machine or its network.
pub async fn answers(url: &MediatorUrl) -> Answers {
    let reaching = async {
        let addresses = look_up(url.host(), url.port()).await?;
        connect(&addresses, None, Segments::default()).await
    };
    let Ok(Ok(reached)) = timeout(CONNECT_TIMEOUT, reaching).await else {
        return Answers::Nobody;
    };
    let asking = async {
        let reached = transport(url, reached.stream).await;
        let transport = reached.map_err(io::Error::other)?;
        ask_version(url, transport).await
    };
    match timeout(ANSWER_TIMEOUT, asking).await {
        Ok(Ok(answer)) if version(&answer).is_some() || is_full(&answer) => Answers::Mediator,
        _ => Answers::Another,
    }
}

/// The whole answer to `GET /version`.
///
/// # Errors
/// As [`get`].
pub async fn ask_version(url: &MediatorUrl, transport: Box<dyn Transport>) -> io::Result<String> {
    let answer = get(url, transport, "/version", "", MAX_ANSWER).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// What the mediator calls itself in its answer.
pub fn version(answer: &str) -> Option<&str> {
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let line = clause(body.lines().next()?)?;
    line.starts_with("undertone-mediator ").then_some(line)
}

/// A mediator over its cap on connections answers everything so.
fn is_full(answer: &str) -> bool {
    let status = answer.split_whitespace().nth(1);
    status == Some("503") && answer.contains("too many connections")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mediator_is_known_by_its_answer_and_another_service_is_not() {
        let full = "HTTP/1.0 503 Service Unavailable\r\n\r\ntoo many connections, in all";
        let answer = "HTTP/1.0 200 OK\r\n\r\nundertone-mediator 0.1.0\n";
        assert_eq!(version(answer), Some("undertone-mediator 0.1.0"));
        assert!(is_full(full) && !is_full(answer));
        for other in [
            "HTTP/1.0 200 OK\r\n\r\nhi",
            "HTTP/1.0 200 OK\r\nServer: undertone-mediator \r\n\r\n",
            "HTTP/1.0 503 Service Unavailable\r\n\r\nback soon",
            "HTTP/1.0 200 OK\r\n\r\nundertone-mediator \u{200b} \n",
            "HTTP/1.0",
        ] {
            assert!(version(other).is_none() && !is_full(other), "{other}");
        }
    }
}
