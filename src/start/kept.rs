//! What a chat keeps on the disk: opened, and tried before anyone is met.

use std::fmt::Display;

use super::note;
use crate::attempts::Attempts;
use crate::cli::Global;
use crate::contacts::Contacts;
use crate::exit::Exit;
use crate::history::History;
use crate::identity::Identity;
use crate::made::FILE as MADE;
use crate::report::fail;
use crate::store::{self, Store, Writer};
use crate::terminal::prompts::LAST;
use crate::ui::output::Face;

/// The data directory, and what is in it.
pub(super) struct Kept {
    pub(super) store: Store,
    pub(super) identity: Identity,
    pub(super) contacts: Contacts,
    pub(super) attempts: Attempts,
    pub(super) history: Option<History>,
    pub(super) writer: Writer,
}

impl Kept {
    /// Opens all of it; what is to be known about the disk is said.
    pub(super) fn open(global: &Global, no_history: bool, face: &Face) -> Result<Self, Exit> {
        let fault = |error: &dyn Display| fail(Exit::InternalError, &error);
        let dir = global.data_dir().map_err(|e| fault(&e))?;
        let store = global.store().map_err(|e| fault(&e))?;
        store::check_folder(store.dir()).map_err(|e| fault(&e.led_by(&dir)))?;
        let identity = Identity::load(&store).map_err(|e| fault(&e))?;
        let contacts = Contacts::open(&store, identity.secret.public());
        let lacks = contacts.probe().map_err(|e| fault(&e))?;
        let attempts = Attempts::open(store.dir());
        attempts.probe().map_err(|e| fault(&e.led_by(&dir)))?;
        for file in [LAST, MADE] {
            store::probe_file(&store.path(file)).map_err(|e| fault(&e.led_by(&dir)))?;
        }
        let history = match no_history {
            true => None,
            false => {
                let file = global.peers_file(&dir);
                let history = History::open(&file.path).map_err(|e| fault(&e.led_by(&file)))?;
                history.probe().map_err(|e| fault(&e.led_by(&file)))?;
                Some(history)
            }
        };
        let writer = Writer::start().map_err(|e| fault(&e))?;
        if let Some(remark) = identity.privacy.max(store.privacy()).remark() {
            note(face, remark);
        }
        if lacks.locks {
            note(face, store::NO_LOCKS);
        }
        Ok(Self {
            store,
            identity,
            contacts,
            attempts,
            history,
            writer,
        })
    }
}
