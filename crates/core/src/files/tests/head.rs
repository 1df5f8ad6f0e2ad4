//! What an earlier offer left, found again in another list of the same files.

use super::*;
use crate::files::head::Head;

/// Of another date, and another version.
fn touched(entries: &[Entry]) -> Vec<Entry> {
    let touch = |entry: &Entry| Entry {
        mtime: 1_000_000_000,
        version: Some(u64::MAX),
        ..entry.clone()
    };
    entries.iter().map(touch).collect()
}

fn entries() -> Vec<Entry> {
    let mut sparse = file(2, "c", 90);
    let extents = [(10, 5), (40, 7)].map(|(start, len)| Extent { start, len });
    sparse.extents = Some(extents.into());
    vec![
        folder(0, "a"),
        file(1, "a", 0),
        file(1, "b", 20),
        folder(1, "c"),
        file(2, "b", 3),
        sparse,
        file(1, "d", 0),
        folder(1, "e"),
    ]
}

fn whole(schedule: &Schedule, entries: &[Entry]) -> (Summary, Receive) {
    read(schedule.list(), &offer(schedule, entries), &[usize::MAX], 0).unwrap()
}

#[test]
fn lists_of_the_same_files_have_one_shape_and_others_another() {
    let shape = |entries: &[Entry]| whole(&schedule(entries), entries).0.shape;
    let all = entries();
    assert_eq!(shape(&all), shape(&touched(&all)));
    let changes: [fn(&mut Entry); 3] = [
        |entry| entry.size += 1,
        |entry| entry.kind = Kind::Executable,
        |entry| entry.name = Name::new("bb").unwrap(),
    ];
    for change in changes {
        let mut other = all.clone();
        change(&mut other[2]);
        assert_ne!(shape(&all), shape(&other));
    }
    let mut other = all.clone();
    other[5].extents = None;
    assert_ne!(shape(&all), shape(&other));
}

/// Wherever the earlier one ended, and however much of it is the same: the data goes on there, and is
/// whole in the end.
#[test]
fn wherever_it_ended_the_other_list_goes_on() {
    let (old, new) = (entries(), touched(&entries()));
    let (before, mut after) = (schedule(&old), schedule(&new));
    let (_, all) = whole(&after, &new);
    for at in 0..=before.totals().data {
        let (_, left) = read(before.list(), &offer(&before, &old), &[7], at).unwrap();
        let mut head = Head::new(left.reached());
        pieces(after.list(), &[11]).for_each(|piece| head.take(piece));
        let kept: u64 = head.entries().map(|(_, kept)| kept).sum();
        assert_eq!(head.chunks().map_or(0, |chunks| chunks.kept), kept);
        assert!(kept <= after.totals().contents);
        for same in 0..=kept {
            let mut passed = Vec::new();
            let went_on = head.go_on(&all, same, |entry| {
                passed.push(entry.clone());
                Ok::<_, ()>(())
            });
            let mut receive = went_on.unwrap();
            assert_eq!(passed, new[..passed.len()], "{at} {same}");
            assert!(passed.len() as u64 <= left.reached().entries);
            let mut done: u64 = passed.iter().map(Entry::contents).sum();
            done += receive.file().map_or(0, |(_, done)| done);
            // No byte of what is the same comes again.
            assert_eq!(done, same, "{at}");
            let mut disk = Disk::default();
            for entry in &passed {
                disk.path.truncate(entry.depth);
                disk.path.push(entry.name.as_str().to_owned());
                let put = (entry.kind, vec![0; entry.size as usize], None);
                disk.put.insert(disk.path.clone(), put);
            }
            if let Some((file, _)) = receive.file() {
                disk.path.truncate(file.depth);
                disk.path.push(file.name.as_str().to_owned());
                let put = (file.kind, vec![0; file.size as usize], None);
                disk.put.insert(disk.path.clone(), put);
            }
            let rest = serve(&mut after, receive.offset(), usize::MAX >> 1, 0);
            disk.take(&mut receive, &rest).unwrap();
            assert_eq!(receive.finish(), Ok(()));
        }
    }
}
