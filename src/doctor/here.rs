//! This machine: data directory, identity, the port for the peer, IPv6.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use undertone_core::crypto::words::fingerprint;

use super::Report;
use crate::attempts::Attempts;
use crate::cli::{DoctorArgs, Global};
use crate::contacts;
use crate::history::{Damaged, History};
use crate::identity;
use crate::link::acceptor::Acceptor;
use crate::link::interfaces::can_listen;
use crate::link::ranking::{Ranked, Reach, ranked};
use crate::made::FILE as MADE;
use crate::store::{self, Lacks, Place, StoreError};
use crate::terminal::prompts::LAST;

/// Looks at what a chat needs of this machine.
pub(super) fn examine(
    args: &DoctorArgs,
    global: &Global,
    report: &mut Report<'_>,
) -> io::Result<()> {
    match global.data_dir() {
        Ok(dir) => {
            data(&dir, report)?;
            history(&global.peers_file(&dir), report)?;
        }
        Err(error) => tell(report, "data-dir", &error)?,
    }
    can_accept(args, &global.sources.name("bind"), report)?;
    addresses(report)
}

fn data(place: &Place, report: &mut Report<'_>) -> io::Result<()> {
    let dir = &place.path;
    let shown = dir.display();
    if !dir.exists() && !dir.is_symlink() {
        let text = format!("{shown} is not there yet: the first chat makes it, and your identity");
        report.fine("data-dir", &text)?;
        // The folder that it will be made in.
        let above = dir.ancestors().skip(1).find(|dir| dir.exists());
        return disk(above.unwrap_or(Path::new(".")), place, report);
    }
    match open_to_others(dir) {
        Ok(open) if open.is_empty() => {
            report.fine("data-dir", &format!("{shown} is yours alone"))?;
        }
        Ok(open) => {
            let all: Vec<String> = open.iter().map(|path| quoted(path)).collect();
            report.wrong(
                "data-dir",
                &format!("others on this machine may open {}", all.join(" ")),
                &format!(
                    "Close them: chmod go= {} (a USB stick keeps no modes: mount it with umask=077). If one is `identity`, others may have copied your key.",
                    all.join(" ")
                ),
            )?;
        }
        Err(error) => {
            let text = format!("cannot look into {shown}: {error}");
            let remedy = "Check its owner and mode, or name another folder with --data-dir.";
            report.wrong("data-dir", &text, remedy)?;
        }
    }
    match identity::peek(dir) {
        Ok(Some(secret)) => {
            let text = format!("you are {}", fingerprint(&secret.public()));
            report.fine("identity", &text)
        }
        Ok(None) => report.fine("identity", "no identity yet: the first chat makes it"),
        Err(error) => tell(report, "identity", &error),
    }?;
    disk(dir, place, report)?;
    let kept = contacts::count(dir).and_then(|count| {
        store::probe_file(&dir.join(contacts::FILE))?;
        Ok(count)
    });
    match kept {
        Ok(count) => report.fine("contacts", &format!("contacts: {count}")),
        Err(error) => tell(report, "contacts", &error),
    }?;
    for file in [LAST, MADE] {
        if let Err(error) = store::probe_file(&dir.join(file)) {
            tell(report, "files", &error.led_by(place))?;
        }
    }
    match Attempts::open(dir).probe() {
        Ok(()) => Ok(()),
        Err(error) => tell(report, "attempts", &error.led_by(place)),
    }
}

/// What a chat tries too before it begins.
fn disk(dir: &Path, place: &Place, report: &mut Report<'_>) -> io::Result<()> {
    match store::probe(dir) {
        Ok(Lacks { locks: false }) => {
            report.fine("disk", &format!("{} can be written to", dir.display()))
        }
        Ok(Lacks { locks: true }) => {
            let (what, remedy) = store::NO_LOCKS.split_once(": ").unwrap_or_default();
            report.warn("disk", what, remedy)
        }
        Err(error) => tell(report, "disk", &error.led_by(place)),
    }
}

