//! Entries out of bytes that come in any cuts.

use super::{Entry, EntryError, LENGTH_LEN};
use crate::files::ENTRY_MAX;

/// One entry, as far as it is there.
#[derive(Clone, Debug, Default)]
pub(in crate::files) struct EntryReader(Vec<u8>);

impl EntryReader {
    /// Of the next entry these bytes are there already.
    pub(in crate::files) fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Takes from `bytes` what belongs to the entry, and gives it once it is whole. Then
    /// [`EntryReader::clear`] makes room for the next one.
    pub(in crate::files) fn take(
        &mut self,
        bytes: &mut &[u8],
    ) -> Result<Option<Entry>, EntryError> {
        loop {
            let length = self
                .0
                .first_chunk()
                .map(|length| u16::from_be_bytes(*length));
            let len = length.map_or(0, usize::from);
            if len > ENTRY_MAX {
                return Err(EntryError::Malformed);
            }
            let missing = (LENGTH_LEN + len).saturating_sub(self.0.len());
            if missing == 0 {
                let body = self.0.get(LENGTH_LEN..).unwrap_or_default();
                return Entry::decode(body).map(Some);
            }
            let (head, rest) = bytes.split_at(missing.min(bytes.len()));
            if head.is_empty() {
                return Ok(None);
            }
            self.0.extend_from_slice(head);
            *bytes = rest;
        }
    }

    /// What is there of the entry, with its length.
    pub(in crate::files) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(in crate::files) fn clear(&mut self) {
        self.0.clear();
    }
}
