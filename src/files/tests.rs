//! From the sender's disk to the receiver's: whole, cut anywhere, and with a disk that fills up.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use undertone_core::files::list::List;
use undertone_core::files::receive::Receive;
use undertone_core::files::{Offer, Outcome, Refused};

use super::incoming::{Incoming, IncomingError};
use super::place::{Folder, Kept, Part};
use super::sink::Sink;
use super::source::{Filter, Source, walk};
use super::testing::{on_disk, tree};

fn source(paths: &[PathBuf]) -> Source {
    walk(paths, &Filter::default(), &|| false).unwrap()
}

/// All kinds of things.
fn made(dir: &Path) -> PathBuf {
    let top = dir.join("top");
    fs::create_dir_all(top.join("a/empty")).unwrap();
    fs::write(top.join("a/one"), "1").unwrap();
    fs::write(top.join("a/none"), "").unwrap();
    fs::write(top.join("a:b"), "odd").unwrap();
    fs::write(top.join("a?b"), "odd, too").unwrap();
    fs::write(top.join("long"), [7; 9000]).unwrap();
    fs::write(top.join("tool"), "#!").unwrap();
    fs::set_permissions(top.join("tool"), fs::Permissions::from_mode(0o755)).unwrap();
    let sparse = File::create(top.join("sparse")).unwrap();
    sparse.set_len(1 << 20).unwrap();
    sparse.write_all_at(&[5; 4096], 1 << 17).unwrap();
    sparse.write_all_at(&[6; 4096], 1 << 19).unwrap();
    top
}

fn offer(source: &Source) -> Offer<String> {
    let totals = source.totals();
    Offer {
        id: source.id(),
        list: 1,
        data: 2,
        name: source.name().as_str().to_owned(),
        count: totals.files,
        size: totals.size,
    }
}

fn receive(source: &Source) -> Receive {
    let (mut list, mut bytes) = (List::new(0), source.list());
    while list.take(&mut bytes).unwrap().is_some() {}
    list.finish(&offer(source)).unwrap().1
}

fn incoming(source: &Source, target: &Path) -> Incoming {
    let folder = Folder::open(target).unwrap();
    Incoming::new(
        receive(source),
        Sink::Part(Part::create(folder, source.name()).unwrap()),
    )
}

/// As the journal of another run has it.
fn gone_on(source: &Source, target: &Path, kept: Kept, offset: u64) -> Incoming {
    let (mut list, mut bytes) = (List::new(offset), source.list());
    let mut replay = Part::reopen(Folder::open(target).unwrap(), kept).unwrap();
    while let Some(entry) = list.take(&mut bytes).unwrap() {
        if list.is_passed() {
            replay.passed(&entry).unwrap();
        }
    }
    let (_, receive) = list.finish(&offer(source)).unwrap();
    assert_eq!(receive.offset(), offset);
    let part = replay.go_on(receive.file()).unwrap();
    Incoming::new(receive, Sink::Part(part))
}

fn data(source: &mut Source) -> Vec<u8> {
    let mut data = vec![0; usize::try_from(source.totals().data).unwrap()];
    assert_eq!(source.fill(0, &mut data).unwrap(), data.len());
    data
}

fn finish(incoming: &mut Incoming) -> Vec<PathBuf> {
    let mut placed = Vec::new();
    incoming.finish(|path| placed.push(path)).unwrap();
    placed
}

/// Paths, contents, times and the right to execute.
fn compared(top: &Path) -> Vec<(PathBuf, Vec<u8>, i64, bool)> {
    let paths = tree(top).into_iter().map(|(path, (_, text))| {
        let metadata = path.metadata().unwrap();
        let name = path.strip_prefix(top).unwrap().to_owned();
        (name, text, metadata.mtime(), metadata.mode() & 0o100 > 0)
    });
    paths.collect()
}

/// What [`made`] becomes.
fn expected(top: &Path) -> Vec<(PathBuf, Vec<u8>, i64, bool)> {
    let mut files = compared(top);
    for file in &mut files {
        match file.0.to_str() {
            Some("a:b") => file.0 = "a_b".into(),
            Some("a?b") => file.0 = "a_b (2)".into(),
            _ => {}
        }
    }
    files.sort_unstable();
    files
}

#[test]
fn a_folder_arrives_as_it_is() {
    let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let top = made(dir.path());
    let mut source = source(std::slice::from_ref(&top));
    let mut incoming = incoming(&source, target.path());
    for mut piece in data(&mut source).chunks(100) {
        incoming.take(&mut piece).unwrap();
        assert!(piece.is_empty());
    }
    let whole = target.path().canonicalize().unwrap().join("top");
    assert_eq!(finish(&mut incoming), std::slice::from_ref(&whole));
    assert_eq!(compared(&whole), expected(&top));
    let sparse = whole.join("sparse").metadata().unwrap();
    assert!(sparse.blocks() * 512 < 1 << 17, "{}", sparse.blocks());
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 1);
}

