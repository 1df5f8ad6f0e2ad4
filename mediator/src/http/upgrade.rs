//! The server's part of a WebSocket's handshake (RFC 6455 §4.2).

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::answer::Answer;
use super::request::Request;

/// To a request for anything else.
const NO_WEBSOCKET: Answer =
    Answer::text("400 Bad Request", "a WebSocket is spoken here (RFC 6455)\n")
        .with("upgrade: websocket\r\nsec-websocket-version: 13\r\n");

/// The bytes after which it is a WebSocket. No extension and no protocol is agreed on.
///
/// # Errors
/// What to say where the request is for none.
pub(crate) fn accept(request: &Request<'_>) -> Result<Vec<u8>, Answer> {
    let agreed = request.method == "GET"
        && request.is_1_1
        && request.names("connection", "upgrade")
        && request.names("upgrade", "websocket")
        && request.names("sec-websocket-version", "13");
    let key = request.values("sec-websocket-key").next();
    let key = key.filter(|_| agreed).ok_or(NO_WEBSOCKET)?;
    let accept = derive_accept_key(key);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         connection: upgrade\r\n\
         upgrade: websocket\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    Ok(answer.into_bytes())
}
