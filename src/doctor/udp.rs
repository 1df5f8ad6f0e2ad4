//! What becomes of UDP on the way out: whether it gets any answer, and what kind of NAT it passes,
//! as far as the mediators tell by STUN. RFC 5780 asks one server at two addresses; here two
//! mediators take its place.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use undertone_host::listen_udp;

use super::Report;
use super::nat::{Nat, Sighting};
use crate::link::interfaces::addresses_here;
use crate::stun::mapped_address;

/// Asks each of these servers, from one socket, and tells what they see. Whether one port outside
/// is for all: then others can be met over UDP.
pub(super) async fn tell(
    bind: Option<SocketAddr>,
    servers: &[SocketAddr],
    report: &mut Report<'_>,
) -> io::Result<bool> {
    let ip = bind.map_or(IpAddr::from(Ipv6Addr::UNSPECIFIED), |bind| bind.ip());
    let Ok(socket) = listen_udp(SocketAddr::new(ip, 0)) else {
        return Ok(false);
    };
    let port = socket.local_addr()?.port();
    let (mut sightings, mut silent) = (Vec::new(), None);
    for &by in servers {
        match mapped_address(&socket, by).await {
            Ok(observed) => sightings.push(Sighting { by, observed }),
            Err(_) => silent = silent.or(Some(by)),
        }
    }
    let nat = Nat::judge(port, &addresses_here(), &sightings);
    match (nat, silent) {
        (Some(nat), _) => router(nat, report)?,
        (None, Some(server)) if sightings.is_empty() => blocked(server, report)?,
        (None, _) => {}
    }
    Ok(matches!(nat, Some(Nat::None | Nat::Same { .. })))
}

fn router(nat: Nat, report: &mut Report<'_>) -> io::Result<()> {
    let text = match nat {
        Nat::Near => "UDP reaches the mediator on your own machine or network",
        Nat::None => "UDP gets out as it is: no router is in between",
        Nat::Same { .. } => {
            "for UDP your router gives a port of yours one port outside for all (endpoint-independent)"
        }
        Nat::Other => {
            let text = "for UDP your router gives a port of yours another port outside for each destination (symmetric)";
            return report.warn("udp", text, "");
        }
        Nat::Unknown => {
            let text =
                "UDP gets out, through a router of a kind that one address alone does not tell";
            return report.fine("udp", text);
        }
    };
    report.fine("udp", text)
}

fn blocked(server: SocketAddr, report: &mut Report<'_>) -> io::Result<()> {
    report.warn(
        "udp",
        &format!("nothing comes back by UDP from {server}"),
        &format!(
            "So undertone goes by TCP alone. Your network may keep UDP in; or the mediator's firewall keeps it out: open UDP port {} there.",
            server.port()
        ),
    )
}
