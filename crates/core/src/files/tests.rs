//! Both ends of an offer, in memory: what a list and its data say, and who lies about it.

mod head;
mod hostile;
mod property;

use std::collections::BTreeMap;

use super::entry::{Entry, Extent, Kind};
use super::list::{List, Summary};
use super::name::Name;
use super::receive::{Receive, Step, Verdict};
use super::schedule::{Builder, Place, Schedule};
use super::{Offer, Refused};

fn entry(depth: usize, name: &str, kind: Kind, size: u64) -> Entry {
    Entry {
        depth,
        name: Name::new(name).unwrap(),
        kind,
        size,
        mtime: 0,
        extents: None,
        version: None,
    }
}

fn folder(depth: usize, name: &str) -> Entry {
    entry(depth, name, Kind::Folder, 0)
}

fn file(depth: usize, name: &str, size: u64) -> Entry {
    entry(depth, name, Kind::File, size)
}

fn schedule(entries: &[Entry]) -> Schedule {
    let mut builder = Builder::default();
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(builder.push(entry), Ok(number));
    }
    builder.finish().unwrap()
}

fn offer(schedule: &Schedule, entries: &[Entry]) -> Offer {
    let totals = schedule.totals();
    Offer {
        id: schedule.id(),
        list: 1,
        data: 3,
        name: entries[0].name.as_str().into(),
        count: totals.files,
        size: totals.size,
    }
}

/// What stands in a file.
fn byte(file: usize, at: u64) -> u8 {
    (file as u64 * 7 + at * 31 + 1) as u8
}

/// The data from `offset` on, `len` bytes at most. A pipe has `pipe` bytes.
fn serve(schedule: &mut Schedule, offset: u64, len: usize, pipe: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < len {
        let room = (len - out.len()) as u64;
        match schedule.place(offset + out.len() as u64) {
            Place::Bytes(bytes) => out.extend(bytes.iter().take(room as usize)),
            Place::Contents { file, at, len } => {
                let is_pipe = schedule.entry().kind == Kind::Pipe;
                let end = at + len.min(room);
                let end = if is_pipe { end.min(pipe) } else { end };
                if at >= end {
                    return out;
                }
                out.extend((at..end).map(|at| byte(file, at)));
            }
            Place::Verdict { file } => out.push(verdict(file).byte()),
            Place::End => return out,
        }
    }
    out
}

fn verdict(file: usize) -> Verdict {
    [Verdict::Whole, Verdict::Changed, Verdict::Unreadable][file % 3]
}

/// Reads a list in pieces of these lengths, each in turn.
fn read(
    list: &[u8],
    offer: &Offer,
    cuts: &[usize],
    at: u64,
) -> Result<(Summary, Receive), Refused> {
    let mut reader = List::new(at);
    for mut piece in pieces(list, cuts) {
        while let Some(entry) = reader.take(&mut piece)? {
            let passed = reader.totals().data <= at && entry.kind != Kind::Pipe;
            assert_eq!(reader.is_passed(), passed);
        }
    }
    reader.finish(offer)
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    let mut cuts = cuts.iter().cycle().copied();
    std::iter::from_fn(move || {
        let len = cuts.next()?.clamp(1, rest.len().max(1)).min(rest.len());
        rest.split_off(..len).filter(|piece| !piece.is_empty())
    })
}

/// Where a receiver puts what comes.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
struct Disk {
    path: Vec<String>,
    put: BTreeMap<Vec<String>, (Kind, Vec<u8>, Option<Verdict>)>,
}

impl Disk {
    fn take(&mut self, receive: &mut Receive, mut bytes: &[u8]) -> Result<(), Refused> {
        while let Some(step) = receive.take(&mut bytes)? {
            match step {
                Step::Begin(entry) => {
                    self.path.truncate(entry.depth);
                    self.path.push(entry.name.as_str().to_owned());
                    let put = (entry.kind, vec![0; entry.size as usize], None);
                    assert!(self.put.insert(self.path.clone(), put).is_none());
                }
                Step::Bytes { at, bytes } => {
                    assert!(!bytes.is_empty());
                    let (kind, file, over) = self.put.get_mut(&self.path).unwrap();
                    let end = at as usize + bytes.len();
                    if *kind == Kind::Pipe {
                        file.resize(end, 0);
                    }
                    assert_eq!(*over, None);
                    file[at as usize..end].copy_from_slice(bytes);
                }
                Step::End(verdict) => {
                    let file = self.put.get_mut(&self.path).unwrap();
                    assert_eq!(file.2.replace(verdict), None);
                }
            }
        }
        assert!(bytes.is_empty());
        Ok(())
    }

    /// After a crash it finds where it was by what reads the data.
    fn resume(&mut self, receive: &Receive) {
        let names = receive.folders().iter().map(Name::as_str);
        let file = receive.file().map(|(file, _)| file.name.as_str());
        self.path = names.chain(file).map(str::to_owned).collect();
    }
}

/// What is to be on the disk in the end.
fn source(entries: &[Entry], pipe: u64) -> Disk {
    let mut disk = Disk::default();
    for (number, entry) in entries.iter().enumerate() {
        disk.path.truncate(entry.depth);
        disk.path.push(entry.name.as_str().to_owned());
        let size = if entry.kind == Kind::Pipe {
            pipe
        } else {
            entry.size
        };
        let is_data = |at: u64| {
            let extents = entry.extents.as_deref();
            extents.is_none_or(|all| all.iter().any(|each| each.start <= at && at < each.end()))
        };
        let bytes = (0..size).map(|at| if is_data(at) { byte(number, at) } else { 0 });
        let has_verdict = matches!(entry.kind, Kind::File | Kind::Executable);
        let put = (
            entry.kind,
            bytes.collect(),
            has_verdict.then(|| verdict(number)),
        );
        disk.put.insert(disk.path.clone(), put);
    }
    disk
}
