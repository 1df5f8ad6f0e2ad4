//! What a page calls its core with.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| undertone_fuzz::page::page(input));
