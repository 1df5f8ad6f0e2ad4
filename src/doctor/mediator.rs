//! The way to the mediator, one finding a step: name, TCP, TLS, HTTP (version and clock),
//! WebSocket and a seat in a room.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use undertone_core::mediator_url::MediatorUrl;

use super::seat::{self, Seat};
use super::{Report, clock, page, paths, udp};
use crate::cli::DoctorArgs;
use crate::engine::mediator::ports;
use crate::link::interfaces::addresses_here;
use crate::link::port::Port;
use crate::rendezvous::proxy::Proxy;
use crate::rendezvous::{
    self, CONNECT_TIMEOUT, ConnectError, MediatorEndpoint, Transport, connect as tcp,
    version::{self, Answers, answers},
};
use crate::socket::Segments;

/// Looks at the mediators that were named, or at the one that a chat would use, and at the way
/// out that they show.
pub(super) async fn examine(args: &DoctorArgs, report: &mut Report<'_>) -> io::Result<()> {
    let mut endpoints = match args.endpoints() {
        Ok(endpoints) => endpoints,
        Err(error) => return super::here::tell(report, "proxy", &error),
    };
    if endpoints.is_empty() {
        endpoints.extend(local(args, report).await?);
    }
    // One port for all, so that what a router does to it can be compared.
    let port = Port::open(args.bind).ok();
    let from = port.as_ref().map(Port::address);
    let mut seats = Vec::new();
    for endpoint in &endpoints {
        if let Some(seat) = steps(endpoint, from, report).await? {
            let others = seat::at_other_addresses(endpoint, &seat, from).await;
            seats.push((endpoint, seat));
            seats.extend(others.into_iter().map(|seat| (endpoint, seat)));
        }
    }
    let stun: Vec<SocketAddr> = seats.iter().filter_map(|(_, seat)| seat.stun()).collect();
    let over_udp = udp::tell(args.bind, &stun, report).await?;
    paths::tell(port.as_ref(), &mut seats, over_udp, report).await?;
    for (_, seat) in seats {
        seat.give_back().await;
    }
    Ok(())
}

/// The mediator on this machine, where none was named.
async fn local(args: &DoctorArgs, report: &mut Report<'_>) -> io::Result<Option<MediatorEndpoint>> {
    let bind = args.bind.map(|bind| bind.ip());
    let here = bind.unwrap_or(Ipv4Addr::LOCALHOST.into());
    for port in ports(args.local_port) {
        let Ok(mediator) = MediatorUrl::new(false, &here.to_string(), port) else {
            break;
        };
        match answers(&mediator).await {
            Answers::Mediator => {
                return Ok(Some(MediatorEndpoint::direct(mediator)));
            }
            Answers::Another => continue,
            Answers::Nobody => {}
        }
        let address = SocketAddr::new(bind.unwrap_or(Ipv6Addr::UNSPECIFIED.into()), port);
        match undertone_host::listen(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => {
                no_room(&format!("port {port} here ({error})"), report)?;
                return Ok(None);
            }
            Ok(_) => {
                let text = format!(
                    "no mediator is named and none runs here: a chat starts one, and port {port} is free for it"
                );
                report.fine("local-port", &text)?;
                return Ok(None);
            }
        }
    }
    let all = ports(args.local_port);
    let (first, last) = (all.start(), all.end());
    no_room(
        &format!("ports {first} to {last} here: other programs have them"),
        report,
    )?;
    Ok(None)
}

fn no_room(place: &str, report: &mut Report<'_>) -> io::Result<()> {
    report.no_mediator(
        "local-port",
        &format!("no mediator is named, and none can run on {place}"),
        "Name one with --mediator, or another port with --local-port.",
    )
}

/// Every step to a seat, which is given where none of them failed.
async fn steps(
    endpoint: &MediatorEndpoint,
    from: Option<SocketAddr>,
    report: &mut Report<'_>,
) -> io::Result<Option<Seat>> {
    let url = &endpoint.mediator;
    let stream = match &endpoint.proxy {
        None => connect(url, report).await?,
        Some(proxy) => connect_through(endpoint, proxy, report).await?,
    };
    let Some(stream) = stream else {
        return Ok(None);
    };
    let Some(transport) = secure(endpoint, stream, report).await? else {
        return Ok(None);
    };
    match timeout(CONNECT_TIMEOUT, version::ask_version(url, transport)).await {
        Ok(Ok(answer)) => {
            version(&answer, report)?;
            clock::tell(&answer, report)?;
            if version::version(&answer).is_some() {
                page::examine(endpoint, report).await?;
            }
        }
        // A proxy that says nothing shows at the next step.
        Err(_) if endpoint.proxy.is_some() => {}
        _ => report.warn(
            "version",
            "it does not answer to HTTP",
            "Does it want https:// (or http://) instead, or does something else listen there?",
        )?,
    }
    match Seat::take(endpoint, from).await {
        Ok(seat) => {
            report.fine("rendezvous", &format!("{url} gives a seat in a room"))?;
            match &endpoint.proxy {
                None => observed(&seat, report)?,
                Some(_) => proxied(seat.observed(), report)?,
            }
            return Ok(Some(seat));
        }
        Err(error) => report.no_mediator("rendezvous", &error.to_string(), &error.remedy())?,
    }
    Ok(None)
}

