//! `undertone id`: name and fingerprint.

use std::io::{self, Write};

use serde::Serialize;
use undertone_core::crypto::words::fingerprint;
use undertone_core::text::display_name::DisplayName;

use super::{CommandError, warn};
use crate::cli::{Global, IdArgs};
use crate::identity::Identity;
use crate::terminal::layout::Text;
use crate::terminal::prompts::Last;

/// Before the name, and as wide before the fingerprint.
const NAME: &str = "name         ";
const FINGERPRINT: &str = "fingerprint  ";

/// What `undertone id --json` writes.
#[derive(Serialize)]
struct IdentityLine<'a> {
    v: u8,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    fingerprint: String,
}

/// `undertone id`: name and fingerprint, in rows of this `width`; `None`: each in one. Makes the
/// identity where there is none.
///
/// # Errors
/// [`CommandError`], with its exit code.
pub fn id(
    args: IdArgs,
    global: &Global,
    width: Option<usize>,
    out: &mut impl Write,
    talk: &mut impl Write,
) -> Result<(), CommandError> {
    let store = global.store()?;
    let identity = Identity::load(&store)?;
    warn(identity.privacy.max(store.privacy()), talk);
    let name = Last::load(&store)?.name;
    let fingerprint = fingerprint(&identity.secret.public()).to_string();
    let text = if args.json {
        let line = IdentityLine {
            v: 1,
            r#type: "identity",
            name: name.as_ref().map(DisplayName::as_str),
            fingerprint,
        };
        serde_json::to_string(&line).map_err(io::Error::other)?
    } else {
        let name = name.map(|name| labelled(NAME, name.as_str(), width));
        let fingerprint = labelled(FINGERPRINT, &fingerprint, width);
        let lines: Vec<_> = name.into_iter().chain([fingerprint]).collect();
        lines.join("\n")
    };
    writeln!(out, "{text}")?;
    Ok(())
}

fn labelled(label: &str, what: &str, width: Option<usize>) -> String {
    match width {
        Some(_) => Text::labelled(label, what).rows(width),
        None => format!("{label}{what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_fingerprint_is_that_of_the_kept_key() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let line = ["undertone", "id", "--data-dir", data.to_str().unwrap()];
        let global = Cli::read(line, None).unwrap().global;
        let mut out = Vec::new();
        id(
            IdArgs { json: false },
            &global,
            None,
            &mut out,
            &mut io::sink(),
        )
        .unwrap();
        let key = Identity::load(&crate::store::Store::open(&data).unwrap())
            .unwrap()
            .secret
            .public();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("fingerprint  {}\n", fingerprint(&key))
        );
    }
}
