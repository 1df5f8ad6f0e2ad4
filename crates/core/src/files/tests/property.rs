//! Whatever is offered, however it is cut, wherever it goes on: what is put together is what the
//! source has.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Any list: a first entry, and what stands below it.
fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let kind = prop_oneof![
        3 => Just(Kind::Folder),
        4 => Just(Kind::File),
        1 => Just(Kind::Executable),
    ];
    let extents = prop::option::of(vec((0..30_u64, 1..30_u64), 0..5));
    let below = (0..6_usize, kind, 0..120_u64, extents, "[a-zé.]{0,9}");
    let first = prop_oneof![Just(Kind::Folder), Just(Kind::File), Just(Kind::Pipe)];
    (first, vec(below, 1..150)).prop_map(|(first, below)| {
        let mut entries: Vec<Entry> = Vec::new();
        for (number, (depth, kind, size, extents, name)) in below.into_iter().enumerate() {
            let (depth, kind) = match entries.last() {
                None => (0, first),
                Some(last) => {
                    if last.kind == Kind::Pipe {
                        break;
                    }
                    let open = last.depth + usize::from(last.kind == Kind::Folder);
                    (depth.min(open), kind)
                }
            };
            let is_sized = matches!(kind, Kind::File | Kind::Executable);
            let size = if is_sized { size } else { 0 };
            let mut entry = entry(depth, &format!("{number:03}{name}"), kind, size);
            entry.mtime = size;
            entry.extents = extents.filter(|_| is_sized).map(|parts| {
                let mut end = 0;
                let parts = parts
                    .into_iter()
                    .enumerate()
                    .map_while(|(number, (hole, len))| {
                        let start = end + hole + u64::from(number > 0);
                        end = start + len;
                        (end <= size).then_some(Extent { start, len })
                    });
                parts.collect()
            });
            entries.push(entry);
        }
        entries
    })
}

proptest! {
    #[test]
    fn what_arrives_is_what_the_source_has(
        entries in entries(),
        pipe in 0..200_u64,
        list_cuts in vec(1..90_usize, 1..5),
        cuts in vec(1..90_usize, 1..5),
        from in 0..=1000_u64,
    ) {
        let mut schedule = schedule(&entries);
        let offer = offer(&schedule, &entries);
        let list = schedule.list().to_vec();
        let data = serve(&mut schedule, 0, usize::MAX, pipe);
        let piped = if offer.size.is_none() { pipe } else { 0 };
        prop_assert_eq!(data.len() as u64, schedule.totals().data + piped);
        let at = (data.len() as u64 * from).div_ceil(1000);
        let (before, after) = data.split_at(at as usize);

        // From any place on, and back, the schedule says the same.
        prop_assert_eq!(serve(&mut schedule, at, usize::MAX, pipe), after);
        schedule.place(at.min(schedule.totals().data - 1));
        let names = schedule.folders().iter().chain([&schedule.entry().name]);
        let path: Vec<_> = names.map(|name| name.as_str().to_owned()).collect();
        prop_assert_eq!(source(&entries, pipe).put[&path].0, schedule.entry().kind);
        let middle = at / 2;
        let part = serve(&mut schedule, middle, 50, pipe);
        prop_assert_eq!(&part, &data[middle as usize..][..part.len()]);
        prop_assert!(part.len() == 50 || middle as usize + part.len() == data.len());

        let (summary, mut receive) = read(&list, &offer, &list_cuts, 0).unwrap();
        prop_assert_eq!(&summary.totals, schedule.totals());
        prop_assert_eq!(receive.offset(), 0);
        let mut disk = Disk::default();
        for piece in pieces(before, &cuts) {
            disk.take(&mut receive, piece).unwrap();
        }
        prop_assert_eq!(receive.offset(), at);
        let is_whole = at == data.len() as u64 || offer.size.is_none() && disk.put.len() == 1;
        prop_assert_eq!(receive.finish().is_ok(), is_whole);

        // A crash: the list comes again, and the data from where it was.
        let (again, mut receive) = read(&list, &offer, &cuts, at).unwrap();
        prop_assert_eq!(again, summary);
        prop_assert_eq!(receive.offset(), at);
        disk.resume(&receive);
        for piece in pieces(after, &list_cuts) {
            disk.take(&mut receive, piece).unwrap();
        }
        prop_assert_eq!(receive.finish(), Ok(()));
        prop_assert_eq!(disk.put, source(&entries, pipe).put);
    }

    #[test]
    fn nothing_that_was_altered_is_whole(
        entries in entries(),
        cuts in vec(1..90_usize, 1..5),
        place in 0..1000_usize,
        bit in 0..8_u32,
    ) {
        let mut schedule = schedule(&entries);
        let offer = offer(&schedule, &entries);
        let mut list = schedule.list().to_vec();
        let mut data = serve(&mut schedule, 0, usize::MAX, 20);
        let (_, mut receive) = read(&list, &offer, &cuts, 0).unwrap();
        let at = data.len() * place / 1000;
        // Contents and verdicts are the sender's to say.
        let is_entry = matches!(schedule.place(at as u64), Place::Bytes(_));
        data[at] ^= 1 << bit;
        let mut disk = Disk::default();
        let altered = pieces(&data, &cuts).try_for_each(|piece| disk.take(&mut receive, piece));
        prop_assert!(!is_entry || altered.and_then(|()| receive.finish()).is_err());

        let at = list.len() * place / 1000;
        list[at] ^= 1 << bit;
        prop_assert!(read(&list, &offer, &cuts, 0).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_read_without_panic(bytes: Vec<u8>, cuts in vec(1..9_usize, 1..5)) {
        let entries = [file(0, "a", 3)];
        let offer = offer(&schedule(&entries), &entries);
        prop_assert!(read(&bytes, &offer, &cuts, bytes.len() as u64 / 2).is_err());
    }
}
