//! The manual: one page, each option once.

use std::fmt::Write as _;
use std::io::Write;

use clap::{Arg, Command};
use clap_mangen::Man;

use crate::cli::{Cli, EXIT_CODES};
use crate::commands::CommandError;
use crate::ui::help::COMMANDS;

const KEYS: &[(&str, &str)] = &[
    ("Enter", "send"),
    ("Alt-Enter", "a new line"),
    ("Tab", "complete a command, or a word that is compared"),
    ("↑ ↓", "what was typed before"),
    ("Ctrl-A Ctrl-E", "to the beginning, to the end"),
    ("Alt-B Alt-F", "a word back, a word on"),
    (
        "Ctrl-W Ctrl-U Ctrl-K",
        "cut the word before, everything before, everything behind",
    ),
    ("Ctrl-Y", "paste what was cut"),
    ("Ctrl-L", "paint the screen anew"),
    ("Ctrl-Z", "stop until fg"),
    ("Ctrl-C", "clear the draft; twice within two seconds leaves"),
    ("Ctrl-D", "leave, where the draft is empty"),
];

/// Commands with the options of this one.
const SENDING: [&str; 2] = ["send", "receive"];
const CHAT: &str = "chat";

const FILES: &[(&str, &str)] = &[
    (
        "~/.local/share/undertone/identity",
        "your key, unencrypted, for you alone; keep a copy",
    ),
    (
        "~/.local/share/undertone/contacts.json",
        "public keys, names, whether they are verified",
    ),
    (
        "~/.local/share/undertone/peers.txt",
        "a line a connection; no keys, no messages",
    ),
    (
        "~/.local/share/undertone/files",
        "what was not received in whole yet, and how much of it is there",
    ),
    (
        "~/.local/share/undertone/last.json",
        "the name and the room that are offered next time",
    ),
    (
        "~/.config/undertone/config.toml",
        "settings: a key is a long option without its dashes",
    ),
];

/// Beside those of the options.
const VARIABLES: &[(&str, &str)] = &[
    (
        "UNDERTONE_ROOM",
        "the room, with its secret, out of sight of others on this machine",
    ),
    (
        "XDG_DATA_HOME XDG_CONFIG_HOME",
        "where the folders above are, instead of ~/.local/share and ~/.config",
    ),
    (
        "https_proxy http_proxy ALL_PROXY NO_PROXY",
        "the proxy to the mediator, as curl reads them",
    ),
    (
        "SSL_CERT_FILE",
        "certificates to trust, where a mediator's own is self-signed",
    ),
    (
        "NO_COLOR TERM",
        "no colours; with TERM=dumb lines are only appended",
    ),
];

