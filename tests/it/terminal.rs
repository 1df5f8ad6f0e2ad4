//! The questions at the start, on a real pseudo-terminal.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::common::{Home, Mediator, PATIENCE};

const NAME: &str = "Your name";
const ROOM: &str = "Room (blank makes one, or paste an invite)";

/// A client on a terminal of its own.
struct Terminal {
    master: Box<dyn MasterPty>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    shown: String,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let pty = native_pty_system().openpty(PtySize::default()).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_undertone"));
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        command.env("UNDERTONE_DATA_DIR", home.data());
        command.env("UNDERTONE_BIND", "127.0.0.1");
        command.args(arguments);
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buf = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buf) {
                if sender.send(buf[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keys: pty.master.take_writer().unwrap(),
            master: pty.master,
            output,
            shown: String::new(),
            child,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until this is shown, after what was awaited before.
    fn await_text(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.shown.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("no {text:?} in {:?}", self.shown);
            };
            self.shown += &String::from_utf8_lossy(&bytes);
        }
        let end = self.shown.find(text).unwrap() + text.len();
        self.shown.drain(..end);
    }

    /// Waits for the end: the exit code, on a terminal that is as it was before.
    fn exit_code(mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.exit_code();
            }
            assert!(Instant::now() < deadline, "no end: {:?}", self.shown);
            std::thread::park_timeout(Duration::from_millis(5));
        };
        // What was written last may still be on its way; with the child it ends.
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.shown += &String::from_utf8_lossy(&bytes);
        }
        let hidden = self.shown.rfind("\x1b[?25l");
        let visible = self.shown.rfind("\x1b[?25h");
        assert!(hidden <= visible, "the cursor: {:?}", self.shown);
        let fresh = native_pty_system().openpty(PtySize::default()).unwrap();
        assert_eq!(self.master.get_termios(), fresh.master.get_termios());
        code
    }
}

#[test]
fn two_questions_and_the_second_run_offers_the_answers() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let mediator = ["chat", "--mediator", &mediator.url];
    let mut first = Terminal::start(&home, &mediator);
    first.await_text(NAME);
    first.press("ada\r");
    first.await_text(ROOM);
    first.press("lab\r");
    first.await_text("Waiting in room lab");
    first.press("\x03");
    assert_eq!(first.exit_code(), 130);
    // The name is known now, and said; the room is an arrow away.
    let mut second = Terminal::start(&home, &mediator);
    second.await_text("Your name is ada; --name gives another one for this run");
    second.await_text("Your last room was lab");
    second.await_text(ROOM);
    second.press("\x1b[A");
    second.await_text("lab");
    second.press("\r");
    second.await_text("Waiting in room lab");
    second.press("\x03");
    assert_eq!(second.exit_code(), 130);
}

#[test]
fn a_blank_room_is_a_new_one_whatever_the_last_one_was() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let mediator = ["chat", "--mediator", &mediator.url];
    let mut first = Terminal::start(&home, &mediator);
    first.await_text(NAME);
    // Both answers at once: what follows the first is left to the second.
    first.press("ada\rlab\r");
    first.await_text("Waiting in room lab ");
    first.press("\x03");
    assert_eq!(first.exit_code(), 130);
    let mut second = Terminal::start(&home, &mediator);
    second.await_text(ROOM);
    second.press("\r");
    second.await_text("Waiting in room ");
    second.await_text("#");
    second.press("\x03");
    assert_eq!(second.exit_code(), 130);
}

#[test]
fn answers_are_edited_as_a_draft_is() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let mut person = Terminal::start(&home, &["chat", "--mediator", &mediator.url]);
    person.await_text(NAME);
    person.press("wrong\x15bob smith\x17\x01x\x04\x08a \x7f\x05\x0b\x1b[D\x1b[3~\r");
    person.await_text("? Your name › aob\r\n");
    person.press("one\x1b[Dtwo\x05\x15\x1b[200~lab#otter\r\x1b[201~\r");
    person.await_text("› lab#…\r\n");
    person.await_text("Waiting in room lab ");
    person.press("\x03");
    assert_eq!(person.exit_code(), 130);
}

#[test]
fn made_up_words_complete_and_a_wrong_one_is_said_before_anything_starts() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let arguments = ["chat", "--name", "ada", "--mediator", &mediator.url];
    let mut person = Terminal::start(&home, &arguments);
    person.await_text("paste an invite)");
    person.press("ocean-pand\t#tiger-velv\t-oliv\t-tabel\r");
    person.await_text("word 4 of the secret");
    person.press("ocean-pand\t#tiger-velv\t-oliv\t-table\r");
    person.await_text("› ocean-panda#…\r\n");
    person.await_text("Waiting in room ocean-panda ");
    person.press("\x03");
    assert_eq!(person.exit_code(), 130);
}

