//! `undertone send` and `undertone receive`: what their arguments come to before anybody is met.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use undertone_core::files::name::Name;

use super::{For, converse};
use crate::cli::{Global, ReceiveArgs, SendArgs};
use crate::exit::Exit;
use crate::report::fail;
use crate::terminal::prompts::can_ask;
use crate::ui::transfer::{Consent, Sending, Sent};

/// What standard input is called at the other person's.
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
    let is_stdin = |path: &Path| path == Path::new("-");
    if let [only] = args.files.as_slice()
        && is_stdin(only)
    {
        let pipe = io::stdin().as_fd().try_clone_to_owned();
        let pipe = pipe.map_err(|error| format!("cannot read standard input: {error}"))?;
        let name = Name::new(STDIN).map_err(|error| error.to_string())?;
        return Ok(Sent::Pipe(name, pipe));
    }
    for path in &args.files {
        if is_stdin(path) {
            return Err(
                "- is sent alone\n  Send the files apart from it; ./- is a file of that name."
                    .to_owned(),
            );
        }
        fs::metadata(path).map_err(|error| {
            format!(
                "cannot read {}: {error}\n  Check its name, its owner and its mode.",
                path.display()
            )
        })?;
    }
    let filter = args.filter().map_err(|error| error.to_string())?;
    Ok(Sent::Paths(args.files.clone(), filter))
}

/// Receives files, and leaves once they are here.
pub async fn receive(args: ReceiveArgs, global: &Global) -> Exit {
    let named = args.target();
    let into = match fs::canonicalize(named) {
        Ok(into) if into.is_dir() => into,
        Ok(_) => {
            let error = format!(
                "{} is no folder\n  Name a folder that is there: --into DIR.",
                named.display()
            );
            return fail(Exit::Usage, &error);
        }
        Err(error) => {
            let error = format!(
                "no folder {}: {error}\n  Name a folder that is there: --into DIR.",
                named.display()
            );
            return fail(Exit::Usage, &error);
        }
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
