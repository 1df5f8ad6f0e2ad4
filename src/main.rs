//! The program `undertone`: parse, ask what is missing, run, map errors to exit
//! codes.

use std::alloc::System;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

#[cfg(target_os = "linux")]
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::process::{Resource, Rlimit, setrlimit};
use undertone::attempts::Attempts;
use undertone::chat::aside::Aside;
use undertone::chat::clipboard::Clipboard;
use undertone::chat::event::Event;
use undertone::chat::face::Face;
use undertone::chat::listening::{Listening, NamedPort};
use undertone::chat::relay::{Consent, RelayChoice};
use undertone::chat::{self, Made, Output, Setup, Signals};
use undertone::cli::{Action, ChatArgs, ChatOptions, Cli, Global};
use undertone::commands::{self, CommandError, peers_file};
use undertone::config;
use undertone::contacts::Contacts;
use undertone::doctor;
use undertone::exit::Exit;
use undertone::generate;
use undertone::history::History;
use undertone::identity::Identity;
use undertone::link::tell::Tell;
use undertone::rendezvous::Route;
use undertone::room::{Invite, Room, made};
use undertone::socket::Segments;
use undertone::store::{self, Store, Writer};
use undertone::terminal::charset::Out;
use undertone::terminal::layout::{Text, width_of};
use undertone::terminal::name::DisplayName;
use undertone::terminal::prompts::{Asker, Last, PromptError, can_ask, login_name};
use undertone::terminal::safe::Safe;
use undertone::terminal::style::Style;
use zeroizing_alloc::ZeroAlloc;

/// What is freed is wiped, also by code that knows of no secrets: arguments, lines of the terminal
/// and invites pass through much of it. A secret of ours does not wait for that.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

/// Files that a chat has open at the most; the crates that it stands on panic without.
const FILES: usize = 40;

fn main() -> ExitCode {
    forbid_dumps();
    let cli = match Cli::read(std::env::args_os(), config::default_file().as_deref()) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // clap repeats what it cannot read, as it is.
            let _ = write!(
                Out::new(io::stderr()),
                "{}",
                Safe::message(&error.to_string())
            );
            return Exit::Usage.into();
        }
        Err(help) => return ended(help.print().map(|()| Exit::Done).map_err(Into::into)).into(),
    };
    run(cli).into()
}

/// Keeps what this process holds from core dumps and, but for root, from whoever would read it by
/// `ptrace` or `/proc`. A system that does not let us is no reason not to run.
fn forbid_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

fn run(cli: Cli) -> Exit {
    let global = cli.global.clone();
    let mut out = BufWriter::new(Out::new(io::stdout()));
    let mut talk = Out::new(io::stderr());
    let done = match cli.action() {
        Action::Chat(args) => return in_runtime(chat(args, &global)).unwrap_or_else(|exit| exit),
        Action::Doctor(args) => {
            match in_runtime(doctor::run(&args, &global, &mut Out::new(io::stdout()))) {
                Ok(done) => done,
                Err(exit) => return exit,
            }
        }
        Action::Peers(args) => {
            let look = commands::Look {
                width: width(),
                color: global.colored(&io::stdout()),
            };
            commands::peers(&args, &global, look, &mut out, &mut talk).map(|()| Exit::Done)
        }
        Action::Id(args) => commands::id(args, &global, &mut out, &mut talk).map(|()| Exit::Done),
        Action::Completions(shell) => generate::completions(shell, &mut out).map(|()| Exit::Done),
        Action::Man => generate::man(&mut out).map(|()| Exit::Done),
    };
    ended(done.and_then(|exit| Ok(out.flush().map(|()| exit)?)))
}

/// Runs what needs sockets, timers and signals.
fn in_runtime<T>(work: impl Future<Output = T>) -> Result<T, Exit> {
    let runtime = undertone_mediator::check_files(FILES).and_then(|()| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    });
    let runtime = runtime.map_err(|error| {
        let text = format!(
            "this process may open too few files ({error})\n  Allow it more, as by: ulimit -n 256"
        );
        fail(Exit::Fault, &text)
    })?;
    let done = runtime.block_on(work);
    // A read from the terminal may still be under way, and is not waited for.
    runtime.shutdown_background();
    Ok(done)
}

/// That nobody reads the output any more is no error.
fn ended(done: Result<Exit, CommandError>) -> Exit {
    match done {
        Ok(exit) => exit,
        Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(CommandError::Question(error)) => unanswered(error),
        Err(error) => fail(error.exit(), &error),
    }
}

