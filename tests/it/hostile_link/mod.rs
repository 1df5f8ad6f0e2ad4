//! A man in the middle on the link, and strangers who dial the host: each test is named
//! by its attack. Every byte is tried in this process; a sample meets the real
//! programs.

mod answer;
mod handshake;
mod knocks;
mod programs;
mod records;
mod strangers;

use crate::common::{Client, Home, Mediator, Start};
use crate::hostile::proxy::Middle;

/// Host and guest, with somebody in the middle of their link.
struct Tapped {
    middle: Middle,
    host: Client,
    guest: Client,
    host_address: String,
    mediator: Option<Mediator>,
    _homes: [Home; 2],
}

impl Tapped {
    fn meet() -> Self {
        let (middle, mediator) = (Middle::start(), Mediator::start());
        let homes = [Home::new(), Home::new()];
        let host = Start::chat(&homes[0], &mediator.url, "ada-lovelace", "lab#otter")
            .args(&["--advertise", &middle.address()])
            .run();
        host.await_event("waiting");
        let guest = Start::chat(&homes[1], &mediator.url, "bob-bitworth", "lab#otter")
            .dials_only()
            .run();
        let host_address = host.listens_at();
        middle.aim(&host_address);
        for client in [&host, &guest] {
            client.await_event("connected");
        }
        Self {
            middle,
            host,
            guest,
            host_address,
            mediator: Some(mediator),
            _homes: homes,
        }
    }

    /// From now on there is no way but the link's own.
    fn cut_mediator(&mut self) {
        self.mediator = None;
    }

    /// Nothing of what was said, nor who said it, passed in clear; both leave
    /// without a panic.
    fn part(self) {
        let seen = self.middle.seen();
        for secret in [&b"numbered"[..], b"ada-lovelace", b"bob-bitworth", b"otter"] {
            let holds = seen.windows(secret.len()).any(|window| window == secret);
            assert!(!holds, "{}", String::from_utf8_lossy(secret));
        }
        let (mut host, mut guest) = (self.host, self.guest);
        host.say("/quit");
        assert_eq!(guest.await_event("left")["reason"], "quit");
        for client in [&mut host, &mut guest] {
            assert_eq!(client.exit_code(), 0);
            let panicked = client
                .err
                .rest()
                .iter()
                .any(|line| line.contains("panicked"));
            assert!(!panicked);
        }
    }
}
