//! Peers that offer what leads elsewhere, has no end, or is not what they send.

use super::*;
use crate::files::entry::EntryError;
use crate::files::name::NameError;
use crate::files::{DEPTH_MAX, ENTRY_MAX, OfferId, SIZE_MAX};

const CUTS: [usize; 3] = [1, 7, 100];

/// A list as a hostile peer writes it: these entries, whatever their order.
fn bytes(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    entries
        .iter()
        .for_each(|entry| entry.encode(&mut out).unwrap());
    out
}

/// What the receiver says to a list while it comes.
fn answer_list(mut bytes: &[u8]) -> Result<(), Refused> {
    let mut list = List::new(0);
    while list.take(&mut bytes)?.is_some() {}
    Ok(())
}

/// What it says to a list of these entries.
fn refused(entries: &[Entry]) -> Option<Refused> {
    answer_list(&bytes(entries)).err()
}

/// An honest offer of two files in a folder, and its data.
fn honest() -> (Schedule, Offer, Vec<u8>) {
    let entries = [folder(0, "d"), file(1, "a", 20), file(1, "b", 0)];
    let mut schedule = schedule(&entries);
    let offer = offer(&schedule, &entries);
    let data = serve(&mut schedule, 0, usize::MAX, 0);
    (schedule, offer, data)
}

/// What the receiver says to this data where that of [`honest`] is due.
fn answer(data: &[u8]) -> Result<(), Refused> {
    let (schedule, offer, _) = honest();
    let (_, mut receive) = read(schedule.list(), &offer, &CUTS, 0).unwrap();
    let mut disk = Disk::default();
    pieces(data, &CUTS).try_for_each(|piece| disk.take(&mut receive, piece))?;
    receive.finish()
}

#[test]
fn a_name_that_leads_elsewhere_refuses_the_whole_list() {
    for name in ["..", ".", "a/b", "/", "..\\b", "a\0b"] {
        let mut list = bytes(&[folder(0, "d")]);
        let body = [
            &[0x85, 1, 0x60 | name.len() as u8],
            name.as_bytes(),
            &[1, 0, 0],
        ]
        .concat();
        list.extend([0, body.len() as u8]);
        list.extend(body);
        let path = EntryError::Name(NameError::Path);
        assert_eq!(answer_list(&list), Err(path.into()), "{name:?}");
    }
}

#[test]
fn entries_out_of_order_are_refused() {
    for entries in [
        // The first one is in a folder; two are alike; something is in a file.
        &[file(1, "a", 0)][..],
        &[file(0, "a", 0), file(0, "a", 0)],
        &[folder(0, "e"), file(1, "a", 0), folder(0, "d")],
        &[file(0, "a", 0), file(1, "b", 0)],
        &[folder(0, "d"), file(1, "a", 0), file(2, "b", 0)],
        // A folder was left out; a folder is over.
        &[folder(0, "d"), file(2, "a", 0)],
        &[
            folder(0, "d"),
            folder(1, "a"),
            file(1, "b", 0),
            file(2, "c", 0),
        ],
        // A name comes twice, before another one, or again behind what is in its folder.
        &[folder(0, "d"), file(1, "a", 0), file(1, "a", 0)],
        &[folder(0, "d"), file(1, "b", 0), file(1, "a", 0)],
        &[
            folder(0, "d"),
            folder(1, "a"),
            file(2, "z", 0),
            file(1, "a", 0),
        ],
        // A pipe is not alone.
        &[folder(0, "d"), entry(1, "p", Kind::Pipe, 0)],
        &[entry(0, "p", Kind::Pipe, 0), file(0, "q", 0)],
        &[entry(0, "p", Kind::Pipe, 0), file(1, "q", 0)],
        &[file(0, "a", 0), entry(0, "p", Kind::Pipe, 0)],
    ] {
        assert_eq!(refused(entries), Some(Refused::Order), "{entries:?}");
        // The sender finds it before, and can go on without it.
        let mut builder = Builder::default();
        let (last, others) = entries.split_last().unwrap();
        for entry in others {
            builder.push(entry).unwrap();
        }
        let before = builder.totals().list;
        assert_eq!(builder.push(last), Err(Refused::Order));
        let schedule = builder.finish();
        assert_eq!(
            schedule.map_or(0, |schedule| schedule.list().len() as u64),
            before
        );
    }
}

