//! What passes through the mediator unread: a room's tag, and the bytes that it hands on.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{MAX_OPAQUE, PATH};

/// A room's tag, 32 bytes; base64url without padding on the wire. All that the
/// mediator knows of a room. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(pub [u8; 32]);

/// Bytes that the mediator hands on unread, at most [`MAX_OPAQUE`]; base64url
/// without padding on the wire. `Debug` shows only how many.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(Box<[u8]>);

impl Tag {
    /// The path and query by which a client that is to join in this room connects: with the tag's
    /// first byte, so that a balancer before several mediators sends both of a pair to the same
    /// one.
    #[must_use]
    pub fn path(&self) -> String {
        let [first, ..] = self.0;
        format!("{PATH}?t={first:02x}")
    }
}

impl Opaque {
    /// `None` over [`MAX_OPAQUE`] bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= MAX_OPAQUE).then(|| Self(bytes.into()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Tag(..)")
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        write!(f, "Opaque({} bytes)", bytes.len())
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64).and_then(|bytes| {
            let tag = bytes
                .try_into()
                .map_err(|_| de::Error::custom("a tag has 32 bytes"))?;
            Ok(Self(tag))
        })
    }
}

impl Serialize for Opaque {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Opaque {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(Base64)?;
        Self::new(&bytes).ok_or_else(|| de::Error::custom("too many bytes"))
    }
}

/// Reads base64url without padding, and in its one canonical form only.
struct Base64;

impl de::Visitor<'_> for Base64 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64url without padding")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        BASE64URL_NOPAD
            .decode(text.as_bytes())
            .map_err(|_| E::custom("not base64url without padding"))
    }
}
