//! Sources that lead elsewhere, that cannot be read, and that change while they are.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use undertone_core::files::DEPTH_MAX;
use undertone_core::files::entry::Kind;
use undertone_core::files::name::Name;

use super::*;
use crate::files::testing::held_back;

fn found(paths: &[&Path]) -> Listing {
    filtered(paths, &Filter::default())
}

fn filtered(paths: &[&Path], filter: &Filter) -> Listing {
    let paths: Vec<PathBuf> = paths.iter().map(|&path| path.to_owned()).collect();
    walk(&paths, filter, &|| false).unwrap()
}

/// `depth name` of all entries, and a `/` behind those of folders.
fn lines(listing: &Listing) -> Vec<String> {
    let line = |entry: undertone_core::files::entry::Entry| {
        let slash = if entry.kind == Kind::Folder { "/" } else { "" };
        format!("{} {}{slash}", entry.depth, entry.name.as_str())
    };
    listing.entries().map(line).collect()
}

fn encoded(listing: &Listing) -> Vec<u8> {
    let mut bytes = Vec::new();
    listing
        .entries()
        .for_each(|entry| entry.encode(&mut bytes).unwrap());
    bytes
}

/// Contents and verdict of the entry at this place.
fn read(listing: Listing, index: usize) -> (Vec<u8>, Verdict) {
    let mut buf = vec![1; usize::try_from(listing.entry(index).unwrap().contents()).unwrap()];
    let mut reader = Reader::new(Arc::new(listing));
    reader.read_at(index, 0, &mut buf);
    (buf, reader.verdict(index))
}

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
fn links_pipes_sockets_and_devices_in_a_folder_are_named_and_nothing_waits() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join("a").join(name);
    fs::create_dir_all(at("empty")).unwrap();
    fs::write(at("file"), "text").unwrap();
    symlink("..", at("loop")).unwrap();
    symlink("file", at("link")).unwrap();
    symlink("/dev/zero", at("zero")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(at("pipe"))
            .status()
            .unwrap()
            .success()
    );
    let _socket = UnixListener::bind(at("socket")).unwrap();
    let listing = found(&[&dir.path().join("a")]);
    assert_eq!(lines(&listing), ["0 a/", "1 empty/", "1 file"]);
    let skipped = listing.skipped().named().iter();
    let skipped: Vec<_> = skipped
        .map(|(path, why)| format!("{} {why}", path.display()))
        .collect();
    assert_eq!(
        skipped,
        [
            "a/link a link",
            "a/loop a link",
            "a/pipe a pipe",
            "a/socket a socket",
            "a/zero a link"
        ]
    );
    assert_eq!(listing.skipped().count(), 5);
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
    let listing = found(&[&at("other/file"), &at("link"), &at("file"), &at("again")]);
    assert_eq!(
        lines(&listing),
        ["0 file", "0 file (2)", "0 link/", "1 in/"]
    );
    assert_eq!(read(listing, 1), (b"text".to_vec(), Verdict::Unchanged));
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
        let error = walk(&[path], &Filter::default(), &|| false).unwrap_err();
        assert!(matches!(error, SourceError::NoFile { reason: why, .. } if why == reason));
    }
    for name in ["round", "missing"] {
        let error = walk(&[at(name)], &Filter::default(), &|| false).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = walk(&[at("real")], &Filter::default(), &|| true).unwrap_err();
    assert!(matches!(error, SourceError::Cancelled));
}

