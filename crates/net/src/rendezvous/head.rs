//! The head of an HTTP answer, from a mediator or from whatever stands in its place.
//!
//! ```text
//! answer = *( interim ) "HTTP/" version 3DIGIT [ reason ] *field      interim: 1xx but 101
//! ```
//!
//! A status says enough to name who answers: what else is too long, cut off or malformed costs
//! the fields, not the status. The reason is never kept, and no field that holds a control
//! character. Waits are bounded by the caller.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httparse::{EMPTY_HEADER, ParserConfig, Response};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that are read for an answer's head, interim ones included.
const MAX_HEAD: usize = 64 * 1024;
/// What every head begins with.
const START: &[u8] = b"HTTP/";

/// An answer's head.
pub(super) struct Head {
    /// What it comes to.
    pub(super) status: StatusCode,
    /// The fields that can be read.
    pub(super) fields: HeaderMap,
    /// Whether it came to its end: else nothing may follow from it.
    pub(super) whole: bool,
    /// What was read behind it.
    pub(super) rest: Vec<u8>,
}

/// Reads the head of the final answer; `None` where it is no HTTP that answers, or hangs up
/// before it has said a status.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Head> {
    let mut bytes = Vec::with_capacity(1024);
    let (mut begins, mut seen) = (0, 0);
    loop {
        let room = (MAX_HEAD - bytes.len()) as u64;
        let more = stream.take(room).read_buf(&mut bytes).await;
        let over = !more.is_ok_and(|more| more > 0);
        // Some put empty lines before it.
        while matches!(bytes.get(begins), Some(b'\r' | b'\n')) {
            begins += 1;
        }
        while let Some(end) = end_of_head(&bytes, begins, seen) {
            let (head, rest) = bytes.split_at(end);
            let (status, fields) = parse(head.get(begins..)?)?;
            if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
                (begins, seen) = (end, end);
                continue;
            }
            let rest = rest.to_vec();
            return Some(Head {
                status,
                fields,
                whole: true,
                rest,
            });
        }
        let head = bytes.get(begins..)?;
        if over {
            let (status, fields) = parse(&closed(head))?;
            return Some(Head {
                status,
                fields,
                whole: false,
                rest: Vec::new(),
            });
        }
        if !head.iter().zip(START).all(|(is, wanted)| is == wanted) {
            return None;
        }
        seen = bytes.len();
    }
}

/// Where the head that `begins` there ends; up to `seen` it does not.
fn end_of_head(bytes: &[u8], begins: usize, seen: usize) -> Option<usize> {
    // An end may be torn.
    let from = seen.saturating_sub(2).max(begins);
    let new = bytes.get(from..)?;
    (0..new.len()).find_map(|at| {
        let rest = new.get(at..)?;
        let end = [&b"\n\r\n"[..], b"\n\n"];
        let end = end.into_iter().find(|end| rest.starts_with(end))?;
        Some(from + at + end.len())
    })
}

/// A head that was cut off, with its last whole line as the last one.
fn closed(head: &[u8]) -> Vec<u8> {
    let lines = head.iter().rposition(|byte| *byte == b'\n');
    let (head, end) = match lines {
        Some(end) => (head.get(..=end).unwrap_or(head), &b"\r\n"[..]),
        None => (head, &b"\r\n\r\n"[..]),
    };
    [head, end].concat()
}

/// Status and fields of a head with its end. Fields that cannot be read are left out.
fn parse(head: &[u8]) -> Option<(StatusCode, HeaderMap)> {
    let end = head.iter().position(|byte| *byte == b'\n')?;
    let (line, fields) = head.split_at(end);
    let status = status(line)?;
    let head = [b"HTTP/1.1 200", fields].concat();
    let mut parsed = vec![EMPTY_HEADER; fields.iter().filter(|byte| **byte == b'\n').count()];
    let mut response = Response::new(&mut parsed);
    let mut kept = HeaderMap::new();
    let parsing = ParserConfig::default()
        .ignore_invalid_headers_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .parse_response(&mut response, &head);
    if parsing.is_ok_and(|parsed| parsed.is_complete()) {
        for field in response.headers.iter() {
            let name = HeaderName::from_bytes(field.name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(field.value)) {
                kept.try_append(name, value).ok()?;
            }
        }
    }
    Some((status, kept))
}

