//! One request to a mediator that is not for a WebSocket.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use undertone_core::mediator_url::MediatorUrl;

use super::Transport;

/// Asks for `path` by HTTP/1.0, so that nobody answers in chunks, with `fields` (whole lines) beside
/// `Host`. Gives the answer, head included, up to `most` bytes.
///
/// # Errors
/// The system's; `InvalidData` where the answer is not one of HTTP.
pub async fn get(
    url: &MediatorUrl,
    mut transport: Box<dyn Transport>,
    path: &str,
    fields: &str,
    most: usize,
) -> io::Result<Vec<u8>> {
    let host = url.host_header();
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n{fields}\r\n");
    transport.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // A connection that ends without a TLS goodbye has answered too.
    let read = transport.take(most as u64).read_to_end(&mut answer).await;
    match answer.starts_with(b"HTTP/1.") {
        true => Ok(answer),
        false => Err(read.err().unwrap_or(io::ErrorKind::InvalidData.into())),
    }
}
