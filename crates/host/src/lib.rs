//! What both programs ask of the machine they run on: files that somebody named, listening
//! sockets, options from the environment.
//!
//! It knows neither the protocol nor the mediator.
//!
//! ```text
//! files                 whether enough of them may be open
//! regular               files that were named, read without waiting for pipes and devices
//! listen                the sockets that listen
//! number                options that are numbers
//! variables, sources    options that come from the environment, and what set each
//! words                 what the system says, for people
//! ```

mod files;
mod listen;
mod number;
mod regular;
pub mod sources;
pub mod variables;
mod words;

pub use files::check_files;
pub use listen::{listen, listen_udp};
pub use number::number;
pub use regular::{is_pipe, of_entry, open_file, read_file, read_named};
pub use words::words;
