//! `undertone send` and `undertone receive`: what their arguments come to before anybody is met.

use std::fs;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::Path;

use undertone_core::files::name::Name;
use undertone_host::words;

use super::{For, converse};
use crate::cli::{Global, ReceiveArgs, SendArgs};
use crate::exit::Exit;
use crate::files::output::Output;
use crate::files::sink::Target;
use crate::files::source::SourceError;
use crate::report::fail;
use crate::terminal::prompts::can_ask;
use crate::ui::transfer::{Consent, Sending, Sent};

/// What standard input is called at the other person's, where nobody says.
const STDIN: &str = "stdin";

/// Sends files, and leaves once the other person has them.
pub async fn send(args: SendArgs, global: &Global) -> Exit {
    let sent = match sent(&args) {
        Ok(sent) => sent,
        Err(error) => return fail(Exit::Usage, &error),
    };
    let sending = Sending::new(sent, args.copy);
    let chat = args.chat();
    drop(args);
    converse(chat, global, For::Sending(sending)).await
}

/// What is sent: it is there, before somebody is met for it.
fn sent(args: &SendArgs) -> Result<Sent, String> {
    if let [only] = args.files.as_slice()
        && is_pipe(only)
    {
        let pipe = io::stdin().as_fd().try_clone_to_owned();
        let pipe = pipe.map_err(|error| format!("cannot read standard input: {error}"))?;
        let pipe = fs::File::from(pipe);
        if pipe.metadata().is_ok_and(|what| what.is_dir()) {
            return Err("standard input is a folder\n  Name it: undertone send DIR.".to_owned());
        }
        let called = args.called.as_deref().unwrap_or(STDIN);
        let name = Name::new(called)
            .map_err(|why| format!("--as: {why}\n  Give it a file's name, without a folder."))?;
        return Ok(Sent::Pipe(name, pipe.into()));
    }
    if args.called.is_some() {
        return Err("only - can be given another name\n  --as is for: undertone send -".to_owned());
    }
    for path in &args.files {
        if is_pipe(path) {
            return Err(
                "- is sent alone\n  Send the files apart from it; ./- is a file of that name."
                    .to_owned(),
            );
        }
        let named = fs::metadata(path).map_err(|source| {
            let path = path.clone();
            SourceError::Io { path, source }.to_string()
        })?;
        if !named.is_file() && !named.is_dir() {
            return Err(format!(
                "{} is neither a file nor a folder\n  To send what comes through a pipe, name -.",
                path.display()
            ));
        }
    }
    let filter = args.filter().map_err(|error| error.to_string())?;
    Ok(Sent::Paths(args.files.clone(), filter))
}

/// Whether standard input is meant, or standard output.
fn is_pipe(path: &Path) -> bool {
    path == Path::new("-")
}

/// Where what comes goes: it is there, before somebody is met for it.
fn target(args: &ReceiveArgs) -> Result<Target, String> {
    let named = args.target();
    if is_pipe(named) {
        return output(args);
    }
    match fs::canonicalize(named) {
        Ok(into) if into.is_dir() => Ok(Target::Folder(into)),
        Ok(_) => Err(format!(
            "{} is no folder\n  Name a folder that is there: --into DIR.",
            named.display()
        )),
        Err(error) => Err(format!(
            "no folder {}: {}\n  Name a folder that is there: --into DIR.",
            named.display(),
            words(&error)
        )),
    }
}

/// Standard output, where nothing else goes there and what comes acts on no terminal.
fn output(args: &ReceiveArgs) -> Result<Target, String> {
    if args.chat().options.json {
        return Err(
            "standard output has the events of --json\n  Name a folder: --into DIR.".to_owned(),
        );
    }
    let stdout = io::stdout();
    if stdout.is_terminal() {
        return Err("standard output is a terminal, which could be controlled by what comes\n  Give it to a program or a file: undertone receive --into - > FILE".to_owned());
    }
    let fd = stdout.as_fd().try_clone_to_owned();
    let fd = fd.map_err(|error| format!("cannot write to standard output: {error}"))?;
    Ok(Target::Output(Output::new(fd)))
}

/// Receives files, and leaves once they are here.
pub async fn receive(args: ReceiveArgs, global: &Global) -> Exit {
    let into = match target(&args) {
        Ok(into) => into,
        Err(error) => return fail(Exit::Usage, &error),
    };
    let chat = args.chat();
    let consent = match args.yes {
        true => Consent::Given,
        false if can_ask() && !global.no_input && !chat.options.json => Consent::Asked,
        false => Consent::Unasked,
    };
    let limit = args.limit;
    drop(args);
    let goal = For::Receiving {
        consent,
        into,
        limit,
    };
    converse(chat, global, goal).await
}
