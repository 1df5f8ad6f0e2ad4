//! A UDP address that a browser hides from its page behind a name of its own making, which others on
//! the same network can look up (draft-ietf-mmusic-mdns-ice-candidates).

use std::fmt;
use std::str::FromStr;

/// `UUID.local:PORT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The name, a version 4 UUID (RFC 9562).
    pub uuid: [u8; 16],
    /// The port.
    pub port: u16,
}

/// No such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in .local with a port")]
pub struct NotHidden;

/// Where a UUID has dashes, in bytes.
const DASHES: [usize; 4] = [4, 6, 8, 10];

impl FromStr for Hidden {
    type Err = NotHidden;

    fn from_str(text: &str) -> Result<Self, NotHidden> {
        let (name, port) = text.split_once(".local:").ok_or(NotHidden)?;
        let digits: Vec<u8> = name.bytes().filter(|byte| *byte != b'-').collect();
        let uuid = data_encoding::HEXLOWER_PERMISSIVE.decode(&digits);
        let hidden = Self {
            uuid: uuid
                .ok()
                .and_then(|uuid| uuid.try_into().ok())
                .ok_or(NotHidden)?,
            port: port.parse().map_err(|_| NotHidden)?,
        };
        match hidden.to_string().eq_ignore_ascii_case(text) {
            true => Ok(hidden),
            false => Err(NotHidden),
        }
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.uuid.iter().enumerate() {
            let dash = if DASHES.contains(&at) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        write!(f, ".local:{}", self.port)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_it_was_and_nothing_else_is_one() {
        let text = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local:54321";
        let hidden: Hidden = text.parse().unwrap();
        assert_eq!(hidden.port, 54_321);
        assert_eq!(hidden.to_string(), text);
        for other in [
            "printer.local:631",
            "1f4712dbea174bcfa596105139dfd8bf.local:54321",
            "1f4712db-ea17-4bcf-a596-105139dfd8bf.example:54321",
            "1f4712db-ea17-4bcf-a596-105139dfd8bf.local:65536",
            "1f4712db-ea17-4bcf-a596-105139dfd8bf.local:+1",
            "1f4712db-ea17-4bcf-a596-105139dfd8b.local:1",
            "x.1f4712db-ea17-4bcf-a596-105139dfd8bf.local:1",
            "",
        ] {
            assert_eq!(other.parse::<Hidden>(), Err(NotHidden), "{other}");
        }
    }
}
