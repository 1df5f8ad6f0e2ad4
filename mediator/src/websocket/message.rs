//! What is said over a WebSocket.

use bytes::Bytes;

/// A whole message, or a control frame. The reason of a close is nobody's business: ours is always
/// that all is said (1000).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    Text(String),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Close,
}
