//! Where one meets: what the mediator of an invite means, and what hiding asks of it.

use std::net::IpAddr;

use undertone_core::mediator_url::MediatorUrl;
use undertone_core::room::{Invite, Room};
use undertone_host::sources::Sources;

use crate::cli::ChatOptions;
use crate::engine::Made;
use crate::engine::relay::RelayChoice;
use crate::exit::Exit;
use crate::link::interfaces::addresses_here;
use crate::rendezvous::MediatorEndpoint;
use crate::report::fail;

use crate::made;
use crate::store::{Store, StoreError};

/// A room, and the way to its mediator.
pub(super) struct Place {
    pub(super) room: Room,
    pub(super) mediator: Option<MediatorEndpoint>,
    /// Whether the room was made up just now.
    pub(super) made_up: bool,
    /// Where the invite was made, if its mediator is this machine itself.
    pub(super) to_itself: Option<Made>,
}

impl Place {
    /// What an invite and the options come to; a room is made up where there is no invite.
    pub(super) fn of(
        invite: Option<Invite>,
        options: &ChatOptions,
        sources: &Sources,
        store: &Store,
    ) -> Result<Self, Exit> {
        let made_up = invite.is_none();
        let (mediator, room) = match invite {
            Some(invite) => (invite.mediator, invite.room),
            None if options.long => (None, Room::made_up_long()),
            None => (None, Room::made_up()),
        };
        let invited = mediator.is_some();
        let mediator = options
            .endpoint(mediator)
            .map_err(|e| fail(Exit::Usage, &e))?;
        let by_invite = mediator.as_ref().filter(|_| invited);
        let fault = |error| fail(Exit::InternalError, &error);
        let to_itself = leads_to_itself(options, by_invite, store, &room).map_err(fault)?;
        let is_here = mediator
            .as_ref()
            .is_none_or(|endpoint| is_this_machine(&endpoint.mediator));
        if to_itself.is_none() && is_here {
            let port = mediator.as_ref().map(|route| route.mediator.port());
            made::note(store, &room, port.unwrap_or(options.local_port)).map_err(fault)?;
        }
        if options.hide_ip {
            check_hides(options, mediator.as_ref(), sources)?;
        }
        Ok(Self {
            room,
            mediator,
            made_up,
            to_itself,
        })
    }
}

/// Where an invite was made whose mediator is this machine itself; a mediator that was named by
/// the person, too, is where they say that it is.
fn leads_to_itself(
    options: &ChatOptions,
    invited: Option<&MediatorEndpoint>,
    store: &Store,
    room: &Room,
) -> Result<Option<Made>, StoreError> {
    let Some(MediatorEndpoint {
        mediator, proxy, ..
    }) = invited
    else {
        return Ok(None);
    };
    let named = options.mediator.as_ref() == Some(mediator);
    if !is_this_machine(mediator) || proxy.is_some() || named {
        return Ok(None);
    }
    Ok(Some(match made::port_of(store, room)? {
        Some(port) => Made::Here(port),
        None => Made::Elsewhere,
    }))
}

/// Whether a mediator there is one of this machine: on loopback, or at an address of ours where a
/// client could run one.
fn is_this_machine(mediator: &MediatorUrl) -> bool {
    let is_ours = |ip: IpAddr| addresses_here().contains(&ip.to_canonical());
    mediator.is_loopback() || !mediator.tls() && mediator.ip().is_some_and(is_ours)
}

/// Who hides needs a mediator, and one that is not the peer's own: such a one would
/// see our address, or a proxy's where there is one.
fn check_hides(
    options: &ChatOptions,
    endpoint: Option<&MediatorEndpoint>,
    sources: &Sources,
) -> Result<(), Exit> {
    let hide = sources.name("hide-ip");
    let fault = match endpoint {
        _ if options.relay == RelayChoice::Never => {
            format!(
                "{hide} goes by the mediator's relay only, and {} never refuses it\n  Leave out one of the two.",
                sources.name("relay")
            )
        }
        None => {
            format!(
                "missing: a mediator that relays\n  {hide} takes one that is not this machine's own: name it with --mediator URL."
            )
        }
        Some(endpoint)
            if endpoint.proxy.is_none()
                && options.mediator.as_ref() != Some(&endpoint.mediator) =>
        {
            format!(
                "an invite's mediator may be the other person's own machine, which would see your address\n  {hide} takes one that you trust: name it with --mediator URL, or put a --proxy before it."
            )
        }
        Some(_) => return Ok(()),
    };
    Err(fail(Exit::Usage, &fault))
}
