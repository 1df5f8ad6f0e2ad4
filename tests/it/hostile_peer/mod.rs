//! The peer itself is hostile: paired, confirmed, and then it says what no client says. Nothing of it
//! acts on a terminal, panics or outgrows its bounds. Here is the peer; its deeds are by topic.

mod acknowledgements;
mod files;
mod links;
mod payloads;
mod unkept;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use undertone_core::pairing::{Candidates, Matched};
use undertone_core::payload::{Body, Payload, decode};
use undertone_core::session::record::{BODY_MAX, BODY_MIN};
use undertone_net::link::Ready;
use undertone_net::link::port::Port;
use undertone_net::link::resume::{ResumeContext, redial};
use undertone_wire::Role;

use crate::common::{Client, Home, Start};
use crate::hostile::Evil;
use crate::hostile::dial::dial;
use crate::hostile::end::Impostor;

const SOON: Duration = Duration::from_secs(8);
const ANSWER: Payload<'static> = Payload::Go {
    link: 1,
    received: 0,
};

/// A client that hosts, and the link of a guest that may say anything on it.
struct Hosted {
    client: Client,
    link: Ready,
    evil: Evil,
    /// What the guest comes back by.
    resume: ResumeContext,
    home: Home,
}

impl Hosted {
    fn meet(json: bool, name: &str) -> Self {
        Self::meet_with(if json { &["--json"] } else { &[] }, name)
    }

    /// The same, the client with these arguments.
    fn meet_with(arguments: &[&str], name: &str) -> Self {
        Self::meet_as(arguments, name, |matched| matched)
    }

    /// The same; the guest goes on as this makes it.
    fn meet_as(arguments: &[&str], name: &str, becomes: impl Fn(Matched) -> Matched) -> Self {
        let (evil, home) = (Evil::start(), Home::new());
        let flags = [
            "chat",
            "--bind",
            "127.0.0.1",
            "--name",
            "ada",
            "--mediator",
            &evil.url,
        ];
        let mut start = Start::new(&home, &flags).args(arguments);
        start.command.env("UNDERTONE_ROOM", "lab#otter");
        let client = start.run();
        let mut seat = evil.join();
        seat.waiting();
        let guest = Impostor::in_room("lab#otter");
        let begun = guest.begin(&mut seat, Role::Host, &Candidates::default());
        seat.hand(&begun.ours);
        let matched = becomes(begun.open().unwrap());
        let candidates = matched.candidates().clone();
        let confirm = matched.guest(name).unwrap();
        let here = "127.0.0.1".parse().unwrap();
        let link = evil.wait("link", dial(candidates.dialable(here), &confirm));
        let link = link.expect("a path");
        drop(seat);
        let resume = ResumeContext {
            resume: Arc::clone(&link.resume),
            identity: guest.identity,
            pin: link.peer.identity,
            name: name.to_owned(),
        };
        Self {
            client,
            link,
            evil,
            resume,
            home,
        }
    }

    /// Answers each ping of the client's with a record that holds this, until it leaves.
    fn answer_pings(&mut self, answer: &[Payload<'_>]) {
        answer_pings(&self.evil, &mut self.link, answer);
    }

    /// Sends a record with exactly this in it.
    fn send(&mut self, plaintext: &[u8]) {
        send(&self.evil, &mut self.link, plaintext);
    }

    /// A further link, up to the host's `go` on it.
    fn come_again(&self) -> Ready {
        let host = self.link.path.address();
        let inside = self.evil.runtime.enter();
        let port = Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
        drop(inside);
        let again = self.evil.wait("link", redial(&port, host, &self.resume));
        again.expect("a further link")
    }
}

fn send(evil: &Evil, link: &mut Ready, plaintext: &[u8]) {
    let mut out = Vec::new();
    let fill = |buf: &mut Vec<u8>| buf.extend_from_slice(plaintext);
    link.channel.seal(Instant::now(), &mut out, fill).unwrap();
    let written = evil.wait("room to write", link.stream.write_all(&out));
    written.unwrap();
}

fn answer_pings(evil: &Evil, link: &mut Ready, answer: &[Payload<'_>]) {
    let answer = encoded(answer);
    loop {
        let record = link.reader.read(&mut link.stream, BODY_MIN..=BODY_MAX);
        let Ok(mut record) = evil.wait("record", record) else {
            return;
        };
        let plaintext = link.channel.open(&mut record).unwrap();
        let said: Vec<_> = decode(plaintext).map(Result::unwrap).collect();
        if said.contains(&Payload::Bye) {
            return;
        }
        if said.contains(&Payload::Ping) {
            send(evil, link, &answer);
        }
    }
}

fn encoded(payloads: &[Payload<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    payloads.iter().for_each(|payload| payload.encode(&mut out));
    out
}

fn text(seq: u64, text: &str) -> Payload<'_> {
    let sent = u64::MAX;
    Payload::Reliable {
        seq,
        body: Body::Text {
            sent,
            text,
            resent: false,
        },
    }
}
