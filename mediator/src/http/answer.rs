//! What is answered to a request, as bytes.

use std::fmt::Write;
use std::time::SystemTime;

use httpdate::fmt_http_date;

/// For every answer: nothing runs, nothing is kept, nothing is passed on, and it is the only one of
/// its connection.
const FIELDS: &str = "connection: close\r\n\
    content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
    referrer-policy: no-referrer\r\n\
    cache-control: no-store\r\n\
    x-content-type-options: nosniff\r\n\
    x-frame-options: DENY\r\n\
    cross-origin-resource-policy: same-origin\r\n";

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// An answer that ends its connection.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    /// Code and reason.
    status: &'static str,
    kind: &'static str,
    /// Whole lines that it has beside [`FIELDS`].
    more: &'static str,
    retry_after: Option<u64>,
    body: &'static str,
}

impl Answer {
    /// A text with this status.
    pub(crate) const fn text(status: &'static str, body: &'static str) -> Self {
        Self {
            status,
            kind: TEXT,
            more: "",
            retry_after: None,
            body,
        }
    }

    pub(super) const fn page(body: &'static str) -> Self {
        Self {
            kind: HTML,
            ..Self::text("200 OK", body)
        }
    }

    /// With these lines, each with its end.
    pub(crate) const fn with(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    /// To be asked for again in so many seconds.
    pub(super) const fn again_after(self, seconds: u64) -> Self {
        let retry_after = Some(seconds);
        Self {
            retry_after,
            ..self
        }
    }

    /// The answer at this time, to a `HEAD` without its body.
    pub(super) fn bytes(&self, now: SystemTime, to_head: bool) -> Vec<u8> {
        let Self {
            status,
            kind,
            more,
            body,
            ..
        } = self;
        let mut text = format!(
            "HTTP/1.1 {status}\r\ndate: {}\r\n{FIELDS}{more}",
            fmt_http_date(now)
        );
        if let Some(seconds) = self.retry_after {
            let _ = write!(text, "retry-after: {seconds}\r\n");
        }
        if !body.is_empty() {
            let _ = write!(text, "content-type: {kind}\r\n");
        }
        let _ = write!(text, "content-length: {}\r\n\r\n", body.len());
        if !to_head {
            text.push_str(body);
        }
        text.into_bytes()
    }
}
