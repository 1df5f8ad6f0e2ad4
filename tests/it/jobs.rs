//! Job control: Ctrl-Z, a stop from outside, `bg`, `&` and `fg`, by a shell on a pseudo-terminal.

use nix::sys::signal::Signal;
use portable_pty::CommandBuilder;

use crate::common::acts::homes;
use crate::common::console::ROOM;
use crate::common::screen::{Screen, chat, last_row};
use crate::common::{Client, Home, Mediator, Start};

/// A shell at a terminal, from which ada starts, and what bob needs to come.
struct Jobs {
    shell: Screen,
    /// What ada types to start.
    start: String,
    mediator: Mediator,
    homes: [Home; 2],
}

impl Jobs {
    fn begin() -> Self {
        let (mediator, homes) = (Mediator::start(), homes());
        let client = chat(&homes[0], &mediator.url, "ada", ROOM);
        let mut shell = CommandBuilder::new("/bin/sh");
        shell.env_clear();
        for (name, value) in client.iter_full_env_as_str() {
            shell.env(name, value);
        }
        shell.env("PS1", "shell> ");
        shell.env("PATH", "/usr/bin:/bin");
        shell.args(["-m", "-i"]);
        let argv = client.get_argv().iter().map(|arg| arg.to_string_lossy());
        let jobs = Self {
            shell: Screen::run(shell),
            start: argv.collect::<Vec<_>>().join(" "),
            mediator,
            homes,
        };
        jobs.shell.await_text("shell>");
        jobs
    }

    fn bob(&self) -> Client {
        let bob = Start::chat(&self.homes[1], &self.mediator.url, "bob", ROOM).run();
        bob.await_event("connected");
        bob
    }

    fn start(&mut self, how: &str) {
        let line = format!("{}{how}\r", self.start);
        self.shell.press(&line);
    }

    fn run(&mut self, line: &str) {
        self.shell.press(&format!("{line}\r"));
    }

    fn await_shell(&self) {
        self.shell
            .await_screen("the shell", |screen| last_row(screen).ends_with("shell>"));
    }

    /// The modes of the terminal, as the shell has them.
    fn modes(&mut self, nth: usize) -> String {
        let file = self.homes[0].path().join(format!("modes-{nth}"));
        self.run(&format!(
            "stty -a >{}; echo wri'tten {nth}'",
            file.display()
        ));
        self.shell.await_text(&format!("written {nth}"));
        std::fs::read_to_string(file).unwrap()
    }

    fn end(mut self) {
        self.await_shell();
        self.run("exit");
        self.shell.exit_code();
        self.shell.assert_restored();
    }
}

/// How a chat in front is stopped.
const STOPS: [fn(&mut Jobs); 2] = [
    |jobs| jobs.shell.press("\x1a"),
    |jobs| jobs.shell.signal_front(Signal::SIGTSTP),
];

#[test]
fn a_stop_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    for stop in STOPS {
        let mut jobs = Jobs::begin();
        let before = jobs.modes(1);
        jobs.start("");
        jobs.shell.await_text("Waiting in room lab");
        let mut bob = jobs.bob();
        jobs.shell.await_row("bob ⚠ ›");
        jobs.shell.press("kept draft");
        jobs.shell.await_row("bob ⚠ › kept draft");
        stop(&mut jobs);
        jobs.await_shell();
        assert!(!jobs.shell.look(vt100::Screen::bracketed_paste));
        assert_eq!(jobs.modes(2), before);
        bob.say("while you were away");
        jobs.run("fg");
        jobs.shell.await_row("bob ⚠ › kept draft");
        jobs.shell.await_text("bob   while you were away");
        assert!(jobs.shell.look(vt100::Screen::bracketed_paste));
        jobs.shell.press("!\r");
        assert_eq!(bob.await_message(), "kept draft!");
        jobs.shell.press("/quit\r");
        bob.await_event("left");
        jobs.end();
    }
}

#[test]
fn a_stop_at_a_question_gives_the_terminal_to_the_shell_and_fg_asks_on() {
    for stop in STOPS {
        let mut jobs = Jobs::begin();
        let before = jobs.modes(1);
        jobs.start = jobs.start.replace("--name ada", "");
        jobs.start("");
        jobs.shell.await_text("? Your name");
        jobs.shell.press("ad");
        jobs.shell
            .await_screen("the answer", |screen| last_row(screen).ends_with("› ad"));
        stop(&mut jobs);
        jobs.await_shell();
        assert_eq!(jobs.modes(2), before);
        jobs.run("fg");
        jobs.shell
            .await_screen("the answer", |screen| last_row(screen).ends_with("› ad"));
        jobs.shell.press("a\r");
        jobs.shell.await_text("? Your name › ada");
        jobs.shell.await_text("Waiting in room lab");
        jobs.shell.press("/quit\r");
        jobs.end();
    }
}

