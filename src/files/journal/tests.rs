//! What is noted is found again, and what is damaged is passed over.

use super::*;
use crate::files::place::{Folder, Part};
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use undertone_core::crypto::keys::SecretKey;
use undertone_core::files::name::Name;

fn transfer(folder: &Path, id: u8) -> Transfer {
    Transfer {
        peer: SecretKey::generate().public(),
        id: OfferId([id; 32]),
        name: "\u{1b}[2J".into(),
        size: None,
        folder: folder.to_owned(),
        part: Kept {
            name: ".a.0123abcd.part".into(),
            numbered: [(7, "b (2)".into())].into(),
            dropped: [3].into(),
        },
        offset: 1 << 50,
        reached: Reached {
            entries: 7,
            contents: 1 << 49,
        },
        shape: Shape([id; 32]),
    }
}

#[test]
fn a_transfer_is_found_by_peer_and_id_until_it_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path());
    let [mut one, two] = [1, 2].map(|id| transfer(Path::new("/"), id));
    one.folder = OsStr::from_bytes(b"/caf\xe9").into();
    assert_eq!(journal.find(&one.peer, &one.id).unwrap(), None);
    assert_eq!(journal.list().unwrap().transfers, []);
    journal.keep(&one).unwrap();
    journal.keep(&two).unwrap();
    one.offset += 1;
    journal.keep(&one).unwrap();
    assert_eq!(journal.find(&one.peer, &one.id).unwrap(), Some(one.clone()));
    // The same offer of another peer is another one.
    assert_eq!(journal.find(&two.peer, &one.id).unwrap(), None);
    let listed = journal.list().unwrap();
    assert!(listed.transfers.len() == 2 && listed.transfers.contains(&one));
    for path in [&journal.dir, &journal.path(&one.peer, &one.id)] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
    }
    journal.forget(&one.peer, &one.id).unwrap();
    journal.forget(&one.peer, &one.id).unwrap();
    assert_eq!(journal.find(&one.peer, &one.id).unwrap(), None);
}

#[test]
fn what_is_damaged_is_named_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path());
    let [one, two, three] = [1, 2, 3].map(|id| transfer(Path::new("/"), id));
    for transfer in [&one, &two, &three] {
        journal.keep(transfer).unwrap();
    }
    let path = |transfer: &Transfer| journal.path(&transfer.peer, &transfer.id);
    // Under the name of another, cut, no file at all, and a draft.
    fs::copy(path(&one), path(&two)).unwrap();
    let text = fs::read(path(&three)).unwrap();
    for len in [0, 1, text.len() - 1] {
        fs::write(path(&three), &text[..len]).unwrap();
        assert_eq!(journal.find(&three.peer, &three.id).unwrap(), None);
    }
    let folder = journal.dir.join("folder.json");
    fs::create_dir(&folder).unwrap();
    fs::write(journal.dir.join("x.json.0123.tmp"), "").unwrap();
    assert_eq!(journal.find(&two.peer, &two.id).unwrap(), None);
    let listed = journal.list().unwrap();
    assert_eq!(listed.transfers, [one]);
    let mut damaged = [folder, path(&two), path(&three)];
    damaged.sort_unstable();
    assert_eq!(listed.damaged, damaged);
    // It begins again.
    journal.keep(&three).unwrap();
    assert!(journal.find(&three.peer, &three.id).unwrap().is_some());
}

#[test]
fn one_that_is_cleared_goes_with_its_part_and_one_in_use_stays() {
    let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let journal = Journal::open(dir.path());
    let folder = Folder::open(target.path()).unwrap();
    let part = Part::create(folder, &Name::new("a").unwrap()).unwrap();
    let mut transfer = transfer(target.path(), 1);
    transfer.part = part.kept().clone();
    journal.keep(&transfer).unwrap();
    let error = journal.clear(&transfer).unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    assert_eq!(journal.list().unwrap().transfers.len(), 1);
    drop(part);
    journal.clear(&transfer).unwrap();
    assert_eq!(journal.list().unwrap().transfers.len(), 0);
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    // A journal that names something else removes nothing.
    fs::write(target.path().join("mine"), "").unwrap();
    transfer.part.name = "mine".into();
    journal.clear(&transfer).unwrap_err();
    assert!(target.path().join("mine").exists());
}
