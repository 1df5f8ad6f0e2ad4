//! Sources that change while they are read, and such as say no size.

use super::*;

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
        for (is_listed_only, is_alone) in
            [(true, true), (true, false), (false, true), (false, false)]
        {
            fs::write(&path, vec![7; 100_000]).unwrap();
            // Times are those of the last tick.
            let long_ago = SystemTime::now() - Duration::from_secs(100);
            at_once(&path).set_modified(long_ago).unwrap();
            let mut source = found(&[if is_alone { &path } else { dir.path() }]);
            let heads = entries(&source).into_iter().map(|entry| entry.1);
            let len: usize = heads.sum();
            let mut buf = vec![1; 50_000];
            if !is_listed_only {
                source.fill(len as u64, &mut buf).unwrap();
                assert!(buf.iter().all(|byte| *byte == 7));
                await_tick(&path);
            }
            change(&path);
            let mut rest = vec![1; 50_001];
            let offset = len as u64 + 50_000;
            let filled = source.fill(offset, &mut rest);
            // Before it is opened, a change that leaves size and time can be seen by nobody.
            let is_seen = !is_listed_only || what != "other bytes and the old time";
            assert_eq!(source.failed().count(), u64::from(is_seen));
            if is_alone && is_seen {
                // Nothing else would come of it.
                let error = filled.unwrap_err().to_string();
                assert_eq!(error, "file: changed while it was read", "{what}");
                continue;
            }
            assert_eq!(filled.unwrap(), rest.len());
            let is_changed = rest.last() == Some(&CHANGED);
            assert_eq!(is_changed, is_seen, "{what} {is_listed_only}");
            if what == "cut off" {
                assert!(rest[..50_000].iter().all(|byte| *byte == 0));
            }
        }
    }
    fs::write(&path, "text").unwrap();
    let source = found(&[dir.path()]);
    fs::remove_file(&path).unwrap();
    assert_eq!(content(source), (vec![0; 4], CHANGED));
    // What takes its place is neither followed nor waited for.
    fs::write(&path, "text").unwrap();
    for make in [
        &(|path: &Path| symlink("/etc/passwd", path).unwrap()) as Change<'_>,
        &|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
    ] {
        let source = found(&[dir.path()]);
        fs::remove_file(&path).unwrap();
        make(&path);
        assert_eq!(content(source), (vec![0; 4], CHANGED));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "text").unwrap();
    }
}

#[test]
fn a_file_without_a_size_is_read_once_more() {
    let path = Path::new("/proc/self/limits");
    let Ok(text) = fs::read(path) else {
        eprintln!("skipped: no /proc here");
        return;
    };
    let source = found(&[path]);
    assert_eq!(source.totals().size, Some(text.len() as u64));
    assert_eq!(content(source), (text, WHOLE));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("empty"), "").unwrap();
    let source = found(&[&dir.path().join("empty")]);
    assert_eq!(source.totals().size, Some(0));
    assert_eq!(content(source), (vec![], WHOLE));
}

#[test]
fn a_pipe_is_read_byte_for_byte_to_its_end() {
    let (pipe, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&pipe, true).unwrap();
    let nothing = rustix::io::read(&pipe, &mut [0; 1]);
    assert_eq!(nothing, Err(rustix::io::Errno::AGAIN));
    let mut source = Source::of_pipe(Name::new("pipe").unwrap(), pipe.into()).unwrap();
    assert_eq!(lines(&source), ["0 pipe"]);
    let head = entries(&source)[0].1;
    assert_eq!(source.totals().size, None);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for byte in b"abc" {
                writer.write_all(&[*byte]).unwrap();
            }
        });
        assert_eq!(data(&mut source, 100)[head..], *b"abc");
    });
    // What was read is gone.
    let error = source.fill(head as u64, &mut [0; 3]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
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
    let source = found(&[&path]);
    let totals = *source.totals();
    assert_eq!((totals.size, totals.contents), (Some(size), 1 << 20));
    assert_eq!(content(source), ([&data[..], &data].concat(), WHOLE));
    assert!(begun.elapsed() < Duration::from_secs(2));
}
