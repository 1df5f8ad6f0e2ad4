//! Numbers as options take them: what is none is told which are expected.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Reads a whole number of this range, for clap; `of` says what is counted, where that is not plain.
pub fn number<T>(
    range: RangeInclusive<T>,
    of: &'static str,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let read = text.parse().ok().filter(|number| range.contains(number));
        let (least, most) = (range.start(), range.end());
        let counted = if of.is_empty() { "" } else { " of " };
        read.ok_or_else(|| format!("not a whole number{counted}{of} from {least} to {most}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_the_range_is_told_which_are() {
        let read = number(1..=65_535_u16, "");
        assert_eq!(read("1"), Ok(1));
        assert_eq!(read("65535"), Ok(65_535));
        for text in ["", "0", "65536", "-1", "1.5", "abc", "99999999999999999999"] {
            let why = read(text).unwrap_err();
            assert_eq!(why, "not a whole number from 1 to 65535", "{text}");
        }
        let why = number(1..=9_u64, "seconds")("x").unwrap_err();
        assert_eq!(why, "not a whole number of seconds from 1 to 9");
    }
}
