//! Which mediator: the one that is named; else, with `--lan`, one on the local network; else the
//! one on this machine; else one inside this process, for everyone who can reach this machine.
//!
//! On this machine it has the first of a few ports that no other service has: who comes second
//! looks at the same ones, in the same order.
//!
//! On a local network there may be several, as where two clients start at the same time. So that
//! all end up at the same one, whoever waits goes to that with the smallest id.

pub mod access;
pub mod lan;
pub mod links;

use std::fmt;
use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use undertone_core::mediator_url::MediatorUrl;
use undertone_host::{listen, listen_udp};
use undertone_wire::InstanceId;

use crate::embedded::{Config, lan as dns_sd, serve, stun};
use crate::engine::mediator::access::Access;
use crate::engine::mediator::lan::{Known, LOOK_FOR, Lan};
use crate::engine::mediator::links::{Link, links_here};
use crate::rendezvous::MediatorEndpoint;
use crate::rendezvous::version::{Answers, answers};

/// Ports that are tried, from the one that was asked for on.
const PORTS: u16 = 8;
/// Who has taken a port listens on it in a moment; so often that is looked for, at this pace.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(50);

/// The mediator that a chat uses.
pub struct MediatorHandle {
    /// Where and how this client reaches it.
    pub access: Access,
    /// Where others may reach it, best first.
    pub others: Vec<Link>,
    /// The port that was asked for, where another program has it and the mediator another one.
    pub instead_of: Option<u16>,
    /// Whether it once gave us a seat: where it is away now, it may come back.
    pub reached: bool,
    /// Where one may be started here; `None` for a mediator that was named.
    place: Option<(Option<IpAddr>, u16)>,
    embedded: Option<Embedded>,
    lan: Option<OnLan>,
}

impl fmt::Debug for MediatorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediatorHandle")
            .field("access", &self.access)
            .field("others", &self.others)
            .field("reached", &self.reached)
            .finish_non_exhaustive()
    }
}

/// Where we stand on the local network.
struct OnLan {
    lan: Lan,
    /// That of the mediator that is used.
    current: InstanceId,
    /// The same, where we announce it.
    announced: bool,
}

struct Embedded {
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl MediatorHandle {
    /// The mediator that `route` leads to, which somebody else runs.
    pub fn named(route: MediatorEndpoint) -> Self {
        Self {
            others: vec![Link::named(route.mediator.clone())],
            access: Access::new(route),
            instead_of: None,
            reached: false,
            place: None,
            embedded: None,
            lan: None,
        }
    }

    /// The mediator that `route` leads to, on this machine: one is started here once it has ended.
    pub fn on_this_machine(route: MediatorEndpoint, bind: Option<IpAddr>) -> Self {
        let place = (!route.mediator.tls()).then(|| (bind, route.mediator.port()));
        Self {
            place,
            ..Self::named(route)
        }
    }

    /// With `lan` one on the local network, if it is found within [`LOOK_FOR`]. Else the mediator
    /// on this machine's `port`, started here where nothing answers, and announced by `lan`.
    /// With `bind` it is looked for, and listens, on that address only.
    ///
    /// # Errors
    /// When it can neither be reached nor started.
    pub async fn find_or_start(
        bind: Option<IpAddr>,
        port: u16,
        lan: Option<Lan>,
    ) -> io::Result<Self> {
        let Some(lan) = lan else {
            return Self::here(bind, port).await;
        };
        let _ = timeout(LOOK_FOR, lan.until(|known| !known.is_empty())).await;
        let first = lan.known().into_iter().next();
        let mut lan = OnLan {
            lan,
            current: dns_sd::new_id()?,
            announced: false,
        };
        let mut local = match first {
            Some((id, url)) => {
                lan.current = id;
                let mut local = Self::named(MediatorEndpoint::direct(url));
                local.place = Some((bind, port));
                local
            }
            None => {
                let local = Self::here(bind, port).await?;
                lan.announce(local.access.route.mediator.port())?;
                local
            }
        };
        local.lan = Some(lan);
        Ok(local)
    }

    async fn here(bind: Option<IpAddr>, port: u16) -> io::Result<Self> {
        for at in ports(port) {
            let here = bind.unwrap_or(Ipv4Addr::LOCALHOST.into());
            let url = MediatorUrl::new(false, &here.to_string(), at).map_err(io::Error::other)?;
            let Some(embedded) = find_or_start_at(&url, bind).await? else {
                continue;
            };
            let others = links_here(bind, at, embedded.is_some()).await;
            return Ok(Self {
                access: Access::new(MediatorEndpoint::direct(url)),
                others: others.map_err(io::Error::other)?,
                instead_of: (at != port).then_some(port),
                reached: false,
                place: Some((bind, port)),
                embedded,
                lan: None,
            });
        }
        let why = format!(
            "other programs have it, and those up to {}",
            ports(port).end()
        );
        Err(io::Error::new(io::ErrorKind::AddrInUse, why))
    }

    /// Completes when another mediator on the local network is to be taken, by [`MediatorHandle::revive`].
    pub fn elsewhere(&self) -> impl Future<Output = ()> + Send + 'static {
        let better = self.lan.as_ref().map(|on| {
            let current = on.current;
            on.lan.until(move |known| before(known, current).is_some())
        });
        async {
            match better {
                Some(better) => better.await,
                None => pending().await,
            }
        }
    }