#[test]
fn answers_of_the_terminal_are_no_answers_of_the_person() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let mut person = Terminal::start(&home, &["chat", "--mediator", &mediator.url]);
    let late = "\x1b[?62;22;52c\x1b[>1;4000;30c\x1bP>|XTerm(390)\x1b\\\
        \x1b]11;rgb:1e1e/1e1e/1e1e\x07\x1b]52;c;c2VjcmV0\x07";
    person.await_text(NAME);
    person.press(late);
    person.press("a");
    person.press(late);
    person.press("da\r");
    person.await_text("? Your name › ada\r\n");
    person.press(late);
    person.press("lab");
    person.press(late);
    person.press("\r");
    person.await_text("› lab\r\n");
    // What comes later still is in a line that the system edits.
    person.await_text("Waiting in room lab ");
    person.press(late);
    person.press("hi\r");
    person.await_text("What you type becomes your draft");
    let homes = crate::common::acts::homes();
    let other = crate::common::Start::chat(&homes[1], &mediator.url, "bob", "lab").run();
    other.await_event("connected");
    person.await_text("› hi\x1b7");
    person.press("\r");
    assert_eq!(other.await_message(), "hi");
    person.press("\x04");
    assert_eq!(person.exit_code(), 0);
}

#[test]
fn a_wrong_answer_is_asked_again_with_its_reason() {
    let home = Home::new();
    let mut person = Terminal::start(&home, &["chat"]);
    person.await_text(NAME);
    person.press("den#otter\r");
    person.await_text("✗ that looks like a room or an invite");
    person.press("\r");
    person.await_text("✗ ");
    person.press("\x1b[A");
    person.await_text("? Your name › den#otter");
    person.press("\x15/quit\r");
    assert_eq!(person.exit_code(), 0);
}

#[test]
fn what_is_given_is_not_asked() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let arguments = ["chat", "lab", "--mediator", &mediator.url];
    let mut named = Terminal::start(&home, &arguments);
    named.await_text(NAME);
    named.press("ada\r");
    named.await_text("Waiting in room lab");
    assert!(!named.shown.contains(ROOM));
    named.press("\x03");
    assert_eq!(named.exit_code(), 130);
}

#[test]
fn ctrl_c_ctrl_d_and_quit_leave_at_each_question() {
    for (key, code) in [("\x03", 130), ("\x04", 0), ("/quit\r", 0)] {
        let home = Home::new();
        let mut at_name = Terminal::start(&home, &[]);
        at_name.await_text(NAME);
        at_name.press(key);
        assert_eq!(at_name.exit_code(), code, "{key:?} at the name");
        let mut at_room = Terminal::start(&home, &[]);
        at_room.await_text(NAME);
        at_room.press("ada\r");
        at_room.await_text(ROOM);
        at_room.press(key);
        assert_eq!(at_room.exit_code(), code, "{key:?} at the room");
    }
    // From elsewhere, at any time.
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let home = Home::new();
        let mut asking = Terminal::start(&home, &[]);
        asking.await_text(NAME);
        let pid = asking.child.process_id().unwrap();
        kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
        assert_eq!(asking.exit_code(), code);
    }
    let home = Home::new();
    let mut typing = Terminal::start(&home, &[]);
    typing.await_text(NAME);
    typing.press("ad");
    typing.await_text("ad");
    typing.press("\x03");
    assert_eq!(typing.exit_code(), 130, "Ctrl-C in the middle of a name");
}

#[test]
fn ctrl_d_leaves_a_chat() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let arguments = ["chat", "lab", "--name", "ada", "--mediator", &mediator.url];
    let mut person = Terminal::start(&homes[0], &arguments);
    person.await_text("Waiting in room lab");
    let other = crate::common::Start::chat(&homes[1], &mediator.url, "bob", "lab").run();
    other.await_event("connected");
    person.await_text("Connected to bob");
    person.press("hello\r");
    assert_eq!(other.await_message(), "hello");
    person.press("\x04");
    assert_eq!(other.await_event("left")["reason"], "quit");
    assert_eq!(person.exit_code(), 0);
}

#[test]
fn no_answer_of_the_terminal_forgets_a_verified_contact() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [mut ada, mut bob] = crate::common::console::both(&mediator, &homes);
    let words = crate::common::console::read_out(&mut bob, "ada");
    crate::common::console::read_out(&mut ada, "bob");
    ada.press(&format!("{words}\r"));
    ada.await_row("bob ✓ ›");
    ada.press("/quit\r");
    assert_eq!(ada.exit_code(), 0);
    // A mode report ends in a letter that could say yes.
    for (keys, told) in [
        ("\x1b[?2026;2$y\r", "bob is kept"),
        ("y\r", "bob is forgotten"),
    ] {
        let mut forget = Terminal::start(&homes[0], &["peers", "forget", "bob"]);
        forget.await_text("Forget bob? (y/N)");
        forget.press(keys);
        forget.await_text(told);
        assert_eq!(forget.exit_code(), 0);
    }
}
