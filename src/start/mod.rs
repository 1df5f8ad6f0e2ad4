//! A chat, or a transfer of files, from the command line to its first event: gathers what it needs, asks for what is missing.

mod files;
mod kept;
mod place;
mod questions;

use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;

use undertone_core::session::RENEW_EVERY;
use undertone_core::text::display_name::DisplayName;

pub use files::{receive, send};
use kept::Kept;
use place::Place;
use questions::{ask, check_can_ask};

use crate::cli::{ChatArgs, ChatOptions, Global};
use crate::engine::connect::listening::{Listening, NamedPort};
use crate::engine::event::{Event, Problem};
use crate::engine::relay;
use crate::engine::{ChatConfig, ChatError, Speaker};
use crate::exit::Exit;
use crate::files::journal::Journal;
use crate::files::sink::Target;
use crate::link::tell::Tell;
use crate::report::fail;
use crate::signals::Signals;
use crate::socket::Segments;
use crate::terminal::prompts::Last;
use crate::ui::frontend::{ChatFrontend, has_console, has_person};
use crate::ui::output::Face;
use crate::ui::run::run;
use crate::ui::transfer::{Consent, Sending, Task, TransferFrontend};

/// Chats: from the questions to the goodbye.
pub async fn chat(args: ChatArgs, global: &Global) -> Exit {
    converse(args, global, For::Chat).await
}

/// What a conversation is for.
pub(super) enum For {
    /// To talk.
    Chat,
    /// To send something.
    Sending(Sending),
    /// To receive something, there, and no more bytes than this.
    Receiving {
        consent: Consent,
        into: Target,
        limit: Option<u64>,
    },
}

impl For {
    /// What is said where nobody can be asked for the room.
    fn missing_room(&self) -> &'static str {
        match self {
            Self::Chat | Self::Sending(_) => "a room (undertone chat ROOM, or UNDERTONE_ROOM)",
            Self::Receiving { .. } => "an invite (undertone receive INVITE, or UNDERTONE_ROOM)",
        }
    }

    fn is_chat(&self) -> bool {
        matches!(self, Self::Chat)
    }
}

/// Meets somebody, from the questions to the goodbye.
async fn converse(args: ChatArgs, global: &Global, goal: For) -> Exit {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fail(Exit::InternalError, &error),
    };
    let prepared = prepare(&args, global, &goal, &mut signals).await;
    // A room's secret and a proxy's password may stand in them.
    drop(args);
    let (config, face) = match prepared {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let task = match goal {
        For::Chat => None,
        For::Sending(sending) => Some(Task::Send(sending)),
        For::Receiving { consent, .. } => Some(Task::Receive(consent)),
    };
    let ended = match task {
        Some(task) => run(config, TransferFrontend::new(face, task), &mut signals).await,
        None => match ChatFrontend::open(face) {
            Ok(front) => run(config, front, &mut signals).await,
            Err(error) => Err(error.into()),
        },
    };
    match ended {
        Ok(exit) => exit,
        // As a program that SIGPIPE ends: whoever stopped reading asked for no words.
        Err(error) if error.exit() == Exit::Unread => Exit::Unread,
        Err(error) => {
            let mut event = error.event();
            if let (
                ChatError::NotHere(_) | ChatError::Listen(_),
                Event::Error(Problem { hint, .. }),
            ) = (&error, &mut event)
            {
                *hint = hint.replace("--bind", &global.sources.name("bind"));
            }
            // It may be stdout that fails.
            match face.show(&event) {
                Ok(()) => error.exit(),
                Err(_) => fail(error.exit(), &error),
            }
        }
    }
}

/// Gathers what the chat needs: flags and environment, then questions, then
/// what was answered last time.
async fn prepare(
    args: &ChatArgs,
    global: &Global,
    goal: &For,
    signals: &mut Signals,
) -> Result<(ChatConfig, Face), Exit> {
    let options = &args.options;
    let named = args.invite().map_err(|error| fail(Exit::Usage, &error))?;
    let mut face = face(options, global);
    if options.name.is_none() || named.is_none() {
        check_can_ask(args, global, named.is_none().then(|| goal.missing_room()))?;
    }
    let kept = Kept::open(global, options.no_history, &face)?;
    face.settle_qr();
    if args.secret_in_arguments() {
        note(
            &face,
            "the room's secret can be seen by others on this machine while this runs",
        );
    }
    let last = Last::load(&kept.store).map_err(|error| fail(Exit::InternalError, &error))?;
    let asks_room = named.is_none() && !args.wants_new_room();
    let (name, answered) = tokio::select! {
        biased;
        answers = ask(options.name.clone(), asks_room, &last, &face) => answers?,
        exit = signals.next() => return Err(exit),
    };
    let place = Place::of(named.or(answered), options, &global.sources, &kept.store)?;
    let room = goal.is_chat().then_some(&place.room);
    if let Err(error) = Last::save(&kept.store, &name, room) {
        note(&face, &error.to_string());
    }
    Ok((config((options, goal), face, name, place, kept), face))
}

fn face(options: &ChatOptions, global: &Global) -> Face {
    Face {
        json: options.json,
        plain: global.plain(&io::stdout()),
        color: global.colored(&io::stdout()) && global.colored(&io::stderr()),
        notify: options.notify,
        qr: options.qr,
        quiet: global.quiet,
        verbose: global.verbose,
    }
}

fn config(
    (options, goal): (&ChatOptions, &For),
    face: Face,
    name: DisplayName,
    place: Place,
    kept: Kept,
) -> ChatConfig {
    let (downloads, limit) = match goal {
        For::Receiving { into, limit, .. } => (into.clone(), *limit),
        For::Chat | For::Sending(_) => {
            let named = options.downloads.clone();
            (Target::Folder(named.unwrap_or_else(downloads)), None)
        }
    };
    let is_chat = goal.is_chat();
    let askable = match is_chat {
        true => io::stdin().is_terminal(),
        false => has_person(face),
    };
    ChatConfig {
        name,
        room: place.room,
        mediator: place.mediator,
        made_up: place.made_up,
        to_itself: place.to_itself,
        lan: options.lan,
        local_port: options.local_port,
        contacts: kept.contacts,
        attempts: kept.attempts,
        identity: Arc::new(kept.identity.secret),
        history: kept.history,
        writer: Arc::new(kept.writer),
        listening: Listening {
            bind: options.bind,
            advertise: options.advertise.clone(),
            hidden: options.hide_ip,
            named: NamedPort::default(),
            segments: Segments::default(),
            tell: Tell::default(),
        },
        consent: relay::Consent::new(options.consent(), askable),
        timeout: options.timeout(),
        journal: Journal::open(kept.store.dir()),
        downloads,
        // Whoever sends takes nothing.
        accepts: options.accept.filter(|_| !matches!(goal, For::Sending(_))),
        limit,
        require_verified: options.require_verified,
        renew_every: RENEW_EVERY,
        speaker: Speaker {
            is_person: is_chat && has_person(face),
            types: is_chat && io::stdin().is_terminal(),
            is_prompt: is_chat && has_console(face),
            is_for_files: !is_chat,
            hears_details: face.verbose,
        },
    }
}

/// Where received files go unless somebody says otherwise: where a desktop puts them, if it has such
/// a folder.
fn downloads() -> PathBuf {
    let home = env::home_dir().map(|home| home.join("Downloads"));
    let there = home.filter(|folder| folder.is_dir());
    there.unwrap_or_else(|| PathBuf::from("."))
}

fn note(face: &Face, message: &str) {
    let _ = face.show(&Event::note(message));
}
