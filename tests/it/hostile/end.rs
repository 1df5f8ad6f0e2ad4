//! One end of the protocol in the hands of the test, made of the library's own
//! parts: an impostor's pairing, and the conversation that it may lead to.

use std::sync::Arc;
use std::time::Instant;

use undertone::engine::connect::host::{Found, HostAcceptor, Step};
use undertone_core::crypto::keys::SecretKey;
use undertone_core::pairing::{
    AwaitSealed, Candidates, Introduction, Matched, Meeting, Offering, PairingError, Role,
};
use undertone_core::room::Room;
use undertone_core::session::{Event, LinkId, Session};
use undertone_net::link::Ready;
use undertone_net::link::acceptor::Acceptor;
use undertone_net::link::dial::Plan;
use undertone_net::link::framed::Framed;
use undertone_net::link::resume::ResumeContext;
use undertone_wire as wire;

use crate::hostile::dial::dial;
use crate::hostile::{Evil, Seat};

/// Somebody who pairs with a client in another one's place.
pub(crate) struct Impostor {
    pub identity: Arc<SecretKey>,
    meeting: Meeting,
}

impl Impostor {
    /// One who believes that this is the room, secret included.
    pub(crate) fn in_room(room: &str) -> Self {
        let room: Room = room.parse().unwrap();
        Self {
            identity: Arc::new(SecretKey::generate()),
            meeting: Meeting {
                tag: room.tag(),
                prs: room.prs(),
            },
        }
    }

    /// A fresh attempt.
    pub(crate) fn offering(&self) -> Offering {
        Offering::new(self.meeting.clone(), self.identity.public())
    }

    /// One who comes back to a session.
    #[allow(dead_code, reason = "each test file uses its part")]
    pub(crate) fn again(context: &ResumeContext) -> Self {
        Self {
            identity: Arc::clone(&context.identity),
            meeting: context.meeting(),
        }
    }

    /// Pairs with the client in this seat, to which the other one is to be
    /// `client`; its SEALED is here, ours is not yet out.
    pub(crate) fn begin(
        &self,
        seat: &mut Seat<'_>,
        client: wire::Role,
        candidates: &Candidates,
    ) -> Begun {
        let role = match client {
            wire::Role::Host => Role::Guest,
            wire::Role::Guest => Role::Host,
        };
        let offering = self.offering();
        seat.paired(client, offering.offer());
        let (awaiting, ours) = offering
            .paired(role, &seat.offer, candidates)
            .expect("a client's offer is sound");
        Begun {
            identity: Arc::clone(&self.identity),
            awaiting,
            ours: ours.to_vec(),
            theirs: seat.sealed(),
        }
    }
}

/// What CONFIRM says of who sends it, whatever that is.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn introduction(caps: [u8; 6], name: &[u8]) -> Introduction {
    let mut bytes = [0; 71];
    bytes[..6].copy_from_slice(&caps);
    bytes[6] = u8::try_from(name.len()).unwrap();
    bytes[7..7 + name.len()].copy_from_slice(name);
    Introduction::from_bytes(bytes)
}

/// Both SEALED are made.
pub(crate) struct Begun {
    identity: Arc<SecretKey>,
    awaiting: AwaitSealed,
    pub ours: Vec<u8>,
    pub theirs: Vec<u8>,
}

impl Begun {
    /// What the impostor can make of the client's SEALED.
    pub(crate) fn open(self) -> Result<Matched, PairingError> {
        self.awaiting
            .sealed(&self.theirs, None)?
            .agree(&self.identity)
    }
}

/// One end of a conversation.
pub(crate) struct End {
    session: Session,
    framed: Framed,
}

impl End {
    /// Dials the client whose pairing this is.
    pub(crate) fn dial(evil: &Evil, matched: Matched, name: &str) -> Self {
        let candidates = matched.candidates().clone();
        let confirm = matched.guest(name).unwrap();
        let here = "127.0.0.1".parse().unwrap();
        let ready = evil.wait("link", dial(candidates.dialable(here), &confirm));
        let ready = ready.expect("a path");
        let session = Session::new(Role::Guest, Arc::clone(&ready.resume));
        Self::over(evil, session, ready)
    }

    /// Waits here for the client whose pairing this is.
    pub(crate) fn await_guest(
        evil: &Evil,
        acceptor: Acceptor,
        matched: Matched,
        name: &str,
    ) -> Self {
        let mut acceptor = HostAcceptor::new(acceptor);
        let confirm = matched.host(name).unwrap();
        acceptor.take(Found::Pairing(Box::new(confirm), Plan::default()));
        let mut begun = None;
        loop {
            match evil.wait("guest", acceptor.next()) {
                Step::Confirmed(confirmed) => {
                    let mut session = Session::new(Role::Host, Arc::clone(&confirmed.resume));
                    let _inside = evil.runtime.enter();
                    acceptor.nominated(confirmed.nominate(&session.nominate()).unwrap());
                    begun = Some(session);
                }
                Step::Answered(ready) => return Self::over(evil, begun.take().unwrap(), *ready),
                Step::Knock(_) | Step::Unanswered | Step::Unfit(_) => {
                    panic!("the guest did not come")
                }
            }
        }
    }

    fn over(evil: &Evil, mut session: Session, ready: Ready) -> Self {
        let (id, now) = (LinkId(1), Instant::now());
        let (channel, plaintext) = (ready.channel, ready.plaintext);
        let taken = match session.role() {
            Role::Host => session.link_answered(id, channel, &plaintext, now),
            Role::Guest => session.link_opened(id, channel, &plaintext, now),
        };
        taken.expect("the link counts");
        let mut end = Self {
            session,
            framed: Framed::new(id, ready.path, ready.stream, ready.reader),
        };
        end.flush(evil);
        end
    }

    fn flush(&mut self, evil: &Evil) {
        let _inside = evil.runtime.enter();
        self.session
            .poll_transmit(Instant::now(), &mut self.framed.out)
            .expect("a live link");
        self.framed.try_flush().expect("a live socket");
    }

    pub(crate) fn say(&mut self, evil: &Evil, text: &str) {
        self.say_at(evil, 0, text);
    }

    /// Says it at this time, in milliseconds since 1970.
    pub(crate) fn say_at(&mut self, evil: &Evil, sent: u64, text: &str) {
        self.session.say(sent, text).unwrap();
        self.flush(evil);
    }

    /// The text of the next message.
    pub(crate) fn hear(&mut self, evil: &Evil) -> String {
        loop {
            while let Some(event) = self.session.poll_event() {
                if let Event::Text { text, .. } = event {
                    return text;
                }
            }
            evil.wait("record", self.framed.turn())
                .expect("a live link");
            let id = self.framed.id;
            while let Some(body) = self.framed.next_record().unwrap() {
                self.session
                    .receive(id, body, Instant::now())
                    .expect("an honest record");
            }
        }
    }
}
