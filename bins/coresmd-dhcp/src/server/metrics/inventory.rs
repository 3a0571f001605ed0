//! \[IO\] How the inventory is doing, read from the cache's state at each scrape.

use std::fmt;
use std::time::SystemTime;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use smd_cache::state::{CacheState, StateHandle};
use smd_cache::token::TokenState;

/// Age, size, rejected rows, failures and readiness.
#[derive(Debug)]
pub(super) struct InventoryCollector(pub(super) StateHandle);

impl Collector for InventoryCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let state = self.0.load();
        let encoder = &mut encoder;
        let ready = i64::from(state.fetched_at.is_some());
        gauge(encoder, "coresmd_dhcp_ready", "Whether there is an inventory to answer from", ready)?;
        if let Some(age) = age(&state) {
            gauge(encoder, "coresmd_snapshot_age_seconds", "Since SMD last confirmed the inventory", age)?;
        }
        let flag = |value: bool| i64::from(value);
        gauge(encoder, "coresmd_snapshot_stale", "Whether the last poll did not confirm it", flag(state.stale))?;
        gauge(encoder, "coresmd_snapshot_from_disk", "Whether it comes from the disk", flag(state.from_disk))?;
        gauge(
            encoder,
            "coresmd_snapshot_held_back",
            "Whether a smaller one is held back",
            flag(state.held_back.is_some()),
        )?;
        for (name, help, count) in [
            ("coresmd_snapshot_hosts", "Interfaces that are served", state.counts.hosts),
            ("coresmd_snapshot_interfaces", "Interfaces that SMD lists", state.counts.interfaces),
            ("coresmd_snapshot_components", "Components that SMD lists", state.counts.components),
            ("coresmd_snapshot_rejected", "Rows that were put aside", state.rejected.len()),
        ] {
            gauge(encoder, name, help, i64::try_from(count).unwrap_or(i64::MAX))?;
        }
        counter(encoder, "coresmd_polls", "Polls of SMD and BSS", state.polls)?;
        counter(encoder, "coresmd_polls_unchanged", "Polls that changed nothing", state.unchanged)?;
        if let Some(token) = &state.token {
            let help = "Whether the token is in this state";
            let mut states = encoder.encode_descriptor("coresmd_token_state", help, None, MetricType::Gauge)?;
            for known in TokenState::ALL {
                let is = i64::from(known == token.state);
                ConstGauge::new(is).encode(states.encode_family(&[("state", known.label())])?)?;
            }
            counter(encoder, "coresmd_tokens", "Tokens got", token.granted)?;
            counter(encoder, "coresmd_token_failures", "Attempts to get one that failed", token.failed)?;
        }
        let mut failures =
            encoder.encode_descriptor("coresmd_poll_failures", "Failures, by kind", None, MetricType::Counter)?;
        for (kind, count) in state.failures.iter() {
            ConstCounter::new(count).encode(failures.encode_family(&[("kind", kind.label())])?)?;
        }
        Ok(())
    }
}

pub(super) fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: i64) -> fmt::Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)
}

/// Whole seconds since SMD last confirmed the inventory.
#[expect(clippy::disallowed_methods, reason = "an age is about now")]
fn age(state: &CacheState) -> Option<i64> {
    let age = SystemTime::now().duration_since(state.fetched_at?).unwrap_or_default();
    i64::try_from(age.as_secs()).ok()
}
