//! Two who talk across the laboratory, with everything that each was told.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::common::{Client, Home, Mediator, Start};
use crate::lab::{Access, Lab, MEDIATOR, MEDIATOR_PORT};
use crate::machine::within;

/// From the second one's start to the first message on both sides. Without a delay it
/// takes a second; the machine that tests may be slow.
const FIRST_MESSAGE_WITHIN: Duration = Duration::from_secs(20);

/// A laboratory with a mediator that relays.
pub(crate) struct Place {
    pub lab: Lab,
    pub mediator: Option<Mediator>,
    /// The host part of the mediator's link.
    pub host: String,
}

impl Place {
    pub(crate) fn new(a: Access, b: Access) -> Self {
        Self {
            lab: Lab::new(a, b),
            mediator: Some(mediator(&[])),
            host: MEDIATOR.to_string(),
        }
    }

    /// Its mediator is another one from here on, which answers no STUN.
    pub(crate) fn without_stun(&mut self) {
        self.mediator.take().unwrap().kill();
        self.mediator = Some(mediator(&["--stun", "off"]));
    }

    /// A client on this machine, in the room of this place.
    pub(crate) fn client(&self, machine: &'static str, relay: &str) -> Talker {
        self.client_with(&[], machine, relay)
    }

    /// The same, with more arguments.
    pub(crate) fn client_with(&self, more: &[&str], machine: &'static str, relay: &str) -> Talker {
        let home = Home::new();
        let url = format!("http://{}:{MEDIATOR_PORT}", self.host);
        let start = Start::new(&home, &["chat", "--json", "-v", "--relay", relay]);
        let start = start.args(&["--name", machine, "--mediator", &url]);
        let mut start = start.args(more);
        start.command.env("UNDERTONE_ROOM", "lab#otter");
        Talker {
            client: within(machine, || start.run()),
            events: Vec::new(),
            name: machine,
            _home: home,
        }
    }

    /// Lets two meet and say the first words, the first one waiting; both agree to a
    /// relay, and take this path.
    pub(crate) fn meet(&self, [first, second]: [&'static str; 2], path: &str) -> [Talker; 2] {
        let mut first = self.client(first, "always");
        first.until("waiting", |event| event["type"] == "waiting");
        let begun = Instant::now();
        let mut second = self.client(second, "always");
        first.say("the first words");
        second.say("the first answer");
        second.hears("the first words");
        first.hears("the first answer");
        let took = begun.elapsed();
        assert!(took < FIRST_MESSAGE_WITHIN, "took {took:?}");
        for who in [&first, &second] {
            assert_eq!(who.paths(), [path], "{}: {:#?}", who.name, who.events);
        }
        [first, second]
    }
}

/// A mediator that relays, with these options more.
fn mediator(more: &[&str]) -> Mediator {
    let listen = format!("[::]:{MEDIATOR_PORT}");
    let options = [&["--relay", "--listen", &listen], more].concat();
    within("mediator", || Mediator::start_with(&options))
}

/// A client, and all that it told so far.
pub(crate) struct Talker {
    client: Client,
    events: Vec<Value>,
    name: &'static str,
    _home: Home,
}

impl Talker {
    pub(crate) fn say(&mut self, text: &str) {
        self.client.say(text);
    }

    /// Says `PREFIX 1` to `PREFIX N`.
    pub(crate) fn say_many(&mut self, prefix: &str, numbers: std::ops::RangeInclusive<u32>) {
        for number in numbers {
            self.say(&format!("{prefix} {number}"));
        }
    }

    /// Host: stops it as soon as the guest has come, before it was dialled.
    pub(crate) fn stop_when_paired(&self) {
        self.client.listens_at();
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.client.signal(signal);
    }

    /// Waits for the first event from here on that fits.
    pub(crate) fn until(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.client.out.next(what);
            let event: Value = serde_json::from_str(&line).unwrap();
            self.events.push(event.clone());
            if fits(&event) {
                return event;
            }
        }
    }

    /// Waits for the first event of this type from here on.
    pub(crate) fn until_told(&mut self, kind: &str) -> Value {
        self.until(kind, |event| event["type"] == kind)
    }

    /// Waits until it has heard this.
    pub(crate) fn hears(&mut self, text: &str) {
        if self.heard().iter().all(|heard| heard != text) {
            self.until(text, |event| {
                event["type"] == "message" && event["text"] == text
            });
        }
    }

    /// All messages so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        let texts = self
            .told("message")
            .map(|event| event["text"].as_str().unwrap().to_owned());
        texts.collect()
    }

    /// The path of each `connected`, and of each `path` that came after one, so far.
    pub(crate) fn paths(&self) -> Vec<&str> {
        let ways = self.events.iter();
        ways.filter(|event| event["type"] == "connected" || event["type"] == "path")
            .map(|event| event["path"].as_str().unwrap())
            .collect()
    }

    /// The same of what each goes over: `udp` or `tcp`.
    pub(crate) fn transports(&self) -> Vec<&str> {
        let ways = self.events.iter();
        ways.filter(|event| event["type"] == "connected" || event["type"] == "path")
            .map(|event| event["transport"].as_str().unwrap_or("tcp"))
            .collect()
    }

    /// How often this was told so far.
    pub(crate) fn times(&self, kind: &str) -> usize {
        self.told(kind).count()
    }

    pub(crate) fn told(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.events
            .iter()
            .filter(move |event| event["type"] == kind)
    }

    /// Waits for its end, and gives the exit code.
    pub(crate) fn exit_code(&mut self) -> i32 {
        for line in self.client.out.rest() {
            self.events.push(serde_json::from_str(&line).unwrap());
        }
        self.client.exit_code()
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.client.child.kill();
            let remarks = self.client.err.rest();
            eprintln!("{}: {:#?}\n{remarks:#?}", self.name, self.events);
        }
    }
}

/// One of two leaves, and both have ended well.
pub(crate) fn part([one, other]: [&mut Talker; 2]) {
    one.say("/quit");
    assert_eq!((one.exit_code(), other.exit_code()), (0, 0));
}

/// The texts `PREFIX 1` to `PREFIX N`.
pub(crate) fn many(prefix: &str, last: u32) -> Vec<String> {
    (1..=last)
        .map(|number| format!("{prefix} {number}"))
        .collect()
}
