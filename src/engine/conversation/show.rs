//! What the person is shown: how it stands, and what happens.

use jiff::Timestamp;
use tokio::time::Instant;
use undertone_core::crypto::keys::PublicKey;
use undertone_core::session::{self, Fault};

use crate::engine::ChatError;
use crate::engine::conversation::Conversation;
use crate::engine::event::{Event, Leaving, Status};
use crate::store::News;

impl Conversation<'_> {
    /// Tells how it stands, where that has changed.
    pub(super) fn stand(&mut self) {
        let status = if self.peer.is_shut() {
            Status::Shut
        } else if self.link.is_none() {
            let queued = self.session.queued();
            Status::Lost { queued }
        } else {
            Status::Linked {
                trust: self.peer.trust(),
                relayed: self.route.is_relay(),
                unstable: self.unstable,
            }
        };
        if self.status.replace(status) != Some(status) {
            let peer = self.peer.name().to_owned();
            self.show(Event::Status { peer, status });
        }
    }

    /// Shows what the session has, as far as the face has room for it.
    pub(super) fn show_events(&mut self) -> Result<(), ChatError> {
        if !self.session.has_events() {
            return Ok(());
        }
        let context = self.context;
        context.outlet.together(|| self.tell_events())
    }

    fn tell_events(&mut self) -> Result<(), ChatError> {
        while self.context.outlet.has_room() {
            let Some(event) = self.session.poll_event() else {
                break;
            };
            match event {
                session::Event::Text {
                    seq,
                    sent,
                    text,
                    resent,
                } => {
                    if resent && !std::mem::replace(&mut self.told_resent, true) {
                        let peer = self.peer.name().to_owned();
                        self.show(Event::Resent { peer });
                    }
                    let message = self.message(seq, sent, text, resent);
                    let posted = self.context.outlet.try_post(message)?;
                    self.unwritten.push_back((seq, posted));
                }
                session::Event::Offer { seq, offer } => {
                    self.heed(seq, format!("files are offered as {}", offer.name))?;
                    self.take_offer(offer);
                }
                session::Event::Outcome { seq, id, outcome } => {
                    self.heed(seq, format!("of files that were offered: {outcome:?}"))?;
                    self.take_outcome(id, outcome);
                }
                session::Event::Compare { seq, id, chunks } => {
                    self.heed(seq, format!("hashes of files are asked for: {chunks:?}"))?;
                    self.take_compare(id, chunks);
                }
                session::Event::Hashes { seq, id, hashes } => {
                    self.heed(seq, "hashes of files".to_owned())?;
                    self.take_hashes(id, hashes);
                }
                session::Event::Paused { seq, id } => {
                    self.heed(seq, "the other end's disk is full".to_owned())?;
                    self.take_paused(id);
                }
                session::Event::Piece {
                    stream,
                    offset: _,
                    bytes,
                    last,
                } => self.take_piece(stream, &bytes, last),
                session::Event::Closed(stream) => self.stream_closed(stream),
                session::Event::Delivered(upto) => {
                    let first = self.acknowledged + 1;
                    self.acknowledged = upto;
                    self.show(Event::Delivered { first, last: upto });
                    self.was_heeded();
                    self.hole.answered();
                }
                session::Event::Agree(theirs) => self.agree(&theirs)?,
                event => self.show_event(&event),
            }
        }
        Ok(())
    }

    /// A message that is no text is acknowledged in its turn.
    fn heed(&mut self, seq: u64, detail: String) -> Result<(), ChatError> {
        let detail = Event::Detail { message: detail };
        let posted = self.context.outlet.try_post(detail)?;
        self.unwritten.push_back((seq, posted));
        Ok(())
    }

    /// The keys of the link are renewed: our identity agrees with the peer's ephemeral key.
    fn agree(&mut self, theirs: &PublicKey) -> Result<(), ChatError> {
        let shared = self.context.config.identity.diffie_hellman(theirs);
        let shared = shared.map_err(|_| Fault::Misbehaved("an invalid key"));
        let agreed = shared.and_then(|shared| {
            let agreed = self.session.agreed(theirs, shared);
            agreed.map_err(|(_, fault)| fault)
        });
        agreed.map_err(|fault| {
            self.link = None;
            ChatError::Broken(fault)
        })
    }

    /// What became of the first message that waits to be written, and of those behind it as far as
    /// is known: only what is written is acknowledged.
    pub(super) fn was_written(&mut self, first: Result<(), ChatError>) -> Result<(), ChatError> {
        let mut written = Some(first);
        while let Some(result) = written {
            let seq = self.unwritten.pop_front().map(|(seq, _)| seq);
            result?;
            self.session
                .shown(seq.unwrap_or_default(), Instant::now().into_std());
            let next = self.unwritten.front_mut();
            written = next.and_then(|(_, posted)| posted.try_written());
        }
        Ok(())
    }

    /// What is written by now is acknowledged with a goodbye that waits for nothing.
    pub(super) fn acknowledge_written(&mut self) {
        while let Some((seq, posted)) = self.unwritten.front_mut()
            && let Some(Ok(())) = posted.try_written()
        {
            self.session.shown(*seq, Instant::now().into_std());
            self.unwritten.pop_front();
        }
    }

    /// Whether everything that happened was shown, and every message written.
    pub(super) fn is_told(&self) -> bool {
        !self.session.has_events() && self.context.outlet.is_settled() && self.unwritten.is_empty()
    }

    fn message(&self, id: u64, sent: u64, text: String, resent: bool) -> Event {
        let received = Timestamp::now();
        let time = i64::try_from(sent)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Event::Message {
            id,
            from: self.peer.name().to_owned(),
            text,
            // What is no time says nothing.
            time: time.unwrap_or(received),
            received,
            resent,
        }
    }

    fn show_event(&mut self, event: &session::Event) {
        let peer = self.peer.name().to_owned();
        match event {
            // Of a link that was lost right then.
            session::Event::Unstable(_) if self.link.is_none() => {}
            session::Event::Unstable(unstable) => {
                self.unstable = *unstable;
                self.show(Event::Unstable {
                    peer,
                    unstable: *unstable,
                });
            }
            session::Event::Withheld if self.acknowledged == 0 => {
                self.show(Event::named_note(format!(
                    "{peer} is there, but has not let you in yet, or is not looking; what you said is kept"
                )));
            }
            session::Event::Withheld => self.show(Event::named_note(format!(
                "{peer} is there, but what you said has not been shown to {peer} yet; it is kept"
            ))),
            session::Event::Unheeded => self.show(Event::named_note(format!(
                "{peer} is there, but has acknowledged nothing of what you said; it is kept"
            ))),
            // A person is told with what they can do next.
            session::Event::Left if self.context.config.speaker.is_person => self.left = true,
            session::Event::Left => self.show_left(Leaving::Quit),
            session::Event::Failed => self.show_left(Leaving::Failed),
            session::Event::Renewed => {
                self.context
                    .detail(|| "the keys of this link are renewed".to_owned());
            }
            session::Event::Text { .. }
            | session::Event::Offer { .. }
            | session::Event::Outcome { .. }
            | session::Event::Compare { .. }
            | session::Event::Hashes { .. }
            | session::Event::Paused { .. }
            | session::Event::Delivered(_)
            | session::Event::Agree(_)
            | session::Event::Piece { .. }
            | session::Event::Closed(_) => {}
        }
    }

    fn show_left(&mut self, reason: Leaving) {
        let peer = self.peer.name().to_owned();
        self.show(Event::Left { peer, reason });
    }

    /// Tells why the mediator keeps the peer away, or that it does so no more.
    pub(super) fn show_absent(&mut self) {
        let absent = self.absent.borrow_and_update().clone();
        let note = absent.as_deref().unwrap_or("the mediator is back");
        self.show(Event::note(note));
    }

    /// Tells what became of something that was to be written to the disk.
    pub(super) fn show_news(&self, news: &News) {
        self.show(Event::of_news(news));
    }

    pub(super) fn error(&self, code: &'static str, message: &str, hint: &str) {
        self.show(Event::error(code, message, hint));
    }

    /// Tells an event. One that cannot be written, because the disk is full or nobody reads any
    /// more, ends the conversation, without a goodbye.
    pub(super) fn show(&self, event: Event) {
        self.context.tell(event);
    }
}
