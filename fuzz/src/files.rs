//! The files of the data directory and the config file, which anybody may have edited: each input
//! stands in every one of them.

use undertone::cli::Cli;
use undertone::config::Config;
use undertone::contacts::Contacts;
use undertone::identity;
use undertone::store::{Place, Store};
use undertone::terminal::prompts::Last;
use undertone_core::crypto::keys::SecretKey;

/// Reads it as every file.
pub fn all(input: &[u8]) {
    let folder = std::env::temp_dir().join(format!("undertone-fuzz-{}", std::process::id()));
    let store = Store::open(&folder).expect("a temporary folder");
    for name in ["identity", "contacts.json", "last.json", "config.toml"] {
        std::fs::write(store.path(name), input).expect("a temporary file");
    }
    let _ = identity::peek(&folder);
    let _ = Last::load(&store);
    let config = Place {
        path: store.path("config.toml"),
        by: "the fuzzer".to_owned(),
        option: "--config",
    };
    let _ = Config::read(&config, &Cli::definition());
    let own = SecretKey::from_bytes(&[1; 32]).public();
    if let Ok(contacts) = Contacts::open(&store, own).list() {
        assert!(contacts.len() <= input.len());
    }
}
