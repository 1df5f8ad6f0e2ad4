//! Which mediator: the one that is named; else the one on this machine; else one
//! inside this process, for everyone who can reach this machine.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use undertone_mediator::{Config, listen, serve};

use crate::link::door::addresses_here;
use crate::mediator_url::MediatorUrl;
use crate::rendezvous::Route;

/// The mediator that a chat uses.
pub struct Local {
    /// Where and how this client reaches it.
    pub route: Route,
    /// Where others may reach it, best first.
    pub others: Vec<MediatorUrl>,
    /// Where one may be started here; `None` for a mediator that was named.
    place: Option<(Option<IpAddr>, u16)>,
    embedded: Option<Embedded>,
}

struct Embedded {
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl Local {
    /// The mediator that `route` leads to, which somebody else runs.
    pub fn named(route: Route) -> Self {
        Local {
            others: vec![route.mediator.clone()],
            route,
            place: None,
            embedded: None,
        }
    }

    /// The mediator on this machine's `port`, started here where nothing answers.
    /// With `bind` it is looked for, and listens, on that address only.
    ///
    /// # Errors
    /// When it can neither be reached nor started.
    pub async fn find_or_start(bind: Option<IpAddr>, port: u16) -> io::Result<Self> {
        let here = bind.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let embedded = if is_open(here, port).await {
            None
        } else {
            match start(bind, port) {
                // Another client was faster: its mediator serves both.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => None,
                started => Some(started?),
            }
        };
        let url =
            |ip: IpAddr| MediatorUrl::new(false, &ip.to_string(), port).map_err(io::Error::other);
        let mut others = Vec::new();
        if bind.is_none() {
            for ip in addresses_here().into_iter().filter(IpAddr::is_ipv4) {
                others.push(url(ip)?);
            }
        }
        others.push(url(here)?);
        Ok(Local {
            route: Route {
                mediator: url(here)?,
                proxy: None,
            },
            others,
            place: Some((bind, port)),
            embedded,
        })
    }

    /// Starts a mediator here where the one on this machine has ended, as it does
    /// with the client that ran it. `true`: it was.
    pub async fn revive(&mut self) -> bool {
        let Some((bind, port)) = self.place.filter(|_| self.embedded.is_none()) else {
            return false;
        };
        if !is_open(bind.unwrap_or(Ipv4Addr::LOCALHOST.into()), port).await {
            self.embedded = start(bind, port).ok();
        }
        self.embedded.is_some()
    }

    /// Whether the mediator lives in this process.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Stops the mediator in this process, if there is one: it says goodbye to
    /// those who wait.
    pub async fn stop(self) {
        if let Some(Embedded { stop, server }) = self.embedded {
            let _ = stop.send(());
            let _ = server.await;
        }
    }
}

async fn is_open(ip: IpAddr, port: u16) -> bool {
    TcpStream::connect((ip, port)).await.is_ok()
}

fn start(bind: Option<IpAddr>, port: u16) -> io::Result<Embedded> {
    let ip = bind.unwrap_or(Ipv6Addr::UNSPECIFIED.into());
    let listener = listen(SocketAddr::new(ip, port))?;
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(serve(listener, Config::default(), async {
        let _ = stopped.await;
    }));
    Ok(Embedded { stop, server })
}
