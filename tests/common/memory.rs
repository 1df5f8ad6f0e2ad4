//! What stands in the writable memory of a process, this one or another: how often each of some
//! secrets does. A [`Needle`] never stands there in clear itself.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::process::Command;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;
/// The longest needle.
const LONGEST: usize = 256;
/// Set in a process that [`alone`] started.
const ALONE: &str = "UNDERTONE_TEST_ALONE";

/// Something to look for, masked.
#[derive(Clone)]
pub(crate) struct Needle {
    pub name: String,
    masked: Vec<u8>,
}

/// Whether they look for the same, whatever it is called.
impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.masked == other.masked
    }
}

fn mask(at: usize) -> u8 {
    (at as u8).wrapping_mul(0x3d) ^ 0xc6
}

impl Needle {
    /// Looks for these bytes, which stay where they are.
    pub(crate) fn of(name: impl Into<String>, secret: &[u8]) -> Self {
        assert!((8..=LONGEST).contains(&secret.len()));
        let masked = secret.iter().enumerate().map(|(at, byte)| byte ^ mask(at));
        Self {
            name: name.into(),
            masked: masked.collect(),
        }
    }

    /// Looks for them in hexadecimal, lower case.
    pub(crate) fn hex_of(name: impl Into<String>, secret: &[u8]) -> Self {
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        let digits = secret.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let masked = digits
            .enumerate()
            .map(|(at, nibble)| digit(nibble) ^ mask(at));
        Self {
            name: name.into(),
            masked: masked.collect(),
        }
    }

    fn starts(&self, bytes: &[u8]) -> bool {
        let unmasked = |(at, byte): (usize, &u8)| byte ^ mask(at);
        let here = bytes.iter().enumerate().map(unmasked);
        bytes.len() >= self.masked.len()
            && here.take(self.masked.len()).eq(self.masked.iter().copied())
    }

    fn first_two(&self) -> usize {
        usize::from(self.masked[0] ^ mask(0)) << 8 | usize::from(self.masked[1] ^ mask(1))
    }
}

/// A process's memory, as it reads itself or as a parent reads it.
pub(crate) struct Memory {
    mem: File,
    parts: Vec<(Range<u64>, String)>,
    /// Its arguments and its environment, which nobody can wipe.
    given: [Range<u64>; 2],
}

impl Memory {
    /// That of this process.
    pub(crate) fn own() -> Self {
        Self::of("self").expect("one's own memory can be read")
    }

    /// That of process `pid`, which goes on meanwhile.
    ///
    /// # Errors
    /// Where the system does not let us.
    pub(crate) fn of(pid: &str) -> io::Result<Self> {
        let mem = File::open(format!("/proc/{pid}/mem"))?;
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
        let parts: Vec<_> = maps.lines().filter_map(writable).collect();
        // An open file is no leave to read it yet.
        let (first, _) = parts.first().ok_or(io::ErrorKind::PermissionDenied)?;
        mem.read_exact_at(&mut [0; 8], first.start)?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Ok(Self {
            mem,
            parts,
            given: given(&stat),
        })
    }

    /// Hands out all of it, piece by piece, each with where it begins and what it is part of;
    /// pieces overlap by the longest needle. Arguments and environment are left out, and what is
    /// read here is not read again.
    pub(crate) fn each(&self, mut take: impl FnMut(u64, &str, &[u8])) {
        let mut buf = vec![0; CHUNK + LONGEST];
        let ours = buf.as_ptr() as u64..buf.as_ptr() as u64 + buf.len() as u64;
        let [arguments, environment] = &self.given;
        for (range, name) in &self.parts {
            let mut at = range.start;
            while at < range.end {
                let left = usize::try_from(range.end - at).unwrap().min(buf.len());
                // A mapping may have gone meanwhile.
                let Ok(read) = self.mem.read_at(&mut buf[..left], at) else {
                    break;
                };
                let piece = at..at + read as u64;
                for out in [&ours, arguments, environment] {
                    let (start, end) = (piece.start.max(out.start), piece.end.min(out.end));
                    if start < end {
                        buf[(start - at) as usize..(end - at) as usize].fill(0);
                    }
                }
                take(at, name, &buf[..read]);
                if read <= LONGEST || piece.end >= range.end {
                    break;
                }
                at += (read - LONGEST) as u64;
            }
        }
        buf.fill(0);
        std::hint::black_box(&buf);
    }

    /// Where each needle stands.
    pub(crate) fn find(&self, needles: &[Needle]) -> Vec<BTreeMap<u64, String>> {
        let mut by_start: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut begins = vec![false; 1 << 16];
        for (which, needle) in needles.iter().enumerate() {
            begins[needle.first_two()] = true;
            by_start.entry(needle.first_two()).or_default().push(which);
        }
        let mut found = vec![BTreeMap::new(); needles.len()];
        self.each(|start, part, bytes| {
            for (at, pair) in bytes.windows(2).enumerate() {
                let key = usize::from(pair[0]) << 8 | usize::from(pair[1]);
                if !begins[key] {
                    continue;
                }
                for which in &by_start[&key] {
                    if needles[*which].starts(&bytes[at..]) {
                        found[*which].insert(start + at as u64, part.to_owned());
                    }
                }
            }
        });
        found
    }
}

/// A line of `maps`, if that part can be written to.
fn writable(line: &str) -> Option<(Range<u64>, String)> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    if !fields.next()?.starts_with("rw") {
        return None;
    }
    let hex = |text| u64::from_str_radix(text, 16).ok();
    let name = fields.nth(3).unwrap_or("anonymous").to_owned();
    Some((hex(start)?..hex(end)?, name))
}

/// Where a process's arguments and environment stand, by proc_pid_stat(5): fields 48 to 51, behind
/// a name that may hold anything.
fn given(stat: &str) -> [Range<u64>; 2] {
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let at: Vec<u64> = fields
        .skip(45)
        .take(4)
        .map(|n| n.parse().unwrap())
        .collect();
    [at[0]..at[1], at[2]..at[3]]
}

/// Fails where one of them stands in this process's memory.
#[track_caller]
pub(crate) fn gone(needles: &[Needle]) {
    for (needle, places) in needles.iter().zip(Memory::own().find(needles)) {
        assert!(places.is_empty(), "{}: {places:#x?}", needle.name);
    }
}

/// Fails unless each stands in this process's memory exactly as often as it is named here.
#[track_caller]
pub(crate) fn stand(needles: &[Needle]) {
    for (needle, places) in needles.iter().zip(Memory::own().find(needles)) {
        let times = needles.iter().filter(|other| *other == needle).count();
        assert_eq!(places.len(), times, "{}: {places:#x?}", needle.name);
    }
}

/// Runs `body`, the test of this path, in a process with no other test beside it: what theirs
/// leave would be found too.
pub(crate) fn alone(path: &str, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let (_, path) = path.split_once("::").expect("a crate and a path");
    let ran = Command::new(std::env::current_exe().unwrap())
        .args([path, "--exact", "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&ran.stdout);
    let err = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{out}{err}");
    assert!(out.contains("1 passed"), "no test {path}: {out}");
}