/// Columns of stdout, without limit where it is no terminal.
fn width() -> usize {
    width_of(&console::Term::stdout()).unwrap_or(usize::MAX)
}

async fn chat(args: ChatArgs, global: &Global) -> Exit {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fail(Exit::Fault, &error),
    };
    let setup = prepare(&args, global, &mut signals).await;
    // A room's secret and a proxy's password may stand in them.
    drop(args);
    let mut setup = match setup {
        Ok(setup) => setup,
        Err(exit) => return exit,
    };
    match chat::run(&mut setup, &mut signals).await {
        Ok(exit) => exit,
        Err(error) => {
            // It may be stdout that fails.
            match setup.face.show(&error.event()) {
                Ok(()) => error.exit(),
                Err(_) => fail(error.exit(), &error),
            }
        }
    }
}

/// Gathers what the chat needs: flags and environment, then questions, then
/// what was answered last time.
async fn prepare(args: &ChatArgs, global: &Global, signals: &mut Signals) -> Result<Setup, Exit> {
    let options = &args.options;
    let named = args.invite().map_err(|error| fail(Exit::Usage, &error))?;
    let face = Face {
        json: options.json,
        plain: global.plain(&io::stdout()),
        color: global.colored(&io::stdout()) && global.colored(&io::stderr()),
        notify: options.notify,
        qr: options.qr,
        quiet: global.quiet,
        verbose: global.verbose,
    };
    if options.name.is_none() || named.is_none() {
        check_can_ask(args, global, named.is_none())?;
    }
    let fault = |error: &dyn Display| fail(Exit::Fault, &error);
    let store = Store::open(global.data_dir.as_deref()).map_err(|e| fault(&e))?;
    // Whatever a chat needs to keep is tried now: later somebody would be there.
    let lacks = store::probe(store.dir()).map_err(|e| fault(&e))?;
    let identity = Identity::load(&store).map_err(|e| fault(&e))?;
    let contacts = Contacts::open(&store, identity.secret.public());
    contacts.list().map_err(|e| fault(&e))?;
    let history = match options.no_history {
        true => None,
        false => {
            let history = History::open(&peers_file(global, store.dir())).map_err(|e| fault(&e))?;
            history.probe().map_err(|e| fault(&e))?;
            Some(history)
        }
    };
    let writer = Writer::start().map_err(|e| fault(&e))?;
    if let Some(remark) = identity.privacy.max(store.privacy()).remark() {
        note(&face, remark);
    }
    if lacks.locks {
        note(&face, store::NO_LOCKS);
    }
    if args.secret_in_arguments() {
        note(
            &face,
            "the room's secret can be seen by others on this machine while this runs",
        );
    }
    let last = Last::load(&store);
    let asks_room = named.is_none() && !args.wants_new_room();
    let (name, answered) = tokio::select! {
        biased;
        answers = ask(options.name.clone(), asks_room, &last, &face) => answers?,
        exit = signals.next() => return Err(exit),
    };
    let invite = named.or(answered);
    let (mediator, room) = match invite {
        Some(invite) => (invite.mediator, invite.room),
        None if options.long => (None, Room::made_up_long()),
        None => (None, Room::made_up()),
    };
    let invited = mediator.is_some();
    let mediator = options.route(mediator).map_err(|e| fail(Exit::Usage, &e))?;
    let to_itself = leads_to_itself(
        options,
        mediator.as_ref().filter(|_| invited),
        &store,
        &room,
    );
    if to_itself.is_none()
        && mediator
            .as_ref()
            .is_none_or(|route| route.mediator.is_loopback())
    {
        made::note(&store, &room).map_err(|e| fail(Exit::Fault, &e))?;
    }
    if options.hide_ip {
        check_hides(options, mediator.as_ref())?;
    }
    if let Err(error) = Last::save(&store, &name, &room) {
        note(&face, &error.to_string());
    }
    Ok(Setup {
        name,
        room,
        mediator,
        to_itself,
        lan: options.lan,
        local_port: options.local_port,
        contacts,
        attempts: Attempts::open(&store),
        identity: Arc::new(identity.secret),
        history,
        writer: Arc::new(writer),
        listening: Listening {
            bind: options.bind,
            advertise: options.advertise.clone(),
            hidden: options.hide_ip,
            named: NamedPort::default(),
            segments: Segments::default(),
            tell: match face.verbose {
                true => Tell::new(move |detail| face.detail(detail)),
                false => Tell::default(),
            },
        },
        clipboard: Clipboard::default(),
        consent: Consent::new(options.consent(), io::stdin().is_terminal()),
        timeout: options.timeout(),
        require_verified: options.require_verified,
        face,
        output: Output::default(),
        aside: Aside::default(),
    })
}

