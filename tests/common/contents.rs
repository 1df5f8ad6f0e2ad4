//! Contents of files that are sent.

/// So many bytes, of which no eight that are sent together come twice: their place in the file.
pub(crate) fn contents(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    for (place, word) in bytes.chunks_mut(8).enumerate() {
        word.copy_from_slice(&place.to_le_bytes()[..word.len()]);
    }
    bytes
}
