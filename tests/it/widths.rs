//! The width changes while people talk: no message is lost, on a terminal that keeps
//! its rows as they were (vt100) and on one that flows them anew (tmux).

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::common::console::{ROOM, talk_on};
use crate::common::screen::chat;
use crate::common::{Client, Home, Mediator, PATIENCE, Start};

const WIDTHS: [u16; 6] = [60, 30, 90, 44, 60, 100];

/// A message for this step, longer than every width, with wide characters.
fn message(step: usize, part: usize) -> String {
    format!(
        "<{step}.{part} 世界 👩‍👩‍👧‍👦 é {} end {step}.{part}>",
        "日本語 ".repeat(20)
    )
}

/// As it is shown, without the blanks and line ends that a width brings.
fn packed(text: &str) -> String {
    text.replace('\u{200d}', "").split_whitespace().collect()
}

#[test]
fn no_message_is_lost_where_rows_stay_as_they_were() {
    let mut talk = talk_on(WIDTHS[0], 12);
    talk.ada.press("a 世 draft");
    talk.ada.await_row("bob ⚠ › a 世 draft");
    // Wide first: this terminal cuts what it cannot show, as none does that people use.
    for (step, width) in WIDTHS.into_iter().enumerate() {
        talk.bob.say(&message(step, 0));
        talk.ada.resize(width, 12);
        talk.bob.say(&message(step, 1));
        let end = packed(&format!("end {step}.1>"));
        let screen = talk
            .ada
            .await_screen(&end, |screen| packed(screen).contains(&end));
        assert!(!screen.contains("\u{1b}"));
    }
    talk.ada.await_row("bob ⚠ › a 世 draft");
    let history = packed(&talk.ada.history());
    for step in 0..WIDTHS.len() {
        // What stood on the screen when it was cut lost columns, but not its rows.
        let start = packed(&format!("<{step}.1 世界"));
        assert_eq!(history.matches(&start).count(), 1, "{step}: {history}");
    }
    talk.ada.press("\r");
    assert_eq!(talk.bob.await_message(), "a 世 draft");
}

#[test]
fn no_row_stays_behind_where_rows_stay_as_they_were() {
    let mut talk = talk_on(80, 12);
    // Longer than the narrowest of the widths.
    talk.ada
        .press("a draft of some fifty columns, which is long enough");
    for width in [70, 90, 60, 40, 100] {
        talk.ada.resize(width, 12);
        talk.bob.say(&format!("at {width}"));
        talk.ada.await_text(&format!("bob   at {width}"));
    }
    let history = talk.ada.history();
    assert_eq!(history.matches("bob ⚠").count(), 1, "{history}");
}

#[test]
fn what_commands_tell_is_laid_out_for_narrow_terminals_too() {
    for width in [20, 24, 40] {
        let mut talk = talk_on(width, 60);
        for (command, end) in [
            ("/help", "send \"/x\""),
            ("/who", "  key"),
            ("/peers", "Whom you"),
        ] {
            talk.ada.press("/clear\r");
            talk.ada
                .await_screen("an empty screen", |screen| screen.trim().ends_with('›'));
            talk.ada.press(&format!("{command}\r"));
            let screen = talk.ada.await_screen(command, |screen| {
                screen.contains(end) && screen.trim_end().ends_with('›')
            });
            let rows: Vec<_> = screen.trim().lines().map(str::trim_end).collect();
            let (_, rows) = rows.split_last().unwrap();
            // The first one begins at the left, and the names of the entries hang.
            for (n, row) in rows.iter().enumerate() {
                assert_eq!(n == 0, !row.starts_with("  "), "{command}: {screen}");
            }
            let hangs = rows.iter().filter(|row| row.starts_with("    ")).count();
            assert!(hangs > 1, "{command} at {width}: {screen}");
        }
    }
}

/// A tmux of its own, which ends with the test.
struct Tmux {
    socket: String,
    _home: Home,
}

impl Tmux {
    /// ada in it, on a terminal of this size.
    fn start(ada: &Home, mediator: &Mediator, width: u16, height: u16) -> Self {
        let place = Home::new();
        let tmux = Self {
            socket: place.path().join("tmux").to_string_lossy().into_owned(),
            _home: place,
        };
        let command = chat(ada, &mediator.url, "ada", ROOM);
        let mut line = "exec env -i TERM=screen".to_owned();
        for (name, value) in command
            .iter_full_env_as_str()
            .filter(|(name, _)| *name != "TERM")
        {
            line += &format!(" {name}='{value}'");
        }
        for part in command.get_argv() {
            line += &format!(" '{}'", part.to_string_lossy());
        }
        let [width, height] = [width, height].map(|size| size.to_string());
        tmux.run(&["new-session", "-d", "-x", &width, "-y", &height, &line]);
        tmux.await_history(|text| text.contains("bob ⚠ ›"));
        tmux
    }

