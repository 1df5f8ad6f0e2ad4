//! One entry among the candidates, and where it ends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Hidden, Ice};
use crate::pairing::PairingError;

/// The most entries of a SEALED, those included that nobody knows.
const MAX: usize = 16;

/// An entry, as far as it is known.
#[derive(Debug)]
pub(super) enum Entry<'a> {
    Tcp(SocketAddr),
    Udp(SocketAddr),
    Ice(Ice),
    Browser,
    SameMachine([u8; 32]),
    Hidden(Hidden),
    /// Its type and value.
    Unknown(u8, &'a [u8]),
}

/// Takes bytes apart into their entries.
///
/// # Errors
/// [`PairingError::Candidates`].
pub(super) fn entries(mut bytes: &[u8]) -> Result<Vec<Entry<'_>>, PairingError> {
    let mut entries = Vec::new();
    while let Some((kind @ 1.., rest)) = bytes.split_first() {
        let (len, rest) = rest.split_first().ok_or(PairingError::Candidates)?;
        let value = rest.split_at_checked(usize::from(*len));
        let (value, rest) = value.ok_or(PairingError::Candidates)?;
        entries.push(Entry::read(*kind, value).ok_or(PairingError::Candidates)?);
        bytes = rest;
    }
    if entries.len() > MAX || bytes.iter().any(|byte| *byte != 0) {
        return Err(PairingError::Candidates);
    }
    Ok(entries)
}

impl<'a> Entry<'a> {
    /// `None` where a known one is malformed.
    fn read(kind: u8, value: &'a [u8]) -> Option<Self> {
        Some(match kind {
            1 => Self::Tcp(address(value)?),
            2 => Self::Udp(address(value)?),
            3 => Self::Ice(Ice::read(value)?),
            4 if value.is_empty() => Self::Browser,
            4 => return None,
            5 => Self::SameMachine(value.try_into().ok()?),
            6 => Self::Hidden(Hidden::read(value)?),
            _ => Self::Unknown(kind, value),
        })
    }

    /// Appends it.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Tcp(address) => put(out, 1, &address_bytes(address)),
            Self::Udp(address) => put(out, 2, &address_bytes(address)),
            Self::Ice(ice) => put(out, 3, &ice.to_bytes()),
            Self::Browser => put(out, 4, &[]),
            Self::SameMachine(tag) => put(out, 5, tag),
            Self::Hidden(hidden) => put(out, 6, &hidden.to_bytes()),
            Self::Unknown(kind, value) => put(out, *kind, value),
        }
    }
}

/// A value of more than 255 bytes, which no entry of ours has, is left out.
fn put(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    if let Ok(len) = u8::try_from(value.len()) {
        out.extend_from_slice(&[kind, len]);
        out.extend_from_slice(value);
    }
}

fn address(value: &[u8]) -> Option<SocketAddr> {
    let (ip, port) = value.split_last_chunk::<2>()?;
    let ip = match ip.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(ip).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes(*port)))
}

fn address_bytes(address: &SocketAddr) -> Vec<u8> {
    let port = address.port().to_be_bytes();
    match address.ip() {
        IpAddr::V4(ip) => [ip.octets().as_slice(), &port].concat(),
        IpAddr::V6(ip) => [ip.octets().as_slice(), &port].concat(),
    }
}

impl Hidden {
    fn read(value: &[u8]) -> Option<Self> {
        let (uuid, port) = value.split_first_chunk()?;
        Some(Self {
            uuid: *uuid,
            port: u16::from_be_bytes(port.try_into().ok()?),
        })
    }

    fn to_bytes(self) -> [u8; 18] {
        let mut bytes = [0; 18];
        let value = self.uuid.into_iter().chain(self.port.to_be_bytes());
        bytes
            .iter_mut()
            .zip(value)
            .for_each(|(slot, byte)| *slot = byte);
        bytes
    }
}

impl Ice {
    fn read(value: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = value.split_first_chunk()?;
        let (len, rest) = rest.split_first()?;
        let (ufrag, password) = rest.split_at_checked(usize::from(*len))?;
        let text = |bytes: &[u8]| {
            let printable = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic);
            printable.then(|| String::from_utf8_lossy(bytes).into_owned())
        };
        Some(Self {
            fingerprint: *fingerprint,
            ufrag: text(ufrag)?,
            password: text(password)?,
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let len = u8::try_from(self.ufrag.len()).unwrap_or(u8::MAX);
        let texts = [self.ufrag.as_bytes(), self.password.as_bytes()];
        [self.fingerprint.as_slice(), &[len], texts[0], texts[1]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(bytes: &[u8]) -> Result<usize, PairingError> {
        entries(bytes).map(|entries| entries.len())
    }

    #[test]
    fn unknown_ones_are_passed_over_whatever_they_hold() {
        for kind in 7..=255 {
            assert_eq!(count(&[kind, 0]), Ok(1));
            assert_eq!(
                count(&[&[kind, 255], [9; 255].as_slice(), &[0; 9]].concat()),
                Ok(1)
            );
        }
    }

    #[test]
    fn an_overrun_a_seventeenth_and_what_follows_the_end_are_refused() {
        let refused = Err(PairingError::Candidates);
        assert_eq!(count(&[200]), refused);
        assert_eq!(count(&[200, 1]), refused);
        assert_eq!(count(&[[200, 255].as_slice(), &[7; 254]].concat()), refused);
        assert_eq!(count(&[200, 0].repeat(16)), Ok(16));
        assert_eq!(count(&[200, 0].repeat(17)), refused);
        assert_eq!(count(&[0, 0, 200, 0]), refused);
        assert_eq!(count(&[]), Ok(0));
    }

    #[test]
    fn known_ones_that_are_malformed_are_refused() {
        let ice = [[3; 32].as_slice(), &[2], b"abpwd"].concat();
        let sound: [(u8, &[u8]); 7] = [
            (1, &[1; 6]),
            (1, &[1; 18]),
            (2, &[1; 6]),
            (3, &ice),
            (4, &[]),
            (5, &[1; 32]),
            (6, &[1; 18]),
        ];
        for (kind, value) in sound {
            let entry = |value: &[u8]| [&[kind, value.len() as u8], value].concat();
            assert_eq!(count(&entry(value)), Ok(1), "{kind}");
            for wrong in [[value, &[b'x'; 200]].concat(), [value, b"x"].concat()] {
                // A longer password is a password.
                assert_eq!(count(&entry(&wrong)).is_ok(), kind == 3, "{kind}");
            }
            if let [shorter @ .., _] = value {
                let stays_sound = kind == 3;
                assert_eq!(count(&entry(shorter)).is_ok(), stays_sound, "{kind}");
            }
        }
        for ice in [
            [[3; 32].as_slice(), &[0], b"pwd"].concat(),
            [[3; 32].as_slice(), &[3], b"abc"].concat(),
            [[3; 32].as_slice(), &[4], b"abc"].concat(),
            [[3; 32].as_slice(), &[2], b"a\npwd"].concat(),
            vec![3; 32],
        ] {
            assert!(count(&[&[3, ice.len() as u8], ice.as_slice()].concat()).is_err());
        }
    }
}
