//! From a plan to a stream: an agent that goes on until the channel is open, and how long it may take.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::agent::Agent;
use super::carrying::carry;
use super::plan::IcePlan;
use crate::link::path::Path;
use crate::link::stream::Stream;

/// How long a way is looked for by ICE, until the channel is open.
const ICE_TIMEOUT: Duration = Duration::from_secs(6);
/// Where TCP is dialled too it has so much of a start: on one network it is there by then, and
/// nothing of all this needs to be computed.
const HEAD_START: Duration = Duration::from_millis(50);
/// The most addresses of a peer that are ever tried.
const TRIED_MAX: usize = 8;

impl IcePlan {
    /// Connects, with a head start for TCP where that is `beside` it; `None` where no way opens
    /// within 6 s, or who is there is not the peer. Dropped meanwhile, it leaves nothing behind.
    pub async fn connect(self, beside: bool) -> Option<(Stream, Path)> {
        if beside {
            sleep(HEAD_START).await;
        }
        let tell = self.tell.clone();
        tell.tell(|| {
            let addresses = self.addresses.iter().take(TRIED_MAX);
            let all: Vec<String> = addresses.map(SocketAddr::to_string).collect();
            format!("udp: tried to {}", all.join(", "))
        });
        match timeout(ICE_TIMEOUT, self.open()).await {
            Ok(Ok((agent, peer))) => {
                tell.tell(|| format!("udp: connected to {peer}"));
                Some((carry(agent, peer).into(), Path::over_udp(peer)))
            }
            Ok(Err(why)) => {
                tell.tell(|| format!("udp: {why}"));
                None
            }
            Err(_) => {
                tell.tell(|| "udp: no answer".into());
                None
            }
        }
    }

    async fn open(mut self) -> Result<(Agent, SocketAddr), String> {
        self.gathering.stop();
        self.addresses.truncate(TRIED_MAX);
        let mut agent = Agent::new(&self)?;
        let peer = agent.open().await?;
        Ok((agent, peer))
    }
}