#[test]
fn several_arrive_in_one_new_folder() {
    let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let top = made(dir.path());
    fs::create_dir(target.path().join("a and 2 more")).unwrap();
    let mut source = source(&[top.join("tool"), top.join("long"), top.join("a")]);
    assert_eq!(source.name().as_str(), "a");
    let mut incoming = incoming(&source, target.path());
    let data = data(&mut source);
    incoming.take(&mut &data[..]).unwrap();
    let placed = finish(&mut incoming);
    let whole = target
        .path()
        .canonicalize()
        .unwrap()
        .join("a and 2 more (2)");
    assert_eq!(placed, std::slice::from_ref(&whole));
    assert_eq!(compared(&whole.join("a")), compared(&top.join("a")));
    assert_eq!(
        fs::read(whole.join("long")).unwrap(),
        fs::read(top.join("long")).unwrap()
    );
    assert!(whole.join("tool").exists());
    // As open to others as a folder that is made by hand.
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&whole), mode(&target.path().join("a and 2 more")));
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 2);
}

#[test]
fn a_crash_anywhere_is_gone_on_after() {
    let dir = tempfile::tempdir().unwrap();
    let top = made(dir.path());
    let mut source = source(std::slice::from_ref(&top));
    let data = data(&mut source);
    let expected = expected(&top);
    for synced in (0..data.len()).step_by(61) {
        let target = tempfile::tempdir().unwrap();
        let mut incoming = incoming(&source, target.path());
        incoming.take(&mut &data[..synced]).unwrap();
        // Without the wait for the disk, which this test does not need.
        let (offset, kept) = (incoming.offset(), incoming.part().unwrap().kept().clone());
        let lost = data.len().min(synced + synced % 5000);
        incoming.take(&mut &data[synced..lost]).unwrap();
        drop(incoming);
        let mut incoming = gone_on(&source, target.path(), kept, offset);
        incoming.take(&mut &data[synced..]).unwrap();
        let placed = finish(&mut incoming);
        assert_eq!(compared(&placed[0]), expected, "{synced}");
    }
}

#[test]
fn what_changes_at_the_sender_is_not_kept_and_named() {
    let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let top = made(dir.path());
    let mut source = source(std::slice::from_ref(&top));
    fs::write(top.join("a/one"), "2").unwrap();
    fs::write(top.join("long"), "cut").unwrap();
    let data = data(&mut source);
    let mut incoming = incoming(&source, target.path());
    incoming.take(&mut &data[..]).unwrap();
    for failed in [source.failed(), incoming.failed()] {
        let named = failed.named().iter();
        let named: Vec<_> = named
            .map(|(path, why)| format!("{} {why}", path.display()))
            .collect();
        let expected =
            ["top/a/one", "top/long"].map(|path| format!("{path} changed while it was read"));
        assert_eq!(named, expected);
    }
    let placed = finish(&mut incoming);
    assert!(!placed[0].join("long").exists() && placed[0].join("tool").exists());
}

#[test]
fn what_is_not_whole_is_not_placed() {
    let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut source = source(&[made(dir.path())]);
    let mut data = data(&mut source);
    for len in [0, 1, data.len() / 2, data.len() - 1] {
        let mut incoming = incoming(&source, target.path());
        incoming.take(&mut &data[..len]).unwrap();
        let error = incoming.finish(drop).unwrap_err();
        assert!(
            matches!(error, IncomingError::Refused(Refused::Cut)),
            "{error}"
        );
        incoming.discard().unwrap();
    }
    data.push(0);
    let mut incoming = incoming(&source, target.path());
    let error = incoming.take(&mut &data[..]).unwrap_err();
    assert!(
        matches!(error, IncomingError::Refused(Refused::More)),
        "{error}"
    );
    incoming.discard().unwrap();
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_pauses_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let top = made(dir.path());
    fs::write(top.join("large"), vec![3; 200_000]).unwrap();
    let mut source = source(std::slice::from_ref(&top));
    let data = data(&mut source);
    on_disk(&["-t", "tmpfs", "-o", "size=400k", "tmpfs"], |target| {
        let filler = target.join("filler");
        let mut incoming = incoming(&source, target);
        let mut pauses = 0;
        for mut piece in data.chunks(10_000) {
            // All but some pages are taken by something else, again and again.
            let _ = fs::remove_file(&filler);
            let free = incoming.part().unwrap().target().free().unwrap();
            fs::write(
                &filler,
                vec![0; usize::try_from(free).unwrap().saturating_sub(8192)],
            )
            .unwrap();
            while let Err(error) = incoming.take(&mut piece) {
                assert!(
                    error.is_full() && error.outcome() == Outcome::NoSpace,
                    "{error}"
                );
                pauses += 1;
                fs::remove_file(&filler).unwrap();
            }
        }
        let _ = fs::remove_file(&filler);
        assert!(pauses > 5, "{pauses}");
        let placed = finish(&mut incoming);
        assert_eq!(compared(&placed[0]), expected(&top));
    });
}
