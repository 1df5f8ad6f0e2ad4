//! What Tab makes of a path that is being typed: the names in its folder that begin like it, quoted
//! as it is.

use std::fs;
use std::path::{Path, PathBuf};

use undertone_core::text::safe::is_hidden;

use super::{Typed, URL, Word};

/// Entries of a folder that are looked at.
const SEEN_MAX: usize = 10_000;
/// Candidates that are given.
const CANDIDATES_MAX: usize = 100;

/// How the last path of a text can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// Where that path begins in the text, in bytes.
    pub start: usize,
    /// What can stand in its place, in order; a folder with `/` behind it.
    pub words: Vec<String>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Looks for what the last path of this text can become. `home` is what `~` stands for. Names that
/// cannot be typed, or hide something, are left out, and those with a dot before them, too, where
/// none is typed.
#[must_use]
pub fn complete(text: &str, home: Option<&Path>) -> Candidates {
    let Typed { last, quote, .. } = Typed::of(text);
    let word = last.unwrap_or(Word {
        start: text.len(),
        text: String::new(),
        has_tilde: false,
        is_quoted: false,
    });
    let mut candidates = Candidates {
        start: word.start,
        words: Vec::new(),
        has_more: false,
    };
    let raw = text.get(word.start..).unwrap_or_default();
    if word.has_tilde && word.text == "~" {
        candidates.words.push("~/".to_owned());
        return candidates;
    }
    let (folder, begun) = match word.text.rfind('/') {
        Some(at) => word.text.split_at(at + 1),
        None => ("", word.text.as_str()),
    };
    let Some(folder) = folder_of(&word, folder, home) else {
        return candidates;
    };
    let (before, last) = raw.split_at(raw.rfind('/').map_or(0, |at| at + 1));
    let opening = last.get(..1).filter(|first| matches!(*first, "'" | "\""));
    let before = format!("{before}{}", opening.unwrap_or_default());
    let (mut found, is_all) = names(&folder, begun);
    candidates.has_more = !is_all || found.len() > CANDIDATES_MAX;
    found.truncate(CANDIDATES_MAX);
    for (name, is_folder) in found {
        let escaped = escaped(&name, quote);
        let end = match (is_folder, quote) {
            (true, _) => "/",
            (false, Some('"')) => "\"",
            (false, Some(_)) => "'",
            (false, None) => "",
        };
        candidates.words.push(format!("{before}{escaped}{end}"));
    }
    candidates
}

fn folder_of(word: &Word, folder: &str, home: Option<&Path>) -> Option<PathBuf> {
    if folder.is_empty() {
        return Some(PathBuf::from("."));
    }
    let folder = Word {
        text: folder.to_owned(),
        ..*word
    };
    folder
        .path(home)
        .ok()
        .filter(|_| !word.text.starts_with(URL))
}

/// Names in the folder that begin like this, in whatever case, whether they are folders; and whether
/// all of it was looked at.
fn names(folder: &Path, begun: &str) -> (Vec<(String, bool)>, bool) {
    let Ok(mut entries) = fs::read_dir(folder) else {
        return (Vec::new(), true);
    };
    let mut found = Vec::new();
    for entry in entries.by_ref().take(SEEN_MAX).flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let start = name.get(..begun.len());
        let fits = start.is_some_and(|start| start.eq_ignore_ascii_case(begun));
        let is_shown = begun.starts_with('.') || !name.starts_with('.');
        if fits && is_shown && !name.contains(is_hidden) {
            // Of a link it is what it leads to that counts.
            let is_folder = entry.file_type().is_ok_and(|kind| match kind.is_symlink() {
                true => entry.path().is_dir(),
                false => kind.is_dir(),
            });
            found.push((name, is_folder));
        }
    }
    found.sort_unstable();
    (found, entries.next().is_none())
}

/// The name as it is to be typed where this quote is open.
fn escaped(name: &str, quote: Option<char>) -> String {
    match quote {
        Some('"') => name.replace('\\', r"\\").replace('"', r#"\""#),
        Some(_) => name.replace('\'', r"'\''"),
        None => {
            let mut escaped = String::with_capacity(name.len());
            for c in name.chars() {
                let is_special = c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '\\');
                if is_special || c == '~' && escaped.is_empty() {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
            escaped
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn candidates(text: &str, home: &Path) -> Vec<String> {
        let found = complete(text, Some(home));
        assert!(!found.has_more);
        let before = text.get(..found.start).unwrap();
        // Each of them names what it stands for.
        for word in &found.words {
            if !word.ends_with('/') {
                let paths = super::super::paths(&format!("{before}{word}"), Some(home));
                assert!(paths.unwrap().last().unwrap().exists(), "{word}");
            }
        }
        found.words
    }

    #[test]
    fn what_begins_like_the_path_is_found_and_quoted_like_it() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "file",
            "File 2",
            "it's",
            "q\"uo\\te",
            ".hidden",
            "~tilde",
            "esc\u{1b}[2J",
        ] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::create_dir_all(dir.path().join("my dir/in ner")).unwrap();
        symlink("my dir", dir.path().join("link")).unwrap();
        let home = dir.path();
        let root = dir.path().display();
        for (text, expected) in [
            ("~/fi", &[r"~/File\ 2", "~/file"][..]),
            ("~/my\\ d", &[r"~/my\ dir/"]),
            (r"~/my\ dir/", &[r"~/my\ dir/in\ ner/"]),
            (r#"~/"my dir/"#, &[r#"~/"my dir/in ner/"#]),
            (r#"a b ~/"fi"#, &[r#"~/"File 2""#, r#"~/"file""#]),
            ("~/'it", &[r"~/'it'\''s'"]),
            ("~/it", &[r"~/it\'s"]),
            ("~/q", &[r#"~/q\"uo\\te"#]),
            (r#"~/"q"#, &[r#"~/"q\"uo\\te""#]),
            ("~/.h", &["~/.hidden"]),
            ("~/li", &["~/link/"]),
            ("~/link/", &[r"~/link/in\ ner/"]),
            ("~", &["~/"]),
            ("~/none", &[]),
            ("~/none/", &[]),
            ("~/esc", &[]),
            ("file:///", &[]),
        ] {
            assert_eq!(candidates(text, home), expected, "{text}");
        }
        assert_eq!(
            candidates(&format!("a {root}/fil"), home),
            [format!("{root}/File\\ 2"), format!("{root}/file")]
        );
        for (text, start) in [
            ("a ", 2),
            ("a", 0),
            (r"a\ ", 0),
            (r"a\  ", 4),
            ("", 0),
            ("'a ", 0),
        ] {
            assert_eq!(complete(text, None).start, start, "{text}");
        }
        assert_eq!(complete("src/mai", None).words, ["src/main.rs"]);
        assert_eq!(complete("~/", None).words, [""; 0]);
    }

    #[test]
    fn no_more_than_a_hundred_are_given() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..=CANDIDATES_MAX {
            fs::write(dir.path().join(number.to_string()), "").unwrap();
        }
        let found = complete("~/", Some(dir.path()));
        assert!(found.has_more && found.words.len() == CANDIDATES_MAX);
    }
}
