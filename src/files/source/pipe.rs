//! What comes through a pipe, as standard input does.

use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read};

/// Reads what comes next, as much as there is; waits for it. 0 is its end.
pub(super) fn read_pipe(pipe: impl AsFd, buf: &mut [u8]) -> io::Result<usize> {
    let pipe = pipe.as_fd();
    loop {
        match read(pipe, &mut *buf) {
            Ok(len) => return Ok(len),
            Err(Errno::INTR) => {}
            // Another program may have made it one that does not wait.
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&pipe, PollFlags::IN)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            },
            Err(errno) => return Err(errno.into()),
        }
    }
}
