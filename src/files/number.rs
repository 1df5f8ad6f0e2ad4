//! Names that are taken: ` (2)` goes before the extension.

use undertone_core::files::NAME_MAX;

/// What stands behind the name's last dot counts as its extension up to this many bytes, the dot
/// included.
const EXTENSION_MAX: usize = 16;

/// The name with ` (number)` in it, shortened where it would be longer than a name may be; 1 is the
/// name itself.
pub(super) fn numbered(name: &str, number: u32) -> String {
    if number <= 1 {
        return name.to_owned();
    }
    let (stem, extension) = name.split_at(extension_at(name));
    let suffix = format!(" ({number}){extension}");
    format!("{}{suffix}", shortened(stem, NAME_MAX - suffix.len()))
}

/// At most `len` bytes of the name, in whole characters.
pub(super) fn shortened(name: &str, len: usize) -> &str {
    let mut end = name.len().min(len);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default()
}

fn extension_at(name: &str) -> usize {
    let last = |name: &str| name.rfind('.').filter(|at| *at > 0);
    let Some(at) = last(name) else {
        return name.len();
    };
    let stem = name.get(..at).unwrap_or_default();
    // As in `x.tar.gz`.
    let at = match last(stem) {
        Some(before) if stem.get(before..) == Some(".tar") => before,
        _ => at,
    };
    let is_extension =
        name.len() - at <= EXTENSION_MAX && !name.get(at..).unwrap_or_default().contains(' ');
    if is_extension { at } else { name.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_stands_before_the_extension_and_the_name_stays_a_name() {
        for (name, second) in [
            ("a", "a (2)"),
            ("a.txt", "a (2).txt"),
            (".bashrc", ".bashrc (2)"),
            (".a.b", ".a (2).b"),
            ("a.tar.gz", "a (2).tar.gz"),
            (".tar.gz", ".tar (2).gz"),
            ("1. Of the whale", "1. Of the whale (2)"),
            ("a.", "a (2)."),
        ] {
            assert_eq!(numbered(name, 2), second);
            assert_eq!(numbered(name, 1), name);
        }
        for name in ["é".repeat(127), format!("{}.tar.gz", "é".repeat(120))] {
            let numbered = numbered(&name, 10_000);
            assert!(numbered.len() <= NAME_MAX, "{numbered}");
            assert!(numbered.contains("é (10000)"), "{numbered}");
        }
    }
}
