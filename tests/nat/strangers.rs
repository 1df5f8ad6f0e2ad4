//! Somebody else has the private address that the other one has in its own network.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::common::PATIENCE;
use crate::inside::inside;
use crate::lab::Access;
use crate::machine::within;
use crate::router::RESTRICTED;
use crate::talk::{Place, part};

const PORT: u16 = 9;

/// Answers on every port, with what it is told. What it hears comes here.
fn stranger() -> Receiver<Vec<u8>> {
    let listener = within("stranger", || TcpListener::bind(("0.0.0.0", PORT)).unwrap());
    let (sender, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            std::thread::spawn(move || echo(stream.unwrap(), &sender));
        }
    });
    heard
}

fn echo(mut stream: TcpStream, heard: &Sender<Vec<u8>>) {
    let _ = heard.send(Vec::new());
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        let _ = heard.send(buffer[..read].to_vec());
        if stream.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}

fn passed_over(order: [&'static str; 2]) {
    let place = Place::new(Access::Home(RESTRICTED), Access::Home(RESTRICTED));
    place.lab.add_stranger(PORT);
    let heard = stranger();
    let [mut first, mut second] = place.meet(order, "direct");
    // It was called upon, or this shows nothing.
    let mut all = heard.recv_timeout(PATIENCE).unwrap();
    part([&mut first, &mut second]);
    for who in [&first, &second] {
        let connected = who.told("connected").next().unwrap();
        let address = connected["address"].as_str().unwrap();
        assert!(address.starts_with("198.51.100."), "{connected}");
        assert_eq!(who.paths(), ["direct"]);
    }
    all.extend(heard.try_iter().flatten());
    let words = b"the first";
    assert!(!all.windows(words.len()).any(|part| part == words));
}

#[test]
fn a_stranger_at_the_guests_private_address() {
    inside(|| passed_over(["a", "b"]));
}

#[test]
fn a_stranger_at_the_hosts_private_address() {
    inside(|| passed_over(["b", "a"]));
}
