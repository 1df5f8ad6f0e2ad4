//! What a person types or pastes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| undertone_fuzz::text::room(input));
