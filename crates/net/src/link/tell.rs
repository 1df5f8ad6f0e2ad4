//! Where details of what is tried go, for whoever asks why it does not work.

use std::fmt;
use std::sync::Arc;

type Hearer = dyn Fn(&str) + Send + Sync;

/// Hears details; by default nobody does. Clones share the hearer.
#[derive(Clone, Default)]
pub struct Tell(Option<Arc<Hearer>>);

impl Tell {
    /// Hands them to this one.
    pub fn new(hearer: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hearer)))
    }

    /// Tells one; it is made only where somebody hears it.
    pub fn tell(&self, detail: impl FnOnce() -> String) {
        if let Self(Some(hearer)) = self {
            hearer(&detail());
        }
    }
}

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tell").field(&self.0.is_some()).finish()
    }
}
