//! What is not sent.

use super::*;

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
    let source = found(&[&dir.path().join("a")]);
    assert_eq!(lines(&source), ["0 a/", "1 empty/", "1 file"]);
    let skipped = source.skipped().named().iter();
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
    assert_eq!(source.skipped().count(), 5);
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
        let source = found(&[&dir.path().join("a")]);
        assert_eq!(lines(&source), ["0 a/", "1 open"]);
        let denied = Reason::Unreadable(ErrorKind::PermissionDenied);
        let named = ["a/closed", "a/mine"].map(|path| (path.into(), denied));
        assert_eq!(source.skipped().named(), named);
        let error = one(&at("mine")).unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{error}");
        // Closed after it was listed.
        fs::set_permissions(at("open"), fs::Permissions::from_mode(0o000)).unwrap();
        assert_eq!(content(source), (vec![0; 4], UNREADABLE));
    });
    fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn what_is_too_deep_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut path = dir.path().join("a");
    for _ in 0..DEPTH_MAX + 5 {
        path.push("d");
    }
    fs::create_dir_all(&path).unwrap();
    let source = found(&[&dir.path().join("a")]);
    assert_eq!(lines(&source).len(), DEPTH_MAX);
    assert_eq!(source.skipped().count(), 1);
    assert_eq!(source.skipped().named()[0].1, Reason::Depth);
    assert_eq!(lines(&source).last().unwrap(), "63 d/");
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
    let source = filtered(&[&top], &Filter::new(&patterns, true).unwrap()).unwrap();
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
    assert_eq!(lines(&source), expected);
    assert_eq!(source.skipped().count(), 0);
    let all = found(&[&top]);
    assert_eq!(lines(&all).len(), 17);
    // What was named is left out as well.
    let filter = Filter::new(&patterns, false).unwrap();
    let none = filtered(&[&top.join("a.o")], &filter);
    assert!(matches!(none, Err(SourceError::Nothing)));
}
