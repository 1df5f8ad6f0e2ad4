//! What a mediator serves to browsers, beside the page that this program has itself.
//!
//! Whoever opens an invite in a browser trusts that page with the room's secret. It is compared byte
//! by byte; what a mediator serves to others, or later, nobody can tell from here.

use std::io;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::Report;
use crate::embedded::page::{ASSETS, Asset};
use crate::rendezvous::{CONNECT_TIMEOUT, MediatorEndpoint, connect_tcp, get, transport};

/// Bytes of an answer's head that are read, at most.
const MAX_HEAD: usize = 16 * 1024;

/// A part as it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// As this program has it.
    Ours,
    /// With another content.
    Another,
    /// Answered with this status.
    Refused(u16),
    /// Not answered in time, or not by HTTP.
    Unknown,
}

/// Compares all parts, and tells what comes of it.
pub(super) async fn examine(
    endpoint: &MediatorEndpoint,
    report: &mut Report<'_>,
) -> io::Result<()> {
    let parts = join_all(ASSETS.iter().map(|asset| async {
        let asked = timeout(CONNECT_TIMEOUT, ask(endpoint, asset)).await;
        asked.ok().flatten().unwrap_or(Part::Unknown)
    }));
    let parts = parts.await;
    // At the root every mediator has something; the script is that of a page.
    let script = ASSETS.iter().position(|asset| asset.path == "/app.js");
    let script = script.and_then(|at| parts.get(at));
    let url = &endpoint.mediator;
    if parts.iter().all(|part| *part == Part::Ours) {
        report.fine("page", "it serves the page that this program knows")
    } else if script == Some(&Part::Refused(404)) {
        report.fine("page", "it serves no page: nobody can join in a browser")
    } else if parts.contains(&Part::Refused(403)) {
        let host = url.host();
        report.warn(
            "page",
            &format!("it serves browsers no page by the name {host}"),
            &format!("Open invites by its address, or have whoever runs it allow the name: --page-host {host}"),
        )
    } else if parts.contains(&Part::Unknown) {
        report.warn(
            "page",
            "what page it serves could not be seen",
            "Run this again; a proxy in between may be in the way.",
        )
    } else {
        report.warn(
            "page",
            "it serves another page than this program knows (another version, or changed)",
            "Who opens an invite there trusts that page with the room's secret. Join by a terminal, or bring both to one version.",
        )
    }
}

/// Asks for a part as a browser does.
async fn ask(endpoint: &MediatorEndpoint, asset: &Asset) -> Option<Part> {
    let url = &endpoint.mediator;
    let stream = connect_tcp(endpoint, None).await.ok()?.stream;
    let transport = transport(url, stream).await.ok()?;
    let accept = match asset.is_compressed() {
        true => "Accept-Encoding: gzip\r\n",
        false => "",
    };
    let most = MAX_HEAD + asset.body.len() + 1;
    let answer = get(url, transport, asset.path, accept, most).await.ok()?;
    compared(&answer, asset.body)
}

/// What an answer comes to; `None`: it is none.
fn compared(answer: &[u8], ours: &[u8]) -> Option<Part> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(end + 4)?;
    let status = head.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    Some(match str::from_utf8(status).ok()?.parse().ok()? {
        200 if body == ours => Part::Ours,
        200 => Part::Another,
        status => Part::Refused(status),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_ours_to_the_byte_or_another() {
        for (answer, part) in [
            (
                &b"HTTP/1.1 200 OK\r\na: b\r\n\r\nours"[..],
                Some(Part::Ours),
            ),
            (b"HTTP/1.0 200 OK\r\n\r\nours", Some(Part::Ours)),
            (b"HTTP/1.1 200 OK\r\n\r\nours ", Some(Part::Another)),
            (b"HTTP/1.1 200 OK\r\n\r\nour", Some(Part::Another)),
            (b"HTTP/1.1 200 OK\r\n\r\n", Some(Part::Another)),
            (
                b"HTTP/1.1 404 Not Found\r\n\r\nours",
                Some(Part::Refused(404)),
            ),
            (b"HTTP/1.1 200 OK\r\n", None),
            (b"HTTP/1.1 \r\n\r\nours", None),
            (b"HTTP/1.1 2x0 OK\r\n\r\nours", None),
            (b"SSH-2.0-x\r\n\r\n", None),
            (b"", None),
        ] {
            assert_eq!(compared(answer, b"ours"), part, "{answer:?}");
        }
    }
}
