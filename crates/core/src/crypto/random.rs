//! Randomness: that of the operating system, in a browser that of its `crypto`, and no other.

/// `N` bytes of the operating system's randomness, for what is no secret; see [`Secret::random`](super::secret::Secret::random).
///
/// # Panics
/// When the operating system gives none: nothing can go on safely without it.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_random(&mut bytes);
    bytes
}

/// [`random`] into its place.
#[allow(clippy::expect_used, reason = "no key may be made without entropy")]
pub(super) fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives randomness");
}
