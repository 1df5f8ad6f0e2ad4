//! Finds what is to be sent. What the person names may be a link; what is found in a folder is
//! never followed, so that no loop and no way out of it leads anywhere.

use std::collections::{BTreeMap, btree_map};
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{CWD, FileType};
use undertone_core::files::entry::{Entry, Kind};
use undertone_core::files::name::Name;
use undertone_core::files::schedule::Builder;
use undertone_core::files::{DEPTH_MAX, ENTRIES_MAX, Refused};
use undertone_host::words;

use super::Source;
use super::filter::{Filter, Rules};
use super::listed::{Listed, nanos_of, seconds, version};
use super::look::{Seen, kind_of, look, unreadable};
use crate::files::at::names;
use crate::files::number::numbered;
use crate::files::skipped::{Reason, Skipped};

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read {}: {}\n  Check its name, its owner and its mode.", .path.display(), words(source))]
    Io {
        /// What was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was named cannot be sent.
    #[error("{} cannot be sent: {reason}\n  To send what comes through a pipe, name -.", .path.display())]
    NoFile {
        /// What was named.
        path: PathBuf,
        /// What it is.
        reason: Reason,
    },
    /// There is too much of it.
    #[error(
        "more than {ENTRIES_MAX} files and folders\n  Send them in parts, or leave some out with --exclude."
    )]
    TooMany,
    /// What was found makes no list.
    #[error("cannot be listed: {0}")]
    Refused(Refused),
    /// Nothing was found, or all of it is left out.
    #[error("nothing to send\n  Look at what --exclude leaves out.")]
    Nothing,
    /// The person does not want it any more.
    #[error("ended while the files were listed")]
    Cancelled,
}

/// Lists what these paths name, in the order of their names, whatever order they are given in.
/// `is_cancelled` is asked before each entry.
///
/// # Errors
/// [`SourceError`]. What cannot be sent and was found in a folder is no error: see
/// [`Source::skipped`].
pub fn walk(
    paths: &[PathBuf],
    filter: &Filter,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Source, SourceError> {
    let mut walk = Walk {
        builder: Builder::default(),
        listed: Listed::default(),
        skipped: Skipped::default(),
        rules: filter.rules(),
        path: Vec::new(),
        names: Vec::new(),
        is_cancelled,
    };
    for (name, root) in named(paths)? {
        walk.root(name, root)?;
    }
    let source = Source::of(walk.builder, walk.listed, walk.skipped);
    source.ok_or(SourceError::Nothing)
}

/// What the paths are called, in order, and where they are: the same file is sent once.
fn named(paths: &[PathBuf]) -> Result<BTreeMap<Name, PathBuf>, SourceError> {
    let mut roots = BTreeMap::new();
    for path in paths {
        let whole = path.canonicalize().map_err(|source| SourceError::Io {
            path: path.clone(),
            source,
        })?;
        // A link is called what the person calls it; `.` is not.
        let last = path.file_name().or(whole.file_name());
        let last = last.map_or(&b"root"[..], OsStrExt::as_bytes);
        let name = Name::from_disk(last).map_err(|_| SourceError::NoFile {
            path: path.clone(),
            reason: Reason::Name,
        })?;
        if !roots.values().any(|root| *root == whole) {
            roots.insert(unused(name, |name| roots.contains_key(name)), whole);
        }
    }
    Ok(roots)
}

/// The name, with a number where it is used.
fn unused(name: Name, is_used: impl Fn(&Name) -> bool) -> Name {
    let numbers = (1..).map_while(|number| Name::new(&numbered(name.as_str(), number)).ok());
    let mut free = numbers.filter(|name| !is_used(name));
    free.next().unwrap_or(name)
}

struct Walk<'a> {
    builder: Builder,
    listed: Listed,
    skipped: Skipped,
    rules: Rules<'a>,
    /// The names of the open folders on the wire.
    names: Vec<Name>,
    /// The path of the open folder from what was named on, with a `/` behind it.
    path: Vec<u8>,
    is_cancelled: &'a dyn Fn() -> bool,
}

/// A folder of which not everything was looked at yet.
struct Open {
    fd: OwnedFd,
    left: btree_map::IntoIter<Name, CString>,
    /// How long its path is.
    base: usize,
}

