//! Paths that were dropped onto the terminal: it types them, and nothing else.

use std::path::{Path, PathBuf};

use super::Typed;

/// The paths that a text consists of, if they all name a file or folder that is there, and each has
/// a `/` in it or is in quotes: a word is none because a file is called like it. `home` is what `~`
/// stands for. The system is asked for one path after the other, up to the first that is none.
#[must_use]
pub fn dropped(text: &str, home: Option<&Path>) -> Option<Vec<PathBuf>> {
    let typed = Typed::of(text);
    if typed.quote.is_some() {
        return None;
    }
    let words = typed.words.iter().chain(&typed.last);
    let paths: Option<Vec<_>> = words
        .map(|word| {
            let path = word.path(home).ok()?;
            // Of the whole system, or of the folder that this one is in, nobody means all.
            let has_name = path.file_name().is_some();
            let is_path = has_name && (word.is_quoted || word.text.contains('/'));
            (is_path && (path.is_file() || path.is_dir())).then_some(path)
        })
        .collect();
    paths.filter(|paths| !paths.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn paths_alone_are_paths_and_a_word_is_none() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a b", "c", "100%"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::create_dir(dir.path().join("d")).unwrap();
        let (home, root) = (dir.path(), dir.path().to_str().unwrap());
        let of = |text: &str| dropped(&text.replace("ROOT", root), Some(home));
        for (text, names) in [
            ("ROOT/c", &["c"][..]),
            (" ROOT/c ", &["c"]),
            (r"ROOT/a\ b", &["a b"]),
            ("'ROOT/a b'", &["a b"]),
            ("\"ROOT/a b\" ROOT/d", &["a b", "d"]),
            ("~/c\n~/d/", &["c", "d"]),
            ("file://ROOT/a%20b file://ROOT/100%25", &["a b", "100%"]),
        ] {
            let paths: Vec<_> = names.iter().map(|name| home.join(name)).collect();
            assert_eq!(of(text), Some(paths), "{text}");
        }
        for text in [
            "",
            "  ",
            "/",
            "./",
            "~",
            "it's",
            "ROOT/c!",
            "see ROOT/c",
            "ROOT/c ROOT/none",
            "ROOT/a b",
            "/dev/null",
            "file://elsewhereROOT/c",
            // These are there, and are words.
            "src",
            "src Cargo.toml",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of("'src'"), Some(vec!["src".into()]));
        assert_eq!(of("./src"), Some(vec!["./src".into()]));
    }
}
