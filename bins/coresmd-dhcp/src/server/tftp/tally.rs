//! What is counted about TFTP.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::tftp::conversation::Summary;

/// The counters of TFTP.
pub(super) struct Tally {
    active: Gauge,
    ended: Family<VerdictLabel, Counter>,
    octets: Counter,
    resent: Counter,
    seconds: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: &'static str,
}

impl Tally {
    /// Counters that stand in `registry`.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let tally = Self {
            active: Gauge::default(),
            ended: Family::default(),
            octets: Counter::default(),
            resent: Counter::default(),
            seconds: Histogram::new(exponential_buckets(0.001, 4.0, 9)),
        };
        let prefix = "coresmd_tftp";
        registry.register(format!("{prefix}_transfers_active"), "Transfers that go on now", tally.active.clone());
        registry.register(
            format!("{prefix}_requests"),
            "Read and write requests by what became of them",
            tally.ended.clone(),
        );
        registry.register(
            format!("{prefix}_octets"),
            "Octets of files that clients have acknowledged",
            tally.octets.clone(),
        );
        registry.register(format!("{prefix}_blocks_resent"), "Blocks sent again after a silence", tally.resent.clone());
        registry.register(
            format!("{prefix}_duration_seconds"),
            "How long complete transfers took",
            tally.seconds.clone(),
        );
        tally
    }

    pub(super) fn begun(&self) {
        self.active.inc();
    }

    pub(super) fn refused(&self, verdict: &'static str) {
        self.ended.get_or_create(&VerdictLabel { verdict }).inc();
    }

    pub(super) fn ended(&self, verdict: &'static str, summary: &Summary) {
        self.active.dec();
        self.refused(verdict);
        self.octets.inc_by(summary.octets);
        self.resent.inc_by(summary.resent);
        if verdict == "complete" {
            self.seconds.observe(summary.duration.as_secs_f64());
        }
    }
}
