//! The WebSocket on a connection to a mediator (RFC 6455 §4.1).

use http::{HeaderMap, StatusCode, header};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::generate_request;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use undertone_core::mediator_url::MediatorUrl;
use undertone_wire::{RELAY_MESSAGE, Tag};

use super::endpoint::{Socket, transport};
use super::error::ConnectError;
use super::head::{self, Head};
use super::{Answer, WRITE_BUFFER};

/// The most that waits to be written to a mediator that does not read: what may gather, and
/// pongs. Those that find no room are not sent.
const MAX_WRITE_BUFFER: usize = WRITE_BUFFER + RELAY_MESSAGE;

/// What is read at once: a relayed message with its header. A byte less, and each message would
/// take two reads and a copy.
const READ_BUFFER: usize = RELAY_MESSAGE + 16;

/// The WebSocket on a connection, for who is to join in this room.
pub(super) async fn greet(
    url: &MediatorUrl,
    room: &Tag,
    stream: TcpStream,
) -> Result<Socket, ConnectError> {
    let mut transport = transport(url, stream).await?;
    let request = format!("ws://{}{}", url.host_header(), room.path()).into_client_request()?;
    let (request, key) = generate_request(request)?;
    let sent = async {
        transport.write_all(&request).await?;
        transport.flush().await
    };
    let sent = sent.await;
    // What hangs up may have said why before.
    let head = head::read(&mut transport).await;
    let head = head.ok_or(ConnectError::Answer(Answer::Foreign))?;
    if sent.is_err() || !accepts(&head, &key) {
        let answer = Answer::http(head.status, &head.fields);
        return Err(ConnectError::Answer(answer));
    }
    // The settings are for good, so that they must do for a relay too.
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(RELAY_MESSAGE))
        .max_frame_size(Some(RELAY_MESSAGE));
    let socket =
        WebSocketStream::from_partially_read(transport, head.rest, Role::Client, Some(config));
    Ok(socket.await)
}

/// Whether it is a WebSocket from here on, for who asked with this key, and nothing that was not
/// asked for.
fn accepts(head: &Head, key: &str) -> bool {
    let fields = &head.fields;
    let accept = fields.get(header::SEC_WEBSOCKET_ACCEPT);
    head.whole
        && head.status == StatusCode::SWITCHING_PROTOCOLS
        && lists(fields, &header::UPGRADE, "websocket")
        && lists(fields, &header::CONNECTION, "upgrade")
        && accept.is_some_and(|accept| *accept == derive_accept_key(key.as_bytes()))
        && !fields.contains_key(header::SEC_WEBSOCKET_EXTENSIONS)
        && !fields.contains_key(header::SEC_WEBSOCKET_PROTOCOL)
}

/// Whether a field, which may come more than once, lists this word.
fn lists(fields: &HeaderMap, name: &header::HeaderName, word: &str) -> bool {
    let lines = fields.get_all(name).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|listed| listed.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    /// RFC 6455 §1.3.
    const ACCEPT: (&str, &str) = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    fn accepted(fields: &[(&'static str, &str)], whole: bool) -> bool {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let head = Head {
            status: StatusCode::SWITCHING_PROTOCOLS,
            fields: fields.collect(),
            whole,
            rest: Vec::new(),
        };
        accepts(&head, KEY)
    }

    #[test]
    fn what_was_asked_for_is_accepted_and_nothing_else() {
        let (upgrade, connection) = (
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
        );
        assert!(accepted(&[upgrade, connection, ACCEPT], true));
        assert!(!accepted(&[upgrade, connection, ACCEPT], false));
        for fields in [
            &[connection, ACCEPT][..],
            &[upgrade, ACCEPT],
            &[upgrade, connection],
            &[("upgrade", "h2c"), connection, ACCEPT],
            &[upgrade, connection, ("sec-websocket-accept", "AAAA")],
            &[upgrade, connection, ACCEPT, ("sec-websocket-protocol", "x")],
            &[
                upgrade,
                connection,
                ACCEPT,
                ("sec-websocket-extensions", "x"),
            ],
        ] {
            assert!(!accepted(fields, true), "{fields:?}");
        }
    }
}
