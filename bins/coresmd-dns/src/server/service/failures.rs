//! `[IO]` The lines of `errors`: one for each failure, or one for many alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::config::{Consolidation, Errors};
use crate::handle::{Answered, Failure};
use crate::server::edge::Edge;

/// What a block does with its failures.
pub(super) struct FailureLog {
    rules: Vec<Arc<Rule>>,
}

/// Failures that are gathered.
struct Rule {
    what: Consolidation,
    /// How many have come since the last line about them.
    count: AtomicU64,
}

impl FailureLog {
    pub(super) fn new(errors: &Errors) -> Self {
        let rule = |what: &Consolidation| Arc::new(Rule { what: what.clone(), count: AtomicU64::new(0) });
        Self { rules: errors.consolidate.iter().map(rule).collect() }
    }

    /// Writes the line about a failure, or counts it towards one.
    pub(super) fn tell(&self, answered: &Answered<'_>, failure: &Failure, edge: &Edge) {
        let text = failure.to_string();
        let line = |level: &str| {
            let (rcode, query) = (answered.rcode, &answered.query);
            let name = query.lower_name();
            edge.journal.line(&format!("[{level}] plugin/errors: {rcode} {name} {}: {text}\n", query.qtype));
        };
        let Some(rule) = self.rules.iter().find(|rule| rule.what.pattern.is_match(&text)) else { return line("ERROR") };
        if rule.count.fetch_add(1, Ordering::Relaxed) == 0 {
            if rule.what.show_first {
                line(rule.what.level);
            }
            edge.runtime.spawn(sum_up(Arc::clone(rule), edge.clone()));
        }
    }
}

/// After the period, tells how many failures there were; of one that was shown at once nothing more is said.
async fn sum_up(rule: Arc<Rule>, edge: Edge) {
    tokio::time::sleep(rule.what.period).await;
    let (count, what) = (rule.count.swap(0, Ordering::Relaxed), &rule.what);
    if count > 1 || !what.show_first {
        let (level, pattern, period) = (what.level, &what.pattern, in_words(what.period));
        edge.journal
            .line(&format!("[{level}] plugin/errors: {count} errors like '{pattern}' occurred in last {period}\n"));
    }
}

/// A duration as Go writes it, to the second: `1h5m0s`, `30s`; shorter ones with their fraction.
fn in_words(period: Duration) -> String {
    let (hours, minutes, seconds) = (period.as_secs() / 3600, period.as_secs() / 60 % 60, period.as_secs() % 60);
    let seconds = seconds as f64 + f64::from(period.subsec_millis()) / 1000.0;
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_written_as_go_writes_them() {
        for (milliseconds, text) in [(30_000, "30s"), (300_000, "5m0s"), (3_661_000, "1h1m1s"), (1_500, "1.5s")] {
            assert_eq!(in_words(Duration::from_millis(milliseconds)), text);
        }
    }
}
