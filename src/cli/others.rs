//! What the commands that are no chat take.

use std::net::SocketAddr;

use clap::{Args, Subcommand};
use undertone_core::mediator_url::{DEFAULT_PORT, MediatorUrl};
use undertone_core::text::display_name::DisplayName;
use undertone_host::sources::Sources;

use super::{bind_address, endpoint, examples, local_port, name_proxy, proxy_choice};
use crate::rendezvous::MediatorEndpoint;
use crate::rendezvous::proxy::{ProxyChoice, ProxyUrlError};

/// What `doctor` takes.
#[derive(Args, Debug, Clone)]
pub struct DoctorArgs {
    /// The mediator to look at; with a second one, at another address, your kind
    /// of router shows too [default: the one on this machine]
    #[arg(long, value_name = "URL", env = "UNDERTONE_MEDIATOR", hide_env = true)]
    pub mediator: Vec<MediatorUrl>,
    /// The proxy on the way to it, or `none` [default: as for a chat]
    #[arg(long, value_name = "URL", env = "UNDERTONE_PROXY", hide_env = true,
        hide_default_value = true, value_parser = proxy_choice)]
    pub proxy: Option<Result<ProxyChoice, ProxyUrlError>>,
    /// The address that a chat would listen on
    #[arg(long, value_name = "IP[:PORT]", env = "UNDERTONE_BIND", hide_env = true, value_parser = bind_address)]
    pub bind: Option<SocketAddr>,
    /// Port of the mediator on this machine
    #[arg(long, value_name = "PORT", env = "UNDERTONE_LOCAL_PORT", hide_env = true, value_parser = local_port, default_value_t = DEFAULT_PORT)]
    pub local_port: u16,
    /// Write one JSON object a finding
    #[arg(long)]
    pub json: bool,
}

impl DoctorArgs {
    pub(super) fn settle(&mut self, sources: &Sources) {
        name_proxy(&mut self.proxy, sources);
    }

    /// The ways to the mediators that were named.
    ///
    /// # Errors
    /// [`ProxyUrlError`], where a proxy counts whose address is wrong.
    pub fn endpoints(&self) -> Result<Vec<MediatorEndpoint>, ProxyUrlError> {
        let named = self.mediator.iter();
        named
            .map(|mediator| endpoint(mediator.clone(), self.proxy.as_ref()))
            .collect()
    }
}

/// What `id` takes.
#[derive(Args, Debug, Clone, Copy)]
pub struct IdArgs {
    /// Write one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What `peers` takes.
#[derive(Args, Debug, Clone)]
pub struct PeersArgs {
    /// Write one JSON object a line, for each connection
    #[arg(long)]
    pub json: bool,
    /// A row for each connection, not for each person
    #[arg(long)]
    pub connections: bool,
    /// What to do instead of showing them.
    #[command(subcommand)]
    pub action: Option<PeersAction>,
}

/// What `peers` can do besides showing.
#[derive(Subcommand, Debug, Clone)]
pub enum PeersAction {
    /// Write the names of your contacts, a line each, for the completions of a shell
    #[command(hide = true)]
    Names,
    /// Show where the history is
    #[command(after_help = examples::PEERS_PATH)]
    Path,
    /// Give someone another name, here only
    #[command(after_help = examples::PEERS_RENAME)]
    Rename {
        /// The name, or where several have it the first words of the key
        #[arg(value_name = "WHO")]
        who: String,
        /// The new name
        #[arg(value_name = "NAME")]
        name: DisplayName,
    },
    /// Forget someone: the contact and the lines of the history
    #[command(after_help = examples::PEERS_FORGET)]
    Forget {
        /// The name, or where several have it the first words of the key
        #[arg(value_name = "WHO")]
        who: String,
        /// Do not ask; needed where there is no terminal to ask on
        #[arg(short, long)]
        yes: bool,
    },
}
