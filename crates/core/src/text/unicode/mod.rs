//! What Unicode says of characters, in tables of our own: those of the crates are made for speed and
//! are hard to compress, and a browser loads all of them before it shows anything. The tests compare
//! them with the crates character by character, and write them (`tables`). The data is Unicode's,
//! under the Unicode License v3.

pub(crate) mod category;
pub(crate) mod normal_form;
pub(crate) mod script;
mod table;

pub(crate) use table::Table;

#[cfg(test)]
pub(crate) mod tables;
