//! Disks that are full, closed, or know no case.

use super::*;

#[test]
fn a_full_disk_is_told_apart_and_the_same_call_goes_on() {
    on_disk(&["-t", "tmpfs", "-o", "size=256k", "tmpfs"], |dir| {
        let filler = dir.join("filler");
        let fill = || {
            let mut bytes = 1 << 18;
            while bytes > 0 {
                let more = fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&filler);
                let wrote =
                    more.and_then(|mut file| std::io::Write::write_all(&mut file, &vec![0; bytes]));
                bytes = if wrote.is_err() { bytes / 2 } else { bytes };
            }
        };
        let target = Folder::open(dir).unwrap();
        let free = target.free().unwrap();
        assert!((200 << 10..=256 << 10).contains(&free), "{free}");
        let mut part = part(dir, "a");
        let text = vec![7; 100 << 10];
        part.begin(&file(0, "a", text.len() as u64)).unwrap();
        part.write_at(0, &text[..1000]).unwrap();
        fill();
        let error = part.write_at(1000, &text[1000..]).unwrap_err();
        assert!(error.is_full(), "{error}");
        assert_eq!(target.free(), Some(0));
        fs::remove_file(&filler).unwrap();
        part.write_at(1000, &text[1000..]).unwrap();
        part.end(true).unwrap();
        place(&mut part);
        assert_eq!(fs::read(dir.join("a")).unwrap(), text);
    });
}

#[test]
fn a_disk_that_knows_no_case_loses_nothing() {
    let image = tempfile::NamedTempFile::new().unwrap();
    image.as_file().set_len(4 << 20).unwrap();
    let mut make = std::process::Command::new("mkfs.vfat");
    if !make
        .arg(image.path())
        .output()
        .is_ok_and(|made| made.status.success())
    {
        eprintln!("skipped: no vfat here");
        return;
    }
    let image = image.path().to_str().unwrap();
    on_disk(&["-t", "vfat", "-o", "loop", image], |dir| {
        fs::write(dir.join("README"), "mine").unwrap();
        let mut part = part(dir, "readme");
        add(&mut part, 0, "readme", "1");
        assert!(place(&mut part)[0].ends_with("readme (2)"));
        let mut part = self::part(dir, "readme");
        add(&mut part, 0, "readme", "1");
        add(&mut part, 0, "Readme", "2");
        part.begin(&folder(0, "a")).unwrap();
        add(&mut part, 1, "x", "3");
        part.begin(&folder(0, "A")).unwrap();
        add(&mut part, 1, "X", "4");
        let placed = place(&mut part);
        let text = |name: &str| fs::read_to_string(placed[0].join(name)).unwrap();
        assert_eq!(fs::read_to_string(dir.join("README")).unwrap(), "mine");
        assert_eq!(text("a/x") + &text("a (2)/x"), "34");
        let mut others = paths(&placed[0]);
        others.retain(|path| path.starts_with("readme") || path.starts_with("Readme"));
        assert_eq!(others.len(), 2, "{others:?}");
    });
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_a_byte_comes() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for name in ["missing", "file"] {
        let error = Folder::open(&dir.path().join(name)).unwrap_err();
        assert!(error.to_string().contains("folder"), "{error}");
    }
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    held_back(|| {
        let target = Folder::open(&closed).unwrap();
        let error = Part::create(target, &Name::new("a").unwrap()).unwrap_err();
        assert!(error.to_string().contains("owner and mode"), "{error}");
        assert!(!error.is_full());
    });
}