    fn is_installed() -> bool {
        let installed = Command::new("tmux").arg("-V").output().is_ok();
        if !installed {
            eprintln!("SKIPPED: tmux is not installed, so nothing flows anew");
        }
        installed
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.env("LC_ALL", "C.UTF-8").env_remove("TMUX");
        tmux.args(["-S", &self.socket, "-f", "/dev/null", "-u"]);
        let done = tmux.args(arguments).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// Scrollback and screen, wrapped lines joined, once they are as expected.
    fn await_history(&self, fits: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.run(&["capture-pane", "-p", "-J", "-S", "-"]);
            if fits(&text) {
                return text;
            }
            assert!(Instant::now() < deadline, "{text}");
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let kill = Command::new("tmux")
            .args(["-S", &self.socket, "kill-server"])
            .status();
        let _ = kill;
    }
}

#[test]
fn no_row_stays_behind_where_rows_flow_anew() {
    if !Tmux::is_installed() {
        return;
    }
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    bob.await_event("waiting");
    let tmux = Tmux::start(&homes[0], &mediator, 80, 12);
    let resize = |bob: &mut Client, width: u16| {
        tmux.run(&["resize-window", "-x", &width.to_string(), "-y", "12"]);
        bob.say(&format!("at {width}"));
        let said = format!("bob   at {width}");
        // The row to type in is drawn anew behind what was said.
        tmux.await_history(|text| {
            let behind = text.split_once(&said).map(|(_, behind)| behind);
            behind.is_some_and(|behind| behind.contains("bob ⚠ ›"))
        })
    };
    tmux.run(&["send-keys", "-l", "abc"]);
    tmux.await_history(|text| text.contains("bob ⚠ › abc"));
    let mut history = String::new();
    for width in [70, 90, 60] {
        history = resize(&mut bob, width);
    }
    assert_eq!(history.matches("bob ⚠").count(), 1, "{history}");
}

#[test]
fn no_part_of_a_draft_stays_behind_where_rows_flow_anew() {
    if !Tmux::is_installed() {
        return;
    }
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    bob.await_event("waiting");
    let tmux = Tmux::start(&homes[0], &mediator, 80, 24);
    bob.await_event("connected");
    // What this terminal moves into its scrollback nobody takes back: there is more above the row.
    for n in 1..=20 {
        bob.say(&format!("before {n}"));
    }
    tmux.await_history(|text| text.contains("bob   before 20"));
    let draft = "abc and a draft of some fifty columns, which is long";
    tmux.run(&["send-keys", "-l", draft]);
    tmux.await_history(|text| text.trim_end().ends_with(draft));
    // The cursor is beyond each of these widths but 64, and what is before it was broken off.
    for width in [40, 30, 64, 35, 22] {
        tmux.run(&["resize-window", "-x", &width.to_string(), "-y", "24"]);
        let history = tmux.await_history(|text| {
            let row = text.trim_end().lines().last().unwrap_or_default();
            let is_whole = row.ends_with("is long") && row.chars().count() < width;
            is_whole && row.contains('…') == (width < 61)
        });
        assert_eq!(history.matches("bob ⚠").count(), 1, "{history}");
        assert_eq!(history.matches("bob   before").count(), 20, "{history}");
    }
}

#[test]
fn no_message_is_lost_where_rows_flow_anew() {
    if !Tmux::is_installed() {
        return;
    }
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    bob.await_event("waiting");
    let tmux = Tmux::start(&homes[0], &mediator, 60, 12);
    tmux.run(&["send-keys", "-l", "a 世 draft"]);
    for (step, width) in WIDTHS.into_iter().enumerate() {
        bob.say(&message(step, 0));
        tmux.run(&["resize-window", "-x", &width.to_string(), "-y", "12"]);
        bob.say(&message(step, 1));
        let end = packed(&format!("end {step}.1>"));
        tmux.await_history(|text| packed(text).contains(&end));
    }
    let history = tmux.await_history(|text| text.trim_end().ends_with("bob ⚠ › a 世 draft"));
    let history = packed(&history);
    for step in 0..WIDTHS.len() {
        for part in 0..2 {
            let whole = packed(&message(step, part));
            assert_eq!(
                history.matches(&whole).count(),
                1,
                "{step}.{part}: {history}"
            );
        }
    }
    tmux.run(&["send-keys", "Enter"]);
    assert_eq!(bob.await_message(), "a 世 draft");
}