/// Through the proxy; `None` where it failed and was told.
async fn connect_through(
    endpoint: &MediatorEndpoint,
    proxy: &Proxy,
    report: &mut Report<'_>,
) -> io::Result<Option<TcpStream>> {
    let start = Instant::now();
    let reached = timeout(CONNECT_TIMEOUT, rendezvous::connect_tcp(endpoint, None)).await;
    let (url, name) = (&endpoint.mediator, proxy.named_by());
    match reached.unwrap_or(Err(ConnectError::Slow)) {
        Ok(connected) => {
            let ms = start.elapsed().as_millis();
            let text = format!("{url} connects in {ms} ms through the proxy {proxy} ({name})");
            report.fine("proxy", &text)?;
            Ok(Some(connected.stream))
        }
        Err(error) => {
            let error = error.on(endpoint);
            report.no_mediator("proxy", &error.to_string(), &error.remedy())?;
            Ok(None)
        }
    }
}

/// Name and TCP; `None` where one of them failed and was told.
async fn connect(url: &MediatorUrl, report: &mut Report<'_>) -> io::Result<Option<TcpStream>> {
    let looked_up = timeout(CONNECT_TIMEOUT, lookup_host((url.host(), url.port()))).await;
    let addresses: Vec<SocketAddr> = match flat(looked_up) {
        Ok(addresses) => addresses.collect(),
        Err(why) => {
            let text = format!("{} has no address ({why})", url.host());
            let remedy = "Check the spelling, and whether this machine is online.";
            report.no_mediator("name", &text, remedy)?;
            return Ok(None);
        }
    };
    if !url.host().contains(':') && url.host().parse::<Ipv4Addr>().is_err() {
        let all: Vec<String> = addresses.iter().map(|a| a.ip().to_string()).collect();
        let text = format!("{} is {}", url.host(), all.join(", "));
        report.fine("name", &text)?;
    }
    let start = Instant::now();
    let connected = timeout(
        CONNECT_TIMEOUT,
        tcp::connect(&addresses, None, Segments::default()),
    )
    .await;
    match flat(connected) {
        Ok(connected) => {
            let text = format!("{url} connects in {} ms", start.elapsed().as_millis());
            report.fine("tcp", &text)?;
            Ok(Some(connected.stream))
        }
        Err(why) => {
            let text = format!("no mediator at {url} ({why})");
            let remedy = format!(
                "Is undertone-mediator running there, and port {} open in its firewall?",
                url.port()
            );
            report.no_mediator("tcp", &text, &remedy)?;
            Ok(None)
        }
    }
}

/// TLS, where the address says so; `None` where it failed and was told.
async fn secure(
    endpoint: &MediatorEndpoint,
    stream: TcpStream,
    report: &mut Report<'_>,
) -> io::Result<Option<Box<dyn Transport>>> {
    let url = &endpoint.mediator;
    let why = match timeout(CONNECT_TIMEOUT, rendezvous::transport(url, stream)).await {
        Ok(Ok(transport)) => {
            if url.tls() {
                report.fine("tls", "its certificate is good")?;
            }
            return Ok(Some(transport));
        }
        Ok(Err(why)) => ConnectError::Tls(why),
        Err(_) => ConnectError::Slow,
    };
    let error = why.on(endpoint);
    report.no_mediator("tls", &error.to_string(), &error.remedy())?;
    Ok(None)
}

fn flat<T>(result: Result<io::Result<T>, tokio::time::error::Elapsed>) -> Result<T, String> {
    match result {
        Ok(done) => done.map_err(|error| rendezvous::reason(&error)),
        Err(_) => Err("no answer".into()),
    }
}

fn version(answer: &str, report: &mut Report<'_>) -> io::Result<()> {
    let ours = env!("CARGO_PKG_VERSION");
    match version::version(answer) {
        Some(line) => report.fine("version", &format!("it is {line}; this is undertone {ours}")),
        None => report.warn(
            "version",
            "it does not tell its version",
            "It is older than this program, or a proxy answers for it: bring it up to date, or have the proxy forward every path.",
        ),
    }
}

/// What the mediator sees of a proxy says nothing about this machine.
fn proxied(observed: SocketAddr, report: &mut Report<'_>) -> io::Result<()> {
    let ip = observed.ip().to_canonical();
    report.warn(
        "observed",
        &format!("it sees the proxy's address {ip} in place of yours"),
        "So undertone cannot open your router: a direct path needs IPv6, or that the other person can be reached. Otherwise use a mediator that relays.",
    )
}

fn observed(seat: &Seat, report: &mut Report<'_>) -> io::Result<()> {
    let ip = seat.observed().ip().to_canonical();
    if seat.is_behind_a_proxy() {
        return report.warn(
            "observed",
            &format!("it sees you at {ip}, an address of its own side: a reverse proxy in front of it does not forward yours"),
            "So nobody connects directly across a router, and all who come through the proxy share the limits of one address. Whoever runs it: have the proxy set X-Forwarded-For, and start the mediator with --trust-proxy.",
        );
    }
    let what = if ip.is_loopback() {
        "it runs on this machine"
    } else if addresses_here().contains(&ip) {
        "an address of this machine"
    } else {
        "not an address of this machine: a router is in between"
    };
    report.fine("observed", &format!("it sees you at {ip}: {what}"))
}
