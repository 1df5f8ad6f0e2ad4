//! What ways there are from here to another one, as far as the mediators' views tell: the kind of
//! router, what gets out through it, with whom a direct path is likely, who relays. Ports outside
//! are compared and never written down.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use undertone_core::mediator_url::DEFAULT_PORT;

use super::Report;
use super::nat::{Nat, Sighting};
use super::seat::Seat;
use crate::link::interfaces::addresses_here;
use crate::link::path::is_local;
use crate::link::port::Port;
use crate::rendezvous::MediatorEndpoint;

/// What every network lets out.
const WEB: [u16; 2] = [80, 443];
/// How long a port that is not the web's may take to answer, or to refuse.
const OUT_WITHIN: Duration = Duration::from_secs(3);

/// Asks and tells all of it; `seats` were taken from `port`, where there is one, and `over_udp` is
/// what `udp` found.
pub(super) async fn tell(
    port: Option<&Port>,
    seats: &mut [(&MediatorEndpoint, Seat)],
    over_udp: bool,
    report: &mut Report<'_>,
) -> io::Result<()> {
    let sighting = |(_, seat): &(&MediatorEndpoint, Seat)| {
        if seat.is_behind_a_proxy() {
            return None;
        }
        Some(Sighting {
            by: seat.by()?,
            observed: seat.observed(),
        })
    };
    let sightings: Vec<Sighting> = seats.iter().filter_map(sighting).collect();
    let nat =
        port.and_then(|port| Nat::judge(port.address().port(), &addresses_here(), &sightings));
    let mut likely = true;
    if let Some(nat) = nat {
        router(nat, report)?;
        let by: Vec<SocketAddr> = sightings.iter().map(|seen| seen.by).collect();
        let web_only = only_the_web(&by).await;
        if let Some(silent) = web_only {
            web(silent, report)?;
        }
        likely = direct(nat, web_only.is_some(), over_udp, report)?;
    }
    relay(seats, likely, report).await
}

fn router(nat: Nat, report: &mut Report<'_>) -> io::Result<()> {
    let text = match nat {
        Nat::Near => {
            "no router is between you and the mediator, on your own machine or network; what is beyond does not show"
        }
        Nat::None => "no router is in between: you have a public address",
        Nat::Same { keeps_port: true } => {
            "your router gives a port of yours one port outside for all, of the same number (endpoint-independent)"
        }
        Nat::Same { keeps_port: false } => {
            "your router gives a port of yours one port outside for all, of another number (endpoint-independent)"
        }
        Nat::Other => {
            let text = "your router gives a port of yours another port outside for each destination (symmetric)";
            return report.warn("nat", text, "");
        }
        Nat::Unknown => {
            let text = "one address alone does not tell what kind of router is in between";
            let remedy =
                "Name a second mediator, at another address: --mediator URL --mediator URL.";
            return report.warn("nat", text, remedy);
        }
    };
    report.fine("nat", text)
}

/// The address that said nothing at a port which is not the web's, where only the web's were
/// seen to be let out.
async fn only_the_web(by: &[SocketAddr]) -> Option<SocketAddr> {
    let far = by.iter().filter(|by| !is_local(by.ip()));
    let web: Vec<&SocketAddr> = far.collect();
    if web.iter().any(|by| !WEB.contains(&by.port())) {
        return None;
    }
    let silent = SocketAddr::new(web.first()?.ip(), DEFAULT_PORT);
    // A refusal is an answer too: it came from out there.
    let answered = match timeout(OUT_WITHIN, TcpStream::connect(silent)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.kind() == io::ErrorKind::ConnectionRefused,
        Err(_) => false,
    };
    (!answered).then_some(silent)
}

fn web(silent: SocketAddr, report: &mut Report<'_>) -> io::Result<()> {
    let (ip, port) = (silent.ip(), silent.port());
    report.warn(
        "ports",
        &format!(
            "perhaps only the web gets out of your network: ports 80 and 443 answer, port {port} of {ip} says nothing"
        ),
        "It may be a firewall there, too. If not: a mediator at port 443 that relays, or another network.",
    )
}

/// Tells with whom a direct path is likely; `false` where that is hardly anybody.
fn direct(nat: Nat, web_only: bool, over_udp: bool, report: &mut Report<'_>) -> io::Result<bool> {
    const REMEDY: &str = "What helps: a port that your router forwards (--bind 0.0.0.0:PORT --advertise ADDRESS:PORT), IPv6 on both sides, another network; or a mediator that relays, and --relay always on both sides.";
    if web_only && !over_udp {
        report.warn("direct", "a direct path is unlikely, with anybody", REMEDY)?;
        return Ok(false);
    }
    match nat {
        Nat::Near | Nat::Unknown => return Ok(true),
        Nat::None => report.fine(
            "direct",
            "a direct path is likely with everyone who can dial out, unless a firewall keeps others out here",
        )?,
        Nat::Same { .. } => report.fine(
            "direct",
            "a direct path is likely with everyone but those behind a symmetric router, or where only the web gets out",
        )?,
        Nat::Other if over_udp => report.fine(
            "direct",
            "a direct path is likely over UDP, with everyone whose router has one port outside for all there, too",
        )?,
        Nat::Other => {
            let text = "a direct path is likely only with someone who has a public address or a forwarded port";
            report.warn("direct", text, REMEDY)?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// Tells of each mediator whether it relays. Not to relay is worth a warning where no direct
/// path is `likely`.
async fn relay(
    seats: &mut [(&MediatorEndpoint, Seat)],
    likely: bool,
    report: &mut Report<'_>,
) -> io::Result<()> {
    let mut told: Vec<&MediatorEndpoint> = Vec::new();
    for (endpoint, seat) in seats {
        if told.iter().any(|told| std::ptr::eq(*told, *endpoint)) {
            continue;
        }
        told.push(endpoint);
        let url = &endpoint.mediator;
        match seat.relays(endpoint).await {
            Some(true) => {
                let text = format!(
                    "{url} relays, where no direct path opens and both agree; it then sees addresses, times and sizes"
                );
                report.fine("relay", &text)?;
            }
            Some(false) if likely => {
                let text = format!("a direct path is likely, so {url} need not relay; it does not");
                report.fine("relay", &text)?;
            }
            Some(false) => {
                let text =
                    format!("{url} does not relay: if no direct path opens, there is no chat");
                let remedy = "Use a mediator that does. Its owner starts it with --relay.";
                report.warn("relay", &text, remedy)?;
            }
            None => {}
        }
    }
    Ok(())
}
