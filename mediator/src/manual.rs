//! `undertone-mediator man` and `completions`: what is made of the command line's definition.

use std::io::{self, Write};

use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::{Cli, EXAMPLES};

/// Writes the completions of a shell.
pub(crate) fn completions(shell: Shell, out: &mut impl Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut Cli::definition(),
        "undertone-mediator",
        &mut script,
    );
    out.write_all(&script)
}

/// Writes the manual, as man(1) reads it.
pub(crate) fn man(out: &mut impl Write) -> io::Result<()> {
    let command = Cli::definition().disable_help_subcommand(true);
    let page = Man::new(command.clone()).title("UNDERTONE-MEDIATOR");
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    page.render_subcommands_section(out)?;
    writeln!(out, ".SH ENVIRONMENT")?;
    for argument in command.get_arguments() {
        if let (Some(variable), Some(option)) = (argument.get_env(), argument.get_long()) {
            let (variable, option) = (variable.to_string_lossy(), option.replace('-', r"\-"));
            writeln!(
                out,
                ".TP\n\\fB{variable}\\fR\nas \\-\\-{option}; an option counts before it"
            )?;
        }
    }
    writeln!(out, ".SH EXAMPLES\n.nf")?;
    for line in EXAMPLES.lines().skip(1) {
        // `\&` keeps a leading dot or quote from being a request.
        writeln!(out, r"\&{}", line.replace('\\', r"\e").replace('-', r"\-"))?;
    }
    writeln!(out, ".fi")
}
