//! Sources that lead elsewhere, that cannot be read, and that change while they are.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use undertone_core::files::DEPTH_MAX;
use undertone_core::files::entry::{Entry, Kind};
use undertone_core::files::name::Name;

use super::*;
use crate::files::skipped::Reason;
use crate::files::testing::held_back;

mod changed;
mod left_out;

fn found(paths: &[&Path]) -> Source {
    filtered(paths, &Filter::default()).unwrap()
}

fn filtered(paths: &[&Path], filter: &Filter) -> Result<Source, SourceError> {
    let paths: Vec<PathBuf> = paths.iter().map(|&path| path.to_owned()).collect();
    walk(&paths, filter, &|| false)
}

fn one(path: &Path) -> Result<Source, SourceError> {
    filtered(&[path], &Filter::default())
}

/// The entries of the list, each with the bytes that it takes.
fn entries(source: &Source) -> Vec<(Entry, usize)> {
    let (mut list, mut entries) = (source.list(), Vec::new());
    while let [high, low, ..] = *list {
        let len = 2 + usize::from(u16::from_be_bytes([high, low]));
        entries.push((Entry::decode(&list[2..len]).unwrap(), len));
        list = &list[len..];
    }
    entries
}

/// `depth name` of all entries, and a `/` behind those of folders.
fn lines(source: &Source) -> Vec<String> {
    let line = |(entry, _): &(Entry, usize)| {
        let slash = if entry.kind == Kind::Folder { "/" } else { "" };
        format!("{} {}{slash}", entry.depth, entry.name.as_str())
    };
    entries(source).iter().map(line).collect()
}

/// The whole data, read in pieces.
fn data(source: &mut Source, piece: usize) -> Vec<u8> {
    let (mut data, mut buf) = (Vec::new(), vec![0xee; piece]);
    loop {
        buf.fill(0xee);
        let len = source.fill(data.len() as u64, &mut buf).unwrap();
        assert!(buf[len..].iter().all(|byte| *byte == 0xee));
        match len {
            0 => return data,
            _ => data.extend_from_slice(&buf[..len]),
        }
    }
}

/// Contents and verdicts of all files, by their names.
fn contents(source: &mut Source) -> Vec<(String, Vec<u8>, u8)> {
    let data = data(source, 60_000);
    let (mut at, mut files) = (0, Vec::new());
    for (entry, len) in entries(source) {
        at += len;
        if entry.kind.is_file() {
            let end = at + usize::try_from(entry.contents()).unwrap();
            let name = entry.name.as_str().to_owned();
            files.push((name, data[at..end].to_vec(), data[end]));
            at = end + 1;
        }
    }
    assert_eq!(at, data.len());
    files
}

/// Those of the only file.
fn content(mut source: Source) -> (Vec<u8>, u8) {
    let mut files = contents(&mut source);
    assert_eq!(files.len(), 1);
    let (_, content, verdict) = files.remove(0);
    (content, verdict)
}

const WHOLE: u8 = 0;
const CHANGED: u8 = 1;
const UNREADABLE: u8 = 2;

/// Waits until a change of this file has another time than the last one, on systems too that count
/// in hundredths of a second.
fn await_tick(path: &Path) {
    let ctime = |path: &Path| {
        let metadata = path.metadata().unwrap();
        (metadata.ctime(), metadata.ctime_nsec())
    };
    let probe = path.with_extension("probe");
    while fs::write(&probe, "").is_ok() && ctime(&probe) == ctime(path) {}
    fs::remove_file(probe).unwrap();
}

#[test]
fn what_the_person_names_is_followed_and_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("real/in")).unwrap();
    fs::write(at("file"), "text").unwrap();
    symlink("real", at("link")).unwrap();
    symlink("link", at("again")).unwrap();
    symlink("round", at("round")).unwrap();
    assert_eq!(lines(&found(&[&at("link")])), ["0 link/", "1 in/"]);
    assert_eq!(lines(&found(&[&at("real/in/..")])), ["0 real/", "1 in/"]);
    // The same thing once, other things of the same name all; in the order of names.
    fs::create_dir(at("other")).unwrap();
    fs::write(at("other/file"), "other").unwrap();
    let mut source = found(&[&at("other/file"), &at("link"), &at("file"), &at("again")]);
    assert_eq!(lines(&source), ["0 file", "0 file (2)", "0 link/", "1 in/"]);
    assert_eq!(contents(&mut source)[1].1, b"text");
    assert!(
        Command::new("mkfifo")
            .arg(at("pipe"))
            .status()
            .unwrap()
            .success()
    );
    for (path, reason) in [
        (at("pipe"), Reason::Pipe),
        ("/dev/null".into(), Reason::Device),
    ] {
        let error = one(&path).unwrap_err();
        assert!(matches!(error, SourceError::NoFile { reason: why, .. } if why == reason));
    }
    for name in ["round", "missing"] {
        let error = one(&at(name)).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = walk(&[at("real")], &Filter::default(), &|| true).unwrap_err();
    assert!(matches!(error, SourceError::Cancelled));
}

