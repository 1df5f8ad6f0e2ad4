//! The conversation: one select loop over link, person and timers, until
//! somebody leaves. Decides nothing about bytes: those are `session`'s.

use std::future::pending;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::company::Company;
use super::event::Event;
use super::lobby::{Lobby, Step};
use super::local::Local;
use super::meet::Met;
use super::person::{self, Input};
use super::seek::{Trail, await_guest, seek_host};
use super::{ChatError, Setup, Signals};
use crate::crypto::words::{Words, same_words};
use crate::exit::Exit;
use crate::link::Ready;
use crate::link::frame::FrameError;
use crate::link::knock::Reunion;
use crate::link::wire::{FAREWELL_WITHIN, Wire};
use crate::pairing::{Peer, Role};
use crate::session::{self, Fault, LinkId, Session};

/// How often wrong words may be typed.
const WORDS_TRIES: u32 = 2;

struct Talk<'a> {
    setup: &'a Setup,
    local: &'a Local,
    session: Session,
    company: Company,
    wire: Option<Wire>,
    links: u64,
    /// Host.
    lobby: Option<Lobby>,
    /// Guest: looks for the host while there is no link.
    seeking: JoinSet<Ready>,
    /// The words of the live link's pairing: ours, theirs.
    words: [[&'static str; 4]; 2],
    wrong_words: u32,
    /// When the link was lost.
    lost: Option<Instant>,
    last_address: std::net::SocketAddr,
    delivered: u64,
    /// The words were read out, and not yet found to match.
    comparing: bool,
    /// stdin has ended.
    ended: bool,
    exit: Option<Exit>,
    /// What is on its way is waited for until then, before the goodbye.
    leave_by: Option<Instant>,
}

/// Talks until somebody leaves.
///
/// # Errors
/// [`ChatError`].
pub async fn talk(
    setup: &Setup,
    local: &Local,
    met: Met,
    signals: &mut Signals,
) -> Result<Exit, ChatError> {
    let Met {
        mut session,
        ready,
        lobby,
    } = met;
    // Nothing is taken in until it is known who came. The answer to `go` goes out
    // before that: the other one need not wait for our disk.
    session.shut();
    let address = ready.address;
    let (mut wire, peer) = join(&mut session, LinkId(1), ready).map_err(ChatError::Broken)?;
    session
        .poll_transmit(Instant::now().into_std(), &mut wire.out)
        .map_err(|(_, fault)| ChatError::Broken(fault))?;
    // A socket that is already gone shows when it is read.
    let _ = wire.try_flush();
    let company = Company::meet(setup, &peer, address)?;
    if !company.is_shut() {
        session.open(Instant::now().into_std());
    }
    let mut talk = Talk {
        setup,
        local,
        words: in_order(session.role(), &peer.words),
        session,
        company,
        wire: Some(wire),
        links: 1,
        lobby,
        seeking: JoinSet::new(),
        wrong_words: 0,
        lost: None,
        last_address: address,
        delivered: 0,
        comparing: false,
        ended: false,
        exit: None,
        leave_by: None,
    };
    talk.announce(false)?;
    talk.read()?;
    let mut lines = person::listen();
    let ended = talk.run(&mut lines, signals).await;
    let _ = talk.company.seen();
    if let Some(wire) = talk.wire.take() {
        wire.close().await;
    }
    ended
}

/// Makes a link whose deciding record has opened the one that counts.
fn join(session: &mut Session, id: LinkId, ready: Ready) -> Result<(Wire, Peer), Fault> {
    let Ready {
        stream,
        reader,
        address,
        channel,
        plaintext,
        peer,
        ..
    } = ready;
    let now = Instant::now().into_std();
    match session.role() {
        Role::Host => session.link_answered(id, channel, &plaintext, now)?,
        Role::Guest => session.link_opened(id, channel, &plaintext, now)?,
    }
    Ok((Wire::new(id, address, stream, reader), peer))
}

/// Our words and theirs.
fn in_order(role: Role, words: &Words) -> [[&'static str; 4]; 2] {
    match role {
        Role::Host => [words.a, words.b],
        Role::Guest => [words.b, words.a],
    }
}

impl Talk<'_> {
    async fn run(
        &mut self,
        lines: &mut mpsc::Receiver<Input>,
        signals: &mut Signals,
    ) -> Result<Exit, ChatError> {
        loop {
            self.show_events()?;
            self.leave_after_input();
            self.say_goodbye();
            self.transmit()?;
            if let Some(exit) = self.finished() {
                return exit;
            }
            let deadline = self.deadline();
            let frozen = self.session.is_frozen();
            let listening = !self.ended && self.exit.is_none() && self.session.has_room();
            tokio::select! {
                turned = turn(&mut self.wire), if !frozen => match turned {
                    Ok(()) => self.read()?,
                    Err(error) => self.lose(&lost_because(&error)),
                },
                line = lines.recv(), if listening => match line {
                    Some(input) => {
                        self.obey(input)?;
                        // What was pasted shares a record.
                        while self.exit.is_none()
                            && self.session.has_room()
                            && let Ok(input) = lines.try_recv()
                        {
                            self.obey(input)?;
                        }
                    }
                    None => self.ended = true,
                },
                step = lobby_step(&mut self.lobby) => self.at_the_door(step)?,
                Some(Ok(ready)) = self.seeking.join_next() => self.take_link(ready)?,
                exit = signals.next() => match self.exit {
                    // The second one does not wait for anybody.
                    Some(_) => return Ok(exit),
                    None => self.leave(exit),
                },
                () = sleep_until(deadline) => self.time_passed()?,
            }
        }
    }

    fn transmit(&mut self) -> Result<(), ChatError> {
        let Some(wire) = self.wire.as_mut().filter(|wire| wire.is_idle()) else {
            return Ok(());
        };
        let written = match self
            .session
            .poll_transmit(Instant::now().into_std(), &mut wire.out)
        {
            Ok(_) => wire.try_flush().map_err(|error| lost_because(&error)),
            Err((_, fault)) => Err(fault.to_string()),
        };
        if let Err(reason) = written {
            self.lose(&reason);
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), ChatError> {
        while let Some(wire) = &mut self.wire {
            let id = wire.id;
            let fault = match wire.next_record() {
                Ok(None) => return Ok(()),
                Ok(Some(body)) => {
                    let now = Instant::now().into_std();
                    match self.session.receive(id, body, now) {
                        Ok(()) => continue,
                        Err(fault) => fault,
                    }
                }
                Err(error) => {
                    self.lose(&error.to_string());
                    return Ok(());
                }
            };
            if fault.is_fatal() {
                self.wire = None;
                return Err(ChatError::Broken(fault));
            }
            self.lose(&fault.to_string());
        }
        Ok(())
    }

    fn show_events(&mut self) -> Result<(), ChatError> {
        while let Some(event) = self.session.poll_event() {
            let from = self.company.name().to_owned();
            match event {
                session::Event::Text { seq, sent, text } => {
                    let time = i64::try_from(sent)
                        .ok()
                        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
                    let time = time.unwrap_or_else(Timestamp::now).to_string();
                    self.show(&Event::Message {
                        id: seq,
                        from,
                        text,
                        time,
                    })?;
                }
                session::Event::Delivered(upto) => {
                    for id in self.delivered + 1..=upto {
                        if self.setup.face.json {
                            self.show(&Event::Delivered { id })?;
                        }
                    }
                    self.delivered = upto;
                }
                session::Event::Left => {
                    self.show(&Event::Left {
                        peer: from,
                        reason: "quit".into(),
                    })?;
                }
                session::Event::Up(_) | session::Event::Close(_) => {}
            }
        }
        Ok(())
    }

    /// Leaves at the end of stdin: a pipe's last lines are waited for; a person who
    /// leaves is not kept.
    fn leave_after_input(&mut self) {
        let kept =
            self.session.queued() > 0 && !self.company.is_shut() && !std::io::stdin().is_terminal();
        if self.ended && self.exit.is_none() && !kept {
            self.leave(Exit::Done);
        }
    }

    /// Once what was said has arrived; where it does not, not for long.
    fn say_goodbye(&mut self) {
        if self.leave_by.is_some() && (self.session.queued() == 0 || self.is_late()) {
            self.session.leave();
        }
    }

    fn is_late(&self) -> bool {
        self.leave_by.is_some_and(|by| Instant::now() >= by)
    }

    /// How the conversation ends, if it does now.
    fn finished(&mut self) -> Option<Result<Exit, ChatError>> {
        let shut = self.company.is_shut();
        let queued = self.session.queued();
        let stuck = |wire: &Wire| self.is_late() && !wire.is_idle();
        let unreachable = self.exit.is_some() && self.wire.as_ref().is_none_or(stuck);
        if !self.session.is_over() && !unreachable {
            return None;
        }
        Some(match self.exit.unwrap_or(Exit::Done) {
            Exit::Done if shut => Err(ChatError::Shut),
            Exit::Done if queued > 0 => Err(ChatError::Undelivered(queued)),
            exit => {
                if queued > 0 {
                    self.setup.say(&ChatError::Undelivered(queued).event());
                }
                Ok(exit)
            }
        })
    }

    /// Who asks twice is not kept.
    fn leave(&mut self, exit: Exit) {
        let patience = match self.exit {
            None => FAREWELL_WITHIN,
            Some(_) => Duration::ZERO,
        };
        self.exit = Some(exit);
        self.leave_by = Some(Instant::now() + patience);
    }

    fn deadline(&self) -> Instant {
        let can_write = self.wire.as_ref().is_some_and(Wire::is_idle);
        let session = self.session.deadline(can_write).map(Instant::from_std);
        let patience = self.patience();
        let now = Instant::now();
        let far = now + Duration::from_secs(3600);
        let leave_by = self.leave_by.filter(|by| *by > now);
        [session, patience, leave_by]
            .into_iter()
            .flatten()
            .fold(far, Instant::min)
    }

    fn patience(&self) -> Option<Instant> {
        Some(self.lost? + self.setup.timeout?)
    }

    fn time_passed(&mut self) -> Result<(), ChatError> {
        let now = Instant::now();
        if self.patience().is_some_and(|until| now >= until) {
            return Err(ChatError::NotBack {
                limit: self.setup.timeout.unwrap_or_default(),
                queued: self.session.queued(),
            });
        }
        if let Err((_, fault)) = self.session.handle_timeout(now.into_std()) {
            self.lose(&fault.to_string());
        }
        Ok(())
    }

    /// The link is gone: says so once, and looks for the other one.
    fn lose(&mut self, reason: &str) {
        let Some(wire) = self.wire.take() else { return };
        self.session.link_lost(wire.id);
        if self.exit.is_some() || self.session.is_over() {
            return;
        }
        self.lost = Some(Instant::now());
        self.setup.say(&Event::Reconnecting {
            since: Timestamp::now().to_string(),
            reason: reason.to_owned(),
            queued: self.session.queued(),
        });
        let _ = self.company.seen();
        self.seek();
    }

    fn seek(&mut self) {
        let Some(reunion) = self.reunion() else {
            return;
        };
        let trail = Trail {
            reunion: Arc::new(reunion),
            mediator: self.local.url.clone(),
        };
        match &mut self.lobby {
            None => {
                self.seeking.spawn(seek_host(trail, self.last_address));
            }
            Some(lobby) => {
                let (sender, found) = mpsc::channel(1);
                let listening = self.setup.listening.clone();
                let task = tokio::spawn(await_guest(trail, listening, lobby.address(), sender));
                lobby.seat(task.abort_handle(), found);
            }
        }
    }

    fn reunion(&self) -> Option<Reunion> {
        Some(Reunion {
            resume: Arc::clone(self.session.resume()?),
            identity: Arc::clone(&self.setup.identity),
            pin: *self.company.key(),
            name: self.setup.name.as_str().to_owned(),
        })
    }

    fn at_the_door(&mut self, step: Step) -> Result<(), ChatError> {
        let reunion = self.reunion();
        let Some(lobby) = &mut self.lobby else {
            return Ok(());
        };
        match step {
            Step::Knock(visitor) => {
                if let Some(reunion) = reunion {
                    lobby.answer_knock(visitor, &reunion);
                }
            }
            Step::Confirmed(confirmed) => match confirmed.nominate(&self.session.nominate()) {
                Ok(nomination) => lobby.nominated(nomination),
                Err(_) => self.session.go_failed(Instant::now().into_std()),
            },
            Step::Unanswered => self.session.go_failed(Instant::now().into_std()),
            Step::Answered(ready) => self.take_link(*ready)?,
        }
        Ok(())
    }

    /// A further link whose deciding record has opened: it counts if the session
    /// says so.
    fn take_link(&mut self, ready: Ready) -> Result<(), ChatError> {
        self.links += 1;
        let address = ready.address;
        let (wire, peer) = match join(&mut self.session, LinkId(self.links), ready) {
            Ok(joined) => joined,
            Err(fault) if fault.is_fatal() => return Err(ChatError::Broken(fault)),
            Err(_) => {
                if self.wire.is_none() {
                    self.seek();
                }
                return Ok(());
            }
        };
        self.wire = Some(wire);
        self.seeking = JoinSet::new();
        if let Some(lobby) = &mut self.lobby {
            lobby.give_up_seat();
        }
        self.lost = None;
        self.last_address = address;
        self.words = in_order(self.session.role(), &peer.words);
        self.announce(true)?;
        self.read()
    }

    /// Says who is there. A shut chat says why instead; it is connected, to the
    /// person, once it is open.
    fn announce(&mut self, resumed: bool) -> Result<(), ChatError> {
        match self.company.alarm() {
            Some(alarm) if !resumed => self.show(&alarm)?,
            Some(_) => {}
            None => self.show(&Event::Connected {
                peer: self.company.name().to_owned(),
                path: "direct",
                address: self.last_address.to_string(),
                trust: self.company.standing(),
                resumed,
                yourself: self.company.is_yourself(),
            })?,
        }
        if self.comparing {
            let message = "A new link has new words: start over.".into();
            self.show(&Event::Note { message })?;
            self.show_words()?;
        }
        Ok(())
    }

    fn obey(&mut self, input: Input) -> Result<(), ChatError> {
        match input {
            Input::Say(text) => self.say(&text),
            Input::TooLong => self.error(
                "too-long",
                "that line is over 16 KiB and was not sent",
                "Send it in parts.",
            ),
            Input::Quit => {
                self.leave(Exit::Done);
                Ok(())
            }
            Input::Verify(None) => {
                self.comparing = true;
                self.show_words()
            }
            Input::Verify(Some(typed)) => self.verify(&typed),
            Input::Trust(typed) => {
                if self.company.trust_anyway(&typed).map_err(ChatError::Keep)? {
                    self.open()
                } else {
                    self.error(
                        "trust",
                        "those are not the words of the key that is here",
                        "",
                    )
                }
            }
            Input::Who => self.show(&Event::Who {
                peer: self.company.name().to_owned(),
                fingerprint: self.company.fingerprint().to_string(),
                trust: self.company.standing(),
                address: self.wire.as_ref().map(|wire| wire.address.to_string()),
                queued: self.session.queued(),
            }),
            Input::Peers => self.show(&Event::Note {
                message: "whom you talked to: undertone peers".into(),
            }),
            Input::Help => self.show(&Event::Note {
                message: HELP.into(),
            }),
            Input::Unknown(name, meant) => {
                let hint = match meant {
                    Some(meant) => {
                        format!("Did you mean /{meant}? To send it as it is, type //{name}.")
                    }
                    None => {
                        format!("/help lists the commands. To send it as it is, type //{name}.")
                    }
                };
                self.error(
                    "unknown-command",
                    &format!("no command /{name}; nothing was sent"),
                    &hint,
                )
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<(), ChatError> {
        if text.is_empty() {
            return Ok(());
        }
        if self.company.is_shut() {
            return self.error(
                "shut",
                "not sent: the other one's identity is not verified",
                "/verify compares words; /quit leaves.",
            );
        }
        let sent = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        let Ok(id) = self.session.say(sent, text) else {
            return Ok(());
        };
        if self.wire.is_none() {
            self.show(&Event::Queued { id })?;
        }
        Ok(())
    }

    fn show_words(&mut self) -> Result<(), ChatError> {
        self.show(&Event::Words {
            mine: self.words[0],
            peer: self.company.name().to_owned(),
        })
    }

    fn verify(&mut self, typed: &str) -> Result<(), ChatError> {
        if same_words(&self.words[1], typed) {
            self.comparing = false;
            let was_shut = self.company.is_shut();
            self.company.verified().map_err(ChatError::Keep)?;
            self.show(&Event::Verified {
                peer: self.company.name().to_owned(),
            })?;
            return if was_shut { self.open() } else { Ok(()) };
        }
        self.wrong_words += 1;
        if self.wrong_words >= WORDS_TRIES {
            self.leave(Exit::Identity);
            self.leave_by = Some(Instant::now());
            return self.show(&ChatError::WrongWords.event());
        }
        self.error(
            "wrong-words",
            "those are not the other one's words",
            "One more try: have them read again, by voice.",
        )
    }

    /// The shut chat opens.
    fn open(&mut self) -> Result<(), ChatError> {
        self.session.open(Instant::now().into_std());
        self.announce(false)
    }

    fn error(&mut self, code: &'static str, message: &str, hint: &str) -> Result<(), ChatError> {
        self.show(&Event::Error {
            code,
            message: message.into(),
            hint: hint.into(),
        })
    }

    /// Shows an event. Nobody reading stdout any more is the end of the chat, in an
    /// orderly way.
    fn show(&mut self, event: &Event) -> Result<(), ChatError> {
        if self.setup.face.show(event).is_err() && self.exit.is_none() {
            self.leave(Exit::Done);
        }
        Ok(())
    }
}

const HELP: &str = "\
/verify        compare four words by voice, so that nobody can be in between
/who           who is there, and how
/peers         whom you talked to
/quit          leave
//x            send \"/x\"";

async fn turn(wire: &mut Option<Wire>) -> Result<(), FrameError> {
    match wire {
        Some(wire) => wire.turn().await,
        None => pending().await,
    }
}

async fn lobby_step(lobby: &mut Option<Lobby>) -> Step {
    match lobby {
        Some(lobby) => lobby.next().await,
        None => pending().await,
    }
}

/// As the person reads it.
fn lost_because(error: &FrameError) -> String {
    match error {
        FrameError::Closed | FrameError::Io(_) => "the connection broke".into(),
        FrameError::Length(_) => error.to_string(),
    }
}