#[test]
fn what_may_not_be_read_is_named_and_the_rest_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join("a").join(name);
    fs::create_dir_all(at("closed")).unwrap();
    for name in ["mine", "open"] {
        fs::write(at(name), "text").unwrap();
    }
    for name in ["closed", "mine"] {
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    held_back(|| {
        let listing = found(&[&dir.path().join("a")]);
        assert_eq!(lines(&listing), ["0 a/", "1 open"]);
        let denied = Reason::Unreadable(ErrorKind::PermissionDenied);
        let named = ["a/closed", "a/mine"].map(|path| (path.into(), denied));
        assert_eq!(listing.skipped().named(), named);
        let error = walk(&[at("mine")], &Filter::default(), &|| false).unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{error}");
        // Closed after it was listed.
        fs::set_permissions(at("open"), fs::Permissions::from_mode(0o000)).unwrap();
        assert_eq!(read(listing, 1), (vec![0; 4], Verdict::Unreadable));
    });
    fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn names_that_are_no_utf_8_become_ones_that_ascend_and_all_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let names: [&[u8]; 5] = [b"caf\xe9", b"caf%E9", b"caf\xff", b"cag", b"a\\b"];
    for name in names {
        fs::write(dir.path().join(OsStr::from_bytes(name)), name).unwrap();
    }
    // Too long once it is escaped.
    fs::write(dir.path().join(OsStr::from_bytes(&[0xff; 100])), "").unwrap();
    let listing = found(&[dir.path()]);
    let found_names: Vec<_> = listing.entries().skip(1).map(|entry| entry.name).collect();
    let expected = ["a%5Cb", "caf%E9", "caf%E9 (2)", "caf%FF", "cag"];
    assert_eq!(found_names, expected.map(|name| Name::new(name).unwrap()));
    assert_eq!(listing.skipped().named()[0].1, Reason::Name);
    let listing = Arc::new(listing);
    let mut reader = Reader::new(Arc::clone(&listing));
    let mut contents = Vec::new();
    for index in 1..listing.len() {
        let mut buf = vec![0; usize::try_from(listing.entry(index).unwrap().size).unwrap()];
        reader.read_at(index, 0, &mut buf);
        assert_eq!(reader.verdict(index), Verdict::Unchanged);
        contents.push(buf);
    }
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
    let first = found(&[&dir.path().join("top")]);
    let expected = [
        "0 top/", "1 a/", "2 3", "2 tool", "1 b/", "2 x/", "3 1", "3 é", "2 x.y/", "3 2",
        "1 sparse",
    ];
    assert_eq!(lines(&first), expected);
    assert_eq!(first.entry(3).unwrap().kind, Kind::Executable);
    let bytes = encoded(&first);
    assert!(read(first, 10).0.len() <= 8192);
    assert_eq!(encoded(&found(&[&dir.path().join("top")])), bytes);
}

#[test]
fn a_file_that_is_changed_while_it_is_read_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let at_once = |path: &Path| OpenOptions::new().write(true).open(path).unwrap();
    type Change<'a> = &'a dyn Fn(&Path);
    let changes: [(&str, Change<'_>); 6] = [
        ("other bytes", &|path| {
            at_once(path).write_all(b"other").unwrap()
        }),
        ("grown", &|path| {
            OpenOptions::new()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(b"more")
                .unwrap();
        }),
        ("cut off", &|path| at_once(path).set_len(1000).unwrap()),
        ("other bytes and the old time", &|path| {
            let mtime = path.metadata().unwrap().modified().unwrap();
            let mut file = at_once(path);
            file.write_all(b"other").unwrap();
            file.set_modified(mtime).unwrap();
        }),
        ("only another time", &|path| {
            at_once(path).set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }),
        ("another one in its place", &|path| {
            let other = path.with_extension("other");
            fs::write(&other, vec![3; 100_000]).unwrap();
            fs::rename(other, path).unwrap();
        }),
    ];
    for (what, change) in changes {
        for is_listed_only in [true, false] {
            fs::write(&path, vec![7; 100_000]).unwrap();
            // Times are those of the last tick.
            let long_ago = SystemTime::now() - Duration::from_secs(100);
            at_once(&path).set_modified(long_ago).unwrap();
            let mut reader = Reader::new(Arc::new(found(&[&path])));
            let mut buf = vec![1; 50_000];
            if !is_listed_only {
                reader.read_at(0, 0, &mut buf);
                assert!(buf.iter().all(|byte| *byte == 7));
                await_tick(&path);
            }
            change(&path);
            reader.read_at(0, 50_000, &mut buf);
            let verdict = reader.verdict(0);
            // Before it is opened, a change that leaves size and time can be seen by nobody.
            let is_seen = !is_listed_only || what != "other bytes and the old time";
            assert_eq!(
                verdict == Verdict::Changed,
                is_seen,
                "{what} {is_listed_only}"
            );
            if what == "cut off" {
                assert!(buf.iter().all(|byte| *byte == 0));
            }
        }
    }
    fs::write(&path, "text").unwrap();
    let listing = found(&[&path]);
    fs::remove_file(&path).unwrap();
    assert_eq!(read(listing, 0), (vec![0; 4], Verdict::Changed));
    // What takes its place is neither followed nor waited for.
    fs::write(&path, "text").unwrap();
    for make in [
        &(|path: &Path| symlink("/etc/passwd", path).unwrap()) as Change<'_>,
        &|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
    ] {
        let listing = found(&[dir.path()]);
        fs::remove_file(&path).unwrap();
        make(&path);
        assert_eq!(read(listing, 1), (vec![0; 4], Verdict::Changed));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "text").unwrap();
    }
}

