//! Who sits here, through all meetings: what they type ahead of the first one, and from then on
//! the interface, with the draft in it.

use std::future::pending;
use std::io;

use crate::engine::Setup;
use crate::exit::Exit;
use crate::ui::interface::Interface;
use crate::ui::stay::while_waiting;
use crate::ui::type_ahead::Ahead;

/// A person or a program.
pub struct Here {
    ahead: Option<Ahead>,
    interface: Option<Interface>,
}

impl Here {
    /// Before the first meeting.
    ///
    /// # Errors
    /// The system's.
    pub fn listen(setup: &Setup) -> io::Result<Self> {
        Ok(Here {
            ahead: Some(Ahead::listen(
                setup.face,
                setup.consent.clone(),
                setup.clipboard.clone(),
            )?),
            interface: None,
        })
    }

    /// While the other one is awaited: returns if the person leaves. Cancel-safe.
    pub async fn left(&mut self, setup: &Setup) -> Exit {
        match (&mut self.interface, &mut self.ahead) {
            (Some(interface), _) => while_waiting(interface, setup).await,
            (None, Some(ahead)) => {
                ahead.left().await;
                Exit::Done
            }
            (None, None) => pending().await,
        }
    }

    /// Somebody of this `name` came: the interface, opened if this is the first meeting.
    ///
    /// # Errors
    /// The terminal's.
    pub fn meets(&mut self, setup: &Setup, name: &str) -> io::Result<&mut Interface> {
        let interface = match self.interface.take() {
            Some(interface) => interface,
            None => Interface::open(setup, name, self.ahead.take())?,
        };
        Ok(self.interface.insert(interface))
    }

    /// The interface of a person at a terminal who has talked: they stay when others go.
    pub fn stays(&mut self) -> Option<&mut Interface> {
        self.interface
            .as_mut()
            .filter(|interface| interface.is_person())
    }

    /// Gives the terminal back.
    pub fn close(self) {
        if let Some(interface) = self.interface {
            interface.close();
        }
    }
}
