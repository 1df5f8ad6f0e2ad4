//! What the system says, for people.

use std::io;

/// An error in the system's words, without the number that people cannot use.
#[must_use]
pub fn words(error: &io::Error) -> String {
    let words = error.to_string();
    let number = words.rfind(" (os error ").unwrap_or(words.len());
    words.get(..number).unwrap_or(&words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_left_out() {
        let error = io::Error::from_raw_os_error(2);
        assert!(error.to_string().ends_with(" (os error 2)"));
        assert!(!words(&error).is_empty() && !words(&error).contains("os error"));
        assert_eq!(words(&io::Error::other("so")), "so");
    }
}
