//! What is received: who decides about it, and where it is in the end.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Who decides about an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// It was decided beforehand: it is taken.
    Given,
    /// A person, who is asked.
    Asked,
    /// Nobody can be asked: it is declined.
    Unasked,
}

/// Writes where things are, byte for byte: it is data.
pub(super) fn print(paths: &[PathBuf]) -> io::Result<()> {
    let mut lines = Vec::new();
    for path in paths {
        lines.extend_from_slice(path.as_os_str().as_bytes());
        lines.push(b'\n');
    }
    let mut out = io::stdout().lock();
    out.write_all(&lines)?;
    out.flush()
}
