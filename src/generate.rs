//! `undertone completions` and `undertone man`: what is made of the command line's definition.

use std::io::Write;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::commands::CommandError;

/// Writes the completions of a shell.
///
/// # Errors
/// [`CommandError::Output`].
pub fn completions(shell: Shell, out: &mut impl Write) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "undertone", &mut script);
    out.write_all(&script)?;
    Ok(())
}

/// Writes the manual: a page for the program, then one for each command, in a single file, which
/// man(1) shows one after the other.
///
/// # Errors
/// [`CommandError::Output`].
pub fn man(out: &mut impl Write) -> Result<(), CommandError> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    pages_of(&command, &mut pages)?;
    out.write_all(&pages)?;
    Ok(())
}

fn pages_of(command: &Command, out: &mut Vec<u8>) -> Result<(), CommandError> {
    let title = command.get_display_name().unwrap_or(command.get_name());
    let page = Man::new(command.clone()).title(title.to_uppercase());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    if command.has_subcommands() {
        page.render_subcommands_section(out)?;
    }
    if let Some(text) = command.get_after_help() {
        examples(&text.to_string(), out)?;
    }
    for command in command.get_subcommands() {
        pages_of(command, out)?;
    }
    Ok(())
}

/// The examples and exit codes as they stand: filled as a paragraph no one could copy them.
fn examples(text: &str, out: &mut Vec<u8>) -> Result<(), CommandError> {
    writeln!(out, ".SH EXAMPLES\n.nf")?;
    for line in text.lines().filter(|line| *line != "Examples:") {
        // `\&` keeps a leading dot or quote from being a request.
        let line = line.replace('\\', r"\e").replace('-', r"\-");
        writeln!(out, r"\&{line}")?;
    }
    writeln!(out, ".fi")?;
    Ok(())
}
