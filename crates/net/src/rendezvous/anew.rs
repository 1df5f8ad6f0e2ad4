//! Another connection in the place of one that the mediator wants to be rid of.

use std::future::pending;

use super::{Rendezvous, RendezvousError};

impl Rendezvous {
    /// Another connection like this one, to have in its place: [`Rendezvous::go_on`]. From the
    /// same port it can be only where it leads to another address.
    ///
    /// # Errors
    /// As for [`Rendezvous::connect`].
    pub fn another(&self) -> impl Future<Output = Result<Self, RendezvousError>> + Send + use<> {
        let (endpoint, room, from) = (self.endpoint.clone(), self.room, self.from);
        async move { Self::connect(&endpoint, &room.0, from).await }
    }

    /// Goes on over this connection, with all that was settled for the former one, which is
    /// dropped.
    pub fn go_on(&mut self, another: Self) {
        let before = std::mem::replace(self, another);
        self.outside = before.outside;
        self.keep_alive = before.keep_alive;
        self.leave = before.leave;
    }

    /// Waits for nothing but what [`Rendezvous::leave_when`] says. Cancel-safe.
    pub async fn moved(&mut self) -> RendezvousError {
        self.leave.as_mut().await;
        self.leave = Box::pin(pending());
        RendezvousError::Moved
    }
}
