//! A proxy on the way to the mediator: how it is named, and how it is asked for a connection.
//!
//! Owns: the grammar of its address, and its log-in, which is never shown. `choice` settles
//! whether there is one; `tunnel` speaks HTTP CONNECT and SOCKS5.

mod choice;
mod tunnel;

pub use choice::ProxyChoice;
pub use tunnel::ProxyFailure;
pub(crate) use tunnel::tunnel;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use undertone_core::mediator_url::{MediatorUrl, split_port};
use zeroize::Zeroizing;

/// How a proxy is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// HTTP CONNECT (RFC 9110 §9.3.6), the proxy itself reached without TLS.
    Http,
    /// SOCKS5 (RFC 1928); names are resolved by the proxy.
    Socks5,
}

/// A proxy. `Display` and `Debug` leave the log-in out.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    scheme: Scheme,
    host: String,
    port: u16,
    /// In one place, whoever knows the proxy.
    login: Option<Arc<Login>>,
    named_by: &'static str,
}

/// User name and password.
#[derive(PartialEq, Eq)]
struct Login {
    user: Zeroizing<String>,
    password: Zeroizing<String>,
}

/// Why a text is no proxy's address. Nothing of the text is repeated: a password may be in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the address in {named_by} is no proxy's: {why}\n  Write it like http://proxy.example:3128 or socks5h://127.0.0.1:1080; --proxy none goes without one."
)]
pub struct ProxyUrlError {
    named_by: &'static str,
    why: &'static str,
}

impl ProxyUrlError {
    /// What names it, where that is not the flag.
    #[must_use]
    pub fn named_by(self, named_by: &'static str) -> Self {
        Self { named_by, ..self }
    }
}

/// What names a proxy where no environment variable does: the flag, and what stands behind it.
const FLAG: &str = "--proxy";

impl Proxy {
    /// The host's name or IP address, an IPv6 one without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn scheme(&self) -> &'static str {
        match self.scheme {
            Scheme::Http => "http",
            Scheme::Socks5 => "socks5h",
        }
    }

    /// `HOST:PORT`, with an IPv6 address in brackets.
    fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// How it is to be written with a log-in.
    pub(super) fn with_login(&self) -> String {
        format!("{}://USER:PASSWORD@{}", self.scheme(), self.authority())
    }

    /// The flag or the environment variable that names it.
    #[must_use]
    pub fn named_by(&self) -> &'static str {
        self.named_by
    }

    /// Reads `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`: `http` where no scheme is named, and port
    /// 80, or 1080 for SOCKS5, where none is. `socks` is SOCKS5, as desktops write it.
    fn read(text: &str, named_by: &'static str) -> Result<Self, ProxyUrlError> {
        let bad = |why| ProxyUrlError { named_by, why };
        let (scheme, rest) = match text.trim().split_once("://") {
            None => (Scheme::Http, text.trim()),
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "http" => (Scheme::Http, rest),
                "socks" | "socks5" | "socks5h" => (Scheme::Socks5, rest),
                "socks4" | "socks4a" => {
                    return Err(bad(
                        "SOCKS4 is not spoken here; most such proxies speak SOCKS5 too",
                    ));
                }
                "https" => {
                    return Err(bad(
                        "a proxy is not spoken to by TLS; most take http:// too",
                    ));
                }
                _ => return Err(bad("it must begin with http:// or socks5h://")),
            },
        };
        let (login, authority) = match rest.rsplit_once('@') {
            Some((login, authority)) => (Some(login), authority),
            None => (None, rest),
        };
        let login = login
            .map(Login::read)
            .transpose()
            .map_err(bad)?
            .map(Arc::new);
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let default = match scheme {
            Scheme::Http => 80,
            Scheme::Socks5 => 1080,
        };
        let place = split_port(authority, default)
            .and_then(|(host, port)| MediatorUrl::new(false, host, port))
            .map_err(|_| bad("it names no host, or no port from 1 to 65535"))?;
        Ok(Self {
            scheme,
            host: place.host().to_owned(),
            port: place.port(),
            login,
            named_by,
        })
    }
}