#[test]
fn names_that_are_no_utf_8_become_ones_that_ascend_and_all_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let names: [&[u8]; 5] = [b"caf\xe9", b"caf%E9", b"caf\xff", b"cag", b"a\\b"];
    let at = |name: &[u8]| dir.path().join("top").join(OsStr::from_bytes(name));
    fs::create_dir_all(at(b"in\xff")).unwrap();
    fs::write(at(b"in\xff/in\xfe"), "deep").unwrap();
    for name in names {
        fs::write(at(name), name).unwrap();
    }
    // Too long once it is escaped.
    fs::write(at(&[0xff; 100]), "").unwrap();
    let mut source = found(&[&dir.path().join("top")]);
    let expected = [
        "0 top/",
        "1 a%5Cb",
        "1 caf%E9",
        "1 caf%E9 (2)",
        "1 caf%FF",
        "1 cag",
        "1 in%FF/",
        "2 in%FE",
    ];
    assert_eq!(lines(&source), expected);
    assert_eq!(source.skipped().named()[0].1, Reason::Name);
    let files = contents(&mut source);
    assert!(files.iter().all(|(_, _, verdict)| *verdict == WHOLE));
    let contents = files.into_iter().map(|(_, content, _)| content);
    let mut contents: Vec<_> = contents.filter(|content| content != b"deep").collect();
    contents.sort_unstable();
    let mut names = names.map(<[u8]>::to_vec);
    names.sort_unstable();
    assert_eq!(contents, names);
}

#[test]
fn the_same_source_makes_the_same_list() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["b/x/1", "b/x.y/2", "b/x/é", "a/3"] {
        let path = dir.path().join("top").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "text").unwrap();
    }
    let sparse = File::create(dir.path().join("top/sparse")).unwrap();
    sparse.set_len(1 << 24).unwrap();
    sparse.write_all_at(&[1; 5000], 1 << 20).unwrap();
    sparse.sync_all().unwrap();
    let tool = dir.path().join("top/a/tool");
    fs::write(&tool, "").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let mut first = found(&[&dir.path().join("top")]);
    let expected = [
        "0 top/", "1 a/", "2 3", "2 tool", "1 b/", "2 x/", "3 1", "3 é", "2 x.y/", "3 2",
        "1 sparse",
    ];
    assert_eq!(lines(&first), expected);
    assert_eq!(entries(&first)[3].0.kind, Kind::Executable);
    let mut again = found(&[&dir.path().join("top")]);
    assert_eq!((again.id(), again.list()), (first.id(), first.list()));
    // However it is cut, and from any place on.
    let whole = data(&mut first, 1 << 16);
    assert_eq!(data(&mut again, 7), whole);
    assert_eq!(whole.len() as u64, first.totals().data);
    let mut buf = [0; 40];
    for offset in (0..whole.len()).rev().step_by(11) {
        let len = again.fill(offset as u64, &mut buf).unwrap();
        assert_eq!(buf[..len], whole[offset..offset + len]);
        assert_eq!(len, buf.len().min(whole.len() - offset));
    }
    assert_eq!(again.failed().count(), 0);
}

#[test]
fn files_of_many_folders_are_read_in_order() {
    const FILES: usize = 500;
    let dir = tempfile::tempdir().unwrap();
    for number in 0..FILES {
        let folder = dir.path().join(format!("top/{}", number % 20));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(number.to_string()), number.to_string()).unwrap();
    }
    let mut source = found(&[&dir.path().join("top")]);
    let files = contents(&mut source);
    assert_eq!(files.len(), FILES);
    for (name, content, verdict) in files {
        assert_eq!((name.as_bytes(), verdict), (&*content, WHOLE));
    }
}
