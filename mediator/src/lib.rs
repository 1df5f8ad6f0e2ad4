//! The mediator: pairs two clients by room and forgets them.
