//! The certificate of a mediator that runs: read again at SIGHUP, and looked at once a day.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tracing::{error, info, warn};
use undertone_mediator::{Certificate, Concern};

/// How often the certificate's validity is looked at.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the disk may take to give the certificate again.
const DISK_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the certificate again at each SIGHUP, and says what clients would refuse it for: now, then
/// and once a day.
pub(crate) async fn keep_certificate(
    certificate: Option<Arc<Certificate>>,
    mut hangup: impl AsyncFnMut(),
) -> Infallible {
    loop {
        match certificate
            .as_ref()
            .and_then(|it| it.concern(SystemTime::now()))
        {
            Some(concern @ Concern::Expires(_)) => warn!("{concern}"),
            Some(concern) => error!("{concern}"),
            None => {}
        }
        tokio::select! {
            () = hangup() => match &certificate {
                Some(certificate) => reload(certificate).await,
                None => info!("SIGHUP: there is no certificate to read again"),
            },
            () = tokio::time::sleep(DAY) => {}
        }
    }
}

/// On a thread of its own: a disk that does not answer holds up nobody but who waits for the new
/// certificate.
async fn reload(certificate: &Arc<Certificate>) {
    let certificate = Arc::clone(certificate);
    let read = tokio::task::spawn_blocking(move || certificate.reload());
    match tokio::time::timeout(DISK_TIMEOUT, read).await {
        Ok(Ok(Ok(()))) => info!("read the certificate again"),
        Ok(Ok(Err(error))) => {
            error!("{error}; the former certificate stays. {}", error.remedy());
        }
        Ok(Err(_)) | Err(_) => error!(
            "the disk has not given the certificate for {} s; the former one stays until it does",
            DISK_TIMEOUT.as_secs()
        ),
    }
}

/// What completes at the next SIGHUP, which no longer ends the process when this returns.
#[cfg(unix)]
pub(crate) fn hangup_signal() -> io::Result<impl AsyncFnMut()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move || {
        hangup.recv().await;
    })
}

#[cfg(not(unix))]
pub(crate) fn hangup_signal() -> io::Result<impl AsyncFnMut()> {
    Ok(async || std::future::pending().await)
}
