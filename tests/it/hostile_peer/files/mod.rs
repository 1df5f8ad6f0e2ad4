//! A peer that sends or receives files as no client does: what it says is refused with its reason,
//! nothing is written that was not accepted, and one talks on.

mod compare;
mod floods;
mod lists;
mod receiver;
mod sender;

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use undertone_core::files::compare::Chunks;
use undertone_core::files::entry::{Entry, Kind};
use undertone_core::files::name::Name;
use undertone_core::files::schedule::{Builder, Place, Schedule};
use undertone_core::files::{Offer, OfferId, Outcome};
use undertone_core::payload::{Body, Payload, StreamPart, decode};
use undertone_core::session::record::{BODY_MAX, BODY_MIN};

use super::{ANSWER, Hosted, SOON, encoded, text};
use crate::common::PATIENCE;
use crate::hostile::Ended;

/// Within so much each failure reaches the other end.
const AT_ONCE: Duration = Duration::from_secs(1);
/// As much as one credit allows.
const MUCH: u64 = 4 * 1024 * 1024;

/// What the client said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Credit {
        stream: u64,
        offset: u64,
    },
    Close(u64),
    Piece {
        stream: u64,
        offset: u64,
        bytes: Vec<u8>,
        last: bool,
    },
    Offer(Offer<String>),
    Outcome(OfferId, Outcome),
    Compare(OfferId, Chunks),
    Hashes(OfferId, Vec<u8>),
    Text(String),
}

/// The peer, which keeps the order of messages and answers pings and closes, and else says anything.
struct Peer {
    hosted: Hosted,
    into: TempDir,
    /// The last number of its messages.
    seq: u64,
    /// What it closed, and that was not answered.
    closed: HashSet<u64>,
    heard: VecDeque<Said>,
}

impl Peer {
    fn meet() -> Self {
        Self::meet_with(&["--json"])
    }

    fn meet_with(arguments: &[&str]) -> Self {
        let mut hosted = Hosted::meet_with(arguments, "mallory");
        hosted.send(&encoded(&[ANSWER]));
        Self {
            hosted,
            into: tempfile::tempdir().unwrap(),
            seq: 0,
            closed: HashSet::new(),
            heard: VecDeque::new(),
        }
    }

