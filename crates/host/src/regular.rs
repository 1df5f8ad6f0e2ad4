//! Opening and reading files that somebody named, whatever stands there: a pipe, a device or a
//! socket would be waited for, perhaps for ever, and a link that leads nowhere is not the same as
//! no file.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Far above what any of these files holds.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Opens a regular file, or a link to one, and waits for nothing.
///
/// # Errors
/// The system's. [`ErrorKind::NotFound`] says that there is no entry of that name at all (or no
/// folder for it); [`ErrorKind::InvalidInput`] that there is one which is no file.
pub fn open_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    at_once(options);
    let file = options.open(path).map_err(|error| of_entry(error, path))?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(no_file()),
    }
}

/// Reads one, up to 64 MiB.
///
/// # Errors
/// As [`open_file`]; [`ErrorKind::FileTooLarge`].
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open_file(OpenOptions::new().read(true), path)?;
    let length = file.metadata()?.len();
    // In one piece: of a secret no copy stays in a buffer that was too small.
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(LARGEST)).unwrap_or_default());
    file.by_ref().take(LARGEST).read_to_end(&mut bytes)?;
    match file.read(&mut [0])? {
        0 => Ok(bytes),
        _ => Err(io::Error::new(
            ErrorKind::FileTooLarge,
            "it is larger than 64 MiB",
        )),
    }
}

/// Neither waits for the other end of a pipe nor takes a terminal for its own.
#[cfg(unix)]
fn at_once(options: &mut OpenOptions) {
    use nix::libc::{O_NOCTTY, O_NONBLOCK};
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(O_NONBLOCK | O_NOCTTY);
}

#[cfg(not(unix))]
fn at_once(_: &mut OpenOptions) {}

/// What the entry is that could not be used, where the system's word would mislead.
pub fn of_entry(error: io::Error, path: &Path) -> io::Error {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() => no_file(),
        Err(none) if none.kind() == ErrorKind::NotFound && path.is_symlink() => {
            io::Error::new(ErrorKind::InvalidInput, "it is a link that leads nowhere")
        }
        _ => error,
    }
}

fn no_file() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is no file")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_told_from_none_and_from_one_that_is_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let kind = |path: &Path| read_file(path).map_err(|error| error.kind());
        assert_eq!(kind(&path), Err(ErrorKind::NotFound));
        std::fs::write(&path, "text").unwrap();
        assert_eq!(kind(&path).unwrap(), b"text");
        let large = File::create(folder.path().join("large")).unwrap();
        large.set_len(LARGEST + 1).unwrap();
        let large = kind(&folder.path().join("large"));
        assert_eq!(large, Err(ErrorKind::FileTooLarge));
        assert_eq!(kind(folder.path()), Err(ErrorKind::InvalidInput));
    }

    #[test]
    #[cfg(unix)]
    fn pipes_sockets_devices_and_links_to_nowhere_are_not_waited_for() {
        use std::os::unix::fs::symlink;
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        assert!(made.unwrap().success());
        let _socket = UnixListener::bind(at("socket")).unwrap();
        symlink("/dev/zero", at("device")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        for name in ["pipe", "socket", "device", "dangling"] {
            let path = at(name);
            let write = open_file(OpenOptions::new().append(true), &path);
            for error in [read_file(&path).unwrap_err(), write.unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
            }
        }
        std::fs::write(at("target"), "text").unwrap();
        symlink("target", at("link")).unwrap();
        assert_eq!(read_file(&at("link")).unwrap(), b"text");
    }
}
