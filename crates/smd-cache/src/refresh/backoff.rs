//! When the next poll is due.

use std::time::Duration;

/// The time from the start of a poll to the start of the next: the interval, or after `failed` failed polls in a row
/// min(interval, 1 s · 2ⁿ). Up to a fifth less by `jitter` (0 ≤ jitter < 1), so that replicas spread out; never more.
pub(super) fn next_poll(interval: Duration, failed: u32, jitter: f64) -> Duration {
    let whole = match failed {
        0 => interval,
        failed => interval.min(SHORTEST.saturating_mul(1 << (failed - 1).min(20))),
    };
    whole.mul_f64(1.0 - jitter / 5.0)
}

/// The shortest time between two polls, where the interval is not shorter.
pub(super) const SHORTEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_double_the_wait_up_to_the_interval() {
        let seconds = |failed| next_poll(Duration::from_secs(30), failed, 0.0).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, u32::MAX].map(seconds), [30, 1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(next_poll(Duration::from_millis(50), 1, 0.0), Duration::from_millis(50));
    }

    #[test]
    fn jitter_only_shortens_by_a_fifth_at_most() {
        let interval = Duration::from_secs(30);
        assert_eq!(next_poll(interval, 0, 0.5), Duration::from_secs(27));
        assert!(next_poll(interval, 0, 0.999_999) >= Duration::from_secs(24));
    }
}
