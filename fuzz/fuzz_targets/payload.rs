//! The plaintext of a record.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| undertone_fuzz::link::payload(input));