impl FromStr for Proxy {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        Self::read(text, FLAG)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme: _,
            host: _,
            port: _,
            login,
            named_by,
        } = self;
        let login = login.as_ref().map(|_| "[redacted]");
        f.debug_struct("Proxy")
            .field("address", &format_args!("{self}"))
            .field("login", &login)
            .field("named_by", named_by)
            .finish()
    }
}

impl Login {
    /// Reads `USER[:PASSWORD]`, percent-encoded.
    fn read(text: &str) -> Result<Self, &'static str> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |text| match percent_decode_str(text).decode_utf8() {
            Ok(decoded) => Ok(Zeroizing::new(decoded.into_owned())),
            Err(_) => Err("its user name or password is no UTF-8"),
        };
        Ok(Self {
            user: decoded(user)?,
            password: decoded(password)?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::memory::{Needle, alone, gone, stand};

    #[test]
    fn a_password_stands_in_memory_once_however_many_know_the_proxy() {
        let path = concat!(
            module_path!(),
            "::a_password_stands_in_memory_once_however_many_know_the_proxy"
        );
        alone(path, || {
            let password = [Needle::of("password", b"battery staple 0815")];
            let proxy: Proxy = "http://me:battery%20staple%200815@a:1".parse().unwrap();
            let known = [proxy.clone(), proxy];
            stand(&password);
            drop(known);
            gone(&password);
        });
    }

    #[test]
    fn scheme_port_and_login_may_be_left_out() {
        for (text, shown) in [
            ("proxy.example", "http://proxy.example:80"),
            (
                "HTTP://me:it@Proxy.Example:3128/",
                "http://proxy.example:3128",
            ),
            ("socks5://10.0.0.1", "socks5h://10.0.0.1:1080"),
            ("socks5h://a:b@[::1]:9", "socks5h://[::1]:9"),
            ("socks://127.0.0.1:1080/", "socks5h://127.0.0.1:1080"),
            ("Socks://proxy", "socks5h://proxy:1080"),
        ] {
            assert_eq!(text.parse::<Proxy>().unwrap().to_string(), shown);
        }
        let login = |text: &str| {
            let login = text.parse::<Proxy>().unwrap().login.unwrap();
            (login.user.to_string(), login.password.to_string())
        };
        let pair = |user: &str, password: &str| (user.to_owned(), password.to_owned());
        assert_eq!(login("http://me@a"), pair("me", ""));
        assert_eq!(login("http://m%40e:p%3Aw:%2F@a"), pair("m@e", "p:w:/"));
        assert_eq!(login("http://me:p@w@a"), pair("me", "p@w"));
    }

    #[test]
    fn a_login_is_asked_for_in_the_proxys_own_scheme() {
        for (text, hint) in [
            ("socks://[::1]:9", "socks5h://USER:PASSWORD@[::1]:9"),
            ("proxy.example", "http://USER:PASSWORD@proxy.example:80"),
        ] {
            let remedy = ProxyFailure::Login.remedy(&text.parse().unwrap());
            assert!(remedy.contains(hint), "{remedy}");
        }
        let refused = "socks4://a".parse::<Proxy>().unwrap_err().to_string();
        assert!(refused.contains("SOCKS4"), "{refused}");
    }

    #[test]
    fn nothing_of_a_login_is_shown() {
        let proxy: Proxy = "http://user:hunter2@a:1".parse().unwrap();
        for shown in [proxy.to_string(), format!("{proxy:?} {:#?}", Some(&proxy))] {
            assert!(
                !shown.contains("user") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
        for text in [
            "https://user:hunter2@a",
            "socks4://user:hunter2@a",
            "http://user:hunter2@",
            "http://user:hunter2@a:0",
            "http://user:hunter2@a:x",
            "http://user:hunter2@a/path",
            "http://user:%ffhunter2@a",
            "http://user:hunter2@a b",
            "",
        ] {
            let error = text.parse::<Proxy>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("user:") && !shown.contains("hunter2"),
                "{shown}"
            );
            assert!(shown.contains("--proxy"), "{shown}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<Proxy>();
        }
    }
}