/// Where an invite was made whose mediator is this machine itself; a mediator that was named by
/// the person, too, is where they say that it is.
fn leads_to_itself(
    options: &ChatOptions,
    invited: Option<&Route>,
    store: &Store,
    room: &Room,
) -> Option<Made> {
    let Route {
        mediator, proxy, ..
    } = invited?;
    let named = options.mediator.as_ref() == Some(mediator);
    if !mediator.is_loopback() || proxy.is_some() || named {
        return None;
    }
    Some(match made::is_made_here(store, room) {
        true => Made::Here,
        false => Made::Elsewhere,
    })
}

/// Who hides needs a mediator, and one that is not the other one's own: such a one would
/// see our address, or a proxy's where there is one.
fn check_hides(options: &ChatOptions, route: Option<&Route>) -> Result<(), Exit> {
    let fault = match route {
        _ if options.relay == RelayChoice::Never => {
            "--hide-ip goes by the mediator's relay only, and --relay never refuses it\n  Leave out one of the two."
        }
        None => {
            "missing: a mediator that relays\n  --hide-ip takes one that is not this machine's own: name it with --mediator URL."
        }
        Some(route)
            if route.proxy.is_none() && options.mediator.as_ref() != Some(&route.mediator) =>
        {
            "an invite's mediator may be the other one's own machine, which would see your address\n  --hide-ip takes one that you trust: name it with --mediator URL, or put a --proxy before it."
        }
        Some(_) => return Ok(()),
    };
    Err(fail(Exit::Usage, &fault))
}

/// Where nobody can be asked, what is missing is an error that names the flags.
fn check_can_ask(args: &ChatArgs, global: &Global, no_room: bool) -> Result<(), Exit> {
    if !global.no_input && can_ask() {
        return Ok(());
    }
    let mut missing = Vec::new();
    if args.options.name.is_none() {
        missing.push("--name NAME");
    }
    if no_room && !args.wants_new_room() {
        missing.push("a room (undertone chat ROOM, or UNDERTONE_ROOM)");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let why = match global.no_input {
        true => "--no-input was given",
        false => "there is no terminal to ask on",
    };
    let what = missing.join(" and ");
    Err(fail(
        Exit::Usage,
        &format!("missing: {what}\n  {why}: give them on the command line."),
    ))
}

/// Asks for what was not `given`: the name, and the room; of a room `None` makes one up. A name
/// that is known from last time is only said. The terminal is as it was before whenever this ends
/// or is dropped.
async fn ask(
    given: Option<DisplayName>,
    asks_room: bool,
    last: &Last,
    face: &Face,
) -> Result<(DisplayName, Option<Invite>), Exit> {
    let remembered = last.name.clone().filter(|_| given.is_none());
    let known = given.or_else(|| remembered.clone());
    if known.is_none() || asks_room {
        face.greet();
    }
    if let Some(name) = remembered {
        note(
            face,
            &format!("your name is {name}; --name gives another one"),
        );
    }
    if let (Some(name), false) = (&known, asks_room) {
        return Ok((name.clone(), None));
    }
    let mut asker = Asker::open().map_err(unanswered)?;
    let name = match known {
        Some(name) => name,
        None => asker
            .name(login_name().as_ref())
            .await
            .map_err(unanswered)?,
    };
    let room = match asks_room {
        true => asker.room(last.room.as_deref()).await.map_err(unanswered)?,
        false => None,
    };
    Ok((name, room))
}

fn unanswered(error: PromptError) -> Exit {
    match error {
        PromptError::Interrupted => Exit::Interrupted,
        PromptError::Left => Exit::Done,
        PromptError::Signal(exit) => exit,
        PromptError::Io(_) => fail(Exit::Usage, &error),
    }
}

fn note(face: &Face, message: &str) {
    let _ = face.show(&Event::note(message));
}

/// An error is what, why, and on a second line what to do.
fn fail(exit: Exit, error: &impl Display) -> Exit {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let message = Safe::message(&lines.join("\n"));
    let text = Text::error(&message, &Safe::default(), Style::new(false));
    let rows = text.rows(width_of(&console::Term::stderr()));
    // Where stderr is full too, the exit code says it.
    let _ = writeln!(Out::new(io::stderr()), "{rows}");
    exit
}
