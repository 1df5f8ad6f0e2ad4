//! str0m at a socket: what it says is sent, what comes and the time are told to it. It sees one
//! address of ours a family, which stands for all of them: the system knows better than we do from
//! which of them a packet is to leave.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;

use str0m::channel::{ChannelConfig, ChannelId};
use str0m::config::{DtlsVersion, Fingerprint};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc, RtcError};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};
use undertone_core::pairing::{Ice, Role};

use super::families;
use super::plan::IcePlan;
use super::provider::provider;
use crate::socket::{as_family, canonical};

/// Bytes that wait to be acknowledged, at most. The longer SCTP's queue is, the more each packet
/// costs, and what is said next waits behind it.
const BUFFERED_MAX: usize = 64 * 1024;
/// The longest datagram.
const DATAGRAM_MAX: usize = 2048;
/// How the first byte tells protocols apart (RFC 7983 §7).
const STUN: Range<u8> = 0..4;
const DTLS: Range<u8> = 20..64;
/// The channel's number, and its name.
const CHANNEL: u16 = 0;
const LABEL: &str = "undertone";

/// One end of a connection.
pub(super) struct Agent {
    rtc: Rtc,
    socket: Arc<UdpSocket>,
    is_v6: bool,
    /// What stands for our addresses of IPv4, and of IPv6.
    local: [Option<SocketAddr>; 2],
    channel: Option<ChannelId>,
    /// Where DTLS goes.
    peer: Option<SocketAddr>,
    /// What came, in order.
    pub(super) received: VecDeque<u8>,
    /// Too much came that nobody has taken: what else comes is lost, but for what ICE says.
    pub(super) full: bool,
    /// Nothing more comes.
    pub(super) over: bool,
    /// When str0m wants to be told the time.
    due: Instant,
    datagram: Box<[u8]>,
}

impl Agent {
    /// One that begins now.
    ///
    /// # Errors
    /// In words, where there is nothing to begin with.
    pub(super) fn new(plan: &IcePlan) -> Result<Self, String> {
        let socket = Arc::clone(&plan.gathering.socket);
        let bound = socket.local_addr().map_err(|error| error.to_string())?;
        let [v4, v6] = families(bound.ip());
        let here = |ip| SocketAddr::new(ip, bound.port());
        let local = [
            v4.then(|| here(Ipv4Addr::LOCALHOST.into())),
            v6.then(|| here(Ipv6Addr::LOCALHOST.into())),
        ];
        let now = Instant::now();
        let mut rtc = Rtc::builder()
            .set_crypto_provider(provider())
            .set_dtls_cert(plan.gathering.certificate.clone())
            .set_dtls_version(DtlsVersion::Auto)
            .set_local_ice_credentials(credentials(plan.gathering.ice()))
            .set_sctp_max_buffered_amount(BUFFERED_MAX)
            .clear_codecs()
            .build(now.into_std());
        let candidate = |address| Candidate::host(address, Protocol::Udp).ok();
        for candidate in local.into_iter().flatten().filter_map(candidate) {
            rtc.add_local_candidate(candidate);
        }
        let is_guest = plan.role == Role::Guest;
        let mut api = rtc.direct_api();
        api.set_remote_ice_credentials(credentials(&plan.ice));
        api.set_remote_fingerprint(Fingerprint {
            hash_func: "sha-256".into(),
            bytes: plan.ice.fingerprint.to_vec(),
        });
        api.set_ice_controlling(!is_guest && !plan.with_browser);
        let started = api.start_dtls(is_guest);
        started.map_err(|error| error.to_string())?;
        api.start_sctp(is_guest);
        api.create_data_channel(ChannelConfig {
            negotiated: Some(CHANNEL),
            label: LABEL.into(),
            ..ChannelConfig::default()
        });
        let theirs = plan.addresses.iter().copied();
        for candidate in theirs.filter_map(candidate) {
            rtc.add_remote_candidate(candidate);
        }
        Ok(Self {
            rtc,
            socket,
            is_v6: bound.is_ipv6(),
            local,
            channel: None,
            peer: None,
            received: VecDeque::new(),
            full: false,
            over: false,
            due: now,
            datagram: vec![0; DATAGRAM_MAX].into(),
        })
    }

