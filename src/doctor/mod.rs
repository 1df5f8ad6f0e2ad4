//! `undertone doctor`: what is wrong, and what to do about it.
//!
//! Owns: findings, how they are written, and the exit code. The checks are in `mediator` (the way
//! to it, step by step), `page` (what it serves to browsers), `seat` (what it then tells of us), `nat`, `udp` and `paths` (what that means) and
//! `here` and `clock` (this machine). Nothing is changed, neither modes nor files, but that a file is written to
//! see whether it can be, and taken away again.

mod clock;
mod here;
mod mediator;
mod nat;
mod page;
mod paths;
mod seat;
mod udp;

use std::io::{self, Write};

use console::Term;
use serde::Serialize;
use undertone_core::text::safe::Safe;

use crate::cli::{DoctorArgs, Global};
use crate::commands::CommandError;
use crate::exit::Exit;
use crate::terminal::layout::{Text, width_of};

/// Looks at everything, the mediator first, and writes each finding as it comes.
///
/// The exit is [`Exit::Mediator`] without a mediator, [`Exit::InternalError`] where something else is
/// wrong, [`Exit::Done`] otherwise; a warning alone is nothing wrong.
///
/// # Errors
/// [`CommandError::Output`].
pub async fn run(
    args: &DoctorArgs,
    global: &Global,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let mut report = Report {
        out,
        json: args.json,
        quiet: global.quiet && !args.json,
        exit: Exit::Done,
    };
    mediator::examine(args, &mut report).await?;
    here::examine(args, global, &mut report)?;
    Ok(report.exit)
}

/// One finding as `--json` writes it, in this order.
#[derive(Serialize)]
struct Finding<'a> {
    v: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    check: &'static str,
    state: &'a str,
    message: &'a str,
    remedy: &'a str,
}

/// Where findings go.
struct Report<'a> {
    out: &'a mut dyn Write,
    json: bool,
    /// What is fine is not said.
    quiet: bool,
    exit: Exit,
}

impl Report<'_> {
    /// All is well.
    fn fine(&mut self, check: &'static str, message: &str) -> io::Result<()> {
        match self.quiet {
            true => Ok(()),
            false => self.write(check, ("✓", "fine"), message, ""),
        }
    }

    /// Not as it could be, yet nothing is wrong.
    fn warn(&mut self, check: &'static str, message: &str, remedy: &str) -> io::Result<()> {
        self.write(check, ("⚠", "warning"), message, remedy)
    }

    /// Something is wrong on this machine.
    fn wrong(&mut self, check: &'static str, message: &str, remedy: &str) -> io::Result<()> {
        if self.exit == Exit::Done {
            self.exit = Exit::InternalError;
        }
        self.write(check, ("✗", "wrong"), message, remedy)
    }

    /// There is no mediator.
    fn no_mediator(&mut self, check: &'static str, message: &str, remedy: &str) -> io::Result<()> {
        self.exit = Exit::Mediator;
        self.write(check, ("✗", "wrong"), message, remedy)
    }

    fn write(
        &mut self,
        check: &'static str,
        (sigil, state): (&str, &str),
        message: &str,
        remedy: &str,
    ) -> io::Result<()> {
        // Both may hold words of others.
        let [message, remedy] = [message, remedy].map(Safe::line);
        if self.json {
            let finding = Finding {
                v: 1,
                kind: "finding",
                check,
                state,
                message: message.as_str(),
                remedy: remedy.as_str(),
            };
            writeln!(self.out, "{}", serde_json::to_string(&finding)?)?;
        } else {
            let mut text = format!("{sigil} {message}");
            if !remedy.as_str().is_empty() {
                text += &format!("\n  {remedy}");
            }
            let width = width_of(&Term::stdout());
            writeln!(self.out, "{}", Text::remark(&text).rows(width))?;
        }
        // The next check may take seconds.
        self.out.flush()
    }
}
