//! What answers in a mediator's place: a reverse proxy whose mediator is away, a portal that
//! wants a log-in, another program. In words, with what to do about each.

use http::{HeaderMap, StatusCode, Uri, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use undertone_core::mediator_url::MediatorUrl;
use undertone_wire::PATH;

/// What answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A web server, that gives no WebSocket.
    Http {
        /// The status in its place.
        status: StatusCode,
        /// The web server, or the other place, to which it sends us.
        redirect: Option<Redirect>,
        /// Seconds after which trying again makes sense, where it says so.
        retry_after: Option<u64>,
    },
    /// A server that speaks TLS, where it was spoken to without.
    Tls,
    /// Another program: it hung up, or what it said is no HTTP.
    Foreign,
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The server.
    to: MediatorUrl,
    /// Whether what is asked for there is a mediator.
    rendezvous: bool,
}

impl Answer {
    /// From the answer's head.
    pub(super) fn http(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name)?.to_str().ok();
        Self::Http {
            status,
            redirect: text(header::LOCATION)
                .filter(|_| status.is_redirection())
                .and_then(Redirect::read),
            retry_after: retry_after(headers),
        }
    }

    /// Whether it passes by itself: it says when, or its status says that it will (RFC 9110
    /// §15.6.4, RFC 6585 §4).
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Http {
                status,
                retry_after,
                ..
            } => retry_after.is_some() || matches!(status.as_u16(), 429 | 503),
            Self::Tls | Self::Foreign => false,
        }
    }

    /// Seconds after which trying again makes sense, where it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Http { retry_after, .. } => *retry_after,
            Self::Tls | Self::Foreign => None,
        }
    }

    /// Whether a server that speaks TLS may answer so to who does not.
    pub(super) fn may_be_tls(&self) -> bool {
        match self {
            Self::Http { status, .. } => *status == StatusCode::BAD_REQUEST,
            Self::Tls => false,
            Self::Foreign => true,
        }
    }

    /// What happened; said behind the mediator's address.
    pub(super) fn what(&self) -> String {
        let Self::Http {
            status, redirect, ..
        } = self
        else {
            return match self {
                Self::Tls => "what answers there speaks TLS",
                _ => "what answers there speaks another protocol, or hangs up",
            }
            .to_owned();
        };
        let what = match (status.as_u16(), redirect) {
            (101, _) => "a web server switches to another protocol than WebSocket",
            (200..=299, _) => "a web page answers in its place",
            (300..=399, Some(Redirect { to, .. })) => {
                return format!("a web server redirects to {to}, HTTP {}", status.as_u16());
            }
            (300..=399, None) => "a web server redirects elsewhere",
            (400 | 426, _) => "a web server answers, but takes no WebSocket",
            (401, _) => "a server in front of it wants a user name and password",
            (403 | 451, _) => "a server in front of it refuses us",
            (404 | 405 | 410, _) => "a web server answers, but knows no mediator",
            (407, _) => "a proxy in between wants a user name and password",
            (408 | 504, _) => "the proxy in front of it gets no answer from it",
            (429, _) => "a server in front of it gets too many connections from your address",
            (502, _) => "the proxy in front of it cannot reach it",
            (503, _) => {
                "it, or the proxy in front of it, has too many connections or is out of service"
            }
            (511, _) => "this network wants a log-in",
            (500..=599, _) => "the server in front of it has failed",
            _ => "a web server answers, but gives no WebSocket",
        };
        format!("{what}, HTTP {}", status.as_u16())
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self, url: &MediatorUrl) -> String {
        const PORTAL: &str = "This network may want a log-in: open any web page in a browser, then try again. Else check address and port: a web server answers there.";
        let Self::Http {
            status, redirect, ..
        } = self
        else {
            return match self {
                Self::Tls => format!("Write https://{}.", url.authority()),
                _ => "Check the address and the port: something else answers there.".to_owned(),
            };
        };
        if let Some(Redirect {
            to,
            rendezvous: true,
        }) = redirect
        {
            return format!("If that is the mediator, name it: {to}.");
        }
        match status.as_u16() {
            200..=399 | 511 => PORTAL,
            101 | 400 | 426 => {
                "Behind a reverse proxy: it must forward WebSocket upgrades (the headers Upgrade and Connection). Else check address and port."
            }
            401 => {
                "undertone logs in nowhere: whoever runs it has to let /v1/rendezvous through without a password."
            }
            403 | 451 => "Ask whoever runs it, or this network, to let you through.",
            404 | 405 | 410 => {
                "Check address and port. Behind a reverse proxy: it must forward /v1/rendezvous."
            }
            407 => "Name that proxy, with the log-in: --proxy http://USER:PASSWORD@HOST:PORT.",
            429 => "Wait a minute, then try again.",
            408 | 502 | 504 => {
                "The mediator may be restarting: try again in a minute. If it stays so, is undertone-mediator running, where the proxy looks for it?"
            }
            500..=599 => "Try again in a minute. If it stays so, tell whoever runs it.",
            _ => "Check the address and the port: a web server answers there.",
        }
        .to_owned()
    }
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date, which is told from the server's own by
/// `Date`. What is neither counts for nothing.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let date = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
    let value = text(header::RETRY_AFTER)?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().unwrap_or(u64::MAX));
    }
    let then = date(value)?;
    let now = text(header::DATE).and_then(date);
    let now = now.unwrap_or_else(Timestamp::now);
    Some(u64::try_from(then.as_second() - now.as_second()).unwrap_or(0))
}