    /// Goes on until the channel is open; where the peer is.
    ///
    /// # Errors
    /// In words: who is there is not the peer, or has gone.
    pub(super) async fn open(&mut self) -> Result<SocketAddr, String> {
        loop {
            self.settle().await.map_err(|error| error.to_string())?;
            if self.over || !self.rtc.is_alive() {
                return Err("the other end closed it".into());
            }
            if let (Some(_), Some(peer)) = (self.channel, self.peer) {
                return Ok(canonical(peer));
            }
            let heard = self.hear().await;
            heard.map_err(|error| error.to_string())?;
        }
    }

    /// Waits for a datagram, or until str0m wants to be told the time, and tells it.
    /// Cancel-safe. To be followed by [`Agent::settle`].
    ///
    /// # Errors
    /// str0m's, after which nothing more comes.
    pub(super) async fn hear(&mut self) -> Result<(), RtcError> {
        // In no order: a flood must not stop the clock.
        tokio::select! {
            received = self.socket.recv_from(&mut self.datagram) => match received {
                Ok((len, from)) => self.take(len, canonical(from)),
                // A report of what was sent before: it is sent again, or is lost.
                Err(_) => Ok(()),
            },
            () = sleep_until(self.due) => {
                self.rtc.handle_input(Input::Timeout(Instant::now().into_std()))
            }
        }
    }

    /// Takes the datagram that has just come. Whatever it is: only what authenticates itself
    /// may end the connection.
    fn take(&mut self, len: usize, from: SocketAddr) -> Result<(), RtcError> {
        let datagram = self.datagram.get(..len).unwrap_or_default();
        let [v4, v6] = self.local;
        let ours = if from.is_ipv4() { v4 } else { v6 };
        let is_wanted = datagram
            .first()
            .is_some_and(|first| STUN.contains(first) || DTLS.contains(first) && !self.full);
        let (true, Some(ours)) = (is_wanted, ours) else {
            return Ok(());
        };
        let Ok(received) = Receive::new(Protocol::Udp, from, ours, datagram) else {
            return Ok(());
        };
        let input = Input::Receive(Instant::now().into_std(), received);
        if !self.rtc.accepts(&input) {
            return Ok(());
        }
        match self.rtc.handle_input(input) {
            Err(error) if !self.rtc.is_alive() => Err(error),
            _ => Ok(()),
        }
    }

    /// Does all that str0m wants to be done by now. Not to be dropped half-way.
    ///
    /// # Errors
    /// str0m's, after which nothing more comes.
    pub(super) async fn settle(&mut self) -> Result<(), RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(due) => {
                    self.due = due.into();
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    let to = transmit.destination;
                    if transmit
                        .contents
                        .first()
                        .is_some_and(|first| DTLS.contains(first))
                    {
                        self.peer = Some(to);
                    }
                    // What does not leave is lost, as others are on their way.
                    let to = as_family(to, self.is_v6);
                    let _ = self.socket.send_to(&transmit.contents, to).await;
                }
                Output::Event(event) => self.note(event),
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::ChannelOpen(channel, _) => self.channel = Some(channel),
            Event::ChannelData(data) => self.received.extend(data.data),
            Event::ChannelClose(_) | Event::Closed => self.over = true,
            _ => {}
        }
    }

    /// Says all of these bytes as one message, and empties them; or leaves them where too many wait
    /// to be acknowledged. To be followed by [`Agent::settle`].
    ///
    /// # Errors
    /// str0m's, after which nothing more goes.
    pub(super) fn say(&mut self, bytes: &mut Vec<u8>) -> Result<(), RtcError> {
        let channel = self.channel.and_then(|channel| self.rtc.channel(channel));
        if let Some(mut channel) = channel.filter(|_| !bytes.is_empty())
            && channel.write(true, bytes)?
        {
            bytes.clear();
        }
        Ok(())
    }

    /// Whether the peer has acknowledged all that was said.
    pub(super) fn is_heard(&mut self) -> bool {
        let channel = self.channel.and_then(|channel| self.rtc.channel(channel));
        channel.is_none_or(|mut channel| channel.buffered_amount() == 0)
    }

    /// Lets the peer know that nothing more comes, as far as that arrives.
    pub(super) async fn close(&mut self) {
        if self.rtc.close().is_ok() {
            let _ = self.settle().await;
        }
    }
}

fn credentials(ice: &Ice) -> IceCreds {
    IceCreds {
        ufrag: ice.ufrag.clone(),
        pass: ice.password.clone(),
    }
}
