//! The examples under each command's help: at most 80 columns wide.

/// What each exit code means.
pub const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "done"),
    (
        "1",
        "something on this machine failed: a disk, a port, undertone itself",
    ),
    (
        "2",
        "usage, or an answer is needed and there is no terminal",
    ),
    ("3", "mediator not reachable, or it refused"),
    ("4", "nobody came, or came back, within --timeout"),
    (
        "5",
        "paired, but no path to the other person; or messages did not arrive",
    ),
    ("6", "secret, identity or verification failed"),
    (
        "7",
        "files were refused, failed, or did not arrive in whole",
    ),
    (
        "8",
        "the programs do not fit: one is too old, or the other person's broke the protocol",
    ),
    (
        "130",
        "interrupted (SIGINT), or Ctrl-C unless the other person had left",
    ),
    (
        "141",
        "nobody reads stdout any more (SIGPIPE); what was not written is not acknowledged",
    ),
    ("143", "terminated (SIGTERM, SIGHUP)"),
];

/// The first help, which fits a screen of 24 rows.
pub(super) const ROOT: &str = "\
{about}
Examples: undertone send FILE, undertone chat --help, undertone man | man -l -
{usage-heading} {usage}; alone it asks for name and room
{subcommands}
For every command; --data-dir has a variable too, UNDERTONE_DATA_DIR:
{options}";

pub(super) const CHAT: &str = "\
Examples:
  undertone chat                         ask for name and room
  undertone chat lab --timeout 60        wait a minute at most
  undertone chat --qr                    show the invite as a QR code too
  undertone chat --json < lines          for programs: an event a line
  echo hi | UNDERTONE_ROOM=lab#otter undertone chat --name ada

Every option but -q and -v has a variable too: --hide-ip is UNDERTONE_HIDE_IP.
What you want every time goes into the config file: hide-ip = true.

Exit codes: 0 done, 1 this machine failed (a disk, a port, undertone itself),
  2 usage, 3 no mediator, 4 nobody came, 5 no path to the other person,
  6 secret, identity or verification failed, 8 programs do not fit,
  130 interrupted, 141 nobody reads stdout, 143 terminated";

pub(super) const SEND: &str = "\
Examples:
  undertone send report.pdf              prints the line for the other person
  undertone send photos notes.txt --qr
  undertone send src --git --exclude '*.log'
  tar c . | undertone send - --name ada

The other person may chat, too. Ctrl-C cancels; after any other end the same
command goes on where it was.

Exit codes: 0 the other person has it, 7 refused, failed or cut, 4 nobody came;
  the others are those of a chat";

pub(super) const RECEIVE: &str = "\
Examples:
  undertone receive                      asks for the invite, then for consent
  undertone receive INVITE --into ~/Downloads
  cd \"$(undertone receive --yes INVITE)\"  the path, alone, is on stdout
  undertone receive INVITE --limit 2GB
  undertone receive --yes INVITE --into - | tar x
                                         what came before a cut is out: look at
                                         the exit code (set -o pipefail)

Ctrl-C cancels, and removes what came; after any other end the same command
goes on where it was.

Exit codes: 0 it is here, whole, 7 refused, failed or cut, 4 nobody came,
  2 nobody could be asked; the others are those of a chat";

pub(super) const FILES: &str = "\
Examples:
  undertone files                        what is not complete, and where it is
  undertone files clear 1                remove what is there of the first
  undertone files clear --all
  undertone files --json                 one JSON object each";

pub(super) const FILES_CLEAR: &str = "\
Examples:
  undertone files clear 1
  undertone files clear --all";

pub(super) const PEERS: &str = "\
Examples:
  undertone peers                        a row a person, who was last here first
  undertone peers --connections          a row a connection
  undertone peers --json                 one JSON object a connection
  undertone peers rename bob robert
  undertone peers forget plum-signal     by the first words of the key";

pub(super) const PEERS_PATH: &str = "\
Examples:
  less \"$(undertone peers path)\"";

pub(super) const PEERS_RENAME: &str = "\
Examples:
  undertone peers rename bob robert
  undertone peers rename plum-signal eve";

pub(super) const PEERS_FORGET: &str = "\
Examples:
  undertone peers forget bob
  undertone peers forget plum-signal     by the first words of the key
  undertone peers forget bob --yes       without being asked";

pub(super) const ID: &str = "\
Examples:
  undertone id                           for the other person to compare
  undertone id --json                    one JSON object";

pub(super) const DOCTOR: &str = "\
Examples:
  undertone doctor                       look at the mediator on this machine
  undertone doctor --mediator 192.168.1.20
  undertone doctor --mediator ONE --mediator ANOTHER    my router's kind too
  undertone doctor --json                one JSON object a finding

Exit codes: 0 nothing is wrong, 3 no mediator, 1 something else is wrong";

pub(super) const COMPLETIONS: &str = "\
Examples:
  undertone completions bash > ~/.local/share/bash-completion/completions/undertone
  undertone completions zsh > ~/.zfunc/_undertone
  undertone completions fish > ~/.config/fish/completions/undertone.fish";

pub(super) const MAN: &str = "\
Examples:
  undertone man | man -l -
  undertone man > ~/.local/share/man/man1/undertone.1";
