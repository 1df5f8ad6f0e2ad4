//! Which links are given to the peer: by which of this machine's addresses its mediator is
//! reached, and from where.

use std::net::{IpAddr, Ipv4Addr};

use futures_util::future::join_all;
use undertone_core::mediator_url::{MediatorUrl, MediatorUrlError};
use undertone_core::room::Room;

use crate::link::ranking::{Reach, ranked};
use crate::rendezvous::version::{Answers, answers};

/// More would fill the screen, and nobody would read them.
const LINKS_MAX: usize = 4;

/// A mediator's address for an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub url: MediatorUrl,
    /// From where it works; `None` where only the mediator's owner knows.
    pub reach: Option<Reach>,
}

impl Link {
    /// To a mediator that was named. Of its address nothing is known but where it cannot lead.
    pub fn named(url: MediatorUrl) -> Self {
        let reach = match url.is_loopback() {
            true => Some(Reach::Machine),
            false => url.ip().map(Reach::of),
        };
        Self {
            url: url.without_link(),
            reach: reach.filter(|reach| *reach >= Reach::Link),
        }
    }
}

/// These links to a room, and from where each of them works; empty where that is not known of all.
pub(in crate::engine) fn invites(links: &[Link], room: &Room) -> (Vec<String>, Vec<Reach>) {
    let reach: Option<Vec<_>> = links.iter().map(|link| link.reach).collect();
    let invites = links.iter();
    let invites = invites.map(|link| room.invite_link(&link.url).to_string());
    (invites.collect(), reach.unwrap_or_default())
}

/// Whether a mediator on loopback answers there alone. Whoever comes by it runs on this machine
/// then, unless its owner forwards others to it.
pub(in crate::engine) async fn answers_here_only(mediator: &MediatorUrl) -> bool {
    if !mediator.ip().is_some_and(|ip| ip.is_loopback()) {
        return false;
    }
    let urls = ranked(None).into_iter().filter_map(|here| {
        MediatorUrl::new(mediator.tls(), &here.ip.to_string(), mediator.port()).ok()
    });
    let asked = urls.map(|url| async move { answers(&url).await });
    let answers = join_all(asked).await;
    answers.iter().all(|answer| *answer == Answers::Nobody)
}

/// The links to the mediator on `port` of this machine, the best first; with `bind` to that
/// address only. Where it was `started` here, it listens on all of them.
///
/// # Errors
/// For port 0.
pub async fn links_here(
    bind: Option<IpAddr>,
    port: u16,
    started: bool,
) -> Result<Vec<Link>, MediatorUrlError> {
    let link = |ip: IpAddr, reach| {
        let url = MediatorUrl::new(false, &ip.to_string(), port)?;
        Ok(Link {
            url,
            reach: Some(reach),
        })
    };
    if let Some(ip) = bind.filter(|ip| !ip.is_unspecified()) {
        let here = ranked(None).into_iter().find(|here| here.ip == ip);
        let reach = here.map_or(Reach::of(ip), |here| here.reach);
        return Ok(vec![link(ip, reach)?]);
    }
    let mut links = Vec::new();
    for here in ranked(None) {
        // Whoever reaches a link-local address reaches any other.
        let needless = here.reach == Reach::Link && !links.is_empty();
        if needless || links.len() + 1 >= LINKS_MAX {
            continue;
        }
        let link = link(here.ip, here.reach)?;
        // Another process' mediator may listen on some of the addresses only.
        if started || answers(&link.url).await == Answers::Mediator {
            links.push(link);
        }
    }
    links.push(link(Ipv4Addr::LOCALHOST.into(), Reach::Machine)?);
    Ok(links)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_named_mediator_of_this_machine_is_reached_from_there_only() {
        for (url, reach) in [
            ("http://localhost:9", Some(Reach::Machine)),
            ("http://LOCALHOST.:9", Some(Reach::Machine)),
            ("http://a.localhost:9", Some(Reach::Machine)),
            ("http://127.0.0.1:9", Some(Reach::Machine)),
            ("http://127.255.0.1:9", Some(Reach::Machine)),
            ("http://[::1]:9", Some(Reach::Machine)),
            ("http://[::ffff:127.0.0.1]:9", Some(Reach::Machine)),
            ("http://[fe80::1%eth0]:9", Some(Reach::Link)),
            ("http://localhost.example:9", None),
            ("http://192.168.1.20:9", None),
        ] {
            assert_eq!(Link::named(url.parse().unwrap()).reach, reach, "{url}");
        }
    }
}
