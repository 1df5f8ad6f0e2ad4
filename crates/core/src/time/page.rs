//! Moments of a page: `std::time::Instant` panics on `wasm32-unknown-unknown`, whose clock is the
//! page's.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment, counted from the page's time origin (High Resolution Time §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// So many milliseconds after the origin, as `performance.now()` gives them; what is no
    /// such number counts as 0.
    #[must_use]
    pub fn from_millis(millis: f64) -> Self {
        Self(Duration::try_from_secs_f64(millis / 1e3).unwrap_or_default())
    }

    /// The same number back.
    #[must_use]
    pub fn as_millis(self) -> f64 {
        self.0.as_secs_f64() * 1e3
    }

    /// The time since `earlier`; zero where that is later.
    #[must_use]
    pub fn duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The same.
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }

    /// `None` where that is no moment.
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(duration).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_come_back_and_what_is_none_is_the_origin() {
        let late = Instant::from_millis(86_400_000.25);
        assert!((late.as_millis() - 86_400_000.25).abs() < 1e-3);
        for none in [f64::NAN, -1.0, f64::INFINITY] {
            assert_eq!(Instant::from_millis(none), Instant::from_millis(0.0));
        }
    }

    #[test]
    fn no_two_moments_are_less_than_nothing_apart() {
        let (early, late) = (Instant::from_millis(1.0), Instant::from_millis(3.0));
        assert_eq!(late - early, Duration::from_millis(2));
        assert_eq!(early - late, Duration::ZERO);
        assert_eq!(early + Duration::from_millis(2), late);
        assert_eq!(early + Duration::MAX, early + Duration::MAX);
        assert_eq!(early.checked_sub(Duration::from_secs(1)), None);
    }
}
