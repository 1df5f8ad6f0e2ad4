//! What the tests of this layer share: hex, and the `name = value` files of `tests/vectors/`.

use data_encoding::HEXLOWER_PERMISSIVE;

/// The bytes of a hex string.
pub(super) fn hex(text: &str) -> Vec<u8> {
    HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).unwrap()
}

/// The same, for a known length.
pub(super) fn hex_array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

/// All values of `name` in a `name = value` file, in order.
pub(super) fn values<'a>(file: &'a str, name: &str) -> Vec<&'a str> {
    file.lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
        .collect()
}
