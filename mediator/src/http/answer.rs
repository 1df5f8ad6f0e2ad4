//! What is answered to a request: a head as bytes, and a body that is never copied.

use std::fmt::Write;
use std::time::SystemTime;

use httpdate::fmt_http_date;

use crate::page::Asset;

/// For every answer: nothing is kept, nothing is passed on, no other page embeds it or shares a
/// window with it, and it is the only one of its connection.
const FIELDS: &str = "connection: close\r\n\
    referrer-policy: no-referrer\r\n\
    cache-control: no-store\r\n\
    x-content-type-options: nosniff\r\n\
    x-frame-options: DENY\r\n\
    cross-origin-opener-policy: same-origin\r\n\
    cross-origin-embedder-policy: require-corp\r\n\
    cross-origin-resource-policy: same-origin\r\n";

/// Nothing runs.
const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What the page needs, from where it comes itself; no script may make markup of text.
const PAGE: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types 'none'";

const TEXT: &str = "content-type: text/plain; charset=utf-8\r\n";
const HTML: &str = "content-type: text/html; charset=utf-8\r\n";

/// An answer that ends its connection.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    /// Code and reason.
    status: &'static str,
    /// Content-Security-Policy.
    policy: &'static str,
    /// What the body is: whole lines.
    kind: &'static str,
    /// Whole lines that it has beside [`FIELDS`].
    more: &'static str,
    retry_after: Option<u64>,
    /// Of the program: who reads it slowly holds no memory of ours.
    pub(super) body: &'static [u8],
}

impl Answer {
    /// A text with this status.
    pub(crate) const fn text(status: &'static str, body: &'static str) -> Self {
        Self {
            status,
            policy: NOTHING,
            kind: TEXT,
            more: "",
            retry_after: None,
            body: body.as_bytes(),
        }
    }

    /// A document in which nothing runs.
    pub(super) const fn html(body: &'static str) -> Self {
        Self {
            kind: HTML,
            ..Self::text("200 OK", body)
        }
    }

    /// A part of the page for browsers.
    pub(super) const fn asset(asset: &Asset) -> Self {
        Self {
            policy: PAGE,
            kind: asset.fields,
            body: asset.body,
            ..Self::text("200 OK", "")
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

    /// All before the body, at this time.
    pub(super) fn head(&self, now: SystemTime) -> Vec<u8> {
        let Self {
            status,
            policy,
            kind,
            more,
            retry_after,
            body,
        } = self;
        let date = fmt_http_date(now);
        let mut text = format!(
            "HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-security-policy: {policy}\r\n{FIELDS}{more}"
        );
        if let Some(seconds) = retry_after {
            let _ = write!(text, "retry-after: {seconds}\r\n");
        }
        if !body.is_empty() {
            text.push_str(kind);
        }
        let _ = write!(text, "content-length: {}\r\n\r\n", body.len());
        text.into_bytes()
    }
}
