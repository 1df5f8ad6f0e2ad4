//! What is left out because the person says so: by patterns as `.gitignore` has them, from
//! `--exclude` and, where they ask for it, from the `.gitignore` files in the folders themselves.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};

use fast_glob::{glob_match, validate};
use rustix::fs::{FileType, Mode, fstat, openat};

use super::look::READ;

/// More of a `.gitignore` is not read, in bytes.
const GITIGNORE_MAX: u64 = 1024 * 1024;

/// What the person wants left out.
#[derive(Debug, Default)]
pub struct Filter {
    exclude: Vec<Pattern>,
    gitignore: bool,
}

/// What is no pattern.
#[derive(Debug, thiserror::Error)]
#[error(
    "{pattern} is no pattern: {why}\n  Write * for any name, and \\ before a character that is meant itself."
)]
pub struct BadPattern {
    pattern: String,
    why: fast_glob::Error,
}

impl Filter {
    /// Leaves out what these patterns say, and with `gitignore` what Git would, `.git` included.
    ///
    /// A pattern with `/` before its end is one of a path from what was named on, another one of a
    /// name anywhere; with `/` at its end it is of folders; with `!` before it, what the patterns
    /// before it leave out stays in.
    ///
    /// # Errors
    /// [`BadPattern`].
    pub fn new(exclude: &[String], gitignore: bool) -> Result<Self, BadPattern> {
        let mut patterns = Vec::new();
        for text in exclude {
            let pattern = Pattern::parse(text);
            let checked = pattern.as_ref().map_or(Ok(()), Pattern::check);
            checked.map_err(|why| BadPattern {
                pattern: text.clone(),
                why,
            })?;
            patterns.extend(pattern);
        }
        Ok(Self {
            exclude: patterns,
            gitignore,
        })
    }

    /// The rules before any folder is entered.
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            filter: self,
            layers: Vec::new(),
        }
    }
}

/// What holds in the folders that are open.
pub(super) struct Rules<'a> {
    filter: &'a Filter,
    /// Those of `.gitignore` files, the innermost last.
    layers: Vec<Layer>,
}

struct Layer {
    /// Bytes of the path of its folder, with the `/` behind it.
    base: usize,
    patterns: Vec<Pattern>,
}

impl Rules<'_> {
    /// Reads what a folder says itself; `base` is as long as its path is, with the `/` behind it.
    pub(super) fn enter(&mut self, folder: &OwnedFd, base: usize) {
        if !self.filter.gitignore {
            return;
        }
        let Some(text) = read_gitignore(folder) else {
            return;
        };
        // Braces mean nothing there.
        let lines = text.lines().map(|line| line.replace(['{', '}'], "?"));
        let patterns = lines.filter_map(|line| Pattern::parse(&line));
        let patterns = patterns.filter(|pattern| pattern.check().is_ok()).collect();
        self.layers.push(Layer { base, patterns });
    }

    /// Goes back to a folder with a path of so many bytes.
    pub(super) fn leave(&mut self, base: usize) {
        self.layers.retain(|layer| layer.base <= base);
    }

    /// Whether what has this path, from what was named on, is left out.
    pub(super) fn exclude(&self, path: &[u8], is_folder: bool) -> bool {
        let decided = decide(&self.filter.exclude, path, is_folder).or_else(|| {
            let mut layers = self.layers.iter().rev();
            layers.find_map(|layer| decide(&layer.patterns, path.get(layer.base..)?, is_folder))
        });
        let is_git =
            || self.filter.gitignore && path.rsplit(|byte| *byte == b'/').next() == Some(b".git");
        decided.unwrap_or(false) || is_git()
    }
}

/// What the last pattern says that this path fits to.
fn decide(patterns: &[Pattern], path: &[u8], is_folder: bool) -> Option<bool> {
    let mut patterns = patterns.iter().rev();
    let fits = patterns
        .find(|pattern| (is_folder || !pattern.is_for_folders) && glob_match(&*pattern.glob, path));
    fits.map(|pattern| !pattern.is_negated)
}

/// One line.
#[derive(Debug)]
struct Pattern {
    glob: String,
    is_negated: bool,
    is_for_folders: bool,
}

impl Pattern {
    /// Reads a line; empty ones and comments are none.
    fn parse(line: &str) -> Option<Self> {
        let mut rest = line.trim_end_matches(['\r', '\n']);
        while let Some(shorter) = rest.strip_suffix(' ').filter(|rest| !rest.ends_with('\\')) {
            rest = shorter;
        }
        let (rest, is_negated) = match rest.strip_prefix('!') {
            Some(rest) => (rest, true),
            None if rest.starts_with('#') => return None,
            None => (rest, false),
        };
        let (rest, is_for_folders) = match rest.strip_suffix('/') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let glob = match rest.strip_prefix('/') {
            Some(rest) => rest.to_owned(),
            None if rest.contains('/') => rest.to_owned(),
            None => format!("**/{rest}"),
        };
        (!rest.is_empty()).then_some(Self {
            glob,
            is_negated,
            is_for_folders,
        })
    }

    fn check(&self) -> Result<(), fast_glob::Error> {
        validate(&self.glob)
    }
}

fn read_gitignore(folder: &OwnedFd) -> Option<String> {
    let fd = openat(folder, ".gitignore", READ, Mode::empty()).ok()?;
    let stat = fstat(fd.as_fd()).ok()?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    let mut bytes = Vec::new();
    let file = is_file.then(|| File::from(fd))?;
    file.take(GITIGNORE_MAX).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(patterns: &[&str], path: &str, is_folder: bool) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|&text| text.to_owned()).collect();
        let filter = Filter::new(&patterns, false).unwrap();
        filter.rules().exclude(path.as_bytes(), is_folder)
    }

    #[test]
    fn patterns_are_those_of_gitignore() {
        for (pattern, yes, no) in [
            ("*.o", "a/b.o", "a/b.on"),
            ("*.o", ".o", "o"),
            ("target", "a/target", "a/targets"),
            ("/target", "target", "a/target"),
            ("a/b", "a/b", "c/a/b"),
            ("a/**/z", "a/b/c/z", "a/b/c"),
            ("**/b", "b", "b/c"),
            ("a/*", "a/b", "a/b/c"),
            ("{a,b}.txt", "b.txt", "c.txt"),
            ("[ab]?", "bc", "cc"),
            (r"\!a", "!a", "a"),
            (r"\#a", "#a", "a"),
            (r"a\ ", "a ", "a"),
            ("a  ", "a", "a  "),
        ] {
            assert!(left_out(&[pattern], yes, false), "{pattern}: {yes}");
            assert!(!left_out(&[pattern], no, false), "{pattern}: {no}");
        }
        assert!(left_out(&["a/"], "b/a", true) && !left_out(&["a/"], "b/a", false));
        assert!(!left_out(&["*.o", "!a.o"], "a.o", false));
        assert!(left_out(&["!a.o", "*.o"], "a.o", false));
        assert!(!left_out(&["", "#a", "/", "!"], "#a", false));
        let bytes = Filter::new(&["*.txt".into()], false).unwrap();
        assert!(bytes.rules().exclude(b"caf\xe9.txt", false));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for bad in ["[a", "{a", "a\\"] {
            let error = Filter::new(&[bad.to_owned()], false).unwrap_err();
            assert!(error.to_string().contains(bad), "{error}");
        }
    }
}
