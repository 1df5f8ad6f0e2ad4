//! Parts that are left, and taken up again.

use super::*;

#[test]
fn a_part_stays_until_it_is_discarded_or_cleared() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine"), "mine").unwrap();
    let before = tree(dir.path());
    let half_written = || {
        let mut part = part(dir.path(), "a");
        part.begin(&folder(0, "a")).unwrap();
        part.begin(&folder(1, "b")).unwrap();
        part.begin(&file(2, "c", 5)).unwrap();
        part.write_at(0, b"abc").unwrap();
        symlink(
            dir.path(),
            dir.path().join(&part.kept().name).join("a/link"),
        )
        .unwrap();
        part
    };
    half_written().discard().unwrap();
    assert_eq!(tree(dir.path()), before);
    let part = half_written();
    let name = part.kept().name.clone();
    let in_use = clear(dir.path(), &name);
    assert!(matches!(in_use, Err(PlaceError::InUse(_))), "{in_use:?}");
    drop(part);
    assert_eq!(tree(dir.path()).len(), before.len() + 5);
    clear(dir.path(), &name).unwrap();
    assert_eq!(tree(dir.path()), before);
    // It may be gone; and a journal may say what it likes.
    clear(dir.path(), &name).unwrap();
    clear(&dir.path().join("gone"), &name).unwrap();
    for name in ["mine", ".", "..", "../.a.part", ".a/../.b.part"] {
        assert!(clear(dir.path(), name).is_err(), "{name}");
    }
    assert_eq!(tree(dir.path()), before);
}

#[test]
fn another_run_goes_on_where_the_journal_says() {
    let dir = tempfile::tempdir().unwrap();
    let list = [
        folder(0, "a"),
        file(1, "x?", 1),
        file(1, "x*", 1),
        file(1, "bad", 1),
        folder(1, "b"),
        file(2, "long", 10),
        file(2, "behind", 1),
        file(1, "last", 1),
    ];
    let mut part = part(dir.path(), "a");
    part.begin(&list[0]).unwrap();
    write(&mut part, &list[1], b"1").unwrap();
    write(&mut part, &list[2], b"2").unwrap();
    part.begin(&list[3]).unwrap();
    part.end(false).unwrap();
    part.begin(&list[4]).unwrap();
    part.begin(&list[5]).unwrap();
    part.write_at(0, b"01234").unwrap();
    part.sync().unwrap();
    let kept = part.kept().clone();
    // Behind that, which nobody knows of.
    part.write_at(5, b"xxxxx").unwrap();
    part.end(true).unwrap();
    write(&mut part, &list[6], b"x").unwrap();
    part.begin(&folder(1, "last")).unwrap();
    let reopen = || Part::reopen(Folder::open(dir.path()).unwrap(), kept.clone());
    assert!(matches!(reopen(), Err(PlaceError::InUse(_))));
    drop(part);

    let mut replay = reopen().unwrap();
    for entry in &list[..5] {
        replay.passed(entry).unwrap();
    }
    let mut part = replay.go_on(Some((&list[5], 5))).unwrap();
    let inside = dir.path().join(&kept.name).join("a");
    assert_eq!(paths(&inside), ["b", "b/long", "x_", "x_ (2)"]);
    part.write_at(5, b"56789").unwrap();
    part.end(true).unwrap();
    write(&mut part, &list[6], b"y").unwrap();
    write(&mut part, &list[7], b"z").unwrap();
    assert_eq!(part.kept().dropped.iter().collect::<Vec<_>>(), [&3]);
    assert_eq!(place(&mut part).len(), 1);
    let text = |name: &str| fs::read_to_string(dir.path().join("a").join(name)).unwrap();
    assert_eq!(
        text("b/long") + &text("b/behind") + &text("last"),
        "0123456789yz"
    );
    assert_eq!(paths(dir.path()).len(), 7);
    assert_eq!(
        dir.path().join("a/b").metadata().unwrap().mtime(),
        1_000_000_000
    );
}

#[test]
fn a_part_that_is_not_as_the_journal_says_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let mut part = part(dir.path(), "a");
    add(&mut part, 0, "a", "text");
    let kept = part.kept().clone();
    drop(part);
    let inside = dir.path().join(&kept.name);
    let reopen = || Part::reopen(Folder::open(dir.path()).unwrap(), kept.clone()).unwrap();
    let is_changed = |done| assert!(matches!(done, Err(PlaceError::Changed(_))), "{done:?}");
    is_changed(reopen().passed(&file(0, "a", 5)));
    is_changed(reopen().passed(&file(0, "b", 4)));
    is_changed(reopen().passed(&folder(0, "a")));
    is_changed(reopen().go_on(Some((&file(0, "a", 9), 5))).map(drop));
    fs::hard_link(inside.join("a"), dir.path().join("linked")).unwrap();
    is_changed(reopen().passed(&file(0, "a", 4)));
    fs::remove_file(inside.join("a")).unwrap();
    symlink("../linked", inside.join("a")).unwrap();
    is_changed(reopen().passed(&file(0, "a", 4)));
    is_changed(reopen().go_on(Some((&file(0, "a", 9), 2))).map(drop));
    assert_eq!(fs::read(dir.path().join("linked")).unwrap(), b"text");
}
