//! A chat whose link can be cut and mended.

use serde_json::{Value, json};

use super::proxy::Proxy;
use super::{Client, Home, Mediator, Start, pair_through};

/// A host and its guest, every link through a proxy.
pub(crate) struct Scene {
    pub mediator: Mediator,
    pub proxy: Proxy,
    _homes: [Home; 2],
    pub host: Client,
    pub guest: Client,
}

pub(crate) fn scene() -> Scene {
    let mediator = Mediator::start();
    let proxy = Proxy::start();
    let homes = [Home::new(), Home::new()];
    let start = |home, name| Start::chat(home, &mediator.url, name, "lab#otter");
    let [host, guest] = pair_through(&proxy, start(&homes[0], "ada"), start(&homes[1], "bob"));
    Scene {
        mediator,
        proxy,
        _homes: homes,
        host,
        guest,
    }
}

impl Scene {
    pub(crate) fn clients(&mut self) -> [&mut Client; 2] {
        [&mut self.host, &mut self.guest]
    }

    pub(crate) fn both_say(&mut self, text: &str) {
        self.host.say(text);
        self.guest.say(text);
        for client in self.clients() {
            assert_eq!(client.await_message(), text);
        }
    }

    /// Cuts the link, and waits until both have noticed.
    pub(crate) fn cut(&mut self) {
        self.proxy.cut();
        for client in self.clients() {
            client.await_event("reconnecting");
        }
    }

    pub(crate) fn await_back(&mut self) {
        for client in self.clients() {
            let back = client.await_event("connected");
            assert_eq!(
                (&back["resumed"], &back["trust"]),
                (&json!(true), &json!("invite"))
            );
        }
    }
}

/// The texts of the messages among these events.
pub(crate) fn texts(events: &[Value]) -> impl Iterator<Item = &str> {
    let messages = events.iter().filter(|event| event["type"] == "message");
    messages.map(|event| event["text"].as_str().unwrap())
}