    /// Goes to another mediator on the local network, if one comes first; else starts a mediator
    /// here where the one that was used has ended, as it does with the client that ran it. What
    /// of that was done, for the person.
    pub async fn revive(&mut self) -> Option<String> {
        if let Some(url) = self.lan.as_mut().and_then(OnLan::before) {
            return Some(self.go_to(url, "another mediator on this network comes first"));
        }
        let (bind, port) = self.place?;
        if answers(&self.access.route.mediator).await != Answers::Nobody {
            return None;
        }
        if let Some(url) = self.lan.as_mut().and_then(OnLan::another) {
            return Some(self.go_to(url, "the mediator ended"));
        }
        let mut here = Self::here(bind, port).await.ok()?;
        here.embedded = here.embedded.or(self.embedded.take());
        here.lan = self.lan.take();
        if let Some(lan) = &mut here.lan {
            // Unannounced it still serves those who are here, and who are told of it.
            let _ = lan.announce(here.access.route.mediator.port());
        }
        *self = here;
        let port = self.access.route.mediator.port();
        let interfaces = match bind {
            Some(ip) if !ip.is_unspecified() => ip.to_string(),
            _ => "all interfaces".to_owned(),
        };
        self.is_embedded().then(|| {
            format!("the mediator ended; this client runs one now, on port {port} of {interfaces}")
        })
    }

    fn go_to(&mut self, url: MediatorUrl, why: &str) -> String {
        let message = format!("{why}: you now wait at {url}");
        self.others = vec![Link::named(url.clone())];
        self.access.route = MediatorEndpoint::direct(url);
        self.instead_of = None;
        message
    }

    /// Whether the mediator lives in this process.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Stops the mediator in this process, if there is one: it says goodbye to
    /// those who wait.
    pub async fn stop(self) {
        if let Some(OnLan { lan, .. }) = self.lan {
            lan.close().await;
        }
        if let Some(Embedded { stop, server }) = self.embedded {
            let _ = stop.send(());
            let _ = server.await;
        }
    }
}

impl OnLan {
    /// The one that comes before the current, which it then is.
    fn before(&mut self) -> Option<MediatorUrl> {
        let (id, url) = before(&self.lan.known(), self.current)?;
        self.take(id);
        Some(url)
    }

    /// Any but the current, which has ended.
    fn another(&mut self) -> Option<MediatorUrl> {
        self.lan.lost(self.current);
        let (id, url) = self.lan.known().pop_first()?;
        self.take(id);
        Some(url)
    }

    fn take(&mut self, id: InstanceId) {
        if std::mem::take(&mut self.announced) {
            self.lan.retract(self.current);
        }
        self.current = id;
    }

    /// Announces the mediator here, by a new id.
    fn announce(&mut self, port: u16) -> io::Result<()> {
        self.take(dns_sd::new_id()?);
        self.lan.announce(self.current, port)?;
        self.announced = true;
        Ok(())
    }
}

/// The first of those before `current`.
fn before(known: &Known, current: InstanceId) -> Option<(InstanceId, MediatorUrl)> {
    let (id, url) = known.range(..current).next()?;
    Some((*id, url.clone()))
}

/// The ports at which a mediator of this machine is looked for.
pub(crate) fn ports(first: u16) -> RangeInclusive<u16> {
    first..=first.saturating_add(PORTS - 1)
}

/// The mediator at an address of this machine, or one that is started there, which is given;
/// `None` where something else has it.
async fn find_or_start_at(
    url: &MediatorUrl,
    bind: Option<IpAddr>,
) -> io::Result<Option<Option<Embedded>>> {
    for _ in 0..LOOKS {
        match answers(url).await {
            Answers::Mediator => return Ok(Some(None)),
            Answers::Another => return Ok(None),
            Answers::Nobody => {}
        }
        match start(bind, url.port()) {
            // Another client was faster: its mediator serves both. Or a service has the port of
            // another address.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => sleep(PAUSE).await,
            started => return Ok(Some(Some(started?))),
        }
    }
    Ok(None)
}

fn start(bind: Option<IpAddr>, port: u16) -> io::Result<Embedded> {
    let ip = bind.unwrap_or(Ipv6Addr::UNSPECIFIED.into());
    let listener = listen(SocketAddr::new(ip, port))?;
    // Where another program has that port of UDP, chats go by TCP alone.
    let udp = listen_udp(SocketAddr::new(ip, port)).ok();
    let config = Config {
        stun: udp.as_ref().map(|_| port),
        ..Config::default()
    };
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(async move {
        let answering = async {
            match udp {
                Some(udp) => stun::serve(udp).await,
                None => pending().await,
            }
        };
        let stopped = async {
            let _ = stopped.await;
        };
        tokio::select! {
            served = serve(listener, config, stopped) => served,
            never = answering => match never {},
        }
    });
    Ok(Embedded { stop, server })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
