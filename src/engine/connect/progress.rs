//! How far the way to a meeting is, for those who wait for it.

use tokio::sync::watch;

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The seat is taken.
    Seated {
        /// Seconds until it lapses.
        expires_in: u64,
    },
    /// Somebody is there. Told before our SEALED goes out.
    Paired,
    /// Both know the secret; a path is looked for.
    Matched,
}

impl Progress {
    /// Whether a seat is held, and nobody there.
    pub fn is_seated(far: &Option<Self>) -> bool {
        matches!(far, Some(Self::Seated { .. }))
    }

    /// Whether somebody is there.
    pub fn is_paired(far: &Option<Self>) -> bool {
        far.is_some() && !Self::is_seated(far)
    }
}

/// Waits until it is as `far` says. Cancel-safe.
pub async fn reaches(
    progress: &mut watch::Receiver<Option<Progress>>,
    far: fn(&Option<Progress>) -> bool,
) {
    if progress.wait_for(far).await.is_err() {
        // Nobody waits there any more.
        std::future::pending().await
    }
}
