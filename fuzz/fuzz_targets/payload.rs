//! The plaintext of a record, as an authenticated but hostile peer could fill it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use undertone::payload::{Payload, decode};

fuzz_target!(|plaintext: &[u8]| {
    for payload in decode(plaintext) {
        let Ok(payload) = payload else { return };
        // What was read is written as something that reads the same.
        let mut encoded = Vec::new();
        payload.encode(&mut encoded);
        let again: Option<Payload<'_>> = decode(&encoded).next().and_then(Result::ok);
        assert!(encoded.is_empty() || again == Some(payload));
    }
});
