//! A line of peers.txt, which anybody may have edited.
#![no_main]

use libfuzzer_sys::fuzz_target;
use undertone::history::Entry;

fuzz_target!(|line: &str| {
    if let Ok(entry) = line.parse::<Entry>() {
        let again: Entry = entry.to_string().parse().expect("our own line");
        assert_eq!(again.to_string(), entry.to_string());
    }
});
