//! A mediator that runs: what all its connections share.

use std::sync::Arc;

use crate::admission::Admission;
use crate::config::Config;
use crate::hub::Hub;

/// One mediator.
pub(crate) struct Mediator {
    pub(crate) config: Config,
    pub(crate) hub: Arc<Hub>,
    pub(crate) admission: Arc<Admission>,
}

impl Mediator {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            hub: Arc::new(Hub::new(&config)),
            admission: Arc::new(Admission::new(&config)),
            config,
        }
    }
}
