//! Two ends of a pairing in this process, for attacks that try every byte.

use std::sync::Arc;

use undertone::engine::connect::host::{Found, HostAcceptor, Step};
use undertone_core::crypto::keys::{SecretKey, prs};
use undertone_core::pairing::{
    Candidates, GuestConfirm, HostConfirm, LinkKeys, Matched, Meeting, Offering, Role,
};
use undertone_core::session::Session;
use undertone_core::session::record::Channel;
use undertone_net::link::Ready;
use undertone_net::link::acceptor::Acceptor;
use undertone_net::link::dial::Plan;

/// Two people with a secret.
pub(crate) struct Two([SecretKey; 2]);

impl Two {
    pub(crate) fn new() -> Self {
        Self([(); 2].map(|()| SecretKey::generate()))
    }

    /// A fresh pairing of theirs, up to CONFIRM.
    pub(crate) fn matched(&self) -> [Matched; 2] {
        let meeting = Meeting {
            tag: [7; 32],
            prs: prs(Some(b"otter")),
        };
        let none = Candidates::default();
        let [host, guest] = self
            .0
            .each_ref()
            .map(|identity| Offering::new(meeting.clone(), identity.public()));
        let offers = [host.offer().to_vec(), guest.offer().to_vec()];
        let (host, sealed_a) = host.paired(Role::Host, &offers[1], &none).unwrap();
        let (guest, sealed_b) = guest.paired(Role::Guest, &offers[0], &none).unwrap();
        let host = host.sealed(&sealed_b, None).unwrap();
        let guest = guest.sealed(&sealed_a, None).unwrap();
        [
            host.agree(&self.0[0]).unwrap(),
            guest.agree(&self.0[1]).unwrap(),
        ]
    }

    pub(crate) fn confirming(&self) -> (HostConfirm, GuestConfirm) {
        let [host, guest] = self.matched();
        (host.host("ada").unwrap(), guest.guest("bob").unwrap())
    }

    /// Both ends' keys of a link.
    pub(crate) fn keys(&self) -> [LinkKeys; 2] {
        let (mut host, guest) = self.confirming();
        let (answer, established) = host.confirm(guest.confirm_b()).unwrap();
        [
            established.unwrap().link,
            guest.confirm(&answer).unwrap().link,
        ]
    }

    /// Both ends' record layers of a link.
    pub(crate) fn channels(&self) -> [Channel; 2] {
        self.keys().map(|keys| Channel::new(keys).unwrap())
    }
}

/// A host that awaits the guest of a pairing where it listens, and then gives the link.
pub(crate) fn host_awaits(
    confirm: HostConfirm,
) -> (std::net::SocketAddr, tokio::task::JoinHandle<Option<Ready>>) {
    let acceptor = Acceptor::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = acceptor.address();
    let waiting = tokio::spawn(async move {
        let mut acceptor = HostAcceptor::new(acceptor);
        acceptor.take(Found::Pairing(Box::new(confirm), Plan::default()));
        loop {
            match acceptor.next().await {
                Step::Confirmed(confirmed) => {
                    let mut session = Session::new(Role::Host, Arc::clone(&confirmed.resume));
                    acceptor.nominated(confirmed.nominate(&session.nominate()).unwrap());
                }
                Step::Answered(ready) => return Some(*ready),
                Step::Unanswered | Step::Unfit(_) => return None,
                Step::Knock(_) => {}
            }
        }
    });
    (address, waiting)
}
