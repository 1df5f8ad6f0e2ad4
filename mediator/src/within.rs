//! A bound on a wait that most often is none.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// As [`timeout`], but looks at the clock only where the future is not ready at once. Pinned: given
/// by value it would be held twice, by all who wait.
pub(crate) async fn within<F: Future + Unpin>(
    limit: Duration,
    mut future: F,
) -> Result<F::Output, Elapsed> {
    match poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx))).await {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => timeout(limit, future).await,
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_ready_needs_no_time_and_what_is_not_has_the_limit() {
        assert_eq!(within(Duration::ZERO, ready(1)).await, Ok(1));
        let limit = Duration::from_secs(1);
        assert_eq!(within(limit, pin!(yield_now())).await, Ok(()));
        assert!(within(limit, pending::<()>()).await.is_err());
    }
}
