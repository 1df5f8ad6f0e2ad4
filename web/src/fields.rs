//! Fields of calls and events: big-endian numbers, and texts with their length.

use undertone_core::session::LinkId;

/// Takes fields from the front of a call. What is not there counts as nothing: the page and this
/// are built together.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            None => {
                self.0 = &[];
                [0; N]
            }
        }
    }

    pub(crate) fn u8(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// A whole number, as the page has all of its own.
    pub(crate) fn whole(&mut self) -> u64 {
        f64::from_be_bytes(self.array()) as u64
    }

    pub(crate) fn key(&mut self) -> [u8; 32] {
        self.array()
    }

    pub(crate) fn link(&mut self) -> LinkId {
        LinkId(u64::from(self.u32()))
    }

    /// Bytes with their length.
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let len = usize::try_from(self.u32()).unwrap_or(usize::MAX);
        let (field, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        field
    }

    /// What is no UTF-8 is no text.
    pub(crate) fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// Appends fields to an event.
pub(crate) trait Fields {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self;

    /// A number that the page has as one.
    fn number(&mut self, number: u64) -> &mut Self;

    fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }
}

impl Fields for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.extend_from_slice(&len.to_be_bytes());
        self.extend_from_slice(bytes);
        self
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.extend_from_slice(&(number as f64).to_be_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_they_were_appended() {
        let mut bytes = vec![7];
        bytes.text("hé").number(1 << 50).bytes(&[1, 2]);
        let mut reader = Reader(&bytes);
        assert_eq!(reader.u8(), 7);
        assert_eq!(reader.text(), "hé");
        assert_eq!(reader.whole(), 1 << 50);
        assert_eq!(reader.bytes(), [1, 2]);
        assert!(reader.rest().is_empty());
    }

    #[test]
    fn what_is_cut_off_counts_as_nothing() {
        let mut bytes = Vec::new();
        bytes.text("hello");
        for cut in 0..bytes.len() {
            let mut reader = Reader(bytes.get(..cut).unwrap_or_default());
            assert!(reader.text().len() < 5);
            assert_eq!((reader.u32(), reader.whole()), (0, 0));
        }
    }
}
