//! What Tab completes: a command, a path, a word that the other person read out.
//!
//! Owns: which of them is being typed, and what the candidates have in common. Does not own: which
//! commands there are, nor the files.

/// What is being typed, with what there is of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// A command, without its slash.
    Command(&'a str),
    /// A word of the verification list.
    Word(&'a str),
    /// The last of these paths.
    Path(&'a str),
    /// The same, where only a folder can stand.
    Folder(&'a str),
}

impl<'a> Wanted<'a> {
    /// What is being typed where `before` stands before the cursor; `None`: nothing to complete.
    #[must_use]
    pub fn at(before: &'a str) -> Option<Self> {
        let command = before.strip_prefix('/')?;
        match command.split_once(' ') {
            None if command.starts_with('/') || command.contains(char::is_whitespace) => None,
            None => Some(Wanted::Command(command)),
            Some(("verify", words)) => Some(Wanted::Word(last_word(words))),
            Some(("send", paths)) => Some(Wanted::Path(paths)),
            Some(("accept", rest)) => match rest.split_once(' ') {
                Some((number, folder)) if is_number(number) => Some(Wanted::Folder(folder)),
                _ => (!is_number(rest)).then_some(Wanted::Folder(rest)),
            },
            Some(_) => None,
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// The word that is being typed, of several.
#[must_use]
pub fn last_word(words: &str) -> &str {
    words
        .rsplit(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default()
}

/// What Tab makes of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completed {
    /// Nothing begins like this.
    Nothing,
    /// One thing does: the whole of it.
    One(String),
    /// Several do: what they have in common, which is more than was typed.
    Further(String),
    /// Several do, and nothing more can be said.
    Several(Vec<String>),
}

/// Completes `typed` among `candidates`; the case of ASCII letters does not matter.
pub fn complete<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Completed {
    let mut matching = Vec::new();
    for candidate in candidates {
        if common(typed, candidate).len() == typed.len() && !matching.contains(&candidate) {
            matching.push(candidate);
        }
    }
    among(typed, &matching)
}

/// The same, where all of them fit what was typed, in whatever way.
pub fn among(typed: &str, found: &[&str]) -> Completed {
    let Some((first, others)) = found.split_first() else {
        return Completed::Nothing;
    };
    if others.is_empty() {
        return Completed::One((*first).to_owned());
    }
    let prefix = others
        .iter()
        .fold(*first, |prefix, other| common(prefix, other));
    // Half of an escaped character is none.
    let whole = prefix.trim_end_matches('\\');
    let prefix = match (prefix.len() - whole.len()) % 2 {
        0 => prefix,
        _ => prefix.get(..prefix.len() - 1).unwrap_or_default(),
    };
    if prefix.len() > typed.len() {
        return Completed::Further(prefix.to_owned());
    }
    Completed::Several(found.iter().map(|one| (*one).to_owned()).collect())
}

/// The start of `a` that `b` has too.
fn common<'a>(a: &'a str, b: &str) -> &'a str {
    let pairs = a.char_indices().zip(b.chars());
    let same = pairs.take_while(|((_, x), y)| x.eq_ignore_ascii_case(y));
    let end = same.last().map_or(0, |((at, x), _)| at + x.len_utf8());
    a.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_core::crypto::words::pgp_words;

    #[test]
    fn what_is_typed_says_what_is_wanted() {
        for (before, wanted) in [
            ("", None),
            ("hi /he", None),
            ("//he", None),
            ("/", Some(Wanted::Command(""))),
            ("/he", Some(Wanted::Command("he"))),
            ("/who a", None),
            ("/verify ", Some(Wanted::Word(""))),
            ("/verify cedar ot", Some(Wanted::Word("ot"))),
            ("/send my fi", Some(Wanted::Path("my fi"))),
            ("/accept", Some(Wanted::Command("accept"))),
            ("/accept ", Some(Wanted::Folder(""))),
            ("/accept 7", None),
            ("/accept 7 ", Some(Wanted::Folder(""))),
            ("/accept 7 ~/a b", Some(Wanted::Folder("~/a b"))),
            ("/accept ~/a b", Some(Wanted::Folder("~/a b"))),
        ] {
            assert_eq!(Wanted::at(before), wanted, "{before:?}");
        }
    }

    #[test]
    fn candidates_are_told_apart() {
        let commands = ["peers", "help", "hello", "quit"];
        let complete = |typed| complete(typed, commands);
        assert_eq!(complete("x"), Completed::Nothing);
        assert_eq!(complete("Q"), Completed::One("quit".into()));
        assert_eq!(complete("h"), Completed::Further("hel".into()));
        assert_eq!(
            complete("hel"),
            Completed::Several(vec!["help".into(), "hello".into()])
        );
        assert_eq!(complete("hellos"), Completed::Nothing);
    }

    #[test]
    fn what_was_found_is_common_up_to_whole_characters() {
        let further = |found: &[&str]| among("a", found);
        assert_eq!(
            further(&[r"ab\ c", r"ab\'d"]),
            Completed::Further("ab".into())
        );
        assert_eq!(
            further(&[r"ab\\c", r"ab\\d"]),
            Completed::Further(r"ab\\".into())
        );
    }

    #[test]
    fn every_word_of_the_list_can_be_completed_from_itself() {
        for word in pgp_words() {
            let done = complete(&word.to_ascii_lowercase(), pgp_words());
            // A word can be the start of another: then it is one of several.
            match done {
                Completed::One(whole) => assert_eq!(whole, word),
                Completed::Several(all) => assert!(all.iter().any(|one| one == word)),
                other => panic!("{word}: {other:?}"),
            }
        }
        assert_eq!(
            complete("absu", pgp_words()),
            Completed::One("absurd".into())
        );
    }
}
