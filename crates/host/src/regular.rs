//! Opening and reading files that somebody named, whatever stands there: a pipe, a device or a
//! socket would be waited for, perhaps for ever, and a link that leads nowhere is not the same as
//! no file. Only what is named for one run may be a pipe, as a shell makes it of `<(command)`.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Far above what any of these files holds.
const LARGEST: u64 = 64 * 1024 * 1024;
/// How long a pipe may take to its end, and how often it is looked at.
const PIPE_WITHIN: Duration = Duration::from_secs(5);
const PIPE_PAUSE: Duration = Duration::from_millis(5);
/// What a pipe is expected to hold: of a secret no copy stays in a buffer that was too small.
const PIPE_HOLDS: usize = 64 * 1024;

/// Opens a regular file, or a link to one, and waits for nothing.
///
/// # Errors
/// The system's. [`ErrorKind::NotFound`] says that there is no entry of that name at all (or no
/// folder for it); [`ErrorKind::InvalidInput`] that there is one which is no file.
pub fn open_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    opened(options, path).map(|(file, _)| file)
}

/// The file, and its length.
fn opened(options: &mut OpenOptions, path: &Path) -> io::Result<(File, u64)> {
    at_once(options);
    let file = options.open(path).map_err(|error| of_entry(error, path))?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok((file, metadata.len())),
        false => Err(no_file()),
    }
}

/// Reads one, up to 64 MiB.
///
/// # Errors
/// As [`open_file`]; [`ErrorKind::FileTooLarge`].
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let (file, length) = opened(OpenOptions::new().read(true), path)?;
    if length > LARGEST {
        return Err(too_large());
    }
    // In one piece: of a secret no copy stays in a buffer that was too small.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // It may have grown.
    match file.take(LARGEST + 1).read_to_end(&mut bytes)? as u64 > LARGEST {
        true => Err(too_large()),
        false => Ok(bytes),
    }
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, "it is larger than 64 MiB")
}

/// Reads one that was named for this run: a file, or a pipe to its end, within 5 s.
///
/// # Errors
/// As [`read_file`]; [`ErrorKind::TimedOut`] for a pipe into which nobody writes, or without end.
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    match is_pipe(path) {
        true => read_pipe(path),
        false => read_file(path),
    }
}

/// Whether a pipe stands there: what was read of it is gone.
#[must_use]
pub fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        path.metadata()
            .is_ok_and(|metadata| metadata.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

fn read_pipe(path: &Path) -> io::Result<Vec<u8>> {
    let mut options = OpenOptions::new();
    at_once(&mut options);
    let file = options.read(true).open(path)?;
    let (begun, mut bytes) = (Instant::now(), Vec::with_capacity(PIPE_HOLDS));
    loop {
        let left = LARGEST + 1 - bytes.len() as u64;
        match (&file).take(left).read_to_end(&mut bytes) {
            _ if bytes.len() as u64 > LARGEST => return Err(too_large()),
            Ok(_) if !bytes.is_empty() => return Ok(bytes),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if begun.elapsed() >= PIPE_WITHIN {
            let why = match bytes.is_empty() {
                true => "it is a pipe, and nothing came through it within 5 s",
                false => "it is a pipe that did not end within 5 s",
            };
            return Err(io::Error::new(ErrorKind::TimedOut, why));
        }
        sleep(PIPE_PAUSE);
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
        let begun = Instant::now();
        let error = read_named(&at("pipe")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(begun.elapsed() >= PIPE_WITHIN);
        let error = read_named(&at("device")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        std::fs::write(at("target"), "text").unwrap();
        symlink("target", at("link")).unwrap();
        assert_eq!(read_file(&at("link")).unwrap(), b"text");
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_that_was_named_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        // More than a pipe holds at once.
        let text = b"text".repeat(PIPE_HOLDS);
        std::thread::scope(|scope| {
            scope.spawn(|| std::fs::write(&pipe, &text).unwrap());
            assert_eq!(read_named(&pipe).unwrap(), text);
        });
        std::fs::write(folder.path().join("file"), "text").unwrap();
        assert_eq!(read_named(&folder.path().join("file")).unwrap(), b"text");
    }
}
