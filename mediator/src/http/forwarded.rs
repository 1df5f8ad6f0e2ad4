//! What a proxy says of a request: where it comes from, by `X-Forwarded-For` and its kin.

use std::net::{IpAddr, SocketAddr};

/// The last entry of these lines: the one that the proxy itself wrote. Earlier ones are the
/// client's word.
pub(super) fn last_entry<'a>(
    mut lines: impl DoubleEndedIterator<Item = &'a [u8]>,
) -> Option<&'a [u8]> {
    let entry = lines.next_back()?.rsplit(|byte| *byte == b',').next()?;
    Some(entry.trim_ascii())
}

/// The address of the last `X-Forwarded-For` entry. Port 0 where it gives none.
pub(super) fn forwarded<'a>(
    lines: impl DoubleEndedIterator<Item = &'a [u8]>,
) -> Option<SocketAddr> {
    let entry = str::from_utf8(last_entry(lines)?).ok()?;
    let bare = entry
        .strip_prefix('[')
        .and_then(|entry| entry.strip_suffix(']'))
        .unwrap_or(entry);
    let address: SocketAddr = match bare.parse::<IpAddr>() {
        Ok(address) => (address, 0).into(),
        Err(_) => entry.parse().ok()?,
    };
    Some((address.ip().to_canonical(), address.port()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_forwarded_entry_counts() {
        for (lines, address) in [
            (&["192.0.2.1"][..], Some("192.0.2.1:0")),
            (&["198.51.100.9, 192.0.2.1"], Some("192.0.2.1:0")),
            (
                &["192.0.2.9", "198.51.100.9,192.0.2.1:77"],
                Some("192.0.2.1:77"),
            ),
            (&["2001:db8::1"], Some("[2001:db8::1]:0")),
            (&["[2001:db8::1]"], Some("[2001:db8::1]:0")),
            (&["[2001:db8::1]:77"], Some("[2001:db8::1]:77")),
            (&["::ffff:192.0.2.1"], Some("192.0.2.1:0")),
            (&["192.0.2.1, unknown"], None),
            (&["192.0.2.1,"], None),
            (&["192.0.2.1, \u{e9}"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(
                forwarded(lines.iter().map(|line| line.as_bytes())),
                address.map(|a| a.parse().unwrap()),
                "{lines:?}"
            );
        }
    }
}
