//! Addresses and names as an operator writes them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use undertone_mediator::is_host_name;
use undertone_wire as wire;

/// Whether STUN is answered, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stun {
    /// It is not.
    Off,
    /// Here.
    At(SocketAddr),
}

/// Reads IP, PORT, IP:PORT, NAME or NAME:PORT.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let port = wire::DEFAULT_PORT;
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        return Ok((Ipv6Addr::UNSPECIFIED, port).into());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a port is a number up to 65535".into());
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Ok(ip) = bare.unwrap_or(text).parse::<IpAddr>() {
        return Ok((ip, port).into());
    }
    let found = match text.rsplit_once(':') {
        Some(_) => text.to_socket_addrs(),
        None => (text, port).to_socket_addrs(),
    };
    let why = |error| format!("{error}; write IP, PORT, IP:PORT or NAME:PORT");
    let mut found = found.map_err(why)?.collect::<Vec<_>>();
    found.sort_by_key(SocketAddr::is_ipv6);
    found
        .first()
        .copied()
        .ok_or_else(|| "that name has no address".into())
}

/// Reads the name of a host as browsers write it.
pub(super) fn host_name(text: &str) -> Result<String, String> {
    match is_host_name(text) {
        true => Ok(text.to_owned()),
        false => Err(
            "write the name alone, as mediator.home.example; one with other letters as xn--…"
                .into(),
        ),
    }
}

/// Reads such an address, or `off`.
pub(super) fn stun_address(text: &str) -> Result<Stun, String> {
    match text {
        "off" => Ok(Stun::Off),
        text => listen_address(text).map(Stun::At),
    }
}
