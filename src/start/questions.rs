//! What is missing, and asked for.

use undertone_core::room::Invite;
use undertone_core::text::display_name::DisplayName;

use super::note;
use crate::cli::{ChatArgs, Global};
use crate::exit::Exit;
use crate::report::{fail, unanswered};
use crate::terminal::prompts::{Asker, Last, can_ask, login_name};
use crate::ui::output::Face;

/// Where nobody can be asked, what is missing is an error that names the flags. A name that was
/// asked for once is not missing. `room` is what is said where no room is named.
pub(super) fn check_can_ask(
    args: &ChatArgs,
    global: &Global,
    room: Option<&'static str>,
) -> Result<(), Exit> {
    if !global.no_input && can_ask() {
        return Ok(());
    }
    let mut missing = Vec::new();
    if args.options.name.is_none() && !knows_name(global)? {
        missing.push("--name NAME");
    }
    missing.extend(room.filter(|_| !args.wants_new_room()));
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

fn knows_name(global: &Global) -> Result<bool, Exit> {
    let fault = |error| fail(Exit::InternalError, &error);
    let dir = global.data_dir().map_err(fault)?;
    let last = Last::in_folder(&dir.path).map_err(fault)?;
    Ok(last.name.is_some())
}

/// Asks for what was not `given`: the name, and the room; of a room `None` makes one up. A name
/// that is known from last time is only said. The terminal is as it was before whenever this ends
/// or is dropped.
pub(super) async fn ask(
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
            &format!("your name is {name}; --name gives another one for this run"),
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
