//! How the program ends before or beside a chat: an error on stderr, and the exit code.

use std::fmt::Display;
use std::io::{self, Write};

use console::Term;
use undertone_core::text::safe::Safe;

use crate::commands::CommandError;
use crate::exit::Exit;
use crate::terminal::charset::Out;
use crate::terminal::layout::{Text, width_of};
use crate::terminal::prompts::PromptError;
use crate::terminal::style::Style;

/// That nobody reads the output any more is no error.
pub fn ended(done: Result<Exit, CommandError>) -> Exit {
    match done {
        Ok(exit) => exit,
        Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(CommandError::Question(error)) => unanswered(error),
        Err(error) => fail(error.exit(), &error),
    }
}

/// Why a question has no answer.
pub fn unanswered(error: PromptError) -> Exit {
    match error {
        PromptError::Interrupted => Exit::Interrupted,
        PromptError::Left => Exit::Done,
        PromptError::Signal(exit) => exit,
        PromptError::Io(_) => fail(Exit::Usage, &error),
    }
}

/// An error is what, why, and on a second line what to do.
pub fn fail(exit: Exit, error: &impl Display) -> Exit {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let message = Safe::message(&lines.join("\n"));
    let text = Text::error(&message, &Safe::default(), Style::new(false));
    let rows = text.rows(width_of(&Term::stderr()));
    // Where stderr is full too, the exit code says it.
    let _ = writeln!(Out::new(io::stderr()), "{rows}");
    exit
}