#[test]
fn names_that_differ_are_all_taken() {
    // In case, in how they are composed, in what nobody sees: they ascend by their bytes.
    let names = ["A", "a", "a ", "a.", "aa", "e\u{301}", "é", "\u{202e}"];
    let mut entries = vec![folder(0, "d")];
    entries.extend(names.iter().map(|name| file(1, name, 1)));
    let schedule = schedule(&entries);
    let offer = offer(&schedule, &entries);
    let (summary, _) = read(schedule.list(), &offer, &CUTS, 0).unwrap();
    assert_eq!((summary.totals.files, summary.renamed), (8, 3));
}

#[test]
fn a_path_has_an_end() {
    let deep: Vec<_> = (0..DEPTH_MAX).map(|depth| folder(depth, "d")).collect();
    assert_eq!(refused(&deep), None);
    let mut list = bytes(&deep);
    list.extend([0, 8, 0x85, 0x18, DEPTH_MAX as u8, 0x61, b'a', 1, 0, 0]);
    assert_eq!(answer_list(&list), Err(EntryError::Depth.into()));
}

#[test]
fn what_is_announced_too_large_is_refused_before_it_is_kept() {
    let length = (ENTRY_MAX as u16 + 1).to_be_bytes();
    assert_eq!(answer_list(&length), Err(EntryError::Malformed.into()));
    // Two files of half of what can be counted.
    let huge = |name| file(1, name, SIZE_MAX);
    let entries = [folder(0, "d"), huge("a"), huge("b")];
    assert_eq!(refused(&entries[..2]), None);
    assert_eq!(refused(&entries), Some(Refused::TooLarge));
}

#[test]
fn a_list_is_what_the_offer_says() {
    let (schedule, offer, _) = honest();
    let list = schedule.list();
    assert!(read(list, &offer, &CUTS, 0).is_ok());
    let cut = &list[..list.len() - 1];
    let shorter = bytes(&[folder(0, "d"), file(1, "a", 20)]);
    for (list, why) in [
        (&[][..], Refused::Cut),
        (cut, Refused::Cut),
        (&shorter, Refused::Id),
    ] {
        assert_eq!(read(list, &offer, &CUTS, 0).err(), Some(why));
    }
    for lie in [
        Offer {
            name: "e".into(),
            ..offer.clone()
        },
        Offer {
            count: 3,
            ..offer.clone()
        },
        Offer {
            size: Some(19),
            ..offer.clone()
        },
        Offer {
            size: None,
            ..offer.clone()
        },
    ] {
        assert_eq!(read(list, &lie, &CUTS, 0).err(), Some(Refused::Offer));
    }
    let other = Offer {
        id: OfferId([0; 32]),
        ..offer
    };
    assert_eq!(read(list, &other, &CUTS, 0).err(), Some(Refused::Id));
}

#[test]
fn one_byte_more_or_less_than_announced_ends_it() {
    let (_, _, data) = honest();
    assert_eq!(answer(&data), Ok(()));
    assert_eq!(answer(&[&*data, &[0]].concat()), Err(Refused::More));
    assert_eq!(answer(&data[..data.len() - 1]), Err(Refused::Cut));
    assert_eq!(answer(&[]), Err(Refused::Cut));
}

#[test]
fn the_data_is_that_of_the_list() {
    let verdict = [0];
    let contents = [&[9; 20][..], &verdict].concat();
    let data = |entries: &[(Entry, &[u8])]| -> Vec<u8> {
        let each = entries.iter();
        each.flat_map(|(entry, rest)| [&*bytes(std::slice::from_ref(entry)), rest].concat())
            .collect()
    };
    let d = || (folder(0, "d"), &[][..]);
    fn a(size: u64, rest: &[u8]) -> (Entry, &[u8]) {
        (file(1, "a", size), rest)
    }
    let b = |name| (file(1, name, 0), &verdict[..]);
    assert_eq!(answer(&data(&[d(), a(20, &contents), b("b")])), Ok(()));
    let mut sparse = file(1, "a", 20);
    sparse.extents = Some([Extent { start: 0, len: 20 }].into());
    for (lie, why) in [
        // Another name, another length, something larger, something in another form.
        (data(&[d(), a(20, &contents), b("c")]), Refused::Id),
        (data(&[d(), a(21, &[0; 22]), b("b")]), Refused::More),
        (data(&[d(), a(0, &verdict), b("b")]), Refused::Cut),
        (data(&[d(), (sparse, &contents), b("b")]), Refused::More),
        // A folder in place of a file, and the other way round; one more; out of order.
        (
            data(&[d(), a(20, &contents), (folder(1, "b"), &[])]),
            Refused::Cut,
        ),
        (
            data(&[d(), (folder(1, "0"), &[]), (folder(1, "1"), &[]), d()]),
            Refused::Order,
        ),
        (
            data(&[
                d(),
                (folder(1, "0"), &[]),
                (folder(1, "1"), &[]),
                (folder(1, "2"), &[]),
            ]),
            Refused::More,
        ),
        (data(&[d(), b("b"), a(20, &contents)]), Refused::Order),
        (
            data(&[d(), a(20, &contents), a(20, &contents)]),
            Refused::Order,
        ),
    ] {
        assert_eq!(answer(&lie), Err(why));
    }
    let bad = [&[9; 20][..], &[3]].concat();
    assert_eq!(answer(&data(&[d(), a(20, &bad)])), Err(Refused::Verdict));
}

