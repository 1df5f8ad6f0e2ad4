//! What is offered: the list of an offer, and its data.

use undertone_core::crypto::keys::hash;
use undertone_core::files::entry::Entry;
use undertone_core::files::list::{LISTED_MAX, List};
use undertone_core::files::receive::Step;
use undertone_core::files::schedule::{Builder, Place};
use undertone_core::files::{Offer, OfferId, Refused};

/// Two bytes for the length of the list, the list, and what comes as its data. A list that is taken
/// is one that can be sent; no more of the data is taken than it announces, and all of it is whole.
pub fn list(input: &[u8]) {
    let Some((length, rest)) = input.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (list, mut data) = rest.split_at(length);
    let mut builder = Builder::default();
    let mut frames = list;
    while let Some((length, rest)) = frames.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let Some((frame, rest)) = rest.split_at_checked(length) else {
            break;
        };
        frames = rest;
        let Ok(entry) = Entry::decode(frame) else {
            break;
        };
        let _ = builder.push(&entry);
    }
    let mut reader = List::new(data.len() as u64 / 2);
    let taken = list
        .chunks(7)
        .try_for_each(|piece| take(&mut reader, piece));
    let totals = *reader.totals();
    let Some(mut schedule) = builder.finish().filter(|_| taken.is_ok()) else {
        return;
    };
    let (sent, data_len) = (*schedule.totals(), totals.data - totals.list);
    assert_eq!(
        (sent.entries, sent.files, sent.size, sent.data - sent.list),
        (totals.entries, totals.files, totals.size, data_len)
    );
    schedule.place(0);
    let offer = |id| Offer {
        id,
        list: 1,
        data: 3,
        name: schedule.entry().name.as_str(),
        count: totals.files,
        size: totals.size,
    };
    let Ok((summary, half)) = reader.finish(&offer(OfferId(hash(&[list])))) else {
        return;
    };
    assert!(summary.first.len() <= LISTED_MAX);
    assert!(half.offset() == 0 || half.offset() == data.len() as u64 / 2);
    let mut reader = List::new(0);
    assert_eq!(take(&mut reader, list), Ok(()));
    assert!(reader.finish(&offer(OfferId([0; 32]))).is_err());
    let mut reader = List::new(0);
    assert_eq!(take(&mut reader, list), Ok(()));
    let finished = reader.finish(&offer(OfferId(hash(&[list]))));
    let (_, mut receive) = finished.expect("it was taken");
    let (mut entries, mut contents) = (0, 0);
    let len = data.len() as u64;
    while let Ok(Some(step)) = receive.take(&mut data) {
        match step {
            Step::Begin(_) => entries += 1,
            Step::Bytes { bytes, .. } => contents += bytes.len() as u64,
            Step::End(_) => {}
        }
    }
    assert!(entries <= totals.entries);
    assert!(contents <= totals.contents || totals.size.is_none());
    if data.is_empty() && receive.finish().is_ok() {
        assert_eq!(entries, totals.entries);
        assert!(len == totals.data || totals.size.is_none());
        assert!(totals.size.is_none() || schedule.place(sent.data) == Place::End);
    }
}

fn take(reader: &mut List, mut bytes: &[u8]) -> Result<(), Refused> {
    while reader.take(&mut bytes)?.is_some() {}
    Ok(())
}