/// Writes the manual, as man(1) reads it.
///
/// # Errors
/// [`CommandError::Output`].
pub fn man(out: &mut impl Write) -> Result<(), CommandError> {
    let root = Cli::definition();
    let page = Man::new(root.clone()).title("UNDERTONE");
    let mut head = Vec::new();
    page.render_title(&mut head)?;
    page.render_name_section(&mut head)?;
    page.render_synopsis_section(&mut head)?;
    page.render_description_section(&mut head)?;
    let mut text = String::new();
    section(&mut text, "COMMANDS");
    for command in root.get_subcommands() {
        describe(&mut text, "undertone", command, &root);
    }
    section(&mut text, "OPTIONS OF EVERY COMMAND");
    root.get_arguments().for_each(|arg| option(&mut text, arg));
    section(&mut text, "IN A CHAT");
    table(&mut text, COMMANDS);
    section(&mut text, "KEYS");
    table(&mut text, KEYS);
    section(&mut text, "FILES");
    table(&mut text, FILES);
    section(&mut text, "ENVIRONMENT");
    for command in std::iter::once(&root).chain(root.get_subcommands()) {
        command
            .get_arguments()
            .for_each(|arg| variable(&mut text, arg));
    }
    table(&mut text, VARIABLES);
    section(&mut text, "EXIT STATUS");
    table(&mut text, EXIT_CODES);
    section(&mut text, "SEE ALSO");
    text.push_str("undertone\\-mediator(1)\n");
    out.write_all(&head)?;
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// A command, its own options, its examples and its commands. What a chat takes, too, stands there.
fn describe(text: &mut String, before: &str, command: &Command, root: &Command) {
    if command.is_hide_set() {
        return;
    }
    let name = format!("{before} {}", command.get_name());
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let _ = writeln!(text, ".SS \"{}\"\n{}", escaped(&name), escaped(&about));
    let chat = root.find_subcommand(CHAT);
    let chat = chat.filter(|_| SENDING.contains(&command.get_name()));
    let is_of_chat = |arg: &Arg| {
        let long = arg.get_long();
        long.is_some()
            && chat.is_some_and(|chat| {
                chat.get_arguments()
                    .any(|of_chat| of_chat.get_long() == long)
            })
    };
    let own = command.get_arguments().filter(|arg| !is_of_chat(arg));
    own.for_each(|arg| option(text, arg));
    if chat.is_some() {
        text.push_str(".PP\nThe options of undertone chat are taken, too.\n");
    }
    let examples = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let examples = examples
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with("  "));
    text.push_str(".PP\n.nf\n");
    for line in examples {
        let _ = writeln!(text, "{}", escaped(line));
    }
    text.push_str(".fi\n");
    for command in command.get_subcommands() {
        describe(text, &name, command, root);
    }
}

fn option(text: &mut String, arg: &Arg) {
    if arg.is_hide_set() {
        return;
    }
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    let names: Vec<_> = [short, long].into_iter().flatten().collect();
    let mut head = format!(r"\fB{}\fR", escaped(&names.join(", ")));
    if arg.get_action().takes_values() {
        for value in arg.get_value_names().unwrap_or_default() {
            let _ = write!(head, r" \fI{}\fR", escaped(value));
        }
    }
    let help = arg.get_long_help().or(arg.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(
        text,
        ".TP\n{}\n{}",
        head.trim_start_matches(r"\fB\fR "),
        escaped(&help)
    );
}

fn variable(text: &mut String, arg: &Arg) {
    let (Some(variable), Some(long)) = (arg.get_env(), arg.get_long()) else {
        return;
    };
    let line = format!(
        ".TP\n\\fB{}\\fR\nas \\-\\-{}\n",
        variable.to_string_lossy(),
        escaped(long)
    );
    if !text.contains(&line) {
        text.push_str(&line);
    }
}

fn section(text: &mut String, title: &str) {
    let _ = writeln!(text, ".SH \"{title}\"");
}

fn table(text: &mut String, rows: &[(&str, &str)]) {
    for (left, right) in rows {
        let _ = writeln!(text, ".TP\n\\fB{}\\fR\n{}", escaped(left), escaped(right));
    }
}

/// Text as roff takes it for itself: `\&` keeps a leading dot or quote from being a request.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', r"\e").replace('-', r"\-");
    match text.starts_with(['.', '\'']) {
        true => format!(r"\&{text}"),
        false => text,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_option_stands_there_once() {
        let mut page = Vec::new();
        man(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap().replace(r"\-", "-");
        for (words, times) in [
            ("\n\\fB--data-dir\\fR", 1),
            ("\n\\fB--hide-ip\\fR", 1),
            ("\n\\fB-q, --quiet\\fR", 1),
            ("\\fBUNDERTONE_HIDE_IP\\fR", 1),
            ("\\fBUNDERTONE_MEDIATOR\\fR", 1),
            ("\\fB/verify\\fR", 1),
            ("\\fBCtrl-L\\fR", 1),
            (".SH \"FILES\"", 1),
            (".SH \"EXIT STATUS\"", 1),
            ("undertone peers rename bob robert", 2),
            ("names of your contacts", 0),
        ] {
            assert_eq!(page.matches(words).count(), times, "{words}: {page}");
        }
        assert!(page.lines().count() < 600);
    }
}