fn history(place: &Place, report: &mut Report<'_>) -> io::Result<()> {
    let path = &place.path;
    if !path.exists() && !path.is_symlink() {
        return match store::probe_file(path) {
            Ok(()) => report.fine("history", "no history yet: the first chat begins it"),
            Err(error) => tell(report, "history", &error.led_by(place)),
        };
    }
    let (mut damaged, mut first) = (0, None);
    let looked = History::open(path).and_then(|history| {
        history.probe()?;
        history.scan(|_, found| {
            if let Err(line) = found {
                damaged += 1;
                first.get_or_insert(line);
            }
            Ok::<_, StoreError>(())
        })
    });
    match (looked, first) {
        (Err(error), _) => tell(report, "history", &error.led_by(place)),
        (Ok(()), None) => report.fine("history", &format!("{} can be read", path.display())),
        (Ok(()), Some(Damaged { number, why })) => {
            let path = path.display();
            let text =
                format!("lines of {path} that cannot be read: {damaged}; line {number}: {why}");
            let remedy = "They are left out and left as they are. Mend them, or take them away.";
            report.warn("history", &text, remedy)
        }
    }
}

/// The folder, and what is in it, as far as the mode lets others at it.
fn open_to_others(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = vec![dir.to_owned()];
    for entry in fs::read_dir(dir)? {
        paths.push(entry?.path());
    }
    let mut open = Vec::new();
    for path in paths {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => open.push(path),
            // A link that leads nowhere, or a file that is gone.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(open)
}

/// For a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn can_accept(args: &DoctorArgs, by: &str, report: &mut Report<'_>) -> io::Result<()> {
    if let Some(bind) = args.bind.filter(|bind| !can_listen(bind.ip())) {
        let text = format!("{} is no address of this machine", bind.ip());
        let remedy = format!("Give {by} one that it has, or leave it out.");
        return report.wrong("listen", &text, &remedy);
    }
    match Acceptor::open(args.bind) {
        Ok(_) => {
            let place = match args.bind {
                Some(bind) if bind.port() == 0 => format!("{}, a free port", bind.ip()),
                Some(bind) => bind.to_string(),
                None => "a free port of all addresses".into(),
            };
            let text = format!("undertone can listen for the other person ({place})");
            report.fine("listen", &text)
        }
        Err(error) => report.wrong(
            "listen",
            &format!("cannot listen for the other person: {error}"),
            &format!("Check {by}: perhaps another program has that port."),
        ),
    }
}

fn addresses(report: &mut Report<'_>) -> io::Result<()> {
    // In the order in which the peer is told of them.
    let here = ranked(None);
    let listed = |wanted: fn(&IpAddr) -> bool| {
        let found = here.iter().filter(|here| wanted(&here.ip));
        let found: Vec<String> = found.map(shown).collect();
        found.join(", ")
    };
    let (v4, v6) = (listed(IpAddr::is_ipv4), listed(IpAddr::is_ipv6));
    if v4.is_empty() {
        let remedy = "Only who has IPv6 too can be reached, or who is on this machine.";
        report.warn("ipv4", "this machine has no IPv4 address", remedy)?;
    } else {
        report.fine("ipv4", &format!("this machine has {v4}"))?;
    }
    if v6.is_empty() {
        let remedy =
            "Nothing needs it; but with IPv6 on both sides no router's port must be forwarded.";
        return report.warn("ipv6", "this machine has no IPv6 address", remedy);
    }
    report.fine("ipv6", &format!("this machine has {v6}"))
}

/// An address, with a word where it is of use to few.
fn shown(here: &Ranked) -> String {
    let Ranked { ip, reach } = here;
    match reach {
        Reach::Internet | Reach::Network => ip.to_string(),
        Reach::Vpn => format!("{ip} (VPN)"),
        Reach::Guests => format!("{ip} (containers)"),
        Reach::Link | Reach::Machine => format!("{ip} (link-local)"),
    }
}

/// An error whose second line is its remedy.
pub(super) fn tell(
    report: &mut Report<'_>,
    check: &'static str,
    error: &impl std::fmt::Display,
) -> io::Result<()> {
    let text = error.to_string();
    let (what, remedy) = text.split_once('\n').unwrap_or((&text, ""));
    report.wrong(check, what, remedy.trim())
}
