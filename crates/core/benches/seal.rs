//! `seal` and `open` against bare `cbc` and `hmac` calls on the same buffers, and a record's
//! key steps. Limit at 64 KiB: 0.95 times their speed, and no allocation. Then sixteen records sealed
//! several at a time, beside one at a time. Limit: 1.7 times the speed.
//!
//! Rounds of both take turns in one run, each round over many buffers, and the ratio is the
//! median over all rounds: what else the machine does hits both alike. The bare calls get their
//! keys for nothing; what `seal` adds is the derivation.
//!
//! `cargo bench -p undertone-core`. It stands here because the bare calls must be built for speed
//! as the core is, and the rest of the program is built for size.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark may fail loudly"
)]

#[path = "../../../benches/side_by_side/median.rs"]
mod median;

use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use undertone_core::crypto::keys::{Key, SealLabel, SecretKey};
use undertone_core::crypto::ratchet::Ratchet;
use undertone_core::crypto::seal::{LANES, Lane, OVERHEAD, make_room, seal_lanes};

use median::median;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const AD: &[u8; 137] = &[3; 137];
const ROUNDS: usize = 101;

fn bare_seal(buf: &mut Vec<u8>) {
    let length = buf.len();
    buf.resize(length + 16 - length % 16, 0);
    let ct = cbc::Encryptor::<Aes256>::new(&[1; 32].into(), &[2; 16].into())
        .encrypt_padded::<Pkcs7>(buf, length)
        .unwrap();
    let tag = mac(ct).finalize().into_bytes();
    buf.extend_from_slice(&tag);
}

fn bare_open(buf: &mut [u8]) {
    let (ct, tag) = buf.split_at_mut(buf.len() - 32);
    mac(ct).verify_slice(tag).unwrap();
    let plain = cbc::Decryptor::<Aes256>::new(&[1; 32].into(), &[2; 16].into())
        .decrypt_padded::<Pkcs7>(ct)
        .unwrap();
    black_box(plain);
}

fn mac(ct: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(&[4; 32])
        .unwrap()
        .chain_update(AD)
        .chain_update([2; 16])
        .chain_update(ct)
        .chain_update((8 * AD.len() as u64).to_be_bytes())
}

fn seal(buf: &mut Vec<u8>) {
    Key::from_bytes(&[7; 32]).seal(SealLabel::Message, &[AD], buf, 0);
}

fn open(buf: &mut [u8]) {
    let key = Key::from_bytes(&[7; 32]);
    black_box(key.open(SealLabel::Message, &[AD], buf).unwrap());
}

