//! What a conversation has throughout: what it was started with, and the way of its events.

use undertone_core::pairing::PeerIdentity;
use undertone_core::session::Ends;

use super::event::Event;
use super::mediator::lan::Lan;
use super::mediator::{MediatorHandle, ports};
use super::outlet::Outlet;
use super::relay::NoRelay;
use super::{ChatConfig, ChatError, Made};
use crate::link::interfaces::can_listen;
use crate::rendezvous::MediatorEndpoint;
use crate::rendezvous::version::{Answers, answers};

/// What a conversation was started with, and where its events go.
#[derive(Debug)]
pub struct Context {
    /// What it was started with.
    pub config: ChatConfig,
    /// Where its events go.
    pub outlet: Outlet,
}

impl Context {
    /// Tells an event.
    pub fn tell(&self, event: Event) {
        self.outlet.tell(event);
    }

    /// Tells a remark of ours as a sentence.
    pub fn note(&self, message: &str) {
        self.tell(Event::note(message));
    }

    /// Tells what is tried, for whoever asks why it does not work.
    pub fn detail(&self, message: impl FnOnce() -> String) {
        self.config.listening.tell.tell(message);
    }

    /// Us and this peer, as the renewals of their session show them.
    pub fn ends(&self, peer: &PeerIdentity) -> Ends {
        Ends {
            ours: self.config.identity.public(),
            theirs: peer.identity,
            name: self.config.name.as_str().to_owned(),
            renew_every: self.config.renew_every,
        }
    }

    /// Why no relay came about at a mediator that does, or does not, relay, with a peer that
    /// `hides` or not.
    pub fn no_relay(&self, relays: bool, hides: bool) -> NoRelay {
        match (relays, self.config.listening.hidden) {
            (true, _) => self.config.consent.lack(),
            (false, true) => NoRelay::MediatorAndHidden,
            (false, false) if hides => NoRelay::MediatorAndTheyHide,
            (false, false) => NoRelay::Mediator,
        }
    }

    /// Nothing is begun on an address that is not this machine's.
    ///
    /// # Errors
    /// [`ChatError::NotHere`].
    pub fn check_bind(&self) -> Result<(), ChatError> {
        match self.config.listening.bind {
            Some(bind) if !can_listen(bind.ip()) => Err(ChatError::NotHere(bind.ip())),
            _ => Ok(()),
        }
    }

    /// The mediator: the one that was named, or one on this machine or its network.
    ///
    /// # Errors
    /// [`ChatError`], where there is none.
    pub async fn local(&self) -> Result<MediatorHandle, ChatError> {
        let bind = self.config.listening.bind.map(|bind| bind.ip());
        let itself = self
            .config
            .mediator
            .as_ref()
            .filter(|_| self.config.to_itself.is_some());
        if let Some(MediatorEndpoint { mediator, .. }) = itself {
            let answer = answers(mediator).await;
            match self.config.to_itself {
                // It may listen on that address of this machine alone.
                _ if answer == Answers::Mediator && !mediator.is_loopback() => {}
                // Where it was made it is looked for in the same way, and started again.
                Some(Made::Here(first))
                    if !mediator.tls() && ports(first).contains(&mediator.port()) =>
                {
                    let first = match answer {
                        Answers::Mediator => mediator.port(),
                        _ => first,
                    };
                    let found = MediatorHandle::find_or_start(bind, first, None).await;
                    return found.map_err(|error| ChatError::LocalMediator(first, error));
                }
                _ if answer != Answers::Nobody => {}
                Some(Made::Here(port)) if !ports(port).contains(&mediator.port()) => {
                    return Err(ChatError::OtherPort(mediator.clone(), port));
                }
                _ if mediator.is_loopback() => {
                    return Err(ChatError::ToItself(mediator.clone()));
                }
                _ => return Err(ChatError::NoneHere(mediator.clone())),
            }
        }
        match &self.config.mediator {
            Some(route) => {
                if let Some(proxy) = &route.proxy {
                    let name = proxy.named_by();
                    self.detail(|| format!("to the mediator through the proxy {proxy} ({name})"));
                }
                let route = route.clone();
                Ok(match itself {
                    Some(_) => MediatorHandle::on_this_machine(route, bind),
                    None => MediatorHandle::named(route),
                })
            }
            None => {
                let lan = match self.config.lan {
                    true => Some(Lan::open(bind).map_err(ChatError::Lan)?),
                    false => None,
                };
                let found = MediatorHandle::find_or_start(bind, self.config.local_port, lan).await;
                found.map_err(|error| ChatError::LocalMediator(self.config.local_port, error))
            }
        }
    }
}
