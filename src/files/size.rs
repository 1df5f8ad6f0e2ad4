//! Sizes in words.

/// So many bytes, in units of a thousand.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut unit, mut whole, mut tenth) = (0, n, 0);
    while whole >= 1000 && unit + 1 < UNITS.len() {
        tenth = whole % 1000 / 100;
        whole /= 1000;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    match unit > 0 && whole < 100 {
        true => format!("{whole}.{tenth} {name}"),
        false => format!("{whole} {name}"),
    }
}

/// How much there is in so many files.
#[must_use]
pub fn amount(files: u64, size: Option<u64>) -> String {
    let size = size.map_or_else(|| "of unknown size".to_owned(), bytes);
    match files {
        1 => size,
        n => format!("{n} files, {size}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (n, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (99_950, "99.9 kB"),
            (2_140_000, "2.1 MB"),
            (100_000_000, "100 MB"),
            (u64::MAX, "18446 PB"),
        ] {
            assert_eq!(bytes(n), words);
        }
        assert_eq!(amount(1, None), "of unknown size");
        assert_eq!(amount(0, Some(0)), "0 files, 0 B");
    }
}
