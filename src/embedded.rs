//! The mediator as a part of this program: all that the client takes of the server.

pub use undertone_mediator::{
    Config, check_files, lan, listen, of_entry, open_file, read_file, serve, sources, variables,
};
