//! \[IO\] How full the pool is and how its writer is doing, read at each scrape.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::inventory::gauge;
use crate::pool::Usage;
use crate::server::leases::Leases;

/// The pool, by range and by what its addresses are to their clients; the writer of its lease file.
#[derive(Debug)]
pub(super) struct PoolCollector(pub(super) Arc<Leases>);

/// The states of a range's addresses, with how many are in each.
fn states(usage: &Usage) -> [(&'static str, u64); 4] {
    [
        ("free", usage.free()),
        ("offered", usage.offered as u64),
        ("bound", usage.bound as u64),
        ("declined", usage.declined as u64),
    ]
}

impl Collector for PoolCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self(leases) = self;
        let encoder = &mut encoder;
        let name = "coresmd_dhcp4_pool_addresses";
        let mut addresses =
            encoder.encode_descriptor(name, "Addresses of the pool, by range and state", None, MetricType::Gauge)?;
        for usage in leases.usage() {
            let range = usage.range.to_string();
            for (state, count) in states(&usage) {
                let labels = [("range", range.as_str()), ("state", state)];
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                ConstGauge::new(count).encode(addresses.encode_family(&labels)?)?;
            }
        }
        let backlog = i64::try_from(leases.backlog()).unwrap_or(i64::MAX);
        gauge(encoder, "coresmd_dhcp4_lease_backlog", "Changes of leases that are not written yet", backlog)?;
        let lost = i64::from(leases.lost_leases());
        gauge(encoder, "coresmd_dhcp4_lease_file_set_aside", "Whether a corrupt lease file was set aside", lost)?;
        let progress = leases.progress();
        for (name, help, count) in [
            ("coresmd_dhcp4_lease_commits", "Transactions of the lease file", progress.commits()),
            ("coresmd_dhcp4_lease_commit_failures", "Transactions that could not be written", progress.failures()),
        ] {
            let descriptor = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(count).encode(descriptor)?;
        }
        let name = "coresmd_dhcp4_lease_commit_seconds";
        let descriptor = encoder.encode_descriptor(name, "Time that transactions took", None, MetricType::Counter)?;
        ConstCounter::new(progress.spent().as_secs_f64()).encode(descriptor)
    }
}