    /// Says this in a record.
    fn say(&mut self, payloads: &[Payload<'_>]) {
        self.hosted.send(&encoded(payloads));
    }

    /// The next message.
    fn message<'a>(&mut self, body: Body<'a>) -> Payload<'a> {
        self.seq += 1;
        Payload::Reliable {
            seq: self.seq,
            body,
        }
    }

    fn tell(&mut self, body: Body<'_>) {
        let message = self.message(body);
        self.say(&[message]);
    }

    fn close(&mut self, stream: u64) {
        self.closed.insert(stream);
        self.say(&[Payload::Stream(stream, StreamPart::Close)]);
    }

    fn credit(&mut self, stream: u64, offset: u64, limit: u64) {
        self.say(&[Payload::Stream(
            stream,
            StreamPart::Credit { offset, limit },
        )]);
    }

    /// Says these bytes on a stream, in as many pieces as they take.
    fn pieces(&mut self, stream: u64, bytes: &[u8], last: bool) {
        self.pieces_from(stream, 0, bytes, last);
    }

    /// The same, behind so many.
    fn pieces_from(&mut self, stream: u64, mut offset: u64, bytes: &[u8], last: bool) {
        let mut parts: Vec<_> = bytes.chunks(60_000).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let count = parts.len();
        for (bytes, n) in parts.into_iter().zip(1..) {
            let last = last && n == count;
            self.say(&[Payload::Stream(
                stream,
                StreamPart::Piece {
                    offset,
                    bytes,
                    last,
                },
            )]);
            offset += bytes.len() as u64;
        }
    }

    /// Reads a record, and keeps what was said in it.
    fn read(&mut self) {
        let link = &mut self.hosted.link;
        let record = link.reader.read(&mut link.stream, BODY_MIN..=BODY_MAX);
        let mut record = self.hosted.evil.wait("record", record).unwrap();
        let plaintext = link.channel.open(&mut record).unwrap();
        let mut answer = Vec::new();
        for payload in decode(plaintext).map(Result::unwrap) {
            let said = match payload {
                Payload::Ping => {
                    answer.push(Payload::Pong);
                    continue;
                }
                Payload::Stream(stream, StreamPart::Close) => {
                    if !self.closed.remove(&stream) {
                        answer.push(Payload::Stream(stream, StreamPart::Close));
                    }
                    Said::Close(stream)
                }
                Payload::Stream(stream, StreamPart::Credit { offset, .. }) => {
                    Said::Credit { stream, offset }
                }
                Payload::Stream(
                    stream,
                    StreamPart::Piece {
                        offset,
                        bytes,
                        last,
                    },
                ) => Said::Piece {
                    stream,
                    offset,
                    bytes: bytes.to_vec(),
                    last,
                },
                Payload::Reliable { seq, body } => {
                    answer.push(Payload::Ack { received: seq });
                    match body {
                        Body::Offer(offer) => Said::Offer(offer.map(|name| (*name).to_owned())),
                        Body::Outcome(id, outcome) => Said::Outcome(id, outcome),
                        Body::Text { text, .. } => Said::Text(text.to_owned()),
                        Body::Compare(id, chunks) => Said::Compare(id, chunks),
                        Body::Hashes(id, hashes) => Said::Hashes(id, hashes.to_vec()),
                        Body::Paused(_) | Body::Unknown => continue,
                    }
                }
                _ => continue,
            };
            self.heard.push_back(said);
        }
        if !answer.is_empty() {
            let answer = encoded(&answer);
            self.hosted.send(&answer);
        }
    }

    /// What the client says next that fits; what it says before is passed over.
    fn hear<T>(&mut self, fits: impl Fn(&Said) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Some(said) = self.heard.pop_front() {
                if let Some(heard) = fits(&said) {
                    return heard;
                }
            }
            assert!(Instant::now() < deadline, "it is not said");
            self.read();
        }
    }

    fn await_credit(&mut self, of: u64) -> u64 {
        self.hear(|said| match said {
            Said::Credit { stream, offset } if *stream == of => Some(*offset),
            _ => None,
        })
    }

    /// Takes what the client sends on a stream, from one place to another, and says how much is here
    /// as it comes.
    fn take(&mut self, of: u64, from: u64, limit: u64) {
        let mut upto = from;
        self.credit(of, upto, limit);
        while upto < limit {
            upto = self.hear(|said| match said {
                Said::Piece {
                    stream,
                    offset,
                    bytes,
                    ..
                } if *stream == of => {
                    assert_eq!(*offset, upto);
                    Some(offset + bytes.len() as u64)
                }
                _ => None,
            });
            assert!(upto <= limit);
            self.credit(of, upto, limit);
        }
    }

    fn await_outcome(&mut self, of: OfferId) -> Outcome {
        self.hear(|said| match said {
            Said::Outcome(id, outcome) if *id == of => Some(*outcome),
            _ => None,
        })
    }

    fn await_close(&mut self, of: u64) {
        self.hear(|said| (*said == Said::Close(of)).then_some(()));
    }

    /// One talks on, both ways.
    fn talks(&mut self) {
        self.tell_text();
        self.hosted.client.say("well");
        self.hear(|said| (*said == Said::Text("well".to_owned())).then_some(()));
    }

    fn tell_text(&mut self) {
        self.seq += 1;
        self.say(&[text(self.seq, "still here")]);
        assert_eq!(self.hosted.client.await_message(), "still here");
    }

    /// What it said last ends the chat with a reason; gives the folder into which nothing came.
    fn breaks(self) -> TempDir {
        let Self { hosted, into, .. } = self;
        let error = hosted.client.await_event("error");
        assert_eq!(error["code"], "broken", "{error}");
        assert_eq!(Ended::of(hosted.client, SOON).code, 8);
        into
    }

    /// The next thing that the client tells of its files.
    fn state(&self, state: &str) -> Value {
        self.hosted.client.await_that(state, |event| {
            event["type"] == "file" && event["state"] == state
        })
    }

    /// Offers this on two streams of its own.
    fn offer(&mut self, offer: &Offer<&str>) {
        self.tell(Body::Offer(*offer));
    }

    /// Offers it, and lists it once it may.
    fn list(&mut self, offer: &Offer<&str>, list: &[u8]) {
        self.offer(offer);
        self.await_credit(offer.list);
        self.pieces(offer.list, list, true);
    }

    /// Has the person accept what was offered last, and waits until the data may come.
    fn accept(&mut self, offer: &Offer<&str>) {
        self.state("offered");
        self.accept_asked(offer);
    }

    /// The same, where the person was asked already, and of nothing else.
    fn accept_asked(&mut self, offer: &Offer<&str>) {
        let into = self.into.path().display().to_string();
        self.hosted.client.say(&format!("/accept \"{into}\""));
        assert_eq!(self.await_credit(offer.data), 0);
    }

    /// Nothing is there, not even a part: it may be removed a moment later.
    fn nothing_is_there(&self) {
        let deadline = Instant::now() + PATIENCE;
        while fs::read_dir(self.into.path()).unwrap().next().is_some() {
            assert!(Instant::now() < deadline, "something was left");
            std::thread::yield_now();
        }
    }
}

fn file(depth: usize, name: &str, size: u64) -> Entry {
    Entry {
        depth,
        name: Name::new(name).unwrap(),
        kind: Kind::File,
        size,
        mtime: 1_000_000_000,
        extents: None,
        version: None,
    }
}

/// The list of these.
fn listed(entries: &[Entry]) -> Schedule {
    let mut builder = Builder::default();
    for entry in entries {
        builder.push(entry).unwrap();
    }
    builder.finish().unwrap()
}

/// The list of these, and its data: files hold zeros.
fn sound(entries: &[Entry]) -> (Schedule, Vec<u8>) {
    let mut schedule = listed(entries);
    let mut data = Vec::new();
    loop {
        match schedule.place(data.len() as u64) {
            Place::Bytes(bytes) => data.extend_from_slice(bytes),
            Place::Contents { len, .. } => data.resize(data.len() + len as usize, 0),
            Place::Verdict { .. } => data.push(0),
            Place::End => return (schedule, data),
        }
    }
}

/// What is said of it, on these streams.
fn offered<'a>(schedule: &Schedule, name: &'a str, list: u64) -> Offer<&'a str> {
    Offer {
        id: schedule.id(),
        list,
        data: list + 2,
        name,
        count: schedule.totals().files,
        size: schedule.totals().size,
    }
}

/// A file for the client to send.
fn written(dir: &Path, name: &str, len: usize) -> String {
    let path = dir.join(name);
    fs::write(&path, vec![7; len]).unwrap();
    path.display().to_string()
}
