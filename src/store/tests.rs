//! What is kept in spite of a lock, a disk that refuses, and more than there is room for.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use super::*;

fn here() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn a_lock_that_is_held_is_waited_for_and_not_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let lock = Lock::on(&path).unwrap();
    assert!(lock.is_exclusive());
    assert!(matches!(Lock::on(&path), Err(StoreError::Locked(held)) if held == path));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| Lock::on(&path).map(|_| ()));
        drop(lock);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn a_probe_leaves_nothing_behind_and_finds_what_cannot_be_written_to() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(probe(dir.path()).unwrap(), Lacks { locks: false });
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    let file = dir.path().join("file");
    File::create(&file).unwrap();
    for nowhere in [file, dir.path().join("missing")] {
        assert!(matches!(probe(&nowhere), Err(StoreError::Io { .. })));
    }
}

/// Work that waits to be let through.
fn gate() -> (impl FnOnce(), impl FnMut() -> Result<(), String> + Send) {
    let (open, opened) = channel::<()>();
    let opened: Mutex<Receiver<()>> = Mutex::new(opened);
    let pass = move || {
        let _ = opened.lock().unwrap().recv();
        Ok(())
    };
    (move || drop(open), pass)
}

#[test]
fn what_was_given_is_written_in_order_and_waited_for() {
    here().block_on(async {
        let writer = Writer::start().unwrap();
        let (open, pass) = gate();
        writer.keep("the first", pass);
        let written = Arc::new(Mutex::new(Vec::new()));
        for number in 0..10 {
            let written = Arc::clone(&written);
            writer.keep(&number.to_string(), move || {
                written.lock().unwrap().push(number);
                Ok::<_, String>(())
            });
        }
        let waiting = writer.finish(Duration::ZERO).await;
        assert_eq!((waiting.len(), waiting[0].as_str()), (11, "the first"));
        open();
        assert_eq!(writer.finish(ANSWERS_WITHIN).await, [""; 0]);
        assert_eq!(*written.lock().unwrap(), (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn what_fails_is_told_once_and_kept_in_the_end() {
    here().block_on(async {
        let writer = Writer::start().unwrap();
        let (full, tries) = (
            Arc::new(AtomicBool::new(true)),
            Arc::new(AtomicUsize::new(0)),
        );
        let (is_full, tried) = (Arc::clone(&full), Arc::clone(&tries));
        writer.keep("bob", move || match is_full.load(Ordering::Relaxed) {
            true if tried.fetch_add(1, Ordering::Relaxed) < 9 => Err("the disk is full"),
            _ => Ok(()),
        });
        let failed = "bob is not kept yet: the disk is full".to_owned();
        assert_eq!(writer.news().await, News::Failed(failed));
        full.store(false, Ordering::Relaxed);
        assert_eq!(writer.news().await, News::Kept("bob is kept now".into()));
        assert_eq!(writer.finish(ANSWERS_WITHIN).await, [""; 0]);
    });
}

#[test]
fn what_waits_twice_is_named_once() {
    here().block_on(async {
        let writer = Writer::start().unwrap();
        let (open, pass) = gate();
        writer.keep("bob", pass);
        for what in ["this connection", "bob", "this connection"] {
            writer.keep(what, || Ok::<_, String>(()));
        }
        let waiting = writer.finish(Duration::ZERO).await;
        assert_eq!(waiting, ["bob", "this connection"]);
        open();
        assert_eq!(writer.finish(ANSWERS_WITHIN).await, [""; 0]);
    });
}

#[test]
fn what_there_is_no_room_for_is_named() {
    here().block_on(async {
        let writer = Writer::start().unwrap();
        let (open, pass) = gate();
        writer.keep("the first", pass);
        let kept = Arc::new(AtomicUsize::new(0));
        let mut refused = None;
        for number in 0.. {
            let kept = Arc::clone(&kept);
            writer.keep(&number.to_string(), move || {
                kept.fetch_add(1, Ordering::Relaxed);
                Ok::<_, String>(())
            });
            if writer.finish(Duration::ZERO).await.len() < number + 2 {
                refused = Some(number);
                break;
            }
        }
        let refused = refused.unwrap();
        let why = format!("{refused} is not kept: too much waits to be written");
        assert_eq!(writer.news().await, News::Failed(why));
        open();
        assert_eq!(writer.finish(ANSWERS_WITHIN).await, [""; 0]);
        assert_eq!(kept.load(Ordering::Relaxed), refused);
    });
}

#[test]
fn a_file_comes_into_being_once_without_links_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity");
    let (first, second) = (dir.path().join("1"), dir.path().join("2"));
    std::fs::write(&first, "first").unwrap();
    std::fs::write(&second, "second").unwrap();
    assert!(file::rename_to_new(&first, &path).unwrap());
    assert!(!file::rename_to_new(&second, &path).unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), b"first");
}
