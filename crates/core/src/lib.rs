//! The protocol of undertone without I/O: bytes and `now` go in; bytes, events and a deadline come
//! out. No socket, no clock of the system's, no terminal, no file: it can be run under a virtual
//! clock, fuzzed, and ported as it is, also to `wasm32-unknown-unknown`. PROTOCOL.md says what is
//! on the wire.
//!
//! ```text
//! opening                    from streams of bytes to the link of a session
//! session                    what arrives once and in order, over links that come and go
//!   ├► payload               what a record carries: CBOR
//!   └► pairing               from two OFFERs to a confirmed pair of keys
//!        └► crypto           keys, seal and open, CPace, ratchet, words
//! frame                      where in a link's bytes one ends and the next begins
//! files                      what an offer of files says: its list, and its data
//! room, mediator_url         what people type and paste: rooms, invites, where the mediator is
//! text                       what may be shown of others' text, and names
//! time                       the moments that callers pass in
//! ```
//!
//! Two ends in memory: what the mediator hands across, and what goes over the link, is passed by
//! hand.
//!
//! ```
//! use undertone_core::crypto::keys::SecretKey;
//! use undertone_core::pairing::{Candidates, Meeting, Offering, Role};
//! use undertone_core::room::Room;
//! use undertone_core::session::{Event, LinkId, Session, record::Channel};
//! # use undertone_core::time::Instant;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Pair: two that name the same room swap OFFER and SEALED.
//! let [key_a, key_b] = [SecretKey::generate(), SecretKey::generate()];
//! let room: Room = "ocean-panda#tiger-velvet".parse()?;
//! let meeting = Meeting { tag: room.tag(), prs: room.prs() };
//! let [ada, bob] = [&key_a, &key_b].map(|key| Offering::new(meeting.clone(), key.public()));
//! let (offer_a, offer_b) = (ada.offer().to_vec(), bob.offer().to_vec());
//! let (ada, sealed_a) = ada.paired(Role::Host, &offer_b, &Candidates::default())?;
//! let (bob, sealed_b) = bob.paired(Role::Guest, &offer_a, &Candidates::default())?;
//!
//! // Confirm: over the link, the guest first.
//! let mut ada = ada.sealed(&sealed_b, None)?.agree(&key_a)?.host("ada")?;
//! let bob = bob.sealed(&sealed_a, None)?.agree(&key_b)?.guest("bob")?;
//! let (confirm_a, ada) = ada.confirm(bob.confirm_b())?;
//! let (ada, bob) = (ada.ok_or("the first one gives the keys")?, bob.confirm(&confirm_a)?);
//! assert_eq!((&*ada.peer.name, &*bob.peer.name), ("bob", "ada"));
//!
//! // Talk: the host opens the link, the guest answers, and it is live.
//! let (now, link) = (Instant::now(), LinkId(1));
//! let mut host = Session::new(Role::Host, ada.resume);
//! let mut guest = Session::new(Role::Guest, bob.resume);
//! let (mut here, mut there) = (Channel::new(ada.link)?, Channel::new(bob.link)?);
//! let mut record = Vec::new();
//! let go = host.nominate();
//! here.seal(now, &mut record, |buf| go.encode(buf))?;
//! let opened = there.open(&mut record[4..])?.to_vec();
//! guest.link_opened(link, there, &opened, now)?;
//! record.clear();
//! guest.poll_transmit(now, &mut record).map_err(|(_, fault)| fault)?;
//! let answer = here.open(&mut record[4..])?.to_vec();
//! host.link_answered(link, here, &answer, now)?;
//!
//! guest.say(0, "hi, got it?")?;
//! record.clear();
//! guest.poll_transmit(now, &mut record).map_err(|(_, fault)| fault)?;
//! host.receive(link, &mut record[4..], now)?;
//! let Some(Event::Text { seq, text, .. }) = host.poll_event() else { panic!("no message") };
//! assert_eq!(text, "hi, got it?");
//! host.shown(seq, now); // and only now is it acknowledged
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod crypto;
pub mod files;
pub mod frame;
pub mod mediator_url;
pub mod opening;
pub mod pairing;
pub mod payload;
pub mod room;
pub mod session;
pub mod text;
pub mod time;

#[cfg(test)]
#[path = "../../../tests/common/memory.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "of the tests"
)]
mod memory;