/// Keys that are typed now are not seen, and are a draft once bob has come.
fn assert_waits_in_front(jobs: &mut Jobs) {
    jobs.shell.await_screen("the clock", |screen| {
        last_row(screen).starts_with("  Waiting for")
    });
    jobs.shell.press("unseen");
    let at = last_row(&jobs.shell.text()).to_owned();
    let screen = jobs.shell.await_screen("a later clock", |screen| {
        last_row(screen).starts_with("  Waiting for") && last_row(screen) != at
    });
    assert!(!screen.contains("unseen"), "{screen}");
    let bob = jobs.bob();
    jobs.shell.await_row("bob ⚠ › unseen");
    jobs.shell.press("\r");
    assert_eq!(bob.await_message(), "unseen");
    jobs.shell.press("/quit\r");
    bob.await_event("left");
}

#[test]
fn a_wait_in_the_background_leaves_the_terminal_alone_and_fg_takes_it() {
    let mut jobs = Jobs::begin();
    let before = jobs.modes(1);
    jobs.start(" &");
    jobs.shell.await_text("Waiting in room lab");
    assert_eq!(jobs.modes(2), before);
    jobs.run("fg");
    assert_waits_in_front(&mut jobs);
    jobs.end();
}

#[test]
fn a_wait_that_was_stopped_echoes_nothing_after_fg() {
    for stop in STOPS {
        let mut jobs = Jobs::begin();
        let before = jobs.modes(1);
        jobs.start("");
        jobs.shell.await_text("  Waiting for 0:0");
        stop(&mut jobs);
        jobs.await_shell();
        assert_eq!(jobs.modes(2), before);
        jobs.run("fg");
        assert_waits_in_front(&mut jobs);
        jobs.end();
    }
}

#[test]
fn who_waits_in_the_background_and_comes_to_front_can_leave() {
    for (keys, arguments) in [("/quit\r", ""), ("\x04", ""), ("/quit\r", " --plain")] {
        let mut jobs = Jobs::begin();
        jobs.start(&format!("{arguments} &"));
        jobs.shell.await_screen("the wait", |screen| {
            screen.to_lowercase().contains("waiting in room lab")
        });
        // The shell's own lines are not the client's.
        jobs.run("echo /qui't'");
        jobs.shell.await_screen("the echo", |screen| {
            screen.lines().any(|line| line == "/quit")
        });
        jobs.run("fg; echo le'ft'");
        jobs.shell.await_screen("the client", |screen| {
            last_row(screen) != "shell> fg; echo le'ft'"
        });
        jobs.shell.press(keys);
        jobs.shell.await_text("left");
        jobs.end();
    }
}

#[test]
fn a_chat_in_the_background_goes_on_and_leaves_the_terminal_alone() {
    for stopped in [false, true] {
        let mut jobs = Jobs::begin();
        let before = jobs.modes(1);
        let bob = if stopped {
            jobs.start("");
            jobs.shell.await_text("Waiting in room lab");
            let bob = jobs.bob();
            jobs.shell.await_row("bob ⚠ ›");
            jobs.shell.press("\x1a");
            jobs.await_shell();
            jobs.run("bg");
            bob
        } else {
            jobs.start(" &");
            jobs.shell.await_text("Waiting in room lab");
            jobs.bob()
        };
        let mut bob = bob;
        bob.say("anyone?");
        jobs.shell.await_text("bob   anyone?");
        bob.await_event("delivered");
        assert_eq!(jobs.modes(2), before);
        assert!(!jobs.shell.look(vt100::Screen::bracketed_paste));
        let screen = jobs.shell.text();
        assert!(!screen.contains("bob ⚠ ›"), "{screen}");
        jobs.run("fg");
        jobs.shell.await_row("bob ⚠ ›");
        assert!(jobs.shell.look(vt100::Screen::bracketed_paste));
        jobs.shell.press("here\r");
        assert_eq!(bob.await_message(), "here");
        jobs.shell.press("/quit\r");
        bob.await_event("left");
        jobs.end();
    }
}
