use minicbor::Encoder;
use proptest::prelude::*;

use super::*;
use crate::files::NAME_MAX;

fn file(size: u64, extents: &[(u64, u64)]) -> Entry {
    let extent = |&(start, len): &(u64, u64)| Extent { start, len };
    Entry {
        depth: 1,
        name: Name::new("a").unwrap(),
        kind: Kind::File,
        size,
        mtime: 5,
        extents: Some(extents.iter().map(extent).collect()),
        version: None,
    }
}

fn encoded(entry: &Entry) -> Vec<u8> {
    let mut out = vec![7];
    entry.encode(&mut out).unwrap();
    assert_eq!(
        usize::from(out[1]) << 8 | usize::from(out[2]),
        out.len() - 3
    );
    out.split_off(3)
}

#[test]
fn what_an_entry_looks_like() {
    let mut entry = file(9, &[(0, 2), (4, 5)]);
    let head = [0x86, 1, 0x61, b'a', 1, 9, 5];
    let bytes = [&head[..], &[0x84, 0, 2, 4, 5]].concat();
    assert_eq!(encoded(&entry), bytes);
    assert_eq!(entry.contents(), 7);
    entry.extents = None;
    let without = [0x85, 1, 0x61, b'a', 1, 9, 5];
    assert_eq!(encoded(&entry), without);
    assert_eq!(entry.contents(), 9);
    // Null is no extents, and what a later version appends is passed over.
    let null = [&head[..], &[0xf6]].concat();
    for bytes in [&without[..], &null] {
        assert_eq!(Entry::decode(bytes).as_ref(), Ok(&entry), "{bytes:x?}");
    }
    entry.version = Some(7);
    let versioned = [&[0x87], &head[1..], &[0xf6, 7]].concat();
    assert_eq!(encoded(&entry), versioned);
    let later = [&[0x88], &head[1..], &[0xf6, 7, 0xa1, 1, 2]].concat();
    for bytes in [&versioned, &later] {
        assert_eq!(Entry::decode(bytes).as_ref(), Ok(&entry), "{bytes:x?}");
    }
}

#[test]
fn what_is_no_entry_is_refused() {
    let malformed: [&[u8]; 13] = [
        &[],
        // No array, one without an end, one that is too short, and one that is cut.
        &[5],
        &[0x9f, 1, 0x61, b'a', 1, 9, 5, 0xff],
        &[0x84, 1, 0x61, b'a', 1, 9],
        &[0x85, 1, 0x61, b'a', 1, 9],
        // More behind it; a later item that is cut, and one that is an end.
        &[0x85, 1, 0x61, b'a', 1, 9, 5, 0],
        &[0x87, 1, 0x61, b'a', 1, 9, 5, 0xf6, 0x61],
        &[0x87, 1, 0x61, b'a', 1, 9, 5, 0xf6, 0xff],
        // A name of bytes, one in pieces, one that is no UTF-8; a negative size; an unknown kind.
        &[0x85, 1, 0x41, b'a', 1, 9, 5],
        &[0x85, 1, 0x7f, 0x61, b'a', 0xff, 1, 9, 5],
        &[0x85, 1, 0x61, 0xff, 1, 9, 5],
        &[0x85, 1, 0x61, b'a', 1, 0x20, 5],
        &[0x85, 1, 0x61, b'a', 4, 9, 5],
    ];
    for bytes in malformed {
        assert_eq!(
            Entry::decode(bytes),
            Err(EntryError::Malformed),
            "{bytes:x?}"
        );
    }
    let path = &[0x85, 1, 0x62, b'.', b'.', 1, 9, 5];
    assert_eq!(Entry::decode(path), Err(NameError::Path.into()));
    let deep = &[0x85, 0x18, 64, 0x61, b'a', 1, 9, 5];
    assert_eq!(Entry::decode(deep), Err(EntryError::Depth));
    // A folder with a size, a pipe with one, and a file that no system has.
    let huge = [0x85, 1, 0x61, b'a', 1, 0x1b, 128, 0, 0, 0, 0, 0, 0, 0, 5];
    for bytes in [
        &[0x85, 1, 0x61, b'a', 0, 9, 5][..],
        &[0x85, 1, 0x61, b'a', 3, 9, 5],
        &huge,
    ] {
        assert_eq!(Entry::decode(bytes), Err(EntryError::Size), "{bytes:x?}");
    }
    let mut long = vec![0x86, 1, 0x61, b'a', 1, 9, 5, 0x59, 0x50, 0];
    long.resize(long.len() + 0x5000, 0);
    assert_eq!(Entry::decode(&long), Err(EntryError::Malformed));
}

#[test]
fn extents_ascend_apart_and_within_the_file() {
    for bad in [
        &[(0, 0)][..],
        &[(0, 11)],
        &[(10, 1)],
        &[(u64::MAX, 2)],
        &[(0, 2), (2, 1)],
        &[(4, 2), (0, 1)],
        &[(0, 5), (3, 1)],
        &vec![(0, 1); EXTENTS_MAX + 1],
    ] {
        let entry = file(10, bad);
        let mut out = Vec::new();
        assert_eq!(entry.encode(&mut out), Err(EntryError::Extents), "{bad:?}");
        assert!(out.is_empty());
        // What we do not write we do not read either.
        entry.try_encode(&mut Encoder::new(&mut out)).unwrap();
        assert_eq!(Entry::decode(&out), Err(EntryError::Extents), "{bad:?}");
    }
    let odd = [0x86, 1, 0x61, b'a', 1, 9, 5, 0x81, 0];
    assert_eq!(Entry::decode(&odd), Err(EntryError::Extents));
    let huge = [
        &[0x86, 1, 0x61, b'a', 1, 9, 5, 0x9b][..],
        &[0xff; 7],
        &[0xfe],
    ]
    .concat();
    assert_eq!(Entry::decode(&huge), Err(EntryError::Extents));
    for good in [&[][..], &[(0, 10)], &[(0, 1), (2, 1), (9, 1)]] {
        assert!(Entry::decode(&encoded(&file(10, good))).is_ok(), "{good:?}");
    }
    let mut folder = file(0, &[]);
    folder.kind = Kind::Folder;
    assert_eq!(folder.encode(&mut Vec::new()), Err(EntryError::Extents));
}

#[test]
fn the_longest_entry_fits() {
    let start = SIZE_MAX - 2 * EXTENTS_MAX as u64;
    let extents: Vec<_> = (0..EXTENTS_MAX as u64)
        .map(|n| (start + 2 * n, 1))
        .collect();
    let mut entry = file(SIZE_MAX, &extents);
    entry.name = Name::new(&"x".repeat(NAME_MAX)).unwrap();
    entry.mtime = u64::MAX;
    assert_eq!(Entry::decode(&encoded(&entry)), Ok(entry));
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_or_read_without_panic(bytes: Vec<u8>) {
        if let Ok(entry) = Entry::decode(&bytes) {
            prop_assert_eq!(Entry::decode(&encoded(&entry)), Ok(entry));
        }
    }
}