/// Each lie is shorter than the truth, which has long names: only one of the totals gives it away.
#[test]
fn the_data_exceeds_none_of_the_totals_of_the_list() {
    let long = "x".repeat(200);
    let mut sparse = file(1, &long, 100);
    sparse.extents = Some([].into());
    let entries = [
        folder(0, "d"),
        sparse.clone(),
        folder(1, &format!("{long}y")),
    ];
    let schedule = schedule(&entries);
    let offer = offer(&schedule, &entries);
    sparse.name = Name::new("a").unwrap();
    let mut larger = sparse.clone();
    larger.size = 101;
    for lie in [
        &[file(1, "a", 1)][..],
        &[larger],
        &[folder(1, "a"), folder(1, "b"), folder(1, "c")],
        &[file(1, "a", 0), file(1, "b", 0)],
        &[entry(0, "d", Kind::Pipe, 0)],
    ] {
        let (_, mut receive) = read(schedule.list(), &offer, &CUTS, 0).unwrap();
        let root = if lie[0].depth == 0 {
            vec![]
        } else {
            bytes(&entries[..1])
        };
        let mut data = root;
        for entry in lie {
            data.extend(bytes(std::slice::from_ref(entry)));
            data.extend(matches!(entry.kind, Kind::File).then_some(0));
        }
        let taken = Disk::default().take(&mut receive, &data);
        assert_eq!(taken, Err(Refused::More), "{lie:?}");
    }
}

#[test]
fn what_is_shown_is_bounded_and_marked() {
    let mut entries = vec![folder(0, "d"), folder(1, ".h"), file(2, "a", 1)];
    entries.push(entry(2, "x", Kind::Executable, 1));
    entries.push(file(1, ".b", 1));
    entries.extend((0..100).map(|n| file(1, &format!("a{n:03}"), 1)));
    entries.push(file(1, "con", 1));
    entries.push(file(1, "z\u{202e}gpj.exe", 1));
    // In this order: ".b" comes before ".h".
    let moved = entries.remove(4);
    entries.insert(1, moved);
    let schedule = schedule(&entries);
    let offer = offer(&schedule, &entries);
    let (summary, _) = read(schedule.list(), &offer, &CUTS, 0).unwrap();
    assert_eq!((summary.first.len(), summary.totals.files), (10, 105));
    assert_eq!(
        (summary.hidden, summary.executable, summary.renamed),
        (3, 1, 2)
    );
    let shown = summary.first.iter().map(|file| {
        let path: Vec<_> = file.path.iter().map(Name::as_str).collect();
        (
            path.join("/"),
            file.is_hidden(),
            file.kind == Kind::Executable,
        )
    });
    let expected = [
        ("d/.b", true, false),
        ("d/.h/a", true, false),
        ("d/.h/x", true, true),
        ("d/a000", false, false),
    ];
    let expected = expected.map(|(path, hidden, exe)| (path.to_owned(), hidden, exe));
    assert!(shown.take(4).eq(expected));
}

#[test]
fn where_an_earlier_transfer_cannot_have_ended_it_begins_anew() {
    let (schedule, offer, data) = honest();
    for at in [data.len() as u64 + 1, u64::MAX] {
        let (_, receive) = read(schedule.list(), &offer, &CUTS, at).unwrap();
        assert_eq!((receive.offset(), receive.folders().len()), (0, 0));
    }
    let (_, receive) = read(schedule.list(), &offer, &CUTS, data.len() as u64).unwrap();
    assert_eq!(
        (receive.offset(), receive.finish()),
        (data.len() as u64, Ok(()))
    );
}
