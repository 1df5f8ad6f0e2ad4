//! Whether this process may open as many files as it is about to need.

use std::fs::File;
use std::io;

/// Opens so many at once, and closes them again: what the runtime is made of panics where it gets
/// none.
///
/// # Errors
/// The system's, where it does not give so many.
pub fn check_files(needed: usize) -> io::Result<()> {
    let first = File::open("/dev/null")?;
    // The same one again is a number more all the same, and takes the system less.
    let again = |_| first.try_clone();
    let files: Vec<File> = (1..needed).map(again).collect::<io::Result<_>>()?;
    drop(files);
    Ok(())
}
