//! Files that anybody may have edited.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| undertone_fuzz::files::all(input));
