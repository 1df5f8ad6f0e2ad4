//! The head of a request (RFC 9112 §2 and §3), read within bounds. Waits are bounded by the caller.

use httparse::{EMPTY_HEADER, Header, Status};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of a head.
const MAX_HEAD: usize = 8 * 1024;
/// Bytes of the buffer to begin with: an upgrade of ours has less than 300.
const FIRST: usize = 512;
/// Header fields of a head.
const MAX_FIELDS: usize = 64;

/// What is asked for, and the fields that were sent with it.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    target: &'a str,
    /// Whether it is HTTP/1.1; else it is HTTP/1.0.
    pub(crate) is_1_1: bool,
    fields: &'a [Header<'a>],
}

/// Why there is no request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unread {
    /// The client hung up before its end.
    Gone,
    /// It is no HTTP/1.
    Malformed,
    /// It has more bytes or fields than a head may have.
    TooLarge,
}

impl<'a> Request<'a> {
    /// The path, without a query; of an absolute target (RFC 9112 §3.2.2) too.
    pub(super) fn path(&self) -> &'a str {
        let absolute = match self.target.starts_with('/') {
            true => None,
            false => self.target.split_once("://"),
        };
        let target = match absolute {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
            None => self.target,
        };
        target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The values of a field, in their order.
    pub(crate) fn values(&self, name: &str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        let named = move |field: &&Header<'_>| field.name.eq_ignore_ascii_case(name);
        self.fields.iter().filter(named).map(|field| field.value)
    }

    /// Whether one of a field's values, or of those in its lists, is this one.
    pub(crate) fn names(&self, field: &str, wanted: &str) -> bool {
        self.values(field)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .any(|value| value.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()))
    }
}

/// Reads a head. What is made of it, and what was read behind it.
pub(super) async fn read<T>(
    stream: &mut (impl AsyncRead + Unpin),
    reply: impl Fn(&Request<'_>) -> T,
) -> Result<(T, Vec<u8>), Unread> {
    let mut bytes = Vec::with_capacity(FIRST);
    loop {
        let room = (MAX_HEAD - bytes.len()) as u64;
        let read = (&mut *stream).take(room).read_buf(&mut bytes).await;
        if !read.is_ok_and(|read| read > 0) {
            return Err(Unread::Gone);
        }
        if let Some((reply, length)) = parse(&bytes, &reply)? {
            bytes.drain(..length);
            return Ok((reply, bytes));
        }
        if bytes.len() >= MAX_HEAD {
            return Err(Unread::TooLarge);
        }
    }
}

/// What is made of a head that is here in whole, and its length.
fn parse<T>(
    bytes: &[u8],
    reply: &impl Fn(&Request<'_>) -> T,
) -> Result<Option<(T, usize)>, Unread> {
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = match head.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Unread::TooLarge),
        Err(_) => return Err(Unread::Malformed),
    };
    let request = Request {
        method: head.method.unwrap_or_default(),
        target: head.path.unwrap_or_default(),
        is_1_1: head.version == Some(1),
        fields: head.headers,
    };
    Ok(Some((reply(&request), length)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    /// What a request that comes in pieces of `size` bytes is about, and what follows it.
    async fn request(bytes: &[u8], size: usize) -> Result<(String, Vec<u8>), Unread> {
        let (mut ours, mut theirs) = duplex(size);
        let saying = async {
            let _ = theirs.write_all(bytes).await;
            drop(theirs);
        };
        let about = |request: &Request<'_>| {
            let values: Vec<_> = request.values("a").map(String::from_utf8_lossy).collect();
            format!("{} {} {values:?}", request.method, request.path())
        };
        let reading = async move { read(&mut ours, about).await };
        tokio::join!(reading, saying).0
    }

    #[tokio::test]
    async fn a_head_is_read_however_it_comes() {
        for (head, about) in [
            ("GET / HTTP/1.1\r\n\r\n", "GET / []"),
            ("GET /x?y#z HTTP/1.0\r\na: 1\r\n\r\n", r#"GET /x ["1"]"#),
            (
                "HEAD /x HTTP/1.1\nA:2 \nB: 3\na:\n\n",
                r#"HEAD /x ["2", ""]"#,
            ),
            ("\r\nGET /x HTTP/1.1\r\n\r\n", "GET /x []"),
            ("GET http://h:1/x?/y HTTP/1.1\r\n\r\n", "GET /x []"),
            ("GET HTTPS://h HTTP/1.1\r\n\r\n", "GET / []"),
            ("GET /u?v=a://b/c HTTP/1.1\r\n\r\n", "GET /u []"),
            ("OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS * []"),
        ] {
            for size in [1, 7, 10_000] {
                let bytes = [head.as_bytes(), b"\x81\x80rest"].concat();
                let (is_about, rest) = request(&bytes, size).await.unwrap();
                assert_eq!(is_about, about, "{head}");
                assert!(b"\x81\x80rest".starts_with(&rest), "{rest:?}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_head_is_none() {
        let field = |length| format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(length));
        let fields = |count| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(count));
        for (bytes, why) in [
            (String::new(), Unread::Gone),
            ("GET / HTTP/1.1\r\nHost: a\r\n".into(), Unread::Gone),
            ("GET / HTTP/2.0\r\n\r\n".into(), Unread::Malformed),
            ("SSH-2.0-x\r\n\r\n".into(), Unread::Malformed),
            ("\x16\x03\x01\x02\0\x01\0\x01".into(), Unread::Malformed),
            ("GET / HTTP/1.1\r\na\0: b\r\n\r\n".into(), Unread::Malformed),
            (field(MAX_HEAD), Unread::TooLarge),
            (fields(MAX_FIELDS + 1), Unread::TooLarge),
        ] {
            for size in [3, 10_000] {
                assert_eq!(request(bytes.as_bytes(), size).await, Err(why), "{bytes:?}");
            }
        }
        for bytes in [field(MAX_HEAD - 23), fields(MAX_FIELDS)] {
            assert!(request(bytes.as_bytes(), 10_000).await.is_ok());
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(bytes in "(GET /)?[\\PC\r\n: /\0\x1b]{0,60}") {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(request(bytes.as_bytes(), 7));
        }
    }
}