#[test]
fn holes_are_listed_and_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sparse");
    let file = File::create(&path).unwrap();
    let (size, data) = (1 << 40, vec![5; 512 << 10]);
    file.set_len(size).unwrap();
    file.write_all_at(&data, 1 << 30).unwrap();
    file.write_all_at(&data, size / 2).unwrap();
    let begun = Instant::now();
    let listing = found(&[&path]);
    let entry = listing.entry(0).unwrap();
    assert_eq!((entry.size, entry.contents()), (size, 1 << 20));
    assert_eq!(
        read(listing, 0),
        ([&data[..], &data].concat(), Verdict::Unchanged)
    );
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_file_without_a_size_is_read_once_more() {
    let path = Path::new("/proc/self/limits");
    let Ok(text) = fs::read(path) else {
        eprintln!("skipped: no /proc here");
        return;
    };
    let listing = found(&[path]);
    assert_eq!(listing.entry(0).unwrap().size, text.len() as u64);
    assert_eq!(read(listing, 0), (text, Verdict::Unchanged));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("empty"), "").unwrap();
    let listing = found(&[&dir.path().join("empty")]);
    assert_eq!(listing.entry(0).unwrap().size, 0);
    assert_eq!(read(listing, 0), (vec![], Verdict::Unchanged));
}

#[test]
fn what_is_too_deep_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut path = dir.path().join("a");
    for _ in 0..DEPTH_MAX + 5 {
        path.push("d");
    }
    fs::create_dir_all(&path).unwrap();
    let listing = found(&[&dir.path().join("a")]);
    assert_eq!(listing.len(), DEPTH_MAX);
    assert_eq!(listing.skipped().count(), 1);
    assert_eq!(listing.skipped().named()[0].1, Reason::Depth);
    assert_eq!(listing.entries().last().unwrap().depth, DEPTH_MAX - 1);
}

#[test]
fn what_the_person_excludes_is_neither_entered_nor_named() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().join("top");
    for path in [
        "a.o",
        "keep.o",
        "src/b.o",
        "src/c",
        "target/d",
        "src/target/e",
        ".git/f",
        "src/.gitignore",
        "src/g",
        "src/in/h",
        "src/in/keep",
    ] {
        let path = top.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "g\n/in/*\n!keep\n").unwrap();
    }
    symlink("c", top.join("src/link.o")).unwrap();
    let patterns = ["*.o", "!keep.o", "/target/"].map(str::to_owned);
    let listing = filtered(&[&top], &Filter::new(&patterns, true).unwrap());
    let expected = [
        "0 top/",
        "1 keep.o",
        "1 src/",
        "2 .gitignore",
        "2 c",
        "2 in/",
        "3 keep",
        "2 target/",
        "3 e",
    ];
    assert_eq!(lines(&listing), expected);
    assert_eq!(listing.skipped().count(), 0);
    let all = found(&[&top]);
    assert_eq!(all.len(), 17);
    // What was named is left out as well.
    let none = filtered(&[&top.join("a.o")], &Filter::new(&patterns, false).unwrap());
    assert!(none.is_empty());
}

#[test]
fn a_pipe_is_read_byte_for_byte_to_its_end() {
    let (pipe, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&pipe, true).unwrap();
    let (mut text, mut buf) = (Vec::new(), [0; 1]);
    let nothing = rustix::io::read(&pipe, &mut buf);
    assert_eq!(nothing, Err(rustix::io::Errno::AGAIN));
    std::thread::scope(|scope| {
        scope.spawn(move || writer.write_all(b"abc").unwrap());
        while read_pipe(&pipe, &mut buf).unwrap() > 0 {
            text.extend_from_slice(&buf);
        }
    });
    assert_eq!(text, b"abc");
    let listing = Listing::of_pipe(Name::new("pipe").unwrap());
    assert_eq!(listing.entry(0).unwrap().kind, Kind::Pipe);
}

#[test]
fn files_of_many_folders_are_read_in_order() {
    const FILES: usize = 500;
    let dir = tempfile::tempdir().unwrap();
    for number in 0..FILES {
        let folder = dir.path().join(format!("{}", number % 20));
        if number < 20 {
            fs::create_dir(&folder).unwrap();
        }
        fs::write(folder.join(format!("{number}")), number.to_string()).unwrap();
    }
    let listing = Arc::new(found(&[dir.path()]));
    assert_eq!(listing.len(), FILES + 21);
    let mut reader = Reader::new(Arc::clone(&listing));
    for (index, entry) in listing.entries().enumerate() {
        if entry.kind == Kind::Folder {
            continue;
        }
        let mut buf = vec![0; usize::try_from(entry.size).unwrap()];
        reader.read_at(index, 0, &mut buf);
        assert_eq!(reader.verdict(index), Verdict::Unchanged);
        assert_eq!(buf, entry.name.as_str().as_bytes());
    }
}