/// The status in a first line, whatever version and reason are beside it.
fn status(line: &[u8]) -> Option<StatusCode> {
    let line = line.strip_prefix(START)?;
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let (version, status) = (words.next()?, words.next()?);
    let is_version = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    version.iter().all(is_version).then_some(())?;
    StatusCode::from_bytes(status).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    /// What is read of this answer, which comes in pieces of `size` bytes.
    async fn answer(bytes: &[u8], size: usize) -> Option<Head> {
        let (mut ours, mut theirs) = duplex(size);
        let saying = async {
            let _ = theirs.write_all(bytes).await;
            drop(theirs);
        };
        let reading = async move { read(&mut ours).await };
        tokio::join!(reading, saying).0
    }

    #[tokio::test]
    async fn the_final_answer_counts_however_it_comes() {
        let long = format!("HTTP/1.1 502 x\r\n{}\r\n", "A: b\r\n".repeat(5000));
        for (bytes, status) in [
            ("HTTP/1.1 502 Bad Gateway\r\nServer: x\r\n\r\nhtml", 502),
            ("HTTP/1.0 503 Busy\r\n\r\n", 503),
            ("\r\n\r\nHTTP/1.1 502 x\r\n\r\n", 502),
            ("HTTP/1.0 404\n\n", 404),
            ("HTTP/2 403 \r\n\r\n", 403),
            ("HTTP/1.1  401  Twice\r\n\r\n", 401),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 x\r\n\r\n", 502),
            (
                "HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 102 p\r\n\r\nHTTP/1.1 429 x\r\n\r\n",
                429,
            ),
            ("HTTP/1.1 502 \x1b[2J\x07\r\n\r\n", 502),
            (
                "HTTP/1.1 502 x\r\nLocation: \x1b]0;x\x07\r\n\0bad\r\n\r\n",
                502,
            ),
            (&long, 502),
        ] {
            for size in [1, 3, 100_000] {
                let head = answer(bytes.as_bytes(), size).await.unwrap();
                assert!(head.whole && head.status == status, "{bytes:?}");
                assert!(!head.fields.contains_key("location"));
            }
        }
    }

    #[tokio::test]
    async fn fields_and_what_follows_are_kept() {
        let bytes = b"HTTP/1.1 101 \x1b\r\nUpgrade: websocket\r\nA b\r\nX : y\r\n\r\n\x81\x00";
        for size in [1, 100] {
            let mut head = answer(bytes, size).await.unwrap();
            assert_eq!(head.fields["upgrade"], "websocket");
            assert_eq!(head.fields["x"], "y");
            head.rest
                .extend(b"\x81\x00".get(head.rest.len()..).unwrap());
            assert_eq!(head.rest, b"\x81\x00");
        }
    }

    #[tokio::test]
    async fn a_head_without_end_has_its_status_and_nothing_follows_from_it() {
        let endless = format!(
            "HTTP/1.1 503 x\r\nRetry-After: 7\r\nA: {}",
            "b".repeat(MAX_HEAD)
        );
        for bytes in [
            &endless,
            "HTTP/1.1 503 x\r\nRetry-After: 7\r\nB: ",
            "HTTP/1.1 503",
        ] {
            let head = answer(bytes.as_bytes(), 10_000).await.unwrap();
            assert!(!head.whole && head.status == 503, "{bytes}");
            let retry_after = head.fields.get("retry-after");
            assert_eq!(retry_after.is_some(), bytes.contains("Retry"), "{bytes}");
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_none() {
        for bytes in [
            "",
            "SSH-2.0-OpenSSH_9.9\r\n",
            "\x15\x03\x01\x00\x02\x02\x46",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 99 x\r\n\r\n",
            "HTTP/x 200 OK\r\n\r\n",
            "HTTP/1.1 20x OK\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nSSH-2.0\r\n",
        ] {
            for size in [1, 1000] {
                assert!(answer(bytes.as_bytes(), size).await.is_none(), "{bytes:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(bytes in "(HTTP/1.1 [0-9]{0,3})?[\\PC\r\n:\0\x1b]{0,60}") {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(answer(bytes.as_bytes(), 7));
        }
    }
}
