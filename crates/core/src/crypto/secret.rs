//! Secret bytes that stand in one place, and the stack wiped behind whoever computed with them.
//!
//! A move copies an array and wipes nothing; a call leaves on the stack what it spilled there.
//! Hence two rules, which every secret of this program follows:
//!
//! - what outlives a computation is a [`Secret`]: boxed, so that a move copies the pointer; filled
//!   where it stands, and wiped there when it is dropped;
//! - what computes with it runs inside [`Secret::derive`] or `wiping_stack`, where copies and
//!   temporaries of others' code may be as they are: the stack is overwritten afterwards.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, zeroize_stack};

/// How much deeper the stack is where nothing is optimised.
const UNOPTIMISED: usize = if cfg!(debug_assertions) { 8 } else { 1 };
/// Stack that is overwritten behind a computation with lattices.
const LATTICE: usize = UNOPTIMISED * 64 * 1024;
/// Stack that is overwritten behind a computation with curves, which uses 7.6 KiB at most, or behind
/// records that are sealed together: 11.4 KiB.
const DEEP: usize = UNOPTIMISED * 16 * 1024;
/// The same, behind a record's hashes and ciphers: 5.5 KiB are used at most.
const SHALLOW: usize = UNOPTIMISED * 8 * 1024;
/// The same, behind the step of a chain, which every record takes: 1 KiB is used at most.
const STEP: usize = UNOPTIMISED * 2 * 1024;

/// `N` secret bytes, neither `Clone` nor `Copy`. `Debug` shows none of them.
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// What `fill` writes, which gets zeros; the stack that it used is wiped.
    pub fn derive(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self::empty();
        wiping_stack(|| fill(secret.place()));
        secret
    }

    /// A copy of bytes that stand elsewhere, and are the caller's to wipe there.
    pub fn copy(bytes: &[u8; N]) -> Self {
        let mut secret = Self::empty();
        secret.place().copy_from_slice(bytes);
        secret
    }

    /// Fresh bytes from the operating system.
    ///
    /// # Panics
    /// As [`random`](super::keys::random).
    pub fn random() -> Self {
        Self::derive(|bytes| super::random::fill_random(bytes))
    }

    /// The place of a secret that is yet to come.
    pub(super) fn empty() -> Self {
        Self(Box::new([0; N]))
    }

    /// The bytes, to be written where they stand, inside of [`wiping_stack`].
    pub(super) fn place(&mut self) -> &mut [u8; N] {
        &mut self.0
    }

    /// The bytes, to be read where they stand.
    pub fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Secret(..)")
    }
}

/// Runs `compute` and overwrites the stack that it used. What it returns must hold no secret but
/// behind a pointer.
pub fn wiping_stack<T>(compute: impl FnOnce() -> T) -> T {
    let value = apart(compute);
    zeroize_stack::<DEEP>();
    value
}

/// The same for a key encapsulation, at more cost.
pub(super) fn wiping_lattice_stack<T>(compute: impl FnOnce() -> T) -> T {
    let value = apart(compute);
    zeroize_stack::<LATTICE>();
    value
}

/// The same for a record's hashes and ciphers, at less cost.
pub(super) fn wiping_shallow_stack<T>(compute: impl FnOnce() -> T) -> T {
    let value = apart(compute);
    zeroize_stack::<SHALLOW>();
    value
}

/// The same for the step of a chain, at the least cost.
pub(super) fn wiping_step_stack<T>(compute: impl FnOnce() -> T) -> T {
    let value = apart(compute);
    zeroize_stack::<STEP>();
    value
}

/// In a frame of its own, which begins where that of [`zeroize_stack`] does.
#[inline(never)]
fn apart<T>(compute: impl FnOnce() -> T) -> T {
    compute()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::copy(&[0xab; 32])), "Secret(..)");
    }

    #[test]
    fn a_move_leaves_the_bytes_where_they_are() {
        let secret = Secret::<32>::random();
        let before = secret.as_bytes().as_ptr();
        let moved = [Some(secret)];
        let after = moved[0].as_ref().map(|secret| secret.as_bytes().as_ptr());
        assert_eq!(after, Some(before));
    }
}