impl Redirect {
    /// Nothing but the server is kept: what else stands there is the server's word.
    fn read(location: &str) -> Option<Self> {
        let location: Uri = location.parse().ok()?;
        let tls = match location.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let default = if tls { 443 } else { 80 };
        let host = location.host()?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = location.port_u16().unwrap_or(default);
        Some(Self {
            to: MediatorUrl::new(tls, host, port).ok()?,
            rendezvous: location.path() == PATH,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let status = StatusCode::from_u16(status).unwrap();
        Answer::http(status, &headers.collect::<HeaderMap>())
    }

    #[test]
    fn a_redirect_is_read_without_what_a_server_may_have_made_up() {
        let to = |location| answer(302, &[("location", location)]).what();
        assert!(to("https://m.example/v1/rendezvous").contains("to https://m.example,"));
        assert!(to("http://[fd00::7]/login?you").contains("to http://[fd00::7]:80,"));
        for location in ["/login", "ftp://a/", "https://user@/", "", "https://a_%/x"] {
            assert!(to(location).contains("elsewhere"), "{location}");
        }
        let url = "http://m.example".parse().unwrap();
        let moved = answer(301, &[("location", "https://m.example:7700/v1/rendezvous")]);
        assert!(moved.remedy(&url).contains("https://m.example:7700"));
        let portal = answer(302, &[("location", "http://login.hotel/")]);
        assert!(portal.remedy(&url).contains("browser"));
    }

    #[test]
    fn seconds_to_wait_are_a_number_or_a_date_or_nothing() {
        for (value, seconds) in [
            ("30", Some(30)),
            (" 0 ", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("99999999999999999999", Some(u64::MAX)),
            ("Fri, 27 Nov 2026 10:00:40 GMT", Some(40)),
            ("Fri, 27 Nov 2026 09:00:00 GMT", Some(0)),
            ("Fri, 32 Nov 2026 10:00:00 GMT", None),
        ] {
            let date = ("date", "Fri, 27 Nov 2026 10:00:00 GMT");
            let answer = answer(503, &[("retry-after", value), date]);
            assert_eq!(answer.retry_after(), seconds, "{value}");
            assert!(answer.is_passing());
        }
        let without_a_clock = [("retry-after", "Fri, 27 Nov 2026 10:00:40 GMT")];
        assert!(answer(502, &without_a_clock).retry_after().is_some());
        assert!(!answer(502, &[]).is_passing() && answer(429, &[]).is_passing());
    }
}
