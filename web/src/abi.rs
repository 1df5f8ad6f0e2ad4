//! What WebAssembly sees: memory for a call's bytes, the call, and the bytes of its events. The one
//! place with `unsafe`, for it is the one that names symbols and takes what the page hands in.

#![allow(
    unsafe_code,
    reason = "symbols are named, and the page writes into memory"
)]

use std::cell::RefCell;

use undertone_core::time::Instant;
use zeroize::Zeroize;

use crate::Page;

#[derive(Default)]
struct Abi {
    page: Page,
    input: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    static ABI: RefCell<Abi> = RefCell::default();
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    /// `crypto.getRandomValues` over `len` bytes at `at`.
    fn random(at: *mut u8, len: usize);
}

/// What `getrandom` calls for its bytes.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    at: *mut u8,
    len: usize,
) -> Result<(), getrandom::Error> {
    // SAFETY: the caller gives `len` bytes at `at` to be written, and the page writes no others.
    unsafe { random(at, len) };
    Ok(())
}

/// Room for `len` bytes of the next call; where they are to be written.
#[unsafe(no_mangle)]
extern "C" fn ut_input(len: usize) -> *mut u8 {
    ABI.with_borrow_mut(|abi| {
        abi.input.clear();
        abi.input.resize(len, 0);
        abi.input.as_mut_ptr()
    })
}

/// Makes the call that stands there, at `now`; how many bytes of events came of it.
#[unsafe(no_mangle)]
extern "C" fn ut_call(now: f64) -> usize {
    ABI.with_borrow_mut(
        |Abi {
             page,
             input,
             output,
         }| {
            // What a call or an event held may have been secret. Beyond it all is wiped.
            output.as_mut_slice().zeroize();
            output.clear();
            page.call(input, Instant::from_millis(now), output);
            input.as_mut_slice().zeroize();
            output.len()
        },
    )
}

/// Where these are, until the next call.
#[unsafe(no_mangle)]
extern "C" fn ut_output() -> *const u8 {
    ABI.with_borrow(|abi| abi.output.as_ptr())
}

/// When the page is to be woken; negative: not before something comes.
#[unsafe(no_mangle)]
extern "C" fn ut_deadline() -> f64 {
    ABI.with_borrow(|abi| abi.page.deadline().map_or(-1.0, Instant::as_millis))
}
