//! What a terminal sends, with its pauses.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| undertone_fuzz::keyboard::keyboard(input));
