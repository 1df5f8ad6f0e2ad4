//! Numbers of bytes as people type them: `500MB`, `2 GiB`.

/// Units, in any case of their letters; without one it is bytes.
const UNITS: [(&str, u64); 14] = [
    ("", 1),
    ("B", 1),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
    ("K", 1000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// Reads a number of bytes.
///
/// # Errors
/// What is expected.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let unit = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let number = digits.trim_end().parse::<u64>().ok();
    let bytes = number
        .zip(unit)
        .and_then(|(n, (_, unit))| n.checked_mul(*unit));
    bytes.ok_or_else(|| "not a size, such as 500MB or 2GiB".to_owned())
}

/// Reads `verified:SIZE`: up to how many bytes a verified contact's offer is accepted at once.
///
/// # Errors
/// What is expected.
pub(super) fn verified_up_to(text: &str) -> Result<u64, String> {
    let up_to = text.strip_prefix("verified:").map(size);
    match up_to {
        Some(Ok(bytes)) => Ok(bytes),
        _ => Err("not verified:SIZE, such as verified:500MB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_a_bound() {
        for (text, bytes) in [
            ("0", 0),
            ("7", 7),
            ("7B", 7),
            ("5 MB", 5_000_000),
            ("5mb", 5_000_000),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "-1", "1.5GB", "1 parsec", "99999999999TB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_accepted_at_once_has_a_limit() {
        assert_eq!(verified_up_to("verified:1GB"), Ok(1_000_000_000));
        for text in ["verified", "verified:", "always", "1GB"] {
            assert!(verified_up_to(text).is_err(), "{text}");
        }
    }
}