impl Walk<'_> {
    /// Takes one of what the person named.
    fn root(&mut self, name: Name, path: PathBuf) -> Result<(), SourceError> {
        let refused = |reason: Reason| match reason {
            Reason::Unreadable(kind) => SourceError::Io {
                path: path.clone(),
                source: kind.into(),
            },
            reason => SourceError::NoFile {
                path: path.clone(),
                reason,
            },
        };
        let at = CString::new(path.as_os_str().as_bytes());
        let at = at.map_err(|_| refused(Reason::Name))?;
        let kind = kind_of(CWD, &at).map_err(refused)?;
        let is_folder = kind == FileType::Directory;
        if self.rules.exclude(name.as_str().as_bytes(), is_folder) {
            return Ok(());
        }
        let seen = look(CWD, &at, kind).map_err(refused)?;
        self.listed.roots.insert(name.clone(), path);
        match self.add(&name, &at, seen)? {
            Some(folder) => self.descend(name, folder),
            None => Ok(()),
        }
    }

    /// Takes all that is in a folder, depth first.
    fn descend(&mut self, name: Name, folder: OwnedFd) -> Result<(), SourceError> {
        self.path.clear();
        self.names = vec![name];
        let mut stack = vec![self.open(folder)];
        while let Some(open) = stack.last_mut() {
            if (self.is_cancelled)() {
                return Err(SourceError::Cancelled);
            }
            let Some((name, on_disk)) = open.left.next() else {
                stack.pop();
                self.names.pop();
                let base = stack.last().map_or(0, |open| open.base);
                self.path.truncate(base);
                self.rules.leave(base);
                continue;
            };
            let kind = kind_of(open.fd.as_fd(), &on_disk);
            self.path.truncate(open.base);
            self.path.extend_from_slice(on_disk.to_bytes());
            if self
                .rules
                .exclude(&self.path, kind == Ok(FileType::Directory))
            {
                continue;
            }
            let seen = kind.and_then(|kind| look(open.fd.as_fd(), &on_disk, kind));
            let seen = match seen {
                Ok(_) if stack.len() >= DEPTH_MAX => Err(Reason::Depth),
                seen => seen,
            };
            match seen {
                Err(reason) => self.skip(&on_disk, reason),
                Ok(seen) => {
                    if let Some(folder) = self.add(&name, &on_disk, seen)? {
                        self.path.push(b'/');
                        self.names.push(name);
                        stack.push(self.open(folder));
                    }
                }
            }
        }
        Ok(())
    }

    /// Gets ready for what is in a folder, of which `path` is the path.
    fn open(&mut self, fd: OwnedFd) -> Open {
        let base = self.path.len();
        self.rules.enter(&fd, base);
        let found = names(&fd).unwrap_or_else(|errno| {
            self.skip(c"", unreadable(errno));
            Vec::new()
        });
        let mut left = BTreeMap::new();
        for on_disk in found {
            match Name::from_disk(on_disk.to_bytes()) {
                Ok(name) => {
                    left.insert(unused(name, |name| left.contains_key(name)), on_disk);
                }
                Err(_) => self.skip(&on_disk, Reason::Name),
            }
        }
        Open {
            fd,
            left: left.into_iter(),
            base,
        }
    }

    fn skip(&mut self, on_disk: &CStr, reason: Reason) {
        let mut path: PathBuf = self.names.iter().map(Name::as_str).collect();
        path.push(OsStr::from_bytes(on_disk.to_bytes()));
        self.skipped.add(path, reason);
    }

    /// Adds an entry to the list; gives the folder if it is one.
    fn add(
        &mut self,
        name: &Name,
        on_disk: &CStr,
        seen: Seen,
    ) -> Result<Option<OwnedFd>, SourceError> {
        let entry = Entry {
            depth: self.names.len(),
            name: name.clone(),
            kind: seen.kind,
            size: seen.size,
            mtime: seconds(&seen.stat),
            extents: seen.extents,
            version: seen.kind.is_file().then(|| version(&seen.stat)),
        };
        let number = self.builder.push(&entry).map_err(|refused| match refused {
            Refused::TooLarge => SourceError::TooMany,
            refused => SourceError::Refused(refused),
        })?;
        self.listed.nanos.push(nanos_of(&seen.stat));
        if seen.is_counted {
            self.listed.counted.insert(number);
        }
        let is_odd = on_disk.to_bytes() != name.as_str().as_bytes();
        if is_odd && !self.names.is_empty() {
            let path = self.names.iter().chain([name]).cloned().collect();
            self.listed.odd.insert(path, on_disk.to_bytes().into());
        }
        Ok((seen.kind == Kind::Folder).then_some(seen.fd))
    }
}
