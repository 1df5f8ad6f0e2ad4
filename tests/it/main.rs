//! The end-to-end tests: real programs as processes, over loopback. One binary, so that what they
//! share is built and linked once; tests of networks have one each, `tests/nat` and `tests/lan`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod again;
mod ahead;
mod alarm;
mod away;
mod balanced;
mod bot;
mod certificates;
mod chat;
mod cli;
mod config;
mod consent;
mod console;
mod disk;
mod docs;
mod doctor;
mod engine;
mod entries;
mod files;
mod files_console;
mod files_endurance;
mod full;
mod hide_ip;
mod hostile;
mod hostile_flood;
mod hostile_link;
mod hostile_mediator;
mod hostile_peer;
mod identity;
mod inert;
mod inert_names;
mod injection;
mod invite;
mod jobs;
mod keyboard;
mod killed;
mod leave;
mod local;
mod lost;
mod peers;
mod played;
mod qr;
mod reconnect;
mod rejoin;
mod relay;
mod relayed;
mod restored;
mod security;
mod seeds;
mod silence;
mod stalled;
mod states;
mod stay;
mod terminal;
mod thief;
mod through_proxy;
mod tls;
mod transfer;
mod trust;
mod widths;
