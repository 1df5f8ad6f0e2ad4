//! What each target does with an input, and what must hold whatever it is. The targets themselves
//! only hand inputs on; `tests/it/seeds.rs` of the project hands on the seeds, without a fuzzer.
//!
//! What is authenticated is fuzzed behind its MAC: [`pairing`] and [`link`] play the other end by
//! hand, and seal the input with the very key that it must be sealed with.

pub mod files;
pub mod keyboard;
pub mod link;
pub mod offered;
pub mod page;
pub mod pairing;
pub mod stun;
pub mod text;

/// What a target does with an input.
pub type Body = fn(&[u8]);

/// Every target by its name, which is that of its folder of seeds.
pub const TARGETS: [(&str, Body); 18] = [
    ("confirm", pairing::confirm),
    ("files", files::all),
    ("frame", link::frame),
    ("header", link::header),
    ("keyboard", keyboard::keyboard),
    ("knock", link::knock),
    ("list", offered::list),
    ("name", text::name),
    ("offer", pairing::offer),
    ("page", page::page),
    ("payload", link::payload),
    ("peers", text::peers),
    ("proxy", text::proxy),
    ("record", link::record),
    ("room", text::room),
    ("sealed", pairing::sealed),
    ("stun", stun::stun),
    ("wire", text::wire),
];
