//! Whether what is shown gets to stdout, before there is a chat that would notice.

use std::future::pending;
use std::io;

use tokio::sync::{Mutex, mpsc};

/// Takes note of the first failure.
#[derive(Debug)]
pub struct Output {
    fail: mpsc::Sender<io::Error>,
    failure: Mutex<mpsc::Receiver<io::Error>>,
}

impl Default for Output {
    fn default() -> Self {
        let (fail, failure) = mpsc::channel(1);
        Output {
            fail,
            failure: Mutex::new(failure),
        }
    }
}

impl Output {
    /// Looks at what came of showing something.
    pub fn check(&self, shown: io::Result<()>) {
        if let Err(error) = shown {
            let _ = self.fail.try_send(error);
        }
    }

    /// Waits for a failure. Cancel-safe.
    pub async fn failed(&self) -> io::Error {
        match self.failure.lock().await.recv().await {
            Some(error) => error,
            None => pending().await,
        }
    }
}