/// Time for one call of `run`, over all buffers; they are made ready outside of the clock.
fn time(bufs: &mut [Vec<u8>], ready: &[u8], mut run: impl FnMut(&mut Vec<u8>)) -> f64 {
    for buf in bufs.iter_mut() {
        buf.clear();
        buf.extend_from_slice(ready);
    }
    let start = Instant::now();
    for buf in bufs.iter_mut() {
        run(black_box(buf));
    }
    nanos(start.elapsed()) / bufs.len() as f64
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn compare(
    name: &str,
    length: usize,
    ours: impl Fn(&mut [Vec<u8>]) -> f64,
    bare: impl Fn(&mut [Vec<u8>]) -> f64,
) {
    let mut bufs = vec![Vec::with_capacity(length + OVERHEAD); (1 << 20) / length.max(1024)];
    let (mut our_times, mut bare_times, mut ratios) = (vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        // Who goes first changes, so that neither always finds the buffers warm.
        let (a, b) = if round % 2 == 0 {
            let a = ours(&mut bufs);
            (a, bare(&mut bufs))
        } else {
            let b = bare(&mut bufs);
            (ours(&mut bufs), b)
        };
        our_times.push(a);
        bare_times.push(b);
        ratios.push(b / a);
    }
    let (a, b) = (median(our_times), median(bare_times));
    println!(
        "{name:4} {length:6} B  ours {a:9.0} ns ({:5.2} GB/s)  bare {b:9.0} ns ({:5.2} GB/s)  speed {:.3} × bare",
        length as f64 / a,
        length as f64 / b,
        median(ratios),
    );
}

/// Seals each as the next record of a link, several at a time.
fn seal_in_lanes(ratchet: &mut Ratchet, bufs: &mut [Vec<u8>]) {
    for bufs in bufs.chunks_mut(LANES) {
        let keys = ratchet.sending_with(false, SecretKey::generate).unwrap();
        let mut lanes = [const { None }; LANES];
        for ((lane, buf), (_, key)) in lanes.iter_mut().zip(bufs).zip(keys) {
            make_room(buf, 0);
            *lane = Lane::new(key, [AD, &[]], buf);
            assert!(lane.is_some());
        }
        seal_lanes(SealLabel::Message, lanes);
    }
}

fn compare_lanes() {
    const RECORDS: usize = 16;
    const LENGTH: usize = 64 * 1024;
    let plain = vec![9; LENGTH];
    let theirs = SecretKey::generate();
    let mut ratchet = Ratchet::initiator(Key::from_bytes(&[1; 32]), theirs.public()).unwrap();
    let mut bufs = [const { Vec::new() }; RECORDS];
    let (mut alone, mut lanes, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let one = time(&mut bufs, &plain, |buf| {
            let (_, key) = ratchet.next_sending(false).unwrap();
            key.seal(SealLabel::Message, &[AD], buf, 0);
        });
        for buf in &mut bufs {
            buf.clear();
            buf.extend_from_slice(&plain);
        }
        let start = Instant::now();
        seal_in_lanes(&mut ratchet, black_box(&mut bufs));
        let four = nanos(start.elapsed()) / RECORDS as f64;
        alone.push(one);
        lanes.push(four);
        ratios.push(one / four);
    }
    let rate = |times| LENGTH as f64 / median(times);
    println!(
        "{RECORDS} records of {LENGTH} B  in lanes {:.2} GB/s  one at a time {:.2} GB/s  {:.2} × the speed",
        rate(lanes),
        rate(alone),
        median(ratios),
    );
}

/// One record's key steps on both sides, without its sealing; `turns` changes direction.
fn key_steps(turns: bool) -> f64 {
    let theirs = SecretKey::generate();
    let mut a = Ratchet::initiator(Key::from_bytes(&[1; 32]), theirs.public()).unwrap();
    let mut b = Ratchet::responder(Key::from_bytes(&[1; 32]), theirs);
    let records = 1000;
    let start = Instant::now();
    for _ in 0..records {
        let (header, key) = a.next_sending(true).unwrap();
        drop(black_box(key));
        b.receive(&header, |key| {
            black_box(&key);
            Ok(())
        })
        .unwrap();
        if turns {
            std::mem::swap(&mut a, &mut b);
        }
    }
    nanos(start.elapsed()) / f64::from(records)
}

/// Heap allocations of sealing and opening `RECORDS` records of one link, whose buffer has
/// held one before.
fn allocations(payload: usize) -> usize {
    const RECORDS: usize = 1000;
    let theirs = SecretKey::generate();
    let mut a = Ratchet::initiator(Key::from_bytes(&[1; 32]), theirs.public()).unwrap();
    let mut b = Ratchet::responder(Key::from_bytes(&[1; 32]), theirs);
    let mut buf = Vec::new();
    let mut region = Region::new(COUNTED);
    for record in 0..=RECORDS {
        if record == 1 {
            region.reset();
        }
        let (header, key) = a.next_sending(false).unwrap();
        buf.clear();
        buf.resize(payload, 9);
        key.seal(SealLabel::Message, &[AD], &mut buf, 0);
        b.receive(&header, |key| {
            key.open(SealLabel::Message, &[AD], &mut buf).map(|_| ())
        })
        .unwrap();
    }
    let change = region.change();
    change.allocations + change.reallocations
}

fn main() {
    for length in [64, 1024, 64 * 1024] {
        let plain = vec![9; length];
        compare(
            "seal",
            length,
            |bufs| time(bufs, &plain, seal),
            |bufs| time(bufs, &plain, bare_seal),
        );
        let (mut sealed, mut bare) = (plain.clone(), plain.clone());
        seal(&mut sealed);
        bare_seal(&mut bare);
        compare(
            "open",
            length,
            |bufs| time(bufs, &sealed, |buf| open(buf)),
            |bufs| time(bufs, &bare, |buf| bare_open(buf)),
        );
    }
    compare_lanes();
    for (name, turns) in [("chain step", false), ("DH step", true)] {
        let median = median((0..21).map(|_| key_steps(turns)).collect());
        println!("{name}: {median:.0} ns a record, both sides together");
    }
    for length in [64, 64 * 1024] {
        let count = allocations(length);
        println!("{length:6} B: {count} allocations in 1000 records sealed and opened");
    }
}
