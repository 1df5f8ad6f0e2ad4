//! Mediators on the local network, as multicast DNS tells of them. What it tells is untrusted:
//! an id and addresses are read, all else is passed over; only addresses of a network that this
//! machine is part of are dialled, and what does not answer there does not count.
//!
//! Does not decide which one to take: that is `local`'s.

use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use mdns_sd::{ResolvedService, ScopedIp, ServiceEvent};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use undertone_core::mediator_url::MediatorUrl;
use undertone_wire::{InstanceId, SERVICE};

use crate::embedded::lan::{self, ServiceDaemon};
use crate::link::interfaces::{links_here, next_to_us};
use crate::rendezvous::connect::connect;
use crate::rendezvous::version::{Answers, answers};
use crate::socket::Segments;

/// How long to look for a mediator before one is started.
pub const LOOK_FOR: Duration = Duration::from_millis(1500);
/// How long an announced mediator may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// How often one is dialled, and the pause after each.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(250);
/// How often a lost one is dialled again, and the pause before each.
const LOST_TRIES: u32 = 360;
const LOST_PAUSE: Duration = Duration::from_secs(10);
/// The most mediators that are kept in mind.
const KNOWN_MAX: usize = 64;
/// The most that are dialled at a time, and the most addresses of each.
const DIALS_MAX: usize = 8;

/// The mediators that answered, by their ids.
pub type Known = BTreeMap<InstanceId, MediatorUrl>;

/// Looks for mediators, and announces one.
pub struct Lan {
    daemon: ServiceDaemon,
    known: Arc<watch::Sender<Known>>,
    /// Who listens to the daemon, and who waits for a lost mediator.
    watching: JoinSet<()>,
}

impl fmt::Debug for Lan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lan")
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

impl Lan {
    /// Begins to look, on all interfaces or on that of `only`.
    ///
    /// # Errors
    /// The system's.
    pub fn open(only: Option<IpAddr>) -> io::Result<Self> {
        let daemon = lan::daemon(only)?;
        let events = daemon.browse(SERVICE).map_err(io::Error::other)?;
        let known = Arc::new(watch::Sender::new(Known::new()));
        let mut watching = JoinSet::new();
        let lan_known = Arc::clone(&known);
        watching.spawn(async move {
            let mut dials = FuturesUnordered::new();
            loop {
                tokio::select! {
                    event = events.recv_async() => match event {
                        Ok(ServiceEvent::ServiceResolved(service)) => {
                            let new = InstanceId::of(service.get_fullname())
                                .filter(|id| !known.borrow().contains_key(id));
                            if let Some(id) = new && dials.len() < DIALS_MAX {
                                dials.push(answering(id, service));
                            }
                        }
                        Ok(ServiceEvent::ServiceRemoved(_, name)) => {
                            if let Some(id) = InstanceId::of(&name) {
                                known.send_if_modified(|known| known.remove(&id).is_some());
                            }
                        }
                        Ok(_) => {}
                        Err(_) => return,
                    },
                    Some(answered) = dials.next() => {
                        if let Some((id, url)) = answered {
                            keep(&known, id, url);
                        }
                    }
                }
            }
        });
        Ok(Self {
            daemon,
            known: lan_known,
            watching,
        })
    }

    /// Those that answered so far.
    pub fn known(&self) -> Known {
        self.known.borrow().clone()
    }

    /// Waits until those that answered are as wanted.
    pub fn until(
        &self,
        wanted: impl FnMut(&Known) -> bool + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut known = self.known.subscribe();
        async move {
            if known.wait_for(wanted).await.is_err() {
                // Nobody looks any more.
                pending::<()>().await;
            }
        }
    }

    /// One does not answer any more: it is known again once it does.
    pub fn lost(&mut self, id: InstanceId) {
        let mut url = None;
        self.known.send_modify(|known| url = known.remove(&id));
        let (Some(url), known) = (url, Arc::clone(&self.known)) else {
            return;
        };
        self.watching.spawn(async move {
            for _ in 0..LOST_TRIES {
                sleep(LOST_PAUSE).await;
                if answers(&url).await == Answers::Mediator {
                    return keep(&known, id, url);
                }
            }
        });
    }

    /// Announces the mediator on `port` of this machine.
    ///
    /// # Errors
    /// When the daemon has ended.
    pub fn announce(&self, id: InstanceId, port: u16) -> io::Result<()> {
        lan::announce(&self.daemon, id, port)
    }

    /// Takes that back.
    pub fn retract(&self, id: InstanceId) {
        lan::retract(&self.daemon, id);
    }

    /// Looks no longer, and takes back what was announced.
    pub async fn close(mut self) {
        self.watching.abort_all();
        lan::close(self.daemon).await;
    }
}

fn keep(known: &watch::Sender<Known>, id: InstanceId, url: MediatorUrl) {
    known.send_if_modified(|known| {
        let room = known.len() < KNOWN_MAX;
        room && known.insert(id, url).is_none()
    });
}

/// The announced mediator, at that of its addresses which answers.
async fn answering(
    id: InstanceId,
    service: Box<ResolvedService>,
) -> Option<(InstanceId, MediatorUrl)> {
    let (is_near, links) = (next_to_us(), links_here());
    let near = |ip: &ScopedIp| match ip {
        ScopedIp::V6(v6) if v6.addr().is_unicast_link_local() => {
            let link = v6.scope_id().index;
            let at = SocketAddrV6::new(*v6.addr(), service.get_port(), 0, link);
            links.contains(&link).then_some(SocketAddr::V6(at))
        }
        other => {
            let ip = other.to_ip_addr();
            is_near(ip).then_some(SocketAddr::new(ip, service.get_port()))
        }
    };
    let announced = service.get_addresses().iter();
    let near: Vec<SocketAddr> = announced.filter_map(near).take(DIALS_MAX).collect();
    // It is heard of once only: one try might just have been unlucky.
    for _ in 0..TRIES {
        if let Ok(Ok(connected)) =
            timeout(ANSWER_TIMEOUT, connect(&near, None, Segments::default())).await
        {
            let at = connected.stream.peer_addr().ok()?;
            let host = match at {
                SocketAddr::V6(v6) if v6.scope_id() != 0 => {
                    format!("{}%{}", v6.ip(), v6.scope_id())
                }
                _ => at.ip().to_string(),
            };
            let url = MediatorUrl::new(false, &host, at.port()).ok()?;
            return Some((id, url));
        }
        sleep(PAUSE).await;
    }
    None
}
