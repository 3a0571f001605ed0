//! What the stages took: counts, extremes and percentiles.

use std::time::Duration;

/// The durations of one stage over all nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Durations {
    durations: Vec<Duration>,
    /// How many questions had to be asked again.
    pub(crate) retries: u64,
}

/// What the table shows of [`Durations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) count: usize,
    pub(crate) min: Duration,
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
    pub(crate) max: Duration,
}

impl Durations {
    /// Adds one.
    pub(crate) fn add(&mut self, duration: Duration, retries: u32) {
        self.durations.push(duration);
        self.retries += u64::from(retries);
    }

    /// `None` if there is none.
    pub(crate) fn summary(&self) -> Option<Summary> {
        let mut sorted = self.durations.clone();
        sorted.sort_unstable();
        Some(Summary {
            count: sorted.len(),
            min: *sorted.first()?,
            median: percentile(&sorted, 50),
            p99: percentile(&sorted, 99),
            max: *sorted.last()?,
        })
    }
}

/// The smallest duration that at least `percent` of all do not exceed (nearest rank); `sorted` is not empty.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted[rank.saturating_sub(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(millis: impl IntoIterator<Item = u64>) -> Option<Summary> {
        let mut durations = Durations::default();
        for each in millis {
            durations.add(Duration::from_millis(each), 1);
        }
        durations.summary()
    }

    #[test]
    fn nothing_has_no_summary() {
        assert_eq!(summary([]), None);
    }

    #[test]
    fn percentiles_are_durations_that_occurred() {
        let ms = Duration::from_millis;
        let hundred = summary((1..=100).rev()).unwrap();
        assert_eq!(hundred, Summary { count: 100, min: ms(1), median: ms(50), p99: ms(99), max: ms(100) });
        let one = summary([7]).unwrap();
        assert_eq!(one, Summary { count: 1, min: ms(7), median: ms(7), p99: ms(7), max: ms(7) });
        let three = summary([9, 1, 5]).unwrap();
        assert_eq!((three.median, three.p99), (ms(5), ms(9)));
    }

    #[test]
    fn retries_add_up() {
        let mut durations = Durations::default();
        durations.add(Duration::ZERO, 2);
        durations.add(Duration::ZERO, 3);
        assert_eq!(durations.retries, 5);
    }
}
